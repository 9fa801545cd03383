import { describe, expect, test } from "vitest";
import type {
  BarDescription,
  FunctionDescription,
  MatrixDeviceDescription,
  NcclElement,
  SideLinkDescription,
  SystemDescription,
} from "../../src/topology/description.js";
import { mergeSystems } from "../../src/topology/merge/merge.js";

const BDF = "0000:03:00.0";

function merge(...systems: SystemDescription[]) {
  return mergeSystems(systems.map((system, i) => ({ source: `source ${i + 1}`, system })));
}

function mergeFunctions(...said: Omit<FunctionDescription, "bdf">[]) {
  const { system, findings } = merge(...said.map((own) => ({ functions: [{ bdf: BDF, ...own }] })));
  const { bdf: _, ...merged } = system.functions[0]!;
  return {
    merged,
    findings: findings.map(({ message }) => message),
    codes: [...new Set(findings.map(({ code }) => code))],
  };
}

const mergeBars = (...bars: BarDescription[][]) => {
  const { merged, findings } = mergeFunctions(...bars.map((own) => ({ bars: own })));
  return { bars: merged.bars, findings };
};

describe("two sources of one function", () => {
  test("fill each other's gaps", () => {
    const { merged, findings } = mergeFunctions(
      { vendor: "8086", parent: null, class: "0200", names: ["eth0"] },
      { device: "10c9", class: "020000", acs: null, names: ["eth0", "mlx5_0"] },
    );
    expect(merged).toEqual({
      vendor: "8086",
      device: "10c9",
      class: "020000",
      parent: null,
      acs: null,
      names: ["eth0", "mlx5_0"],
    });
    expect(findings).toEqual([]);
  });

  test("name a contradiction of registers in hexadecimal, and one of long texts in brief", () => {
    const said = (control: number, slot: string) => ({ acs: { capability: 0x5f, control }, slot });
    const { findings } = mergeFunctions(said(0x1d, "1"), said(0, "2".repeat(100_000)));
    expect(findings).toEqual([
      expect.stringContaining('source 1 says {"capability":"0x5f","control":"0x1d"}'),
      expect.stringMatching(/slot: source 1 says "1", source 2 says "2{399}…$/),
    ]);
  });

  test.each<[string, Omit<FunctionDescription, "bdf">, Omit<FunctionDescription, "bdf">]>([
    ["ids", { vendor: "8086" }, { vendor: "1022" }],
    ["the parent", { parent: null }, { parent: "0000:00:01.0" }],
    ["ACS control", { acs: { capability: 0x5f, control: 0 } }, { acs: { capability: 0x5f, control: 0x1d } }],
    ["ACS, whether there is any", { acs: null }, { acs: { capability: 0x5f, control: 0x1d } }],
    ["SR-IOV", { sriov: null }, { sriov: { control: 9, totalVfs: 1, numVfs: 1, firstOffset: 1, stride: 1 } }],
    ["the kind", { kind: "endpoint" }, { kind: "root-port" }],
    ["bus numbers", { bus: { secondary: 1, subordinate: 1 } }, { bus: { secondary: 2, subordinate: 2 } }],
    ["the DMA mask", { dmaMaskBits: 64 }, { dmaMaskBits: 32 }],
    ["the power state", { powerState: "D0" }, { powerState: "D3hot" }],
  ])(
    "that contradict each other about %s leave it unknown, in either order, even if a third sides with one",
    (_, a, b) => {
      for (const said of [
        [a, b],
        [b, a],
        [a, b, a],
      ]) {
        const { merged, findings, codes } = mergeFunctions(...said);
        expect(merged).toEqual({});
        expect(codes).toEqual(["SOURCES_DISAGREE"]);
        expect(findings).toHaveLength(1);
        expect(findings[0]).toMatch(/^0000:03:00\.0: \w+: source 1 says .*, source 2 says /);
      }
    },
  );

  test("that contradict each other about what decides nothing keep the first's word", () => {
    const { merged, findings } = mergeFunctions(
      { driver: "nvme", link: { speed: 8 } },
      { driver: null, link: { speed: 2.5, width: 4 } },
    );
    expect(merged).toEqual({ driver: "nvme", link: { speed: 8, width: 4 } });
    expect(findings).toEqual([
      "0000:03:00.0: link speed: source 1 says 8, source 2 says 2.5",
      '0000:03:00.0: driver: source 1 says "nvme", source 2 says null',
    ]);
  });

  test("keep of a register the bits that none contradicts", () => {
    expect(mergeFunctions({ command: { value: 2, mask: 6 } }, { command: 0x402 }).merged.command).toBe(0x402);
    expect(
      mergeFunctions({ command: { value: 2, mask: 2 } }, { command: { value: 0, mask: 4 } }).merged.command,
    ).toEqual({ value: 2, mask: 6 });
    const { merged, findings } = mergeFunctions({ command: 0x406 }, { command: 0x404 });
    expect(merged.command).toEqual({ value: 0x404, mask: 0xfffd });
    expect(findings).toHaveLength(1);
    expect(mergeFunctions({ command: { value: 2, mask: 2 } }, { command: { value: 0, mask: 2 } }).merged).toEqual({});
  });

  test("take the ACS bits that lspci does not print from configuration space", () => {
    const { merged, findings } = mergeFunctions(
      { acs: { capability: 0x5f, control: 0x1d } },
      { acs: { capability: 0x205f, control: 0x49d } },
    );
    expect([merged.acs, findings]).toEqual([{ capability: 0x205f, control: 0x49d }, []]);
  });

  test("take an egress control vector from whichever source shows it, and port numbers", () => {
    const words = { capability: 0x87f, control: 0x20 };
    const shown = { ...words, egressVector: [6] };
    for (const said of [
      [{ acs: words }, { acs: shown }],
      [{ acs: shown }, { acs: words }],
    ] as const) {
      const { merged, findings } = mergeFunctions(...said);
      expect([merged.acs, findings]).toEqual([shown, []]);
    }
    const contested = mergeFunctions({ acs: shown }, { acs: { ...words, egressVector: [4] } });
    expect([contested.merged.acs, contested.findings.length]).toEqual([undefined, 1]);
    expect(mergeFunctions({ link: { speed: 8 } }, { link: { port: 3 } }).merged.link).toEqual({ speed: 8, port: 3 });
  });

  test("are the same function however they order the fields of a value", () => {
    const said = mergeFunctions({ acs: { capability: 1, control: 0 } }, { acs: { control: 0, capability: 1 } });
    expect(said.findings).toEqual([]);
  });
});

describe("very many descriptions of one function", () => {
  test("name the first sides of a contradiction and count the others", () => {
    const { merged, findings } = mergeFunctions(...Array.from({ length: 20 }, (_, index) => ({ vendor: `${index}` })));
    expect(merged).toEqual({});
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/: vendor: source 1 says "0", .*, source 16 says "15" and 4 more$/);
  });

  test("are combined, the classes by the longest", () => {
    const parts = Array.from({ length: 200_000 }, (_, index) => ({
      source: `source ${index + 1}`,
      system: { functions: [{ bdf: BDF, class: index % 2 === 0 ? "0604" : "060400" }] },
    }));
    const { system, findings } = mergeSystems(parts);
    expect(system.functions).toEqual([{ bdf: BDF, class: "060400" }]);
    expect(findings).toEqual([]);
  });
});

