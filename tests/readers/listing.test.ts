import { describe, expect, test } from "vitest";
import { decompress, readTar } from "../../src/readers/files/archive.js";
import { read } from "../../src/readers/read.js";
import { ReadError } from "../../src/readers/reading.js";
import { looksLikeListing, readListing } from "../../src/readers/sysfs/listing.js";
import { readSysfs } from "../../src/readers/sysfs/sysfs.js";
import { captureFile, CAPTURES, captureNames, REAL, realFile } from "./fixtures.js";

const LINK = "lrwxrwxrwx 1 root root 0 Jul 12 10:00";
const LISTING = `$ ls -l /sys/bus/pci/devices
total 0
${LINK} 0000:00:00.0 -> ../../../devices/pci0000:00/0000:00:00.0
${LINK} 0000:00:01.0 -> ../../../devices/pci0000:00/0000:00:01.0
${LINK} 0000:00:0e.0 -> ../../../devices/pci0000:00/0000:00:0e.0
${LINK} 0000:01:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0
${LINK} 10000:e0:06.0 -> ../../../devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0
`;
const SYSTEM = {
  functions: [
    { bdf: "0000:00:00.0", parent: null },
    { bdf: "0000:00:01.0", parent: null },
    { bdf: "0000:00:0e.0", parent: null },
    { bdf: "0000:01:00.0", parent: "0000:00:01.0" },
    { bdf: "10000:e0:06.0", parent: null },
  ],
  complete: "likely",
  hostBridges: [{ root: "0000:00" }, { root: "10000:e0" }],
};

describe("ls -l of the devices", () => {
  test("shows what every function hangs below", () => {
    expect(readListing(LISTING, "ls")).toEqual({ system: SYSTEM, findings: [] });
  });

  test.each([
    ["with Windows line ends", LISTING.replaceAll("\n", "\r\n")],
    ["quoted", LISTING.replaceAll(/^/gm, "> ")],
    ["with marks (ls -F)", LISTING.replaceAll(" ->", "@ ->").replaceAll(/0$/gm, "0/")],
    ["with names in quotes", LISTING.replaceAll(/ (\S+) -> (\S+)/g, " '$1' -> '$2'")],
    ["without its last line end", LISTING.trimEnd()],
    ["in fewer columns", LISTING.replaceAll(`${LINK} `, "0 ")],
  ])("%s", (_, text) => {
    expect(readListing(text, "ls")).toEqual({ system: SYSTEM, findings: [] });
  });

  test("in colours is recognised and read", async () => {
    const text = LISTING.replaceAll(/ (\S+) -> (\S+)/g, " \x1b[0m\x1b[01;36m$1\x1b[0m -> \x1b[01;34m$2\x1b[0m");
    const { machine, findings } = await read([{ name: "ls", bytes: new TextEncoder().encode(text) }]);
    expect(machine.systems).toEqual([SYSTEM]);
    expect(findings).toEqual([]);
  });

  test("of a part, or cut, is not whole", () => {
    const lines = LISTING.split("\n");
    const withoutTotal = lines.filter((line) => !line.startsWith("total")).join("\n");
    const withoutBridge = lines.filter((line) => !line.includes(" 0000:00:01.0 ->")).join("\n");
    for (const text of [withoutTotal, withoutBridge, lines.slice(2).join("\n")]) {
      const { system, findings } = readListing(text, "ls");
      expect(system).not.toHaveProperty("complete");
      expect(system.functions).toEqual(SYSTEM.functions);
      expect(findings).toEqual([]);
    }
  });

  test("that ends in the middle of a path says so, and keeps what it shows", () => {
    const text = LISTING.slice(0, LISTING.indexOf("0000:01:00.0\n", LISTING.indexOf("0000:01:00.0 ->")) + 6);
    const { system, findings } = readListing(text, "ls");
    expect(system.functions.at(-1)).toEqual({ bdf: "0000:01:00.0" });
    expect(system).not.toHaveProperty("complete");
    expect(findings).toEqual([
      {
        code: "CUT_SHORT",
        message: "the text ends before the path does, and what would follow is unknown",
        functions: ["0000:01:00.0"],
        source: "ls",
        line: 6,
      },
    ]);
  });

  test("with a link that leads elsewhere, or two places for one function, says where", () => {
    const wrapped = LISTING.replace(
      "0000:00:0e.0/pci10000:e0/10000:e0:06.0",
      "0000:00:0e.0/pci10000:e0/\n10000:e0:06.0",
    );
    expect(readListing(wrapped, "ls").findings).toMatchObject([
      { code: "MALFORMED_LINE", line: 7, functions: ["10000:e0:06.0"] },
    ]);
    const twice = `${LISTING}/sys/devices/pci0000:00/0000:00:0e.0/0000:01:00.0\n`;
    const { system, findings } = readListing(twice, "ls");
    expect(system.functions[3]).toEqual({ bdf: "0000:01:00.0" });
    expect(findings).toMatchObject([
      {
        code: "SOURCES_DISAGREE",
        line: 8,
        message: '0000:01:00.0: parent: line 6 says "0000:00:01.0", line 8 says "0000:00:0e.0"',
      },
    ]);
  });
});

