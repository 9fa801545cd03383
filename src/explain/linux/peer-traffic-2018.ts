import { expectTopology, functionId } from "../../topology/arguments.js";
import type { FunctionDescription, FunctionKind, RegisterWord } from "../../topology/description.js";
import { knownBits } from "../../topology/register.js";
import type { Ref, Topology } from "../../topology/topology.js";
import { findCommonUpstreamDevice2018 } from "./common-upstream-2018.js";

/** What the test of 2018 comes to. */
export interface PeerTraffic2018 {
  readonly answer: "yes" | "no" | "unknown";
  /** Number of the rule that decides (docs/semantics.md, The proposal of 2018); null: none does, or not one alone. */
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6 | null;
  /** A sentence without a full stop. */
  readonly because: string;
}

/**
 * `pci_peer_traffic_supported()` of the same series (docs/semantics.md, The proposal of 2018): six rules, of which the
 * first that holds decides. For comparison only; {@link PeerDma.can} answers for today's kernels. The kernel's table of
 * devices that isolate without saying so (ACS quirks) is not modelled: a device in it counts by its registers.
 *
 * @param device the function whose host bridge and root port are looked at; the arguments cannot be swapped.
 * @param peer the other function.
 * @throws TypeError for anything but a topology; RangeError for what names no function.
 */
export function peerTrafficSupported2018(topology: Topology, device: Ref, peer: Ref): PeerTraffic2018 {
  expectTopology(topology);
  const [own, other] = [device, peer].map((ref) => functionId(topology, ref)) as [number, number];
  const { sameHostBridge } = topology.common(own, other);
  const [port, peerPort] = [rootPort(topology, own), rootPort(topology, other)];
  const shared = findCommonUpstreamDevice2018(topology, own, other);
  const upward = shared === null ? null : topology.describe(shared)!;
  const acs = typeof port === "string" ? undefined : topology.describe(port)!.acs;
  const samePort = port === peerPort ? "yes" : "no";
  const redirects = acs === undefined ? "unknown" : known(acs !== null && (acs.capability & REQUEST_REDIRECT) !== 0);
  const lacksRedirect = not(redirects);
  const forwards = upward === null ? "no" : acsEnabled(topology, shared!, UPSTREAM_FORWARDING);
  const turns = shared === port ? lacksRedirect : not(forwards);
  const enabled = typeof port === "string" ? "unknown" : acsEnabled(topology, port, REQUEST_REDIRECT);
  const iommu = topology.systems[topology.systemOf(own)]!.iommu;

  const bothPcie = all(isPcie(topology.describe(own)!), isPcie(topology.describe(other)!));
  const early: Rule[] = [
    { rule: 1, holds: not(bothPcie), answer: "no", because: "not both are PCI Express" },
    {
      rule: 2,
      holds: sameHostBridge === "unknown" ? "unknown" : known(!sameHostBridge),
      answer: isZenHost(topology, own),
      because:
        "between different host bridges it is up to 00.0 on the device's own root bus, which has to be 1022:1450",
    },
  ];
  const unhandled: Rule = {
    rule: null,
    holds: "yes",
    answer: "unknown",
    because: "no root port is above both, or none is shown, which the proposal does not handle",
  };
  if (typeof port === "string" || typeof peerPort === "string") return firstThatHolds([...early, unhandled]);
  return firstThatHolds([
    ...early,
    {
      rule: 3,
      holds: acs === undefined ? "unknown" : known(acs === null),
      answer: known(shared !== null),
      because: "the root port has no ACS, so that a common upstream device suffices",
    },
    {
      rule: 4,
      holds: all(samePort, known(shared !== null), turns),
      answer: "yes",
      because: "requests turn around below the root port that both share, or at it",
    },
    {
      rule: 5,
      holds: all(redirects, not(enabled)),
      answer: samePort,
      because: "the root port could redirect and does not, so that one root port has to be above both",
    },
    {
      rule: 6,
      holds: "yes",
      answer: iommu === undefined ? "unknown" : known(iommu !== "off"),
      because: "requests are redirected to the root complex, where an IOMMU has to be",
    },
  ]);
}

/** Yes, no, or not shown. */
type Shown = "yes" | "no" | "unknown";

interface Rule extends PeerTraffic2018 {
  readonly holds: Shown;
}