describe("BARs", () => {
  test("keep the sizes that they may take from whoever shows them", () => {
    const bar = { index: 1, type: "mem64", prefetchable: true, start: "0x7000000000" } as const;
    const sizes = [2 ** 28, 2 ** 35];
    const shown = { ...bar, size: 2 ** 28 };
    expect(mergeBars([shown], [{ ...bar, sizes }], [{ ...bar, sizes: [...sizes] }])).toEqual({
      bars: [{ ...shown, sizes }],
      findings: [],
    });
  });

  const sysfs: BarDescription = { index: 0, type: "mem64", start: "0x4000000000", bus: "0x80000000", size: 0x4000 };

  test("without an index are told by their address", () => {
    expect(mergeBars([sysfs], [{ start: "0x4000000000", size: 0x4000 }])).toEqual({ bars: [sysfs], findings: [] });
    expect(mergeBars([{ start: "0x4000000000", size: 0x4000 }], [sysfs])).toEqual({ bars: [sysfs], findings: [] });
  });

  test("of a hex dump and a text complete each other by index", () => {
    const { bars } = mergeBars(
      [{ index: 0, type: "mem64", bus: "0x80000000" }],
      [{ index: 0, start: "0x4000000000", size: 0x4000 }],
    );
    expect(bars).toEqual([sysfs]);
  });

  test("of a hex dump alone are told by the bus address where that is the CPU's", () => {
    const { bars } = mergeBars(
      [{ index: 0, type: "mem32", bus: "0xfe000000" }],
      [{ start: "0xfe000000", size: 0x1000 }],
    );
    expect(bars).toEqual([{ index: 0, type: "mem32", bus: "0xfe000000", start: "0xfe000000", size: 0x1000 }]);
  });

  test("that two sources place differently have no known place", () => {
    const { bars, findings } = mergeBars([sysfs], [{ ...sysfs, start: "0x5000000000" }]);
    expect(bars).toEqual([{ index: 0, type: "mem64", bus: "0x80000000", size: 0x4000 }]);
    expect(findings).toEqual(['0000:03:00.0: BAR 0 start: source 1 says "0x4000000000", source 2 says "0x5000000000"']);
  });

  test("that moved between two sources are not two BARs", () => {
    const { bars, findings } = mergeBars([sysfs], [{ start: "0x5000000000", size: 0x4000 }]);
    expect(bars).toEqual([{ index: 0, type: "mem64", bus: "0x80000000", size: 0x4000 }]);
    expect(findings).toHaveLength(1);
  });

  test("of another size, such as an aperture that lspci -v does not print, are BARs of their own", () => {
    expect(mergeBars([sysfs], [{ start: "0x6000000000", size: 0x10000 }])).toEqual({
      bars: [sysfs, { start: "0x6000000000", size: 0x10000 }],
      findings: [],
    });
  });

  test("claimed in part are no new BARs", () => {
    expect(mergeBars([sysfs], [{ start: "0x4000001000", size: 0x1000 }])).toEqual({ bars: [sysfs], findings: [] });
  });

  test("that the kernel assigned nothing have no address, whatever a register keeps", () => {
    const { bars, findings } = mergeBars(
      [{ index: 0, type: "mem32", start: null, bus: null }],
      [{ index: 0, type: "mem32", bus: "0xfe000000" }],
    );
    expect([bars, findings]).toEqual([[{ index: 0, type: "mem32", start: null, bus: null }], []]);
  });
});

