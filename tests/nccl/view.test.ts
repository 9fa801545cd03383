import { describe, expect, test } from "vitest";
import { lintTopology, ncclView, ncclXml, readNccl } from "../../src/nccl/index.js";
import type {
  FunctionDescription,
  MachineDescription,
  NcclElement,
  SystemDescription,
} from "../../src/topology/description.js";
import { mergeSystems } from "../../src/topology/merge/merge.js";
import { Topology } from "../../src/topology/topology.js";
import { CAPTURES, captureText } from "../readers/fixtures.js";
import { machineOf } from "./files.js";

function made(machine: MachineDescription, virtualFunctions: readonly string[] = []) {
  const topology = Topology.of(machine);
  try {
    return ncclView(topology, 0, { virtualFunctions });
  } finally {
    topology.close();
  }
}

const madeOf = (system: SystemDescription) => made({ peerlane: 1, systems: [system] });

/** Each element `pci` with what it is below: a `pci`, or a NUMA node. */
function placesIn(element: NcclElement, above = ""): Map<string, string> {
  const places = new Map<string, string>();
  for (const child of element.children) {
    const name = child.attributes["busid"] ?? child.attributes["numaid"] ?? "";
    if (child.element === "pci") places.set(name, above);
    for (const [each, place] of placesIn(child, name)) places.set(each, place);
  }
  return places;
}

/**
 * The same as the kernel said it, independently of the reader: from a function NCCL goes up past one bridge to the next,
 * and where there is none, to the NUMA node.
 */
function placesByKernel(capture: string): Map<string, string> {
  const devices = new Map(
    [
      ...captureText(capture, "kernel-answers.txt").matchAll(
        /^DEV (\S+) .*? (\S{6}) hdr=.* up=(\S+) pf=(\S+) numa=(\S+)/gm,
      ),
    ].map(([, bdf, code, up, pf, numa]) => [bdf!, { code: code!, up: up!, pf: pf!, numa: numa! }]),
  );
  const places = new Map<string, string>();
  const add = (bdf: string) => {
    const { up, numa } = devices.get(bdf)!;
    const above = devices.get(up)?.up ?? "-";
    places.set(bdf, above === "-" ? numa : above);
    if (above !== "-") add(above);
  };
  for (const [bdf, { code, pf }] of devices) if (/^0302|^02/.test(code) && pf === "-") add(bdf);
  return places;
}

describe.skipIf(CAPTURES === null)("from /sys", () => {
  test.each([
    ["gpu-server-intel", 22],
    ["gpu-server-intel-iommu", 22],
    ["sriov-intel", 2],
    ["ppc-powernv9", 2],
    ["arm64-virt-acpi-pxb", 2],
    ["arm64-virt-dt", 2],
    ["acs-iommu-amd", 2],
  ])("%s: every GPU and adapter is below what the kernel says, in a file that NCCL takes", async (capture, count) => {
    const { view, notes } = made(await machineOf(capture));
    expect(notes).toEqual([]);
    const places = placesIn(view!.system);
    expect([...places].sort()).toEqual([...placesByKernel(capture)].sort());
    expect(places.size).toBe(count);
    const { findings } = lintTopology(ncclXml(view!));
    expect(findings.filter(({ code }) => code !== "NUMAID_UNKNOWN")).toEqual([]);
  });

  test("the processor is described as NCCL describes it", async () => {
    const attributes = async (capture: string) =>
      (await made(await machineOf(capture))).view!.system.children[0]!.attributes;
    expect(await attributes("gpu-server-intel")).toMatchObject({
      numaid: "0",
      arch: "x86_64",
      vendor: "GenuineIntel",
      familyid: "6",
      modelid: "85",
    });
    expect(await attributes("arm64-virt-dt")).toEqual({ numaid: "-1", arch: "arm64" });
    expect(await attributes("ppc-powernv9")).toMatchObject({ arch: "ppc64" });
  });

  test("virtual functions are left out, or shown where a guest has them", async () => {
    const machine = await machineOf("sriov-intel");
    expect([...placesIn(made(machine).view!.system).keys()]).toEqual(["0000:01:00.0", "0000:04:00.0"]);
    const some = placesIn(made(machine, ["0000:04:10.2"]).view!.system);
    expect(some.get("0000:04:10.2")).toBe("0000:01:00.0");
    expect(some.has("0000:04:10.0")).toBe(false);
  });
});

