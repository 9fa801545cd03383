import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffSystems, type SystemDiff } from "../../src/changes/index.js";
import {
  linux,
  PeerDma,
  Topology,
  type FunctionDescription,
  type MachineDescription,
  type SystemDescription,
} from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames, REAL, realFile } from "../readers/fixtures.js";
import { kernelAnswers } from "../kernel/answers.js";
import { trees, write } from "./machines.js";

async function readAs(name: string, bytes: Uint8Array): Promise<MachineDescription> {
  return (await read([{ name, bytes }])).machine;
}

async function captured(capture: string, file = "snapshot.tar.gz"): Promise<MachineDescription> {
  return readAs(capture, captureFile(capture, file));
}

/** Judged by its own kernel, else by the other's. */
function compare(old: MachineDescription, now: MachineDescription): SystemDiff & { readonly text: string[] } {
  const releases = [old, now].map(({ systems: [system] }) => system!.kernel?.release);
  const sides = [old, now].map((machine, side) => {
    const release = releases[side] ?? releases[1 - side];
    return new PeerDma(Topology.of(machine), release === undefined ? linux() : linux(release));
  });
  const [before, after] = [sides[0]!, sides[1]!];
  const diff = diffSystems([before, 0], [after, 0]);
  const text = diff.facts.map(({ function: ids, what, was, is }) => {
    const name = ids === null ? "" : `${after.topology.name(ids[1])} `;
    return `${name}${what}: ${was} -> ${is}`;
  });
  return { ...diff, text };
}

function one(functions: readonly FunctionDescription[], facts: Partial<SystemDescription> = {}): MachineDescription {
  return { peerlane: 1, systems: [{ ...facts, functions }] };
}

/** All that may differ but the verdicts. */
function differences(diff: SystemDiff): unknown[] {
  return [
    ...diff.facts,
    ...diff.groups,
    ...diff.gone,
    ...diff.added,
    ...diff.moved,
    ...diff.renumbered,
    ...diff.functions.ambiguous,
  ];
}

describe("captures of one machine", () => {
  const kinds = (diff: SystemDiff) =>
    [...new Set(diff.facts.map(({ aspect, what, was, is }) => `${aspect} ${what} ${was} ${is}`))].sort();

  test.each([
    ["acs-off-intel", "acs-iommu-intel"],
    ["gpu-server-intel", "gpu-server-intel-iommu"],
  ])("%s and %s: the parameter, and what the kernel did upon it", async (old, now) => {
    const diff = compare(await captured(old), await captured(now));
    expect(kinds(diff).filter((kind) => !kind.startsWith("name "))).toEqual(
      [
        "acs ACS CR off on",
        "acs ACS RR off on",
        "acs ACS SV off on",
        "acs ACS UF off on",
        "iommu-group in an IOMMU group no yes",
        "machine IOMMU off translating",
        "machine kernel parameter null intel_iommu=on",
      ].sort(),
    );
    expect([diff.gone, diff.added, diff.moved, diff.renumbered, diff.notShown]).toEqual([[], [], [], [], []]);
    const routes = [old, now].map(
      (capture) =>
        new Map(
          kernelAnswers(capture).pairs.map(({ provider, client, ...pair }) => [
            `${provider} ${client}`,
            `${pair.route} ${pair.distance}`,
          ]),
        ),
    );
    const flips = [...routes[0]!].filter(([pair, said]) => {
      const [provider, client] = pair.split(" ");
      return provider !== client && routes[1]!.get(pair) !== said;
    });
    expect(diff.verdicts.length).toBe(flips.length);
    expect([...diff.verdicts].every(({ certain }) => certain)).toBe(true);
  });

  test.each([
    ["acs-iommu-intel", "acs-iommu-intel-k73"],
    ["switch4-intel", "switch4-intel-k73"],
    ["sriov-intel", "sriov-intel-k73"],
    ["cmb-intel", "cmb-intel-k73"],
    ["pxb-intel", "pxb-intel-k61"],
    ["random1-intel", "random1-intel-k61"],
    ["sriov-intel", "sriov-intel-k61"],
  ])("%s and %s: another kernel, and no other verdict", async (old, now) => {
    const diff = compare(await captured(old), await captured(now));
    expect(diff.verdicts.length).toBe(0);
    const aspects = new Set(diff.facts.map(({ aspect }) => aspect));
    expect(aspects).toContain("machine");
    for (const aspect of ["machine", "name", "command", "power"] as const) aspects.delete(aspect);
    expect([...aspects]).toEqual([]);
    expect([diff.gone, diff.added, diff.moved, diff.renumbered]).toEqual([[], [], [], []]);
  });

  test("with one window too small: BARs that lost their addresses, and windows that closed", async () => {
    const { text } = compare(await captured("huge-bars-intel"), await captured("huge-bars-nowindow-intel"));
    expect(text).toContain("0000:03:00.0 BAR 2 address: 0x9000000000 -> null");
    expect(text).toContain("0000:06:00.0 BAR 2 size: 274877906944 -> 268435456");
    expect(text).toContain("0000:00:01.0 pref window: 0x8000000000 to 0xafffffffff -> null");
  });

  test.each(captureNames())("%s: lspci shows less than the snapshot, and nothing else", async (capture) => {
    const [text, whole] = [await captured(capture, "lspci.txt"), await captured(capture)];
    for (const diff of [compare(text, whole), compare(whole, text)]) {
      expect(differences(diff)).toEqual([]);
      expect([...diff.verdicts].filter(({ certain }) => certain)).toEqual([]);
      expect(diff.notShown.length).toBeGreaterThan(0);
    }
  });

  test.each(captureNames())("%s: nothing differs from itself", async (capture) => {
    const machine = await captured(capture);
    const diff = compare(machine, machine);
    expect([differences(diff), diff.notShown, diff.verdicts.length]).toEqual([[], [], 0]);
  });
});