describe("windows", () => {
  test("complete each other, and a stale register contradicts nothing", () => {
    const { merged, findings } = mergeFunctions(
      {
        windows: [
          { kind: "mem", bus: "0x80000000", busEnd: "0x800fffff" },
          { kind: "pref", bus: "0x0", busEnd: "0xfffff" },
        ],
      },
      { windows: [{ kind: "mem", start: "0x4000000000", end: "0x40000fffff", bus: "0x80000000" }] },
    );
    expect(merged.windows).toEqual([
      { kind: "mem", start: "0x4000000000", end: "0x40000fffff", bus: "0x80000000", busEnd: "0x800fffff" },
    ]);
    expect(findings).toEqual([]);
  });

  test("that differ are a finding, and the first list stands", () => {
    const first = [{ kind: "mem", start: "0x1000000", end: "0x10fffff" }] as const;
    const { merged, findings } = mergeFunctions(
      { windows: first },
      { windows: [{ kind: "mem", start: "0x2000000", end: "0x20fffff" }] },
    );
    expect(merged.windows).toEqual(first);
    expect(findings).toHaveLength(1);
  });
});

describe("two sources of one system", () => {
  const names = (system: SystemDescription) => system.functions.map(({ bdf }) => bdf);

  test("are one system with the functions of both in the order of their names", () => {
    const { system } = merge(
      { functions: [{ bdf: "0000:02:00.0" }] },
      { functions: [{ bdf: "0000:01:00.0" }, { bdf: "0000:02:00.0" }] },
    );
    expect(names(system)).toEqual(["0000:01:00.0", "0000:02:00.0"]);
  });

  test("keep the first's order, in which the kernel found them, where the second adds none", () => {
    const { system } = merge(
      { functions: [{ bdf: "0000:02:00.0" }, { bdf: "0000:01:00.0" }] },
      { functions: [{ bdf: "0000:01:00.0" }] },
    );
    expect(names(system)).toEqual(["0000:02:00.0", "0000:01:00.0"]);
  });

  test("are likely complete if one is likely to be, and another is not certain to be, and knows no more", () => {
    const one: SystemDescription = { functions: [{ bdf: "0000:01:00.0" }], complete: "likely" };
    expect(merge({ functions: [] }, one).system.complete).toBe("likely");
    expect(merge(one, { ...one, complete: true }).system.complete).toBe(true);
    const { system, findings } = merge(one, { functions: [{ bdf: "0000:02:00.0" }] });
    expect(system).not.toHaveProperty("complete");
    expect(findings.map(({ message }) => message)).toEqual([
      'which functions there are: source 1 says "no such function, and looks whole", source 2 says "0000:02:00.0"',
    ]);
  });

  test("that know of very many functions another lacks name the first", () => {
    const bdfs = Array.from({ length: 32 }, (_, device) => `0000:01:${device.toString(16).padStart(2, "0")}.0`);
    const { findings } = merge({ functions: [], complete: true }, { functions: bdfs.map((bdf) => ({ bdf })) });
    expect(findings.map(({ functions }) => functions)).toEqual([bdfs]);
    expect(findings[0]!.message).toMatch(/source 2 says "0000:01:00\.0, .*, 0000:01:0f\.0 and 16 more"$/);
  });

  test("are complete if one is and the other knows no more", () => {
    const one = { functions: [{ bdf: "0000:01:00.0" }], complete: true };
    expect(merge({ functions: [] }, one).system.complete).toBe(true);
    const { system, findings } = merge(one, { functions: [{ bdf: "0000:02:00.0" }] });
    expect(system).not.toHaveProperty("complete");
    expect(findings.map(({ code, functions }) => [code, functions])).toEqual([["SOURCES_DISAGREE", ["0000:02:00.0"]]]);
  });

  test("that contradict each other about CPU or IOMMU leave them unknown", () => {
    const { system, findings } = merge(
      { functions: [], cpu: { vendor: "AuthenticAMD", family: 25 }, iommu: "off", kernel: { release: "6.1" } },
      {
        functions: [],
        cpu: { vendor: "GenuineIntel", family: 6 },
        iommu: "translating",
        kernel: { release: "6.12", p2pdma: true },
      },
    );
    expect(system).toEqual({ functions: [], cpu: {}, kernel: { release: "6.1", p2pdma: true } });
    expect(findings).toHaveLength(4);
  });

  test("share host bridges and ranges without doubling them", () => {
    const window = { kind: "mem", start: "0x80000000", end: "0x8fffffff" } as const;
    const ram = { kind: "system-ram", start: "0x0", size: 4096 } as const;
    const { system } = merge(
      { functions: [], hostBridges: [{ root: "0000:00", windows: [window] }], ranges: [ram], allAddresses: true },
      {
        functions: [],
        hostBridges: [{ root: "0000:00", numaNode: 1, windows: [{ ...window, bus: "0x0" }] }, { root: "0000:80" }],
        ranges: [ram],
      },
    );
    expect(system).toEqual({
      functions: [],
      allAddresses: true,
      hostBridges: [{ root: "0000:00", numaNode: 1, windows: [{ ...window, bus: "0x0" }] }, { root: "0000:80" }],
      ranges: [ram],
    });
  });

  test("have as many side links as each lists, and those that they do not agree on carry nobody knows what", () => {
    const link = { kind: "nvlink", from: "0000:01:00.0", to: "0000:02:00.0", read: true, write: true };
    const other = { ...link, to: "0000:03:00.0" };
    const lists = (...sideLinks: SideLinkDescription[]) => ({ functions: [], sideLinks });
    const agreed = merge(lists(link, link), lists(link, link, other), { functions: [] });
    expect(agreed.system.sideLinks).toEqual([link, link, other]);
    expect(agreed.findings).toEqual([]);
    const turned = { ...link, from: link.to, to: link.from };
    expect(merge(lists(link), lists(turned)).system.sideLinks).toEqual([link]);
    expect(merge(lists({ ...link, oneWay: true }), lists({ ...turned, oneWay: true })).system.sideLinks).toHaveLength(
      2,
    );
    const { system, findings } = merge(lists(link, other), lists({ ...link, read: false }));
    expect(system.sideLinks).toEqual([{ kind: link.kind, from: link.from, to: link.to }, other]);
    expect(findings).toEqual([
      expect.objectContaining({ code: "SOURCES_DISAGREE", functions: ["0000:01:00.0", "0000:02:00.0"] }),
    ]);
  });

  test("of which there is one come back as they are", () => {
    const system = { functions: [{ bdf: BDF }] };
    expect(merge(system)).toEqual({ system, findings: [] });
  });
});