describe("other paths", () => {
  test("of readlink -f and find show the same", () => {
    const paths = [...LISTING.matchAll(/devices\/pci\S+/g)].map(([path]) => `/sys/${path}`).join("\n");
    const { system, findings } = readListing(paths, "paths");
    expect(findings).toEqual([]);
    expect(system.functions).toEqual(SYSTEM.functions);
    expect(system.hostBridges).toEqual(SYSTEM.hostBridges);
  });

  test("lead through what is not PCI", () => {
    const { system } = readListing(
      [
        "/sys/devices/platform/40000000.pcie/pci0001:00/0001:00:00.0/0001:01:00.0",
        "../../../devices/LNXSYSTM:00/LNXSYBUS:00/ACPI0004:00/VMBUS:00/1234-5678/pcif9dd:00/f9dd:00:02.0",
        "/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0",
      ].join("\n"),
      "paths",
    );
    expect(system.functions).toEqual([
      { bdf: "0000:00:1f.2", parent: null },
      { bdf: "0001:00:00.0", parent: null },
      { bdf: "0001:01:00.0", parent: "0001:00:00.0" },
      { bdf: "f9dd:00:02.0", parent: null },
    ]);
  });

  test("of network interfaces, disks and the like are names", () => {
    const place = "../../devices/pci0000:00/0000:00:01.0/0000:01:00.0";
    const { system, findings } = readListing(
      [
        "total 0",
        `${LINK} eth0 -> ${place}/net/eth0`,
        `${LINK} lo -> ../../devices/virtual/net/lo`,
        `${LINK} mlx5_0 -> ${place}/infiniband/mlx5_0`,
        `${LINK} sda -> ${place}/ata1/host0/target0:0:0/0:0:0:0/block/sda`,
        `${LINK} card0-DP-1 -> ${place}/drm/card0/card0-DP-1`,
        `${LINK} rx-0 -> ${place}/net/et`,
      ].join("\n"),
      "class",
    );
    expect(system.functions[1]).toEqual({
      bdf: "0000:01:00.0",
      parent: "0000:00:01.0",
      names: ["eth0", "mlx5_0", "sda"],
    });
    expect(system).not.toHaveProperty("complete");
    expect(findings).toEqual([]);
  });

  test("with a function on a root bus that its name is not on leave its parent unknown, and say so", () => {
    const { system, findings } = readListing(
      ["/sys/devices/pci0000:40/0000:00:01.0/0000:01:00.0", "/sys/devices/pci0000:80/0000:80:01.0"].join("\n"),
      "paths",
    );
    expect(system.functions).toEqual([
      { bdf: "0000:00:01.0" },
      { bdf: "0000:01:00.0", parent: "0000:00:01.0" },
      { bdf: "0000:80:01.0", parent: null },
    ]);
    expect(system.hostBridges).toEqual([{ root: "0000:80" }]);
    expect(findings).toMatchObject([
      {
        code: "MALFORMED_LINE",
        line: 1,
        functions: ["0000:00:01.0"],
        message: "the path puts 0000:00:01.0 on root bus 0000:40, which its name is not on",
      },
    ]);
  });

  test("that show no function are refused, and other text is not taken for any", () => {
    expect(() => readListing("/sys/devices/pci0000:00/pci_bus", "ls")).toThrow(ReadError);
    expect(() => readListing("", "ls")).toThrow(/^ls: no path of a PCI function found: expected lines as `ls -l/);
    expect(looksLikeListing("pci0000:00: root bus\n0000:00:01.0 -> elsewhere")).toBe(false);
  });

  test("that mean to hang a careless pattern are read at once", () => {
    const path = `/pci0000:00/0000:00:00.0${"/0000:00:00.0/pci0000:00".repeat(20_000)}`;
    expect(readListing(`${"x".repeat(200_000)}->\n${"-> ".repeat(50_000)}${path}`, "ls").system.functions).toHaveLength(
      1,
    );
  });
});

describe.skipIf(CAPTURES === null)("ls -l of the captured machines", () => {
  test.each(captureNames())("%s: has the tree of the snapshot", async (capture) => {
    const tree = await readTar(await decompress(captureFile(capture, "snapshot.tar.gz"), "gzip", capture), capture);
    const list = "sys/bus/pci/devices";
    const links = tree.list(list)!.map((name) => `${LINK} ${name} -> ${tree.link(`${list}/${name}`)}`);
    const listing = readListing(["total 0", ...links, ""].join("\n"), capture);
    const { functions, hostBridges } = (await readSysfs(tree, capture)).system;
    expect(listing.findings).toEqual([]);
    expect(listing.system.functions).toEqual(functions.map(({ bdf, parent }) => ({ bdf, parent })));
    expect(listing.system.complete).toBe("likely");
    const roots = new Set(listing.system.hostBridges!.map(({ root }) => root));
    expect(hostBridges!.map(({ root }) => root)).toEqual(expect.arrayContaining([...roots]));
  });
});

describe.skipIf(REAL === null)("real machines (skipped where ../shared/fixtures/real is absent)", () => {
  test.each([
    "ghw-sysfs/linux-amd64-61797caf7c0b6bca1725ad7975ed4773.tar.gz",
    "ghw-sysfs/linux-amd64-8581cf3a529e5d8b97ea876eade2f60d.tar.gz",
    "hwloc-sysfs/2pa-pcidomain32bits.tar.bz2",
    "hwloc-sysfs/40intel64-2g2n4c+pcilocality.tar.bz2",
  ])("%s: links read as ls prints them have the tree of the snapshot", async (path) => {
    const packing = path.endsWith("bz2") ? "bzip2" : "gzip";
    const tree = await readTar(await decompress(realFile(path), packing, path), path);
    const { functions } = (await readSysfs(tree, path)).system;
    const top = tree.isDirectory("sys") ? "" : `${tree.list("")!.find((name) => tree.isDirectory(`${name}/sys`))}/`;
    const list = `${top}sys/bus/pci/devices`;
    const links = tree.list(list)!.map((name) => `${LINK} ${name} -> ${tree.link(`${list}/${name}`)}`);
    const listing = readListing(["total 0", ...links, ""].join("\n"), path);
    expect(listing.system.functions).toEqual(functions.map(({ bdf, parent }) => ({ bdf, parent })));
    expect(listing.findings).toEqual([]);
  });
});
