import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  linux,
  PeerDma,
  Topology,
  type BarDescription,
  type FunctionDescription,
  type MachineDescription,
  type SideLinkDescription,
} from "../../src/index.js";
import {
  listDocument,
  mappingDocument,
  mappingText,
  matrixText,
  PLAIN_STYLE,
  treeText,
  verdictDocument,
  verdictText,
} from "../../src/writers/index.js";
import { formatBandwidth, linkText } from "../../src/writers/links.js";
import { readJson } from "../../src/readers/json.js";

const source = new URL("../../examples/nvlink-server.json", import.meta.url);
const SERVER = readJson(readFileSync(source, "utf8"), "nvlink-server.json");

/** The example, its links from GPU0 to GPU3 changed. */
function server(change: (link: SideLinkDescription) => SideLinkDescription = (link) => link): PeerDma {
  const systems = SERVER.systems.map((system) => ({
    ...system,
    sideLinks: system.sideLinks!.map((link) =>
      link.from === "0000:03:00.0" && link.to === "0000:0a:00.0" ? change(link) : link,
    ),
  }));
  const machine: MachineDescription = { ...SERVER, systems };
  return new PeerDma(Topology.of(machine), linux("6.12"));
}

const PEER = server();
const lineOf = (text: string, heading: string) => text.split("\n").find((line) => line.startsWith(`  ${heading} `));

describe("a verdict over a side link", () => {
  const verdict = PEER.can("GPU0", "GPU3");

  test("says so, with the link, and what PCIe would say, its culprits on the way", () => {
    const text = verdictText(PEER, verdict, { ...PLAIN_STYLE, width: 300 });
    expect(text).toMatch(/^YES, BY SIDE LINK: DMA by /);
    expect(lineOf(text, "route")).toBe("  route    side-link; on PCIe 8 hops, no common bridge");
    expect(lineOf(text, "link")).toBe("  link     2 nvlink links of up to 25 GB/s each way; reads, writes, atomics");
    expect(lineOf(text, "PCIe")).toMatch(/not supported; HOST_BRIDGE_NOT_ALLOWED: no common bridge/);
    expect(text).toMatch(/0000:00 +host bridge +<-- refuses/);
    expect(lineOf(text, "fix")).toBeUndefined();
    expect(lineOf(text, "memory")).toBeUndefined();
  });

  test.each([
    ["memory that its exporter withholds", { exported: "none" }, "but its exporter withholds it", "withheld"],
    ["memory without an address", { start: null, bus: null }, "but its memory has no address", "unassigned"],
    ["no memory BAR", { type: "io" }, "but it has no memory BAR", "none"],
    [
      "memory of which no address is shown",
      { start: undefined, bus: undefined },
      "but whether its memory answers is not",
      "unknown",
    ],
  ])("is no bare yes where the provider has %s", (_, change, said, memory) => {
    const text = gpu0((description) => ({
      ...description,
      bars: description.bars!.map((bar) => ({ ...bar, ...change }) as BarDescription),
    }));
    expect(text).toMatch(/^YES, BY SIDE LINK, but /);
    expect(text).toContain(said);
    expect(lineOf(text, "memory")).toContain(memory);
  });

  test("does not mind memory decode, which no link needs", () => {
    const text = gpu0((description) => ({ ...description, command: 0 }));
    expect(text).toMatch(/^YES, BY SIDE LINK: /);
    expect(lineOf(text, "memory")).toBeUndefined();
  });

  /** What is said of GPU3's way to GPU0, of which something is changed. */
  function gpu0(change: (description: FunctionDescription) => FunctionDescription): string {
    const [system] = SERVER.systems;
    const functions = system!.functions.map((each) => (each.bdf === "0000:03:00.0" ? change(each) : each));
    const of = new PeerDma(Topology.of({ ...SERVER, systems: [{ ...system!, functions }] }), linux("6.12"));
    return verdictText(of, of.can("GPU0", "GPU3"), { ...PLAIN_STYLE, width: 300 });
  }

  test("holds both for scripts", () => {
    expect(verdictDocument(PEER, verdict)).toMatchObject({
      verdict: "yes",
      route: "side-link",
      code: null,
      distance: 8,
      culprits: [],
      link: { kind: "nvlink", bandwidth: 25e9, read: true, write: true, atomics: true, coherent: false, count: 2 },
      pcie: { verdict: "no", route: "not-supported", code: "HOST_BRIDGE_NOT_ALLOWED", missing: [] },
      attachments: [],
    });
    expect(verdictDocument(PEER, PEER.can("GPU0", "GPU5"))).toMatchObject({ link: null, pcie: null });
  });

  test("of which it is not known what it carries, names the command that shows it", () => {
    const peer = server(({ read: _, write: __, ...link }) => link);
    const open = peer.can("GPU0", "GPU3");
    const text = verdictText(peer, open, { ...PLAIN_STYLE, width: 300 });
    expect(text).toMatch(/^UNKNOWN: /);
    expect(lineOf(text, "why")).toMatch(/LINK_UNKNOWN: whether the side link/);
    expect(lineOf(text, "link")).toMatch(/reads not shown, writes not shown, atomics/);
    expect(lineOf(text, "to know")).toMatch(/carries reads and writes \(nvidia-smi topo -p2p r, and w for writes\)/);
    expect(verdictDocument(peer, open)).toMatchObject({ verdict: "unknown", code: "LINK_UNKNOWN" });
  });

  test("says that an attachment to the host is no route", () => {
    const text = verdictText(PEER, PEER.can("accel0", "GPU4"), { ...PLAIN_STYLE, width: 300 });
    expect(text).toMatch(/^NO: /);
    expect(text).toMatch("  attached 0000:90:00.0 is attached to the host by cxl: no route between devices follows");
    const { attachments } = verdictDocument(PEER, PEER.can("GPU4", "accel0"));
    expect(attachments).toEqual([{ bdf: "0000:90:00.0", kind: "cxl" }]);
  });
});