describe("devices outside PCI", () => {
  const region = { start: "0x9000000", size: 4096 } as const;
  const mergeDevices = (...said: NonNullable<SystemDescription["platformDevices"]>[]) => {
    const { system, findings } = merge(...said.map((platformDevices) => ({ functions: [], platformDevices })));
    return { devices: system.platformDevices, findings: findings.map(({ message }) => message) };
  };

  test("are the same by name: one source shows where they are, another what they drive", () => {
    const found = mergeDevices(
      [
        { name: "uart", regions: [region] },
        { name: "spi", regions: [] },
      ],
      [{ name: "uart", regions: [{ ...region, start: "0xa000000" }], dmaMaskBits: 32 }],
      [{ name: "uart", regions: [{ ...region, size: "0x1000", exported: "driver" }] }],
    );
    expect(found).toEqual({
      devices: [
        {
          name: "uart",
          regions: [
            { ...region, exported: "driver" },
            { ...region, start: "0xa000000" },
          ],
          dmaMaskBits: 32,
        },
        { name: "spi", regions: [] },
      ],
      findings: [],
    });
  });

  test("about which two sources contradict each other have what both leave open", () => {
    const one = { name: "uart", regions: [{ ...region, exported: "direct" }], dmaMaskBits: 32 } as const;
    const other = { name: "uart", regions: [{ ...region, exported: "driver" }], dmaMaskBits: 40 } as const;
    expect(mergeDevices([one], [other])).toEqual({
      devices: [{ name: "uart", regions: [region] }],
      findings: [
        "uart: dmaMaskBits: source 1 says 32, source 2 says 40",
        'uart: region at 0x9000000 exported: source 1 says "direct", source 2 says "driver"',
      ],
    });
  });

  test("of one name in one source stay apart, as nobody can tell which of them another means", () => {
    const twice = [
      { name: "uart", regions: [region] },
      { name: "uart", regions: [] },
    ];
    const { devices } = mergeDevices(twice, [{ name: "uart", regions: [region] }]);
    expect(devices).toEqual(twice);
  });
});