const root = { bdf: "0000:00:01.0", kind: "root-port", parent: null } as const;
const gpu = { bdf: "0000:01:00.0", class: "030200", vendor: "10de", parent: root.bdf, numaNode: 0 } as const;

function without(description: FunctionDescription, field: keyof FunctionDescription): FunctionDescription {
  const { [field]: _, ...others } = description;
  return others as FunctionDescription;
}

describe("from a description", () => {
  const cpu = { architecture: "x86", vendor: "AuthenticAMD", family: 25, modelNumber: 1 };
  const functions: readonly FunctionDescription[] = [
    { ...root, link: { maxSpeed: 16, maxWidth: 16 } },
    { ...gpu, link: { speed: 2.5, width: 8, maxSpeed: 32, maxWidth: 16 } },
  ];

  test("families are packed, masks of one length, links the lesser of both ends", () => {
    const { view } = madeOf({
      cpu,
      functions: [...functions, { ...gpu, bdf: "0000:02:00.0", parent: null, numaNode: 1 }],
      numaNodes: [
        { node: 0, cpus: "0-3" },
        { node: 1, cpus: "4-7,64" },
      ],
    });
    expect(ncclXml(view!)).toBe(`<system version="1">
  <cpu numaid="0" affinity="00000000,00000000,0000000f" arch="x86_64" vendor="AuthenticAMD" familyid="175" modelid="1">
    <pci busid="0000:01:00.0" class="0x030200" vendor="0x10de" link_speed="16.0 GT/s PCIe" link_width="16"/>
  </cpu>
  <cpu numaid="1" affinity="00000001,00000000,000000f0" arch="x86_64" vendor="AuthenticAMD" familyid="175" modelid="1">
    <pci busid="0000:02:00.0" class="0x030200" vendor="0x10de"/>
  </cpu>
</system>
`);
  });

  test.each([
    [
      { architecture: "x86", vendor: "GenuineIntel", family: 6 },
      { arch: "x86_64", vendor: "GenuineIntel", familyid: "6" },
    ],
    [
      { vendor: "AuthenticAMD", family: 23 },
      { arch: "x86_64", vendor: "AuthenticAMD", familyid: "143" },
    ],
    [{ architecture: "aarch64", vendor: "0x41" }, { arch: "arm64" }],
    [{ architecture: "ppc64le", vendor: "POWER9" }, { arch: "ppc64" }],
    [{ architecture: "riscv64" }, {}],
    [{}, {}],
  ])("CPU %o", (stated, expected) => {
    const { view } = madeOf({ cpu: stated, functions });
    expect(view!.system.children[0]!.attributes).toEqual({ numaid: "0", ...expected });
  });

  test("what NCCL needs and nothing shows is said", () => {
    const { view, notes } = madeOf({ functions: [root, without(gpu, "numaNode")] });
    expect(view!.system.children[0]!.attributes).toEqual({ numaid: "-1" });
    expect(notes).toEqual([
      "the CPU is not shown, and NCCL needs its arch, vendor and familyid: add /proc/cpuinfo with -i",
      "the link speed is not shown, and NCCL looks it up or takes 8 GT/s: 0000:01:00.0",
      'the NUMA node is not shown, and numaid="-1" is written: 0000:01:00.0',
    ]);
  });

  test("a function of unknown place is left out and named; where there is no other, there is no view", () => {
    const lost: FunctionDescription = { bdf: "0000:41:00.0", class: "020000" };
    const left = "left out, since nothing shows what they hang below: 0000:41:00.0";
    const some = madeOf({ cpu, functions: [...functions, lost] });
    expect(some.notes).toEqual([left]);
    expect([...placesIn(some.view!.system).keys()]).toEqual(["0000:01:00.0"]);
    expect(madeOf({ cpu, functions: [lost] })).toEqual({ view: null, notes: [left] });
    expect(madeOf({ cpu, functions: [root] })).toEqual({ view: null, notes: [] });
  });

  test.each<[string, Partial<FunctionDescription>, boolean]>([
    ["an NVIDIA card with a screen", { class: "030000" }, true],
    ["a management controller's screen", { class: "030000", vendor: "1a03" }, false],
    ["a card of AMD beside one of NVIDIA", { class: "038000", vendor: "1002" }, false],
    ["an adapter", { class: "020700", vendor: "15b3" }, true],
    ["an SSD", { class: "010802" }, false],
    ["something of a class of its own", { class: "ff0000" }, false],
  ])("%s", (_, facts, is) => {
    const other = { ...gpu, bdf: "0000:02:00.0", parent: null, ...facts };
    const { view } = madeOf({ cpu, functions: [...functions, other] });
    expect(view!.tool).toBe("nccl");
    expect(placesIn(view!.system).has("0000:02:00.0")).toBe(is);
  });

  test.each<[string, string | undefined, boolean]>([
    ["NVIDIA", "NVIDIA Corporation AD102GL [RTX 6000 Ada Generation]", true],
    ["the maker of a management controller", "ASPEED Technology, Inc. ASPEED Graphics Family", false],
    ["nobody", undefined, false],
  ])("a screen of %s, without ids", (_, label, is) => {
    const screen = { bdf: "0000:02:00.0", class: "0300", parent: null, numaNode: 0, ...(label && { label }) };
    const { view } = madeOf({ cpu, functions: [...functions, screen] });
    expect(placesIn(view!.system).has("0000:02:00.0")).toBe(is);
  });

  test("a GPU of unknown make does not make AMD's disappear", () => {
    const { class: code, ...others } = gpu;
    const unknown = { bdf: "0000:03:00.0", class: code, parent: null, numaNode: 0 };
    const { view } = madeOf({ cpu, functions: [root, { ...others, vendor: "1002", class: "038000" }, unknown] });
    expect(view!.tool).toBe("rccl");
    expect([...placesIn(view!.system).keys()]).toEqual(["0000:01:00.0", "0000:03:00.0"]);
  });

  test("where the GPUs are AMD's, the file is RCCL's", () => {
    const { view } = madeOf({ cpu, functions: [root, { ...gpu, vendor: "1002", class: "120000" }] });
    expect([view!.tool, view!.system.attributes["version"]]).toEqual(["rccl", "2"]);
  });
});

