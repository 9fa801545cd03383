import { describe, expect, test } from "vitest";
import { claimsOf } from "../../src/letters/letters.js";
import { linux, PeerDma, Topology } from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames, captureText } from "../readers/fixtures.js";
import { kernelAnswers } from "../kernel/answers.js";

/**
 * The letters of machines that a kernel booted on, against definitions that are written anew here: on the kernel's own
 * list of functions and what is above each, by counting and by cutting paths of /sys as NCCL does.
 */
interface Device {
  readonly bdf: string;
  readonly class: string;
  readonly isBridge: boolean;
  readonly type: string;
  readonly root: string;
  readonly up: string | null;
  readonly numa: number;
  readonly ids: string;
}

function devicesOf(capture: string): Map<string, Device> {
  const devices = new Map<string, Device>();
  for (const line of captureText(capture, "kernel-answers.txt").split("\n")) {
    const [kind, bdf, ids, code, ...fields] = line.split(" ");
    if (kind !== "DEV") continue;
    const field = Object.fromEntries(fields.map((text) => text.split("="))) as Record<string, string>;
    devices.set(bdf!, {
      bdf: bdf!,
      class: code!,
      ids: ids!,
      isBridge: field["hdr"] === "1",
      type: field["pcie"]!,
      root: field["root"]!,
      up: field["up"] === "-" ? null : field["up"]!,
      numa: Number(field["numa"]),
    });
  }
  return devices;
}

function bridgesAbove(devices: Map<string, Device>, bdf: string): Device[] {
  const above: Device[] = [];
  for (let up = devices.get(bdf)!.up; up !== null; up = devices.get(up)!.up) above.push(devices.get(up)!);
  return above;
}

/** Every bridge that is passed on the way but for the ports of switches: a switch has one upstream port. */
function nvidia(devices: Map<string, Device>, nodes: number, a: Device, b: Device): string {
  if (a === b) return "X";
  const [one, other] = [bridgesAbove(devices, a.bdf), bridgesAbove(devices, b.bdf)];
  const shared = one.filter((bridge) => other.includes(bridge));
  if (shared.length > 0) {
    const passed = new Set([...one, ...other].filter((bridge) => !shared.includes(bridge) || bridge === shared[0]));
    const counted = [...passed].filter(({ type }) => type !== "root-port" && type !== "downstream-port");
    return counted.length > 1 ? "PXB" : "PIX";
  }
  if (a.root === b.root) return "PHB";
  if (nodes === 1) return "NODE";
  if (a.numa < 0 || b.numa < 0) return "?";
  return a.numa === b.numa ? "NODE" : "SYS";
}

/** The elements that NCCL makes of a path: it cuts two names off the end, until a name is none of a function. */
function ncclElements(devices: Map<string, Device>, bdf: string): string[] {
  const names = [
    `pci${devices.get(bdf)!.root}`,
    ...bridgesAbove(devices, bdf)
      .map((bridge) => bridge.bdf)
      .reverse(),
    bdf,
  ];
  const elements: string[] = [];
  let path = `/sys/devices/${names.join("/")}`;
  for (;;) {
    const cut = path.slice(0, path.lastIndexOf("/"));
    if (!/\/[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(cut)) return elements;
    const twice = cut.slice(0, cut.lastIndexOf("/"));
    if (!/\/[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(twice)) return elements;
    elements.push(twice.slice(twice.lastIndexOf("/") + 1));
    path = twice;
  }
}

function nccl(devices: Map<string, Device>, a: Device, b: Device): string {
  if (a === b) return "LOC";
  const adapter = ({ bdf }: Device) => bdf.split(".")[0];
  if (a.class.startsWith("02") && b.class.startsWith("02") && adapter(a) === adapter(b)) return "LOC";
  const [one, other] = [ncclElements(devices, a.bdf), ncclElements(devices, b.bdf)];
  const meeting = one.find((element) => other.includes(element));
  if (meeting !== undefined) return one[0] === meeting && other[0] === meeting ? "PIX" : "PXB";
  // The CPU is that of the topmost element's numa_node.
  const top = (elements: string[], { bdf }: Device) => devices.get(elements.at(-1) ?? bdf)!;
  return top(one, a).numa === top(other, b).numa ? "PHB" : "SYS";
}

const captures = captureNames();
const seen = { nvidia: new Set<string>(), nccl: new Set<string>(), kernel: new Set<string>() };

describe("letters of captured machines", () => {
  test.each(captures)("%s", async (capture) => {
    const { machine } = await read([{ name: "snapshot", bytes: captureFile(capture, "snapshot.tar.gz") }]);
    const topology = Topology.of(machine);
    const kernel = kernelAnswers(capture);
    const peer = new PeerDma(topology, linux(kernel.release));
    const devices = devicesOf(capture);
    const virtual = (bdf: string) => topology.describe(bdf)!.physicalFunction != null;
    const ends = kernel.functions.filter((bdf) => !devices.get(bdf)!.isBridge && !virtual(bdf));
    const wrong: string[] = [];
    const check = (dialect: "nvidia" | "nccl" | "kernel", expected: (a: string, b: string) => string) => {
      const claims = claimsOf(peer, ends, dialect);
      ends.forEach((a, row) =>
        ends.forEach((b, column) => {
          const [ours, theirs] = [claims.letter(row, column), expected(a, b)];
          seen[dialect].add(theirs.replace(/\d+$/, "#"));
          if (ours !== theirs) wrong.push(`${dialect} ${a} ${b}: ${ours}, not ${theirs}`);
          if (dialect !== "kernel" && claims.onPcie(row, column) !== ours) wrong.push(`${a} ${b}: no links are there`);
        }),
      );
    };
    const nodes = machine.systems[0]!.numaNodes?.length ?? 0;
    check("nvidia", (a, b) => nvidia(devices, nodes, devices.get(a)!, devices.get(b)!));
    check("nccl", (a, b) => nccl(devices, devices.get(a)!, devices.get(b)!));
    const answers = new Map(kernel.pairs.map((pair) => [`${pair.provider} ${pair.client}`, pair]));
    check("kernel", (a, b) => {
      const { route, distance } = answers.get(`${a} ${b}`)!;
      return route === "not-supported" ? "NS" : `${route === "bus-address" ? "B" : "H"}${distance}`;
    });
    expect(wrong).toEqual([]);
    topology.close();
  });

  test("show every letter of PCIe", () => {
    expect([...seen.nvidia].sort()).toEqual(["?", "NODE", "PHB", "PIX", "PXB", "SYS", "X"]);
    expect([...seen.nccl].sort()).toEqual(["LOC", "PHB", "PIX", "PXB", "SYS"]);
    expect([...seen.kernel].sort()).toEqual(["B#", "H#", "NS"]);
  });
});