describe("inbound windows", () => {
  const mergeInbound = (...said: (readonly { start: `0x${string}`; size: number }[] | undefined)[]) => {
    const systems = said.map((inbound) => ({
      functions: [],
      hostBridges: [inbound === undefined ? { root: "0000:00" } : { root: "0000:00", inbound }],
    }));
    const { system, findings } = merge(...systems);
    return [system.hostBridges![0]!.inbound, findings.length];
  };

  test("are what the sources that state them agree on", () => {
    const [one, other] = [[{ start: "0x0", size: 1 }] as const, [{ start: "0x0", size: 2 }] as const];
    expect(mergeInbound(one, undefined)).toEqual([one, 0]);
    expect(mergeInbound(one, one)).toEqual([one, 0]);
    expect(mergeInbound(one, other)).toEqual([undefined, 1]);
    expect(mergeInbound(one, [])).toEqual([undefined, 1]);
  });
});

test("two views of one tool that differ are both kept, and the first cell that differs is named with its sources", () => {
  const view = (cell: string) => ({
    tool: "nvidia-smi" as const,
    devices: [{ name: "GPU0" }, { name: "GPU1" }],
    cells: [
      ["X", cell],
      [cell, "X"],
    ],
  });
  const part = (source: string, cell: string) => ({ source, system: { functions: [], views: [view(cell)] } });
  const { system, findings } = mergeSystems([part("a.txt", "PIX"), part("b.txt", "SYS"), part("c.txt", "PIX")]);
  expect(system.views).toEqual([view("PIX"), view("SYS")]);
  expect(findings).toMatchObject([
    { code: "SOURCES_DISAGREE", message: 'what nvidia-smi says of GPU0 to GPU1: a.txt says "PIX", b.txt says "SYS"' },
  ]);
});

