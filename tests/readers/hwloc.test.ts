import { describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { precise } from "../../src/policy/precise.js";
import { looksLikeHwloc, readHwloc } from "../../src/readers/hwloc/hwloc.js";
import { parseBitmap } from "../../src/readers/hwloc/bitmap.js";
import { read } from "../../src/readers/read.js";
import { ReadError } from "../../src/readers/reading.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { expectLess } from "../reference/less.js";
import { captureFile, captureText } from "./fixtures.js";

const utf8 = (text: string) => new TextEncoder().encode(text);

const GPU = 'pci_type="0302 [10de:20b5] [10de:1533] a1"';
const ROOT_PORT = 'pci_type="0604 [8086:347a] [1b36:0000] 04"';

/** A topology whose machine holds `objects`. */
function document(objects: string, attributes = 'version="2.0"', machine = ""): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<topology ${attributes}>
<object type="Machine" os_index="0" ${machine}>
${objects}
</object>
</topology>
`;
}

const inHost = (objects: string, buses = "0000:[00-ff]") =>
  `<object type="Bridge" bridge_type="0-1" depth="0" bridge_pci="${buses}">\n${objects}\n</object>`;
const bridge = (bdf: string, buses: string, objects = "") =>
  `<object type="Bridge" bridge_type="1-1" bridge_pci="${buses}" pci_busid="${bdf}" ${ROOT_PORT}>${objects}</object>`;
const device = (bdf: string, inside = "", attributes = GPU) =>
  `<object type="PCIDev" pci_busid="${bdf}" ${attributes}>${inside}</object>`;

function system(text: string): SystemDescription {
  return readHwloc(text, "h.xml").system;
}

function functionOf(text: string, bdf: string): FunctionDescription {
  return system(text).functions.find((described) => described.bdf === bdf)!;
}

function refusal(text: string): string {
  try {
    readHwloc(text, "h.xml");
  } catch (error) {
    expect(error).toBeInstanceOf(ReadError);
    return (error as ReadError).message;
  }
  throw new Error("it was read");
}

describe("hwloc XML says", () => {
  test("what a function is, and what stands below it", () => {
    const inside =
      '<info name="PCIVendor" value="NVIDIA Corporation"/><info name="PCIDevice" value="GA100"/>' +
      '<info name="PCISlot" value="3-1"/>' +
      '<object type="OSDev" name="cuda0" subtype="CUDA" osdev_type="5"><info name="GPUModel" value="A100"/></object>' +
      '<object type="OSDev" name="card1" osdev_type="1"/>';
    const text = document(
      inHost(
        bridge("0000:00:01.0", "0000:[01-02]", device("0000:01:00.0", inside, `${GPU} pci_link_speed="31.507692"`)),
      ),
    );
    expect(system(text)).toEqual({
      functions: [
        {
          bdf: "0000:00:01.0",
          class: "0604",
          vendor: "8086",
          device: "347a",
          revision: "04",
          parent: null,
          bus: { secondary: 1, subordinate: 2 },
        },
        {
          bdf: "0000:01:00.0",
          class: "0302",
          vendor: "10de",
          device: "20b5",
          subsystemVendor: "10de",
          subsystemDevice: "1533",
          revision: "a1",
          parent: "0000:00:01.0",
          link: { bandwidth: 31_507_692_000 },
          slot: "3-1",
          names: ["cuda0", "card1"],
          label: "NVIDIA Corporation GA100",
        },
      ],
      hostBridges: [{ root: "0000:00" }],
    });
  });

  test("the programming interface from 3.x on, but for the 00 of files that were older", () => {
    const classes = (type: string) =>
      functionOf(document(inHost(device("0000:00:1d.7", "", type))), "0000:00:1d.7").class;
    expect(classes('pci_type="0C03 [8086:3A3A] [1028:02d3] 00 20"')).toBe("0c0320");
    expect(classes('pci_type="0c03 [8086:3a3a] [1028:02d3] 00 00"')).toBe("0c03");
    expect(classes('pci_type="0c03 [8086:3a3a] [1028:02d3] 00"')).toBe("0c03");
  });

  test("no subsystem where early versions kept half of it", () => {
    const described = functionOf(
      document(inHost(device("0000:00:03.0", "", 'pci_type="0302 [10de:1094] [00de:0088] a1"'))),
      "0000:00:03.0",
    );
    expect(described).not.toHaveProperty("subsystemVendor");
    expect(described.device).toBe("1094");
  });

  test("names by the libraries of GPUs where the list of PCI ids is not there, or the vendor alone", () => {
    const named = (inside: string) =>
      functionOf(document(inHost(device("0000:00:03.0", inside))), "0000:00:03.0").label;
    const model = '<info name="GPUVendor" value="NVIDIA Corporation"/><info name="GPUModel" value="A100-SXM4"/>';
    expect(named(`<object type="OSDev" name="nvml0">${model}</object>`)).toBe("NVIDIA Corporation A100-SXM4");
    expect(named('<info name="PCIVendor" value="NVIDIA Corporation"/>')).toBe("NVIDIA Corporation Device 20b5");
    expect(named("")).toBe(undefined);
    const nvswitch = device(
      "0000:00:04.0",
      '<info name="PCIVendor" value="NVIDIA Corporation"/>',
      `subtype="NVSwitch" ${GPU}`,
    );
    expect(functionOf(document(inHost(nvswitch)), "0000:00:04.0").label).toBe("NVIDIA Corporation NVSwitch");
  });

  test("which bridge is above only on the first bus below it: further buses may be behind what is left out", () => {
    const text = document(
      inHost(
        bridge("0000:00:01.0", "0000:[01-05]", device("0000:01:00.0") + device("0000:03:00.0")) +
          device("0000:07:00.0"),
        "0000:[00-07]",
      ),
    );
    const { functions } = system(text);
    expect(functions.map(({ bdf, parent }) => [bdf, parent])).toEqual([
      ["0000:00:01.0", null],
      ["0000:01:00.0", "0000:00:01.0"],
      ["0000:03:00.0", undefined],
      ["0000:07:00.0", undefined],
    ]);
    const topology = Topology.of({ peerlane: 1, systems: [system(text)] });
    const peers = new PeerDma(topology, linux("6.12"));
    expect(peers.can("0000:03:00.0", "0000:01:00.0").answer).toBe("unknown");
    expect(peers.can("0000:03:00.0", "0000:07:00.0").answer).toBe("unknown");
  });

  test("nothing of parents where host bridges were left out", () => {
    expect(system(document(device("0000:00:02.0")))).toEqual({
      functions: [expect.not.objectContaining({ parent: expect.anything() as unknown })],
    });
  });

  test("segments of any length, and where their host bridges are near", () => {
    const text = document(
      '<object type="NUMANode" os_index="0" cpuset="0x000000ff" complete_cpuset="0x000000ff"/>' +
        '<object type="Package" nodeset="0x00000001" complete_nodeset="0x00000001">' +
        inHost(device("10000:e0:06.0"), "10000:[e0-e1]") +
        "</object>" +
        '<object type="Package" nodeset="0x1,0x0" complete_nodeset="0x1,0x0">' +
        '<object type="NUMANode" os_index="32" cpuset="0xff00ff00,0x80000000" complete_cpuset="0xff00ff00,0x80000000"/>' +
        inHost(device("0000:00:06.0")) +
        "</object>" +
        inHost(device("0000:80:06.0"), "0000:[80-ff]"),
      'version="2.0"',
      'nodeset="0x1,0x1"',
    );
    const { hostBridges, numaNodes, functions } = system(text);
    expect(functions.map(({ bdf }) => bdf)).toEqual(["0000:00:06.0", "0000:80:06.0", "10000:e0:06.0"]);
    expect(hostBridges).toEqual([
      { root: "0000:00", numaNode: 32 },
      { root: "0000:80" },
      { root: "10000:e0", numaNode: 0 },
    ]);
    expect(numaNodes).toEqual([
      { node: 0, cpus: "0-7" },
      { node: 32, cpus: "31,40-47,56-63" },
    ]);
  });

  test("no locality on a machine of one node, where it says nothing", () => {
    const node = '<object type="NUMANode" os_index="0" cpuset="0x3" complete_cpuset="0x3"/>';
    const text = document(
      `${node}<object type="Package" nodeset="0x1">${inHost(device("0000:00:02.0"))}</object>`,
      'version="2.0"',
      'nodeset="0x1"',
    );
    expect(system(text).hostBridges).toEqual([{ root: "0000:00" }]);
    expect(system(text).numaNodes).toEqual([{ node: 0, cpus: "0-1" }]);
  });

  test("a node's CPUs only where Linux would list the same", () => {
    const nodes = (objects: string) => system(document(objects + inHost(device("0000:00:02.0")))).numaNodes;
    const sets = (...names: string[]) => names.join(" ");
    const some = 'complete_cpuset="0xff"';
    expect(nodes(`<object type="NUMANode" os_index="1" ${sets('cpuset="0xf0"', some)}/>`)).toEqual([{ node: 1 }]);
    expect(
      nodes(`<object type="NUMANode" os_index="1" ${sets('cpuset="0xf0"', some, 'online_cpuset="0x7f"')}/>`),
    ).toEqual([{ node: 1, cpus: "0-6" }]);
    expect(nodes('<object type="NUMANode" os_index="1" cpuset="0x0" complete_cpuset="0x0"/>')).toEqual([
      { node: 1, cpus: "" },
    ]);
    // One of these has the CPUs, the other is memory beside them.
    const both = ["0", "2"].map(
      (node) => `<object type="NUMANode" os_index="${node}" cpuset="0xf" ${some.replace("ff", "f")}/>`,
    );
    const third = '<object type="NUMANode" os_index="1" cpuset="0xf0" complete_cpuset="0xf0"/>';
    expect(nodes(both.join("") + third)).toEqual([{ node: 0 }, { node: 1, cpus: "4-7" }, { node: 2 }]);
  });

  test("kernel and CPU: of the machine before 3.x, of the topology since", () => {
    const infos = (pairs: Record<string, string>) =>
      Object.entries(pairs)
        .map(([name, value]) => `<info name="${name}" value="${value}"/>`)
        .join("");
    const host = { OSName: "Linux", OSRelease: "6.1.0", HostName: "secret", Architecture: "x86_64" };
    const cpu = { CPUVendor: "AuthenticAMD", CPUFamilyNumber: "25", CPUModelNumber: "1", CPUModel: "EPYC 7763   " };
    const packages = `<object type="Package">${infos(cpu)}</object><object type="Package">${infos({ CPUVendor: "X" })}</object>`;
    const pci = inHost(device("0000:00:02.0"));
    const expected = {
      kernel: { release: "6.1.0" },
      cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25, modelNumber: 1, model: "EPYC 7763" },
    };
    const old = document(infos(host) + packages + pci);
    const recent = document(packages + pci, 'version="3.0"').replace("</topology>", `${infos(host)}</topology>`);
    expect(system(old)).toMatchObject(expected);
    expect(system(recent)).toMatchObject(expected);
    expect(JSON.stringify(system(old))).not.toContain("secret");

    const other = (pairs: Record<string, string>) => system(document(infos(pairs) + pci));
    expect(other({ OSName: "FreeBSD", OSRelease: "14.0", Architecture: "amd64" })).toMatchObject({
      cpu: { architecture: "x86" },
    });
    expect(other({ OSName: "FreeBSD", OSRelease: "14.0" })).not.toHaveProperty("kernel");
    expect(other({ Architecture: "ppc64le", CPUModel: "POWER9, altivec supported" }).cpu).toEqual({
      architecture: "ppc64",
      vendor: "POWER9",
    });
    expect(other({ Architecture: "aarch64", CPUImplementer: "0x41" }).cpu).toEqual({
      architecture: "arm64",
      vendor: "0x41",
    });
    expect(other({ CPUVendor: "GenuineIntel" }).cpu).toEqual({ architecture: "x86", vendor: "GenuineIntel" });
  });

  test("a link's bandwidth where the number is one that a link can have", () => {
    const link = (speed: string, version = "2.9.0") => {
      const info = `<info name="hwlocVersion" value="${version}"/>`;
      const below = bridge("0000:00:01.0", "0000:[01-01]", device("0000:01:00.0", "", `pci_link_speed="${speed}"`));
      return functionOf(document(info + inHost(below)), "0000:01:00.0").link?.bandwidth;
    };
    expect(link("0.250000")).toBe(250_000_000);
    expect(link("63.015385")).toBe(63_015_385_000);
    expect(link("121.000000")).toBe(121_000_000_000);
    expect(link("0.000000")).toBe(undefined);
    expect(link("0.200000")).toBe(undefined);
    expect(link("15.753846", "1.11.8")).toBe(undefined);
    expect(link("4.000000", "1.11.8")).toBe(4_000_000_000);
  });

  test("no link of what stands on a root bus, whose register hwloc reads nevertheless", () => {
    const text = document(inHost(device("0000:00:02.0", "", 'pci_link_speed="0.250000"')));
    expect(functionOf(text, "0000:00:02.0")).not.toHaveProperty("link");
  });

  test("nothing that it does not show", () => {
    const text = document(inHost(bridge("0000:00:01.0", "0000:[01-01]", device("0000:01:00.0"))));
    expect(system(text)).not.toHaveProperty("complete");
    const all = ["acs", "bars", "command", "windows", "sriov", "driver", "kind", "physicalFunction", "numaNode"];
    for (const described of system(text).functions) for (const name of all) expect(described).not.toHaveProperty(name);
  });

  test("which function could not be read", () => {
    for (const type of ["0000 [0000:0000] [0000:0000] 00", "ffff [ffff:ffff] [ffff:ffff] ff ff"]) {
      const text = document(inHost(device("0000:00:02.0", "", `pci_type="${type}"`)));
      const { system: read, findings } = readHwloc(text, "h.xml");
      expect(read.functions).toEqual([{ bdf: "0000:00:02.0", parent: null }]);
      expect(findings).toMatchObject([{ code: "UNREADABLE_FUNCTION", functions: ["0000:00:02.0"], source: "h.xml" }]);
    }
  });

  test("what two objects of one name agree on", () => {
    const second = 'pci_type="0302 [10de:2330] [10de:1533] a1"';
    const text = document(inHost(device("0000:00:02.0") + device("0000:00:02.0", "", second)));
    const { system: read, findings } = readHwloc(text, "h.xml");
    expect(read.functions).toMatchObject([{ bdf: "0000:00:02.0", vendor: "10de", parent: null }]);
    expect(read.functions[0]).not.toHaveProperty("device");
    expect(findings.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'SOURCES_DISAGREE 0000:00:02.0: device: object 1 of that name says "20b5", object 2 of that name says "2330"',
    ]);
  });

  test("what a version says that is newer than those known, with a finding", () => {
    const text = document(inHost(device("0000:00:02.0")), 'version="4.1"');
    const { system: read, findings } = readHwloc(text, "h.xml");
    expect(read.functions.length).toBe(1);
    expect(findings).toMatchObject([
      { code: "MALFORMED_LINE", message: expect.stringContaining("version 4.1") as string },
    ]);
    expect(readHwloc(document(inHost(device("0000:00:02.0")), ""), "h.xml").findings).toEqual([]);
  });
});

describe("hwloc XML is refused", () => {
  const pci = inHost(device("0000:00:02.0"));
  const OBJECT = "/topology/object[1]/object[1]";
  const cases: readonly (readonly [string, string, string])[] = [
    ["cut off", document(pci).slice(0, 300), "damaged XML"],
    ["another document", "<system version='1'/>", "h.xml:1:1: /system: expected <topology>, got <system>"],
    ["without a machine", "<topology></topology>", "h.xml: holds no machine"],
    ["without PCI", document('<object type="Package"/>'), "h.xml: holds no PCI device: write the file"],
    [
      "two machines",
      document(`${pci}<object type="Machine"/>`),
      "a second machine: give each machine's file by itself",
    ],
    ["a version in words", document(pci, 'version="new"'), 'expected a version such as "2.0", got "new"'],
    ["an object of no type", document("<object/>"), `h.xml:5:1: ${OBJECT}: expected an attribute type`],
    [
      "no pci_busid",
      document(`<object type="PCIDev" ${GPU}/>`),
      `h.xml:5:1: ${OBJECT}: expected pci_busid to be a function, such as 0000:04:00.0, got nothing`,
    ],
    [
      "a bridge without pci_busid",
      document(bridge("x", "0000:[01-01]").replace('pci_busid="x"', "")),
      "expected pci_busid",
    ],
    [
      "a device above 1f",
      document(device("0000:00:20.0")),
      'expected pci_busid to be a function, such as 0000:04:00.0, got "0000:00:20.0"',
    ],
    ["no segment", document(device("00:02.0")), "expected pci_busid"],
    [
      "other words as pci_type",
      document(device("0000:00:02.0", "", 'pci_type="VGA"')),
      'expected pci_type to be such as "0200 [8086:10c9] [8086:a03c] 01", got "VGA"',
    ],
    [
      "other words as pci_link_speed",
      document(device("0000:00:02.0", "", 'pci_link_speed="-1e9"')),
      'expected pci_link_speed to be in GB/s, such as 15.753846, got "-1e9"',
    ],
    [
      "other words as bridge_pci",
      document(inHost("", "0000:[0-ff]")),
      'expected bridge_pci to be the buses below, such as 0000:[04-08], got "0000:[0-ff]"',
    ],
    [
      "a bridge of no known type",
      document('<object type="Bridge" bridge_type="2-1" bridge_pci="0000:[00-ff]"/>'),
      "expected bridge_type to be 0-1",
    ],
    ["a host bridge below a bridge", document(inHost(inHost(""))), "a host bridge inside an object of type Bridge"],
    [
      "a function below a device",
      document(device("0000:00:02.0", device("0000:01:00.0"))),
      "0000:01:00.0 is inside an object of type PCIDev: only bridges have functions below them",
    ],
    [
      "a bitmap in words",
      document('<object type="Package" nodeset="all"/>'),
      'expected nodeset to be a bitmap, such as 0x000000ff, got "all"',
    ],
    [
      "a node without a number",
      document('<object type="NUMANode" os_index="-1"/>'),
      'expected the number of the NUMA node as os_index, got "-1"',
    ],
  ];
  test.each(cases)("where it is %s", (_, text, message) => {
    expect(refusal(text)).toContain(message);
  });

  test("where it defines entities, which is said as such", async () => {
    const text = `<!DOCTYPE topology [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><topology><object type="&b;"/></topology>`;
    await expect(read([{ name: "h.xml", bytes: utf8(text) }])).rejects.toThrow(
      "the DOCTYPE holds definitions of its own",
    );
  });

  test("wherever it ends, and never with anything but a message", () => {
    const whole = document(inHost(bridge("0000:00:01.0", "0000:[01-01]", device("0000:01:00.0")))).trimEnd();
    for (let length = 0; length < whole.length; length++) expect(refusal(whole.slice(0, length))).toMatch(/^h\.xml:/);
    for (let at = 0; at < whole.length; at++) {
      const damaged = `${whole.slice(0, at)}\u0001${whole.slice(at + 1)}`;
      expect(refusal(damaged)).toMatch(/^h\.xml/);
    }
  });
});

test("hwloc XML is known by its outermost element, behind whatever stands before it", () => {
  expect(
    looksLikeHwloc('\n<?xml version="1.0"?>\n<!-- <system> -->\n<!DOCTYPE topology SYSTEM "h.dtd">\n<topology>'),
  ).toBe(true);
  expect(looksLikeHwloc("\uFEFF<topology version='2.0'/>")).toBe(true);
  expect(looksLikeHwloc("<topologydiff/>")).toBe(false);
  expect(looksLikeHwloc("<!-- <topology> --><system/>")).toBe(false);
  expect(looksLikeHwloc(`${"<!-- x -->".repeat(100_000)}<a><topology>`)).toBe(false);
  expect(looksLikeHwloc("<!--".repeat(100_000))).toBe(false);
});

test("bitmaps: words left out are zero, and a bitmap may have no end", () => {
  expect(parseBitmap("0xf0000000,,0x00000101")).toEqual([
    { first: 0, last: 0 },
    { first: 8, last: 8 },
    { first: 92, last: 95 },
  ]);
  expect(parseBitmap("0x000000ff,0xffffff00")).toEqual([{ first: 8, last: 39 }]);
  expect(parseBitmap("0x0")).toEqual([]);
  expect(parseBitmap("0xf...f,0x00000001")).toEqual([
    { first: 0, last: 0 },
    { first: 32, last: Infinity },
  ]);
  for (const text of ["", "ff", "0x123456789", ",0x1", "0x1,f"]) expect(parseBitmap(text), text).toBe(null);
});

describe("a capture's XML, which lstopo made of its snapshot,", () => {
  const CAPTURES = ["gpu-server-intel", "ppc-powernv9", "sriov-intel"];
  const FILES = CAPTURES.flatMap((capture) =>
    (capture === "sriov-intel" ? ["hwloc-2.xml"] : ["hwloc-1.xml", "hwloc-2.xml", "hwloc-default.xml"]).map(
      (file) => [capture, file] as const,
    ),
  );
  const snapshot = (capture: string) => ({ name: "snapshot", bytes: captureFile(capture, "snapshot.tar.gz") });
  const xml = (capture: string, file: string) => ({ name: file, bytes: utf8(captureText(capture, file)) });
  const whole = async (capture: string) => (await read([snapshot(capture)])).machine.systems[0]!;

  test.each(FILES)("%s: %s says of every function what the snapshot says", async (capture, file) => {
    const { functions, hostBridges } = system(captureText(capture, file));
    const all = await whole(capture);
    const known = new Map(all.functions.map((described) => [described.bdf, described]));
    for (const described of functions) {
      const { class: code, vendor, device, revision, parent, bus, slot, link } = described;
      const expected = known.get(described.bdf)!;
      expect([vendor, device, revision, parent]).toEqual([
        expected.vendor,
        expected.device,
        expected.revision,
        expected.parent,
      ]);
      expect(expected.class!.slice(0, code!.length)).toBe(code);
      if (slot !== undefined) expect(slot).toBe(expected.slot);
      expect(bus).toEqual(
        expected.class!.startsWith("0604")
          ? { secondary: expected.bus!.secondary, subordinate: expected.bus!.subordinate }
          : undefined,
      );
      if (link?.bandwidth === undefined) continue;
      const { speed, width } = expected.link!;
      const coding = speed! > 5 ? 128 / 130 : 8 / 10;
      expect(link.bandwidth / 1e9).toBeCloseTo((speed! * width! * coding) / 8, 5);
    }
    const missing = all.functions.filter(({ bdf }) => !functions.some((other) => other.bdf === bdf));
    if (file !== "hwloc-default.xml") expect(missing).toEqual([]);
    // What lstopo leaves out by default: what moves no data, bridges with nothing else below them, and their host bridges.
    else {
      const left = missing.map((described) => described.class!);
      expect(left.length).toBeGreaterThan(0);
      expect(left.filter((code) => !/^(?:0500|06|08|0c05|ff)/.test(code))).toEqual([]);
    }
    const roots = new Set(functions.filter(({ parent }) => parent === null).map(({ bdf }) => bdf.slice(0, -5)));
    expect(hostBridges?.map(({ root }) => root)).toEqual([...roots]);
    for (const { root, numaNode } of hostBridges!) {
      // ppc-powernv9 has one node; on gpu-server-intel the kernel knows of the host bridges of one node each.
      const first = all.functions.find(({ bdf }) => bdf.startsWith(`${root}:`))!;
      if (numaNode !== undefined) expect(numaNode).toBe(first.numaNode);
      else if (capture === "gpu-server-intel") expect(first.numaNode).toBe(null);
    }
    if (missing.length === 0) expect([...roots]).toEqual(all.hostBridges?.map(({ root }) => root));
  });

  test("gpu-server-intel: two host bridges are near one node each, whatever the version", () => {
    const [older, newer, part] = ["hwloc-1.xml", "hwloc-2.xml", "hwloc-default.xml"].map((file) =>
      system(captureText("gpu-server-intel", file)),
    );
    expect(newer!.hostBridges).toEqual([
      { root: "0000:00" },
      { root: "0000:20", numaNode: 0 },
      { root: "0000:a0", numaNode: 1 },
    ]);
    expect(older!.hostBridges).toEqual(newer!.hostBridges);
    expect(part!.hostBridges).toEqual(newer!.hostBridges);
    expect(newer!.numaNodes).toEqual([
      { node: 0, cpus: "0" },
      { node: 1, cpus: "1" },
    ]);
    expect(older!.numaNodes).toEqual(newer!.numaNodes);
  });

  test.each(FILES)("%s: %s gives the answers of the snapshot, or none", async (capture, file) => {
    const all = await whole(capture);
    const { kernel, cpu, iommu } = all;
    const shown = { ...system(captureText(capture, file)), ...defined({ kernel, cpu, iommu }) };
    const [full, less] = [all, shown].map((each) => Topology.of({ peerlane: 1, systems: [each] }));
    const policy = linux(kernel!.release!);
    let unknown = 0;
    for (const rules of [policy, precise(policy)]) {
      const [whole, part] = [new PeerDma(full!, rules), new PeerDma(less!, rules)];
      for (const { bdf: provider } of shown.functions) {
        for (const { bdf: client } of shown.functions) {
          const got = part.can(provider, client);
          if (got.answer === "unknown") unknown++;
          expectLess(whole.can(provider, client), got);
        }
      }
    }
    expect(unknown).toBeGreaterThan(0);
  });

  test.each(FILES)("%s: %s beside the snapshot contradicts nothing and adds no answer to it", async (capture, file) => {
    const { machine, findings } = await read([snapshot(capture), xml(capture, file)]);
    expect(findings.filter(({ code }) => code === "SOURCES_DISAGREE")).toEqual([]);
    const alone = await whole(capture);
    expect(machine.systems[0]!.complete).toBe(alone.complete);
    expect(machine.systems[0]!.functions.map(({ acs, parent }) => ({ acs, parent }))).toEqual(
      alone.functions.map(({ acs, parent }) => ({ acs, parent })),
    );
  });

  test.each(FILES)("%s: %s beside lspci's text contradicts nothing, whichever comes first", async (capture, file) => {
    const lspci = { name: "lspci", bytes: captureFile(capture, "lspci.txt") };
    for (const sources of [
      [lspci, xml(capture, file)],
      [xml(capture, file), lspci],
    ]) {
      const { findings } = await read(sources);
      expect(findings.filter(({ code }) => code === "SOURCES_DISAGREE")).toEqual([]);
    }
  });

  test("contradictions have names", async () => {
    const capture = "gpu-server-intel";
    const edited = captureText(capture, "hwloc-2.xml").replaceAll("[10de:20b5]", "[10de:2330]");
    const { findings } = await read([snapshot(capture), { name: "edited.xml", bytes: utf8(edited) }]);
    const messages = findings.map(({ message }) => message);
    expect(messages).toContain('0000:23:00.0: device: snapshot says "20b5", edited.xml says "2330"');
    expect(findings.every(({ code }) => code === "SOURCES_DISAGREE")).toBe(true);
  });
});

function defined<T extends object>(values: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