/** Where it is not shown whether a rule holds, what it says and what the later ones say have to agree. */
function firstThatHolds(rules: readonly Rule[]): PeerTraffic2018 {
  const possible = rules.filter(({ holds }) => holds !== "no");
  const { rule, answer, because } = possible[0]!;
  if (possible[0]!.holds === "yes") return { rule, answer, because };
  const rest = firstThatHolds(possible.slice(1));
  if (rest.answer === answer) return { answer, rule: null, because: `${because}; or ${rest.because}` };
  return { answer: "unknown", rule: null, because: `not shown whether ${because}` };
}

function known(fact: boolean): Shown {
  return fact ? "yes" : "no";
}

function not(fact: Shown): Shown {
  return fact === "unknown" ? fact : known(fact === "no");
}

function all(...facts: readonly Shown[]): Shown {
  return facts.includes("no") ? "no" : facts.includes("unknown") ? "unknown" : "yes";
}

const REQUEST_REDIRECT = 0x04;
const UPSTREAM_FORWARDING = 0x10;
const EGRESS_CONTROL = 0x20;

const CONVENTIONAL: readonly FunctionKind[] = ["conventional", "pci-bridge", "cardbus-bridge"];
const NEVER_ISOLATE: readonly FunctionKind[] = ["pcie-to-pci-bridge", "pci-to-pcie-bridge", "rc-event-collector"];
const PORTS: readonly FunctionKind[] = ["root-port", "downstream-port"];

/** A function of class 0600 may be either. */
function isPcie({ kind, link }: FunctionDescription): Shown {
  if (kind === undefined || kind === "host-bridge-function") return link ? "yes" : "unknown";
  return known(!CONVENTIONAL.includes(kind));
}

/**
 * `pci_acs_enabled()` for one flag, without its table of quirks: whether a function isolates, be it that it need not.
 * What the capability lacks counts as wired on. A function alone in its slot has nobody to isolate.
 */
function acsEnabled(topology: Topology, id: number, flag: number): Shown {
  const { kind, acs, physicalFunction } = topology.describe(id)!;
  const pcie = isPcie(topology.describe(id)!);
  if (pcie !== "yes") return pcie;
  if (NEVER_ISOLATE.includes(kind!)) return "no";
  const alone = PORTS.includes(kind!) ? "no" : typeof physicalFunction === "string" ? "yes" : isAlone(topology, id);
  if (alone === "yes") return "yes";
  const enabled = acs ? allSet(acs.control, flag & (acs.capability | EGRESS_CONTROL)) : acs === null ? "no" : "unknown";
  // Alone or not, a function that has all of it enabled isolates.
  return alone === "unknown" && enabled === "no" ? "unknown" : enabled;
}

function allSet(control: RegisterWord, tested: number): Shown {
  const { value, mask } = knownBits(control);
  if ((tested & mask & ~value) !== 0) return "no";
  return (tested & ~mask) === 0 ? "yes" : "unknown";
}

/** Whether a function shares its slot with no other, which a source that may be a selection cannot show. */
function isAlone(topology: Topology, id: number): Shown {
  const system = topology.systemOf(id);
  const { bdf } = topology.describe(id)!;
  const slot = bdf.slice(0, bdf.lastIndexOf("."));
  const siblings = topology.systems[system]!.functions.filter((each) => each.bdf.startsWith(`${slot}.`));
  if (siblings.some((each) => each.bdf !== bdf && typeof each.physicalFunction !== "string")) return "no";
  return topology.systems[system]!.complete === true ? "yes" : "unknown";
}

/** Whether 00.0 of the device's own root bus is the first Zen's, as rule 2 has it. */
function isZenHost(topology: Topology, id: number): Shown {
  const ordinal = topology.rootOrdinal(id);
  const { root } = topology.roots[ordinal]!;
  const bridge = topology.belowRoot(ordinal).map((each) => topology.describe(each)!);
  const found = bridge.find(({ bdf }) => bdf === `${root.bus}:00.0`);
  if (found === undefined) {
    return root.known && topology.systems[root.system]!.complete === true ? "no" : "unknown";
  }
  const shown = found.vendor !== undefined && found.device !== undefined;
  return shown ? known(`${found.vendor}:${found.device}` === "1022:1450") : "unknown";
}

/** The root port above a function: the highest bridge of its chain, if it is one. */
function rootPort(topology: Topology, id: number): number | "none" | "unknown" {
  const chain = topology.path(id);
  const top = chain.at(-2)!;
  if (!topology.isKnown(chain.at(-1)!)) return "unknown";
  if (top === id) return "none";
  const { kind } = topology.describe(top)!;
  return kind === undefined ? "unknown" : kind === "root-port" ? top : "none";
}