describe("of two topology files of NCCL that differ, the place is named:", () => {
  const element = (name: string, attributes: Record<string, string>, ...children: NcclElement[]): NcclElement => ({
    element: name,
    attributes,
    children,
  });
  const gpu = (dev: string) => element("gpu", { dev });
  const gpu0 = (width: string, ...inside: NcclElement[]) =>
    element("pci", { busid: "0000:01:00.0", link_width: width }, ...inside);
  const nic = element("pci", { busid: "0000:02:00.0" }, element("nic", {}));
  const difference = (one: readonly NcclElement[], other: readonly NcclElement[]) => {
    const part = (source: string, children: readonly NcclElement[]) => {
      const system = element("system", { version: "1" }, element("cpu", { numaid: "0" }, ...children));
      return { source, system: { functions: [], views: [{ tool: "nccl" as const, system }] } };
    };
    const { findings } = mergeSystems([part("a.xml", one), part("b.xml", other)]);
    return findings.map(({ message }) => message);
  };

  test.each([
    [
      "an attribute",
      [gpu0("16", gpu("0")), nic],
      [nic, gpu0("8", gpu("0"))],
      'what nccl says of system, cpu 0, pci 0000:01:00.0, attribute link_width: a.xml says "16", b.xml says "8"',
    ],
    [
      "an element that the second lacks",
      [gpu0("16", gpu("0")), nic],
      [gpu0("16", gpu("0"))],
      'what nccl says of system, cpu 0, element pci 0000:02:00.0: a.xml says "there", b.xml says "not there"',
    ],
    [
      "an element that the first lacks",
      [gpu0("16")],
      [gpu0("16", gpu("0"))],
      'what nccl says of system, cpu 0, pci 0000:01:00.0, element gpu 0: a.xml says "not there", b.xml says "there"',
    ],
    [
      "the second of two alike",
      [element("nic", {}), element("nic", {}, gpu("1"))],
      [element("nic", {}), element("nic", {})],
      'what nccl says of system, cpu 0, nic, element gpu 1: a.xml says "there", b.xml says "not there"',
    ],
    [
      "nothing but the order",
      [gpu0("16"), nic],
      [nic, gpu0("16")],
      'what nccl says: a.xml says "one order", b.xml says "another"',
    ],
  ])("%s", (_, one, other, message) => {
    expect(difference(one, other)).toEqual([message]);
  });
});

