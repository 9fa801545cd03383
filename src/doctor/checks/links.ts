import type { LinkDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import { rateText } from "../amounts.js";
import type { Check, Diagnosis, Patient } from "../check.js";
import { tradeOf } from "../talkers.js";

/**
 * Links on the way of talkers that run below what both of their ends can do: one diagnosis for each link. A GPU lowers
 * the speed of its link while it is idle, so that over one a lower speed is only a note; lanes it keeps.
 */
export const links: Check = {
  ids: ["LINK_BELOW_CAPABILITY"],
  *run(patient) {
    for (const link of linksOf(patient)) {
      const diagnosis = diagnose(patient.topology, link);
      if (diagnosis !== null) yield diagnosis;
    }
  },
};

/** A link on the way of a talker: the port above, a function at the other end. */
interface Link {
  readonly port: number;
  readonly device: number;
  /** Whether all talkers that are reached over it are GPUs. */
  onlyGpus: boolean;
}

/** The links on the way of all talkers, each once. */
function linksOf({ topology, talkers }: Patient): Iterable<Link> {
  const links = new Map<number, Link>();
  for (const id of talkers) {
    const description = topology.registers(id)!;
    // A virtual function has its physical function's link.
    if (typeof description.physicalFunction === "string") continue;
    const isGpu = tradeOf(description) === "gpu";
    for (let device = id; ;) {
      const port = topology.parent(device);
      if (typeof port !== "number" || !topology.isFunction(port)) break;
      const known = links.get(port);
      // Above a link that has been met all have been, and heard of talkers that are no GPUs.
      if (known !== undefined && (isGpu || !known.onlyGpus)) break;
      if (known === undefined) links.set(port, { port, device, onlyGpus: isGpu });
      else known.onlyGpus = false;
      device = port;
    }
  }
  return links.values();
}

/** Speed and width that are known. */
interface Rate {
  readonly speed: number;
  readonly width: number;
}

function diagnose(topology: Topology, { port, device, onlyGpus }: Link): Diagnosis | null {
  const { kind } = topology.registers(port)!;
  // Between the ports of a switch there is no link, nor below a bridge to PCI.
  if (kind !== "root-port" && kind !== "downstream-port") return null;
  const ends = [port, device].map((id) => topology.describe(id)!.link);
  const now = rateOf(ends[1]?.speed ?? ends[0]?.speed, ends[1]?.width ?? ends[0]?.width);
  const [above, below] = ends.map((end) => rateOf(end?.maxSpeed, end?.maxWidth));
  if (now === null || above == null || below == null) return null;
  const most = { speed: Math.min(above.speed, below.speed), width: Math.min(above.width, below.width) };
  const isNarrow = now.width < most.width;
  if (!isNarrow && now.speed >= most.speed) return null;
  const [upper, lower] = [topology.name(port), topology.name(device)];
  const [has, could] = [rateText(now.speed, now.width), rateText(most.speed, most.width)];
  const mayBeIdle = onlyGpus && now.speed < most.speed;
  const idle = "a GPU that is idle lowers the speed of its link, so look again while it works";
  return {
    id: "LINK_BELOW_CAPABILITY",
    severity: isNarrow || !mayBeIdle ? "warning" : "note",
    functions: [lower, upper],
    evidence: [
      `${lower}: ${linkText(now)} (LnkSta)`,
      `${lower} can do ${linkText(below)}, ${upper} above it ${linkText(above)} (LnkCap)`,
    ],
    consequence: `at most ${has} each way pass it rather than ${could}`,
    remedy: [
      ...(mayBeIdle ? [idle] : []),
      ...(isNarrow ? ["reseat the card or its riser, and look for lanes shared with another slot (bifurcation)"] : []),
      ...(mayBeIdle || isNarrow
        ? []
        : ["look for a speed limit in the firmware, a bad riser or cable, and link errors in `dmesg`"]),
    ].join("; "),
  };
}

function rateOf(speed: LinkDescription["speed"], width: LinkDescription["width"]): Rate | null {
  return typeof speed === "number" && typeof width === "number" ? { speed, width } : null;
}

function linkText({ speed, width }: Rate): string {
  return `${speed} GT/s x${width}`;
}
