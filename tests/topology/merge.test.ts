import { describe, expect, test } from "vitest";
import type {
  BarDescription,
  FunctionDescription,
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
    expect(findings).toEqual([]);
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