test.each([
  [[{ name: "GPU0", cpus: "0-7" }], [{ name: "GPU0", cpus: "8-15" }], 'GPU0, its CPUs: a says "0-7", b says "8-15"'],
  [[{ name: "GPU0" }, { name: "NIC0" }], [{ name: "GPU0" }], 'NIC0: a says "a row", b says "none"'],
  [[{ name: "GPU0" }], [{ name: "GPU0" }, { name: "NIC0" }], 'NIC0: a says "no row", b says "one"'],
])("two matrices that differ in no cell: %j, %j", (one, other, message) => {
  const part = (source: string, devices: readonly MatrixDeviceDescription[]) => {
    const cells = devices.map((_, row) => devices.map((_, column) => (row === column ? "X" : "PIX")));
    return { source, system: { functions: [], views: [{ tool: "nvidia-smi" as const, devices, cells }] } };
  };
  const { findings } = mergeSystems([part("a", one), part("b", other)]);
  expect(findings.map((finding) => finding.message)).toEqual([`what nvidia-smi says of ${message}`]);
});

describe("a link's bandwidth and what another source says of its lanes", () => {
  test.each([
    [{ bandwidth: 15_753_846_000 }, { speed: 8, width: 16 }],
    [{ bandwidth: 250_000_000 }, { speed: 2.5, width: 1 }],
    [{ bandwidth: 63_015_385_000 }, { speed: 32, width: 16 }],
    [{ bandwidth: 121_000_000_000 }, { speed: 64, width: 16 }],
    [{ bandwidth: 15_753_846_000 }, { speed: null, width: 16 }],
    [{ bandwidth: 15_753_846_000 }, { maxSpeed: 16, maxWidth: 16 }],
  ])("agree, or cannot be compared: %j, %j", (one, other) => {
    expect(mergeFunctions({ link: one }, { link: other }).findings).toEqual([]);
    expect(mergeFunctions({ link: other }, { link: one }).findings).toEqual([]);
  });

  test("differ, which is said, and both are kept", () => {
    const { merged, findings } = mergeFunctions(
      { link: { bandwidth: 15_753_846_000 } },
      { link: { speed: 2.5, width: 16 } },
    );
    expect(merged.link).toEqual({ speed: 2.5, width: 16, bandwidth: 15_753_846_000 });
    expect(findings).toEqual([
      '0000:03:00.0: link bandwidth: source 1 says 15753846000, source 2 says "2.5 GT/s x16, which is 4000000000"',
    ]);
  });
});

describe("where a host bridge is near, and where another source says its functions are", () => {
  const bridge = (numaNode: number | null, ...bdfs: string[]): SystemDescription => ({
    functions: bdfs.map((bdf) => ({ bdf })),
    hostBridges: [{ root: "0000:40", numaNode }],
  });
  const near = (nodes: Record<string, number | null | undefined>): SystemDescription => ({
    functions: Object.entries(nodes).map(([bdf, numaNode]) => ({
      bdf,
      ...(numaNode === undefined ? {} : { numaNode }),
    })),
  });
  const [first, second, elsewhere] = ["0000:40:00.0", "0000:40:01.0", "0000:41:00.0"] as const;

  test("agree, or cannot be compared", () => {
    for (const [one, other] of [
      [bridge(1, first, second), near({ [first]: 1, [second]: 1 })],
      // The first function may be one that a filter left out.
      [bridge(1, second), near({ [first]: 1, [second]: 0 })],
      // hwloc goes by CPUs where the kernel names no node.
      [bridge(1, first), near({ [first]: null })],
      [bridge(1, first), near({ [first]: 0, [second]: undefined })],
      [bridge(1, first, second), near({ [second]: 0 })],
      [bridge(1), near({ [elsewhere]: 0 })],
      [bridge(null, first), near({ [first]: 0 })],
    ] as const) {
      expect([merge(one, other).findings, merge(other, one).findings]).toEqual([[], []]);
    }
  });

  test("differ, which is said", () => {
    const { system, findings } = merge(bridge(1, second), near({ [first]: 0, [second]: 0 }));
    expect(system.hostBridges).toEqual([{ root: "0000:40", numaNode: 1 }]);
    expect(findings).toEqual([
      {
        code: "SOURCES_DISAGREE",
        message: '0000:40: numaNode: source 1 says 1, source 2 says "0 for the functions on that bus"',
        functions: ["0000:40", first, second],
      },
    ]);
  });
});
