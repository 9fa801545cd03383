import { describe, expect, test } from "vitest";
import { looksLikeHwloc, readHwloc } from "../../src/readers/hwloc/hwloc.js";
import { read } from "../../src/readers/read.js";
import type { FunctionDescription, LinkDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { REAL, realFile } from "./fixtures.js";

/** Files of real machines, read where they lie; they are not part of the repository. */
const text = (path: string) => new TextDecoder().decode(realFile(`${path}.xml`));
const system = (path: string) => readHwloc(text(path), path).system;

/**
 * What each file holds, counted beside the reader as well (`pci_busid=`, `bridge_type="0-1"`, `bridge_type="1-1"`,
 * `type="OSDev"` inside PCIDev, …):
 *
 *     functions · host bridges · bridges · names · functions without parent · links · slots · labels · nodes · findings
 */
const COUNTS: Readonly<Record<string, string>> = {
  "hwloc-sysfs/32em64t-2n8c+dax+nvme+mic+dimms": "136 4 8 22 0 0 2 0 2 0",
  "hwloc-sysfs/40intel64-2g2n4c+pcilocality": "37 2 14 8 0 2 0 0 4 0",
  "hwloc-sysfs/fakepcilocalities": "30 4 16 8 0 2 0 0 4 0",
  "hwloc-xml/192em64t-24n8c2t": "27 5 15 10 0 0 0 27 24 0",
  "hwloc-xml/24em64t-2n6c2t-pci": "15 2 6 6 0 8 0 15 2 0",
  // Somebody wrote a second 0000:04:00.0 into these two by hand: the two contradict each other in four things.
  "hwloc-xml/32em64t-2n8c2t-pci-normalio": "15 2 6 8 0 0 0 15 2 4",
  "hwloc-xml/32em64t-2n8c2t-pci-wholeio": "16 2 6 10 0 0 0 16 2 4",
  "hwloc-xml/cxlmem+dax.v2": "17 2 10 7 0 8 7 16 1 0",
  "hwloc-xml/cxlmem+dax.v3": "17 2 10 7 0 8 7 16 1 0",
  "hwloc-xml/power8gpudistances": "8 4 4 12 0 8 0 4 2 0",
  "mpibind-hwloc-xml/coral-lassen": "28 7 15 19 0 27 0 28 2 0",
  "mpibind-hwloc-xml/coral-lassen-hwloc1": "28 7 15 20 0 0 0 0 6 0",
  "mpibind-hwloc-xml/cts1-pascal": "14 1 8 10 0 13 1 14 2 0",
  "mpibind-hwloc-xml/epyc-corona": "30 6 20 9 0 29 1 30 8 0",
  "mpibind-hwloc-xml/epyc-corona-hwloc1": "30 6 20 18 0 0 1 0 8 0",
  "mpibind-hwloc-xml/g4dnmetal": "31 7 16 29 0 29 22 31 2 0",
};

const count = (path: string) => {
  const { system, findings } = readHwloc(text(path), path);
  const sum = (of: (described: FunctionDescription) => number) => system.functions.reduce((n, each) => n + of(each), 0);
  return [
    system.functions.length,
    system.hostBridges?.length ?? 0,
    sum(({ bus }) => (bus ? 1 : 0)),
    sum(({ names }) => names?.length ?? 0),
    sum(({ parent }) => (parent === undefined ? 1 : 0)),
    sum(({ link }) => (link ? 1 : 0)),
    sum(({ slot }) => (slot ? 1 : 0)),
    sum(({ label }) => (label ? 1 : 0)),
    system.numaNodes?.length ?? 0,
    findings.length,
  ].join(" ");
};

/** What both sources say of one function, in the words of the one that says less. */
type Facts = Pick<FunctionDescription, "bdf" | "class" | "vendor" | "device" | "revision" | "parent"> & {
  readonly below: readonly number[] | undefined;
};

function factsOf({ bdf, class: code, vendor, device, revision, parent, bus }: FunctionDescription): Facts {
  const below = bus && [bus.secondary, bus.subordinate];
  return { bdf, ...withClass(code), ...present({ vendor, device, revision, parent }), below };
}

const withClass = (code: string | undefined) => (code === undefined ? {} : { class: code.slice(0, 4) });

function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function gigabytes(link: LinkDescription | null | undefined): number {
  const { speed, width } = { speed: NaN, width: NaN, ...link };
  return (speed! * width! * (speed! > 5 ? 128 / 130 : 8 / 10)) / 8;
}

const facts = ({ functions }: SystemDescription) => functions.map(factsOf);

/** Those that `less` has, of `more`. */
const ofThose = (less: SystemDescription, more: SystemDescription) => {
  const names = new Set(less.functions.map(({ bdf }) => bdf));
  return { ...more, functions: more.functions.filter(({ bdf }) => names.has(bdf)) };
};

const missing = (less: SystemDescription, more: SystemDescription) => {
  const names = new Set(less.functions.map(({ bdf }) => bdf));
  return more.functions.filter(({ bdf }) => !names.has(bdf));
};

describe.skipIf(REAL === null)("hwloc XML of real machines (skipped where ../shared/fixtures/real is absent)", () => {
  test.each(Object.entries(COUNTS))("%s holds %s", (path, expected) => {
    expect(looksLikeHwloc(text(path))).toBe(true);
    expect(count(path)).toBe(expected);
    const xml = text(path);
    const busIds = new Set([...xml.matchAll(/pci_busid="([^"]*)"/g)].map(([, bdf]) => bdf));
    expect(system(path).functions.length).toBe(busIds.size);
    // Nobody's host is named, and the tree holds together.
    expect(JSON.stringify(system(path))).not.toContain(/HostName" value="([^"]*)"/.exec(xml)?.[1] ?? "\0");
    expect(Topology.of({ peerlane: 1, systems: [system(path)] }).findings.map(({ code }) => code)).toEqual([]);
  });

  test.each([
    ["hwloc-sysfs/40intel64-2g2n4c+pcilocality", [], []],
    // A root port with nothing below it, which lstopo leaves out.
    ["hwloc-sysfs/32em64t-2n8c+dax+nvme+mic+dimms", ["0000:00:11.0"], []],
    // hwloc was told by hand that this bus is near another node than the kernel says.
    ["hwloc-sysfs/fakepcilocalities", [], ["0000:80 3 2"]],
  ])("%s says what its /sys says", async (path, left, elsewhere) => {
    const { machine } = await read([{ name: path, bytes: realFile(`${path}.tar.bz2`) }]);
    const sysfs = machine.systems[0]!;
    const hwloc = system(path);
    expect(missing(hwloc, sysfs).map(({ bdf }) => bdf)).toEqual(left);
    expect(facts(hwloc)).toEqual(facts(ofThose(hwloc, sysfs)));
    expect(hwloc.hostBridges?.map(({ root }) => root)).toEqual(sysfs.hostBridges?.map(({ root }) => root));
    const known = new Map(sysfs.functions.map((described) => [described.bdf, described]));
    let subsystems = 0;
    for (const { bdf, subsystemVendor, subsystemDevice, slot, names = [], link } of hwloc.functions) {
      const described = known.get(bdf)!;
      if (subsystemVendor !== undefined) {
        subsystems++;
        expect([subsystemVendor, subsystemDevice]).toEqual([described.subsystemVendor, described.subsystemDevice]);
      }
      if (slot !== undefined) expect(slot).toBe(described.slot);
      expect(described.names ?? []).toEqual(expect.arrayContaining([...names]));
      if (link?.bandwidth !== undefined) expect(link.bandwidth / 1e9).toBeCloseTo(gigabytes(described.link), 4);
    }
    expect(subsystems).toBeGreaterThan(5);
    const nodes = hwloc.hostBridges!.flatMap(({ root, numaNode }) => {
      const first = sysfs.functions.find(({ bdf }) => bdf.startsWith(`${root}:`))!.numaNode;
      return numaNode === undefined || numaNode === first ? [] : [`${root} ${numaNode} ${first}`];
    });
    expect(nodes).toEqual(elsewhere);
  });

  test.each([
    ["hwloc-xml/cxlmem+dax.v2", "hwloc-xml/cxlmem+dax.v3"],
    ["mpibind-hwloc-xml/coral-lassen-hwloc1", "mpibind-hwloc-xml/coral-lassen"],
    ["mpibind-hwloc-xml/epyc-corona-hwloc1", "mpibind-hwloc-xml/epyc-corona"],
  ])("%s and %s are the same machine in two versions", (older, newer) => {
    const [first, second] = [system(older), system(newer)];
    expect(facts(first)).toEqual(facts(second));
    expect(first.hostBridges).toEqual(second.hostBridges);
    expect(first.cpu).toEqual(second.cpu);
    expect(first.kernel).toEqual(second.kernel);
    // What one of them says of a node's CPUs, the other does not contradict; 2.x leaves out nodes that are not allowed.
    const cpus = new Map(first.numaNodes?.map(({ node, cpus }) => [node, cpus]));
    for (const { node, cpus: others } of second.numaNodes!) {
      expect(cpus.has(node)).toBe(true);
      if (others !== undefined) expect(cpus.get(node)).toBe(others);
    }
  });

  test("what lstopo keeps by default is a part of the whole, and says the same", () => {
    const [part, whole] = ["normalio", "wholeio"].map((io) => system(`hwloc-xml/32em64t-2n8c2t-pci-${io}`)) as [
      SystemDescription,
      SystemDescription,
    ];
    expect(facts(part)).toEqual(facts(ofThose(part, whole)));
    expect(missing(part, whole).map(({ bdf, class: code }) => `${bdf} ${code}`)).toEqual(["0000:84:00.2 1180"]);
    expect(part).not.toHaveProperty("complete");
    expect(whole).not.toHaveProperty("complete");
  });

  test("two versions' exports of one machine merge, and differ in nothing", async () => {
    for (const [older, newer] of [
      ["hwloc-xml/cxlmem+dax.v2", "hwloc-xml/cxlmem+dax.v3"],
      ["mpibind-hwloc-xml/coral-lassen-hwloc1", "mpibind-hwloc-xml/coral-lassen"],
      ["mpibind-hwloc-xml/epyc-corona-hwloc1", "mpibind-hwloc-xml/epyc-corona"],
    ] as const) {
      const sources = [older, newer].map((path) => ({ name: path, bytes: realFile(`${path}.xml`) }));
      expect((await read(sources)).findings).toEqual([]);
    }
  });
});
