import { describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { lintTopology } from "../../src/nccl/index.js";
import { Random } from "../../src/random.js";
import { ReadError } from "../../src/readers/reading.js";
import { looksLikeNccl, readNccl } from "../../src/readers/nccl.js";
import { read } from "../../src/readers/read.js";
import type { NcclView, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

function readOne(text: string) {
  const readings = readNccl(text, "topo.xml");
  expect(readings.length).toBe(1);
  return readings[0]!;
}

const within = (elements: string, cpu = 'numaid="0"') => `<system version="1"><cpu ${cpu}>${elements}</cpu></system>`;
const functionsOf = (elements: string) => readOne(within(elements)).system.functions;

const SERVER = `<!-- made by hand -->
<system version="1">
  <cpu host_hash="0x1f" numaid="1" affinity="0000ffff,ffff0000" arch="x86_64" vendor="AuthenticAMD" familyid="143" modelid="49">
    <pci busid="0000:21:00.0" class="0x060400" vendor="0x1000" device="0xc010" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="0000:23:00.0" class="0x030200" vendor="0x10de" device="0x20b5" subsystem_vendor="0x10DE" subsystem_device="0x1533" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu dev="0" sm="80" rank="0" gdr="1">
          <nvlink target="0000:24:00.0" count="4" tclass="0x030200"/>
          <nvlink target="fffffff:ff:ff.0" count="12" tclass="0x068000"/>
          <c2c bw="25000" count="10"/>
        </gpu>
      </pci>
      <!-- <pci busid="0000:22:00.0"/> -->
      <pci busid="0000:24:00.0" class="0x030200" link_speed="8 GT/s" link_width="8">
        <gpu dev="1" sm="80" rank="1" gdr="1"><nvlink target="0000:23:00.0" count="4" tclass="0x030200"/></gpu>
      </pci>
      <pci
         busid="0000:25:00.0"
         class="0x020700" link_speed="" link_width="0">
        <nic><net name="mlx5_0" dev="0" speed="200000"/><net name="mlx5_1" dev="1"/></nic>
      </pci>
    </pci>
  </cpu>
  <cpu numaid="0" affinity="00000000,0000ffff"><nic><net name="br0" dev="2"/></nic></cpu>
</system>
`;

describe("a topology file of NCCL", () => {
  test("yields devices, links and nodes as facts, and all of it as a view", () => {
    const { system, findings } = readOne(SERVER);
    expect(findings).toEqual([]);
    const { views, ...facts } = system;
    const unknown = { parent: "unknown", numaNode: 1 };
    expect(facts).toEqual<SystemDescription>({
      cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 23, modelNumber: 49 },
      functions: [
        {
          ...({ ...unknown } as const),
          parent: "unknown",
          bdf: "0000:23:00.0",
          class: "030200",
          vendor: "10de",
          device: "20b5",
          subsystemVendor: "10de",
          subsystemDevice: "1533",
          link: { maxSpeed: 16, maxWidth: 16 },
          names: ["GPU0"],
        },
        {
          ...unknown,
          parent: "unknown",
          bdf: "0000:24:00.0",
          class: "030200",
          link: { maxSpeed: 8, maxWidth: 8 },
          names: ["GPU1"],
        },
        { ...unknown, parent: "unknown", bdf: "0000:25:00.0", class: "020700", names: ["mlx5_0", "mlx5_1"] },
      ],
      sideLinks: Array.from({ length: 4 }, () => ({ kind: "nvlink", from: "0000:23:00.0", to: "0000:24:00.0" })),
      hostAttachments: [{ kind: "c2c", function: "0000:23:00.0" }],
      numaNodes: [
        { node: 0, cpus: "0-15" },
        { node: 1, cpus: "16-47" },
      ],
    });
    expect(views).toMatchObject([{ tool: "nccl", system: { element: "system", attributes: { version: "1" } } }]);
    const text = JSON.stringify(views);
    for (const kept of ["fffffff:ff:ff.0", '"bw":"25000"', "0x1f", '"speed":"200000"', "br0", "0000:21:00.0"]) {
      expect(text).toContain(kept);
    }
    expect(text).not.toContain("0000:22:00.0"); // commented out
  });

  test("version 2 is RCCL's", () => {
    const text = SERVER.replace('version="1"', 'version="2"').replaceAll("nvlink", "xgmi");
    const { system } = readOne(text);
    expect(system.views).toMatchObject([{ tool: "rccl" }]);
    expect(system.sideLinks?.length).toBe(4);
    expect(system.sideLinks?.[0]?.kind).toBe("xgmi");
  });

  test.each([
    ["a switch with real ids", '<pci busid="0000:01:00.0" class="0x060400" vendor="0x15b3" device="0x1979"/>'],
    ["a switch that holds something", '<pci busid="0000:01:00.0"><pci busid="ffff:ff:02.0" class="0x060400"/></pci>'],
    ["a host bridge above an adapter", '<pci busid="0000:01:00.0" class="0x060000"><nic><net name="a"/></nic></pci>'],
    ["a vendor that there is not", '<pci busid="0000:01:00.0" class="0x020000" vendor="0xffff"/>'],
    ["no vendor at all", '<pci busid="0000:01:00.0" class="0x020000" vendor="0x0000"/>'],
    ["a name that is made up", '<pci busid="ffff:ff:01.0"/>'],
    ["an adapter of no PCI function", '<nic><net name="veth0"/></nic>'],
    ["an element in the wrong place", '<gpu><pci busid="0000:01:00.0" class="0x060400"/></gpu>'],
  ])("%s is no function", (_, elements) => {
    expect(functionsOf(elements)).toEqual([]);
  });

  test("a bare endpoint is a function of which hardly anything is known", () => {
    expect(functionsOf('<pci busid="0000:00:16.0"/>')).toEqual([
      { bdf: "0000:00:16.0", parent: "unknown", numaNode: 0 },
    ]);
  });

  test("an NVSwitch is a device", () => {
    expect(functionsOf('<pci busid="0000:01:00.0" class="0x068000" vendor="0x10de"/>').length).toBe(1);
  });

  test.each([
    ["0x03", undefined],
    ["0x0302", "0302"],
    ["0x030200", "030200"],
    ["3D", undefined],
  ])("class %s", (text, code) => {
    expect(functionsOf(`<pci busid="0000:01:00.0" class="${text}"/>`)[0]!.class).toBe(code);
  });

  test.each([
    ["6", "GenuineIntel", 6],
    ["15", "GenuineIntel", 15],
    ["23", "AuthenticAMD", 23],
    ["143", "AuthenticAMD", 23],
    ["175", "AuthenticAMD", 25],
    ["191", "AuthenticAMD", 26],
    ["25", "AuthenticAMD", 25],
    ["0x8f", "AuthenticAMD", 23],
    ["six", "GenuineIntel", undefined],
  ])("familyid %s of %s is family %s", (id, vendor, family) => {
    const text = within("", `numaid="0" arch="x86_64" vendor="${vendor}" familyid="${id}"`);
    expect(readOne(text).system.cpu?.family).toBe(family);
  });

  test("what processors say differently is not known", () => {
    const text =
      '<system version="1"><cpu numaid="0" arch="x86_64" vendor="A"/><cpu numaid="1" arch="x86_64" vendor="B"/></system>';
    expect(readOne(text).system.cpu).toEqual({ architecture: "x86" });
  });

  test("no node is -1, and a node that is listed twice has the CPUs that both say", () => {
    const text =
      '<system version="1"><cpu numaid="-1"><pci busid="0000:01:00.0"/></cpu><cpu numaid="2" affinity="f"/>' +
      '<cpu numaid="2" affinity="ff"/><cpu numaid="3" affinity="f" affinity_offset="64"/><cpu affinity="f"/></system>';
    const { system } = readOne(text);
    expect(system.numaNodes).toEqual([{ node: 2 }, { node: 3 }]);
    expect(system.functions[0]).not.toHaveProperty("numaNode");
  });
});

describe("what is odd", () => {
  const gpu = (busid: string, links: string) =>
    `<pci busid="${busid}" class="0x030200"><gpu dev="0">${links}</gpu></pci>`;

  test("a function that is listed twice is one, and what both say differently is told", () => {
    const { system, findings } = readOne(
      within('<pci busid="0000:01:00.0" vendor="0x10de"/><pci busid="0000:01:00.0" vendor="0x1002" device="0x1234"/>'),
    );
    expect(system.functions).toEqual([{ bdf: "0000:01:00.0", device: "1234", parent: "unknown", numaNode: 0 }]);
    expect(findings.map(({ code }) => code)).toEqual(["SOURCES_DISAGREE", "SOURCES_DISAGREE"]);
    expect(findings[1]!.message).toMatch(/0000:01:00\.0: vendor: .*"10de".*"1002"/);
  });

  test("names that are none are left out and told", () => {
    const { system, findings } = readOne(
      within('<pci busid="01:00"/><pci class="0x030000"/><pci busid="0000:41:00.0"/>'),
    );
    expect(system.functions.map(({ bdf }) => bdf)).toEqual(["0000:41:00.0"]);
    expect(findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'MALFORMED_LINE expected a busid dddd:bb:dd.f for each pci, got "01:00", none: left out of the functions',
    ]);
  });

  test("links that one end alone lists, or both differently", () => {
    const one = readOne(
      within(gpu("0000:01:00.0", '<nvlink target="0000:02:00.0" count="2"/>') + gpu("0000:02:00.0", "")),
    );
    expect([one.system.sideLinks?.length, one.findings.length]).toEqual([2, 0]);
    const both = readOne(
      within(
        gpu("0000:01:00.0", '<nvlink target="0000:02:00.0" count="2"/>') +
          gpu("0000:02:00.0", '<nvlink target="0000:01:00.0" count="3"/>'),
      ),
    );
    expect(both.system.sideLinks?.length).toBe(3);
    expect(both.findings.map(({ message }) => message)).toEqual([
      "the nvlink links between 0000:01:00.0 and 0000:02:00.0: 0000:01:00.0 lists 2, 0000:02:00.0 lists 3; " +
        "the larger number is taken",
    ]);
  });

  test.each([
    ["itself", '<nvlink target="0000:01:00.0" count="12"/>', 0],
    ["nobody of the file", '<nvlink target="0000:03:00.0" count="12"/>', 0],
    ["an adapter", '<nvlink target="0000:05:00.0" count="12"/>', 0],
    ["nowhere", '<nvlink count="12"/>', 0],
    ["more than there can be", '<nvlink target="0000:02:00.0" count="1000000000"/>', 1],
    ["a number that is none", '<nvlink target="0000:02:00.0" count="four"/>', 1],
    ["no number", '<nvlink target="0000:02:00.0"/>', 1],
  ])("links to %s are no facts", (_, link, findings) => {
    const elements =
      gpu("0000:01:00.0", link) + gpu("0000:02:00.0", "") + '<pci busid="0000:05:00.0" class="0x020000"/>';
    const reading = readOne(within(elements));
    expect(reading.system).not.toHaveProperty("sideLinks");
    expect(reading.findings.length).toBe(findings);
  });

  test("several hosts are several systems, each with its own part of the view", async () => {
    const cpu = (hash: string, name: string) =>
      `<cpu host_hash="${hash}" numaid="0"><pci busid="0000:01:00.0" class="0x030200" device="${name}"/></cpu>`;
    const text = `<system version="1">${cpu("0xa", "0x1111")}${cpu("0xb", "0x2222")}${cpu("0xa", "0x1111")}</system>`;
    const { machine } = await read([{ name: "fused.xml", bytes: new TextEncoder().encode(text) }]);
    expect(machine.systems.map(({ name, functions }) => [name, functions[0]!.device])).toEqual([
      ["0xa", "1111"],
      ["0xb", "2222"],
    ]);
    const views = machine.systems.flatMap(({ views }) => views as readonly NcclView[]);
    expect(views.map(({ system }) => system.children.length)).toEqual([2, 1]);
    Topology.of(machine).close();
    const other = { name: "cpuinfo", bytes: new TextEncoder().encode("processor : 0\nvendor_id : GenuineIntel\n") };
    await expect(read([{ name: "fused.xml", bytes: new TextEncoder().encode(text) }, other])).rejects.toThrow(
      /fused\.xml: describes 2 systems/,
    );
  });

  test("a processor without a host is part of the only one", () => {
    const text = '<system version="1"><cpu host_hash="0xa" numaid="0"/><cpu numaid="1"/></system>';
    expect(readOne(text).system).not.toHaveProperty("name");
  });
});