describe("from a tree and a file of NCCL", () => {
  const file = readNccl(
    `<system version="1">
  <cpu host_hash="0x1" numaid="0" affinity="0000000f" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="85">
    <pci busid="ffff:ff:01.0" class="0x060400" link_speed="" link_width="0">
      <pci busid="0000:01:00.0" class="0x030200" link_speed="8.0 GT/s PCIe" link_width="8">
        <gpu dev="0" sm="80" rank="0" gdr="1"><nvlink target="0000:02:00.0" count="4" tclass="0x030200"/></gpu>
      </pci>
      <pci busid="0000:09:00.0" class="0x020000"><nic><net name="eth9" dev="3"/></nic></pci>
    </pci>
    <nic><net name="br0" dev="1"/></nic>
  </cpu>
  <cpu numaid="5"><nic><net name="br5" dev="2"/></nic></cpu>
</system>`,
    "topo.xml",
  )[0]!.system;
  const tree: SystemDescription = {
    cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6, modelNumber: 85 },
    functions: [root, { ...gpu, link: { maxSpeed: 16, maxWidth: 16 } }],
  };

  test("the tree is the machine's; GPUs, links and adapters are the file's; nothing is lost silently", () => {
    const parts = [
      { source: "lspci", system: tree },
      { source: "topo.xml", system: { ...file, functions: file.functions.filter(({ bdf }) => bdf === gpu.bdf) } },
    ];
    const { view, notes } = madeOf(mergeSystems(parts).system);
    expect(notes).toEqual(["left out, since they are in the topology file alone: 0000:09:00.0"]);
    expect(ncclXml(view!)).toBe(`<system version="1">
  <cpu host_hash="0x1" numaid="0" affinity="0000000f" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="85">
    <pci busid="0000:01:00.0" class="0x030200" vendor="0x10de" link_speed="16.0 GT/s PCIe" link_width="16">
      <gpu dev="0" sm="80" rank="0" gdr="1">
        <nvlink target="0000:02:00.0" count="4" tclass="0x030200"/>
      </gpu>
    </pci>
    <nic>
      <net name="br0" dev="1"/>
    </nic>
  </cpu>
  <cpu numaid="5">
    <nic>
      <net name="br5" dev="2"/>
    </nic>
  </cpu>
</system>
`);
  });
});

test("a system that is not there is named", () => {
  const topology = Topology.of({ peerlane: 1, systems: [{ name: "a", functions: [] }] });
  expect(() => ncclView(topology, "b")).toThrow('no system is named "b"; there is "a"');
  topology.close();
});