describe.skipIf(REAL === null)("dumps of one real machine by two tools", () => {
  test.each([
    ["ml-asus-3070ti-xxxx/lspci-vvvxxxx.txt", "ml-asus-3070ti-xxxx/_oracle/lspci-vvvxxxx.lspci-3.14.0-Dnvmm.txt"],
    ["ml-asus-3070ti-xxxx/lspci-vvvxxxx.txt", "ml-asus-3070ti-xxxx/_oracle/lspci-vvvxxxx.lspci-3.14.0-Dt.txt"],
    ["pciutils-tests/tree-asus-p6t6", "pciutils-tests/_oracle/tree-asus-p6t6.lspci-3.5.6-Dnnvvv.txt"],
    ["pciutils-tests/tree-fujitsu-p8010", "pciutils-tests/_oracle/tree-fujitsu-p8010.lspci-3.1.10-Dnnvvv.txt"],
    ["pciutils-tests/cap-vc-and-rcl", "pciutils-tests/_oracle/cap-vc-and-rcl.lspci-3.14.0-Dnnvvv.txt"],
    ["hwloc-xml/cxlmem+dax.v2.xml", "hwloc-xml/cxlmem+dax.v3.xml"],
    ["hwloc-xml/32em64t-2n8c2t-pci-normalio.xml", "hwloc-xml/32em64t-2n8c2t-pci-wholeio.xml"],
    ["mpibind-hwloc-xml/coral-lassen.xml", "mpibind-hwloc-xml/coral-lassen-hwloc1.xml"],
    ["mpibind-hwloc-xml/epyc-corona.xml", "mpibind-hwloc-xml/epyc-corona-hwloc1.xml"],
    ["hwloc-sysfs/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2", "hwloc-sysfs/32em64t-2n8c+dax+nvme+mic+dimms.xml"],
    ["hwloc-sysfs/40intel64-2g2n4c+pcilocality.tar.bz2", "hwloc-sysfs/40intel64-2g2n4c+pcilocality.xml"],
    ["ml-pex8748-crate/lspci-nnvvv.txt", "ml-pex8748-crate/lspci-tv.txt"],
    ["ml-pex8748-crate/lspci-nnvvv.txt", "ml-pex8748-crate/report.txt"],
  ])("%s and %s differ in what they show, and in nothing else", async (old, now) => {
    const machines = [await readAs(old, realFile(old)), await readAs(now, realFile(now))] as const;
    const diff = compare(...machines);
    expect(differences(diff)).toEqual([]);
    expect([...diff.verdicts].filter(({ certain }) => certain)).toEqual([]);
  });

  test("a register that holds no address differs from the kernel's word for it", async () => {
    const names = [
      "ml-asus-3070ti-xxxx/lspci-vvvxxxx.txt",
      "ml-asus-3070ti-xxxx/_oracle/lspci-vvvxxxx.lspci-3.6.4-Dnnvvv.txt",
    ];
    const [old, now] = [await readAs(names[0]!, realFile(names[0]!)), await readAs(names[1]!, realFile(names[1]!))];
    const { facts } = compare(old, now);
    expect(facts.map(({ what, is }) => [what, is])).toEqual([["BAR 0 address", null]]);
  });
});