describe("verdicts", () => {
  test("do not follow from names, segments or the order of a file, nor with another source's CPU", async () => {
    const text = within(
      '<pci busid="0001:00:00.0" class="0x030200"/><pci busid="0002:00:00.0" class="0x020700"/>' +
        '<pci busid="0000:41:00.0" class="0x020700"/>',
      'numaid="0" arch="x86_64" vendor="GenuineIntel" familyid="6"',
    );
    const { machine } = await read([{ name: "topo.xml", bytes: new TextEncoder().encode(text) }]);
    const topology = Topology.of(machine);
    const peerDma = new PeerDma(topology, linux("6.12"));
    const ids = topology.functions();
    const { route, distance } = peerDma.matrix(ids);
    for (const [index, provider] of [...ids].entries()) {
      for (const [other, client] of [...ids].entries()) {
        if (provider === client) continue;
        expect(peerDma.can(provider, client).answer).toBe("unknown");
        expect(topology.common(provider, client)).toEqual({
          bridge: "unknown",
          sameHostBridge: "unknown",
          distance: null,
        });
        const cell = index * ids.length + other;
        expect([route[cell], distance[cell]]).toEqual([route[1], distance[1]]);
      }
    }
    topology.close();
  });
});

describe("what is no such file", () => {
  test.each([
    ['<system version="3"/>', 'topo.xml:1:1: /system: expected version="1" (NCCL) or version="2" (RCCL), got "3"'],
    ["<system/>", 'topo.xml:1:1: /system: expected version="1" (NCCL) or version="2" (RCCL), got none'],
    ["\n <graphs/>", "topo.xml:2:2: /graphs: expected the element system, got graphs"],
  ])("%s", (text, message) => {
    expect(() => readNccl(text, "topo.xml")).toThrow(message);
  });

  test.each([
    SERVER.slice(0, 200),
    SERVER.slice(0, -12),
    SERVER.replace("</gpu>", ""),
    SERVER.replace('"0x1f"', "0x1f"),
  ])("damaged", (text) => {
    expect(() => readNccl(text, "topo.xml")).toThrow(/^topo\.xml:\d+:\d+: \/system.*damaged XML/);
  });

  test.each([
    [SERVER, true],
    ["\uFEFF\n<system>", true],
    ['<?xml version="1.0"?><!DOCTYPE system><!-- a --><!-- b -->\n<system version="1"/>', true],
    ["<systems/>", false],
    ["<topology/>", false],
    ["<!-- <system>", false],
    ["system", false],
    ["", false],
  ])("is told by its first element: %#", (text, is) => {
    expect(looksLikeNccl(text)).toBe(is);
  });

  test("long runs of comments and blanks are passed in time that grows with them", () => {
    const many = `${"<!-- x -->".repeat(50_000)}${" ".repeat(200_000)}`;
    expect(looksLikeNccl(`${many}<system version="1"/>`)).toBe(true);
    expect(looksLikeNccl(`${many}x`)).toBe(false);
  });
});

describe("damage", () => {
  test("cut off anywhere or with characters changed, a file is read, checked or refused by a ReadError", () => {
    const random = new Random(9, 0);
    for (let round = 0; round < 300; round++) {
      const at = random.below(SERVER.length);
      const change = ["", '"', "<", ">", "&", "\0", "x", " "][random.below(8)]!;
      const text = round % 2 === 0 ? SERVER.slice(0, at) : SERVER.slice(0, at) + change + SERVER.slice(at + 1);
      expect(() => lintTopology(text)).not.toThrow();
      try {
        Topology.of({ peerlane: 1, systems: readNccl(text, "x").map(({ system }) => system) }).close();
      } catch (error) {
        expect(error).toBeInstanceOf(ReadError);
      }
    }
  });

  test("what it yields is a description that can be read back", async () => {
    const { system } = readOne(SERVER);
    const machine = { peerlane: 1, systems: [system] } as const;
    const bytes = new TextEncoder().encode(JSON.stringify(machine));
    expect((await read([{ name: "machine.json", bytes }])).machine).toEqual(machine);
  });
});