describe("a mapping over a side link", () => {
  const bar = 0x380000000000n;

  test("has no PCI bus address, and the link's own where that is known", () => {
    const text = mappingText(PEER, PEER.map("GPU3", bar, 4096), { ...PLAIN_STYLE, width: 300 });
    expect(text).toMatch(/^YES, BY SIDE LINK: /);
    expect(lineOf(text, "address")).toBe(
      "  address  one that the driver of the link hands out; it is no PCI bus address",
    );
    expect(lineOf(text, "PCIe")).toMatch(/HOST_BRIDGE_NOT_ALLOWED: 0000:0a:00.0 to 0x380000000000/);
    const addressed = server((link) => ({
      ...link,
      addresses: [{ start: "0x380000000000", size: 0x10000, link: "0x200000" }],
    }));
    const mapping = addressed.map("GPU3", bar + 0x1000n, 4096);
    expect(lineOf(mappingText(addressed, mapping, PLAIN_STYLE), "address")).toBe(
      "  address  0x201000 on the link; it is no PCI bus address",
    );
    expect(mappingDocument(addressed, mapping)).toMatchObject({
      ok: true,
      route: "side-link",
      dmaAddress: null,
      translation: "link",
      linkAddress: "0x201000",
      link: { kind: "nvlink", count: 2 },
      pcie: { route: "not-supported", code: "HOST_BRIDGE_NOT_ALLOWED", dmaAddress: null },
    });
  });

  test("shows the bus address that PCIe would take", () => {
    const functions = SERVER.systems[0]!.functions.map((each) => ({ ...each, acs: null }));
    const systems = [{ ...SERVER.systems[0]!, functions }];
    const peer = new PeerDma(Topology.of({ ...SERVER, systems }), linux("6.12"));
    const mapping = peer.map("GPU1", bar, 4096);
    const text = mappingText(peer, mapping, { ...PLAIN_STYLE, width: 300 });
    expect(lineOf(text, "PCIe")).toBe("  PCIe     bus-address; 0x380000000000 (same as the CPU physical address)");
    expect(mappingDocument(peer, mapping).pcie).toEqual({
      route: "bus-address",
      code: null,
      dmaAddress: "0x380000000000",
      culprits: [],
    });
  });
});

describe("links and attachments of a machine", () => {
  test("stand at both ends in the list, and nowhere else", () => {
    const { functions } = listDocument(server((link) => ({ ...link, oneWay: true })).topology);
    const entry = (name: string) => functions.find(({ names }) => names.includes(name))!;
    expect(entry("GPU0").links).toHaveLength(6);
    const between = (name: string, peer: string) => entry(name).links!.filter((link) => link.peer === peer);
    expect(between("GPU0", "0000:0a:00.0").map(({ requests }) => requests)).toEqual(["out", "out"]);
    expect(between("GPU3", "0000:03:00.0").map(({ requests }) => requests)).toEqual(["in", "in"]);
    expect(between("GPU0", "0000:04:00.0")).toEqual([
      {
        kind: "nvlink",
        peer: "0000:04:00.0",
        requests: "both",
        bandwidth: 25e9,
        read: true,
        write: true,
        atomics: true,
        coherent: false,
      },
    ]);
    expect(entry("accel0").attachments).toEqual(["cxl"]);
    expect(functions.filter((each) => "links" in each)).toHaveLength(8);
    expect(functions.filter((each) => "attachments" in each)).toHaveLength(1);
  });

  test("are marked in the tree", () => {
    const text = treeText(PEER.topology, PLAIN_STYLE);
    expect(text).toMatch(/0000:03:00.0 {2}GPU0 {2}3D controller {2}16M 32G {2}nvlink x6/);
    expect(text).toMatch(/accel0 {2}accelerator {2}8G {2}cxl to host/);
    expect(text.match(/nvlink x6/g)).toHaveLength(8);
  });

  test("have a letter in the matrix, which is explained where it stands", () => {
    const text = (refs: readonly string[]) => matrixText(PEER, PEER.matrix(refs), PLAIN_STYLE);
    expect(text(["GPU0", "GPU3", "GPU5"])).toMatch(/0 0000:03:00.0 GPU0 {2}= L -\n/);
    expect(text(["GPU0", "GPU3"])).toMatch(/L {2}side-link: /);
    expect(text(["GPU0", "GPU5"])).not.toMatch("side-link");
  });
});

test.each([
  [25e9, "25 GB/s"],
  [0, "0 B/s"],
  [1.25e12, "1.3 TB/s"],
  [999, "999 B/s"],
])("a bandwidth of %d is %s", (bandwidth, expected) => {
  expect(formatBandwidth(bandwidth)).toBe(expected);
});

test("a link of which little is known says so", () => {
  const unknown = { bandwidth: null, read: true, write: false, atomics: null, coherent: true } as const;
  expect(linkText({ kind: "xgmi", count: 1, ...unknown })).toBe(
    "1 xgmi link; reads, no writes, atomics not shown, coherent",
  );
});