describe("what differs", () => {
  const port: FunctionDescription = {
    bdf: "0000:00:01.0",
    kind: "root-port",
    parent: null,
    vendor: "8086",
    device: "2030",
  };
  const gpu: FunctionDescription = {
    bdf: "0000:01:00.0",
    parent: "0000:00:01.0",
    vendor: "10de",
    device: "2330",
    class: "0302",
  };
  const change = (old: Partial<FunctionDescription>, now: Partial<FunctionDescription>) =>
    compare(one([port, { ...gpu, ...old }]), one([port, { ...gpu, ...now }]));

  test.each<[string, Partial<FunctionDescription>, Partial<FunctionDescription>, string[]]>([
    ["a driver", { driver: "nvidia" }, { driver: "vfio-pci" }, ["driver: nvidia -> vfio-pci"]],
    ["a driver that is none", { driver: "nvidia" }, { driver: null }, ["driver: nvidia -> null"]],
    ["a NUMA node", { numaNode: 0 }, { numaNode: 1 }, ["NUMA node: 0 -> 1"]],
    ["decode and mastering", { command: 6 }, { command: 0 }, ["memory decode: on -> off", "bus mastering: on -> off"]],
    ["one known bit", { command: { value: 2, mask: 2 } }, { command: 4 }, ["memory decode: on -> off"]],
    [
      "a link",
      { link: { speed: 32, width: 16, maxSpeed: 32, maxWidth: 16 } },
      { link: { speed: 16, width: 8, maxSpeed: 32, maxWidth: 16 } },
      ["link speed: 32 -> 16", "link width: 16 -> 8"],
    ],
    [
      "a link that is down",
      { link: { speed: 32, width: 16 } },
      { link: { speed: null, width: null } },
      ["link speed: 32 -> null", "link width: 16 -> null"],
    ],
    [
      "a resized and moved BAR",
      { bars: [{ index: 1, type: "mem64", start: "0x100000000", size: 0x1000_0000 }] },
      { bars: [{ index: 1, type: "mem64", start: "0x800000000", size: 0x8_0000_0000 }] },
      ["BAR 1 address: 0x100000000 -> 0x800000000", "BAR 1 size: 268435456 -> 34359738368"],
    ],
    [
      "I/O ports and ROMs, which are none of a peer's business",
      { bars: [{ index: 0, type: "io", start: "0x3f0" }] },
      { bars: [{ index: 6, type: "rom", start: "0x1000" }] },
      [],
    ],
    [
      "a capability that firmware hides",
      { acs: { capability: 0x1f, control: 0x1d } },
      { acs: null },
      ["ACS: capable -> null"],
    ],
    [
      "one bit of ACS",
      { acs: { capability: 0x1f, control: 0x1d } },
      { acs: { capability: 0x1f, control: 0x19 } },
      ["ACS RR: on -> off"],
    ],
    ["virtual functions", { sriov: sriov(1, 4) }, { sriov: sriov(0, 4) }, ["virtual functions: 4 -> 0"]],
    ["names of one sort", { names: ["nvme0", "card1"] }, { names: ["nvme3"] }, ["name: nvme0 -> nvme3"]],
    [
      "network interfaces, whatever they are called",
      { names: ["eth0"] },
      { names: ["enp65s0f0"] },
      ["name: eth0 -> enp65s0f0"],
    ],
    [
      "a card of the same model in its place",
      { serialNumber: "00-01" },
      { serialNumber: "00-02" },
      ["serial number: 00-01 -> 00-02"],
    ],
    ["a power state", { powerState: "D0" }, { powerState: "D3hot" }, ["power state: D0 -> D3hot"]],
  ])("of a function: %s", (_, old, now, expected) => {
    expect(change(old, now).text).toEqual(expected.map((text) => `0000:01:00.0 ${text}`));
    expect(change(old, old).text).toEqual([]);
  });

  test("what one side alone shows is no difference", () => {
    const shown = {
      driver: "nvidia",
      numaNode: 0,
      acs: null,
      command: 6,
      link: null,
      bars: [],
      names: ["card0"],
      slot: "2",
      iommuGroup: 1,
    } as const;
    for (const [old, now, side] of [
      [shown, {}, "after"],
      [{}, shown, "before"],
    ] as const) {
      const { text, notShown } = change(old, now);
      expect(text).toEqual([]);
      expect(new Set(notShown.map((each) => each.side))).toEqual(new Set([side]));
      expect(notShown.map(({ what, functions }) => `${what} ${functions}`).sort()).toEqual([
        "ACS 1",
        "BARs 1",
        "NUMA node 1",
        "bus mastering 1",
        "driver 1",
        "in an IOMMU group 1",
        "link 1",
        "memory decode 1",
        "names 1",
        "slot 1",
      ]);
    }
  });

  test("of a system: kernel, parameters, CPU, IOMMU, RAM", () => {
    const old: Partial<SystemDescription> = {
      kernel: {
        release: "6.8.0",
        commandLine: 'BOOT_IMAGE=/a ro quiet iommu=pt dyndbg="file a +p; file b +p"',
        p2pdma: true,
      },
      cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25 },
      iommu: "passthrough",
      ranges: [{ kind: "system-ram", start: "0x0", size: 1024 }],
    };
    const now: Partial<SystemDescription> = {
      kernel: {
        release: "6.12.1",
        commandLine: 'BOOT_IMAGE=/b ro iommu=pt dyndbg="file a +p; file b +p" pci=nommconf',
        p2pdma: false,
      },
      cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 26 },
      iommu: "translating",
      ranges: [{ kind: "system-ram", start: "0x0", size: 2048 }],
    };
    expect(compare(one([port], old), one([port], now)).text).toEqual([
      "kernel: 6.8.0 -> 6.12.1",
      "kernel parameter: quiet -> null",
      "kernel parameter: null -> pci=nommconf",
      "CONFIG_PCI_P2PDMA: set -> not set",
      "CPU: AuthenticAMD:25 -> AuthenticAMD:26",
      "IOMMU: passthrough -> translating",
      "system RAM: 1024 -> 2048",
    ]);
  });

  test("IOMMU groups that are divided otherwise, whatever their numbers", () => {
    const inGroups = (...groups: number[]) =>
      one(groups.map((iommuGroup, index) => ({ bdf: `0000:00:0${index + 1}.0`, parent: null, iommuGroup })));
    expect(compare(inGroups(1, 2, 3), inGroups(7, 9, 8)).groups).toEqual([]);
    const { groups } = compare(inGroups(1, 1, 2, 3), inGroups(4, 5, 6, 6));
    expect(groups.map(({ before, after }) => [before, after].map((side) => side.map(({ number }) => number)))).toEqual([
      [[1], [4, 5]],
      [[2, 3], [6]],
    ]);
  });

  test("functions that a listing may leave out are not gone", () => {
    const [both, alone] = [[port, gpu], [port]];
    const ids = (diff: SystemDiff) => [diff.gone.length, diff.notListed.after.length];
    expect(ids(compare(one(both), one(alone, { complete: true })))).toEqual([1, 0]);
    expect(ids(compare(one(both), one(alone)))).toEqual([0, 1]);
    expect(ids(compare(one(both), one(alone, { complete: false })))).toEqual([0, 1]);
  });

  test("a card in another port was moved, and what hangs below a switch goes with it", () => {
    const machine = (at: number): MachineDescription => ({
      peerlane: 1,
      systems: [
        {
          functions: [
            port,
            { ...port, bdf: "0000:00:02.0" },
            {
              bdf: `0000:0${at}:00.0`,
              kind: "upstream-port",
              parent: `0000:00:0${at}.0`,
              vendor: "10b5",
              device: "8748",
            },
            {
              bdf: `0000:0${at + 2}:00.0`,
              kind: "downstream-port",
              parent: `0000:0${at}:00.0`,
              vendor: "10b5",
              device: "8748",
            },
            { ...gpu, bdf: `0000:0${at + 4}:00.0`, parent: `0000:0${at + 2}:00.0` },
          ],
        },
      ],
    });
    const [old, now] = [machine(1), machine(2)];
    const diff = compare(old, now);
    const [before, after] = [Topology.of(old), Topology.of(now)];
    expect(diff.moved.map(({ before: was, after: is, by }) => [before.name(was), after.name(is), by])).toEqual([
      ["0000:01:00.0", "0000:02:00.0", "only-one"],
    ]);
    expect([diff.gone, diff.added]).toEqual([[], []]);
    expect(diff.renumbered).toHaveLength(3);
    const ports = [before.id("0000:00:01.0"), before.id("0000:00:02.0")];
    const others = [...diff.verdicts].filter(
      ({ provider, client }) => ![provider[0], client[0]].some((id) => ports.includes(id)),
    );
    expect(others).toEqual([]);
  });

  test("another bus number alone is one thing, not many", () => {
    fc.assert(
      fc.property(trees(true), fc.array(fc.nat(2), { minLength: 40, maxLength: 40 }), (tree, gaps) => {
        const [old, now] = [write(tree).machine, write(tree, { gaps }).machine];
        const diff = compare(old, now);
        expect([diff.facts, diff.groups, diff.gone, diff.added, diff.moved, diff.functions.ambiguous]).toEqual([
          [],
          [],
          [],
          [],
          [],
          [],
        ]);
        expect(diff.verdicts.length).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});

function sriov(control: number, numVfs: number) {
  return { control, numVfs, totalVfs: 8, firstOffset: 1, stride: 1 };
}
