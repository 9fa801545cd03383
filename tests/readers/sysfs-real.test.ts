import { describe, expect, test } from "vitest";
import { decompress, readTar } from "../../src/readers/files/archive.js";
import { read } from "../../src/readers/read.js";
import type { Reading } from "../../src/readers/reading.js";
import { readSysfs } from "../../src/readers/sysfs/sysfs.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { knownBits } from "../../src/topology/register.js";
import { captureFile, captureNames, captureText, REAL, realFile } from "./fixtures.js";

async function readPacked(bytes: Uint8Array, packing: "gzip" | "bzip2", name: string): Promise<Reading> {
  return readSysfs(await readTar(await decompress(bytes, packing, name), name), name);
}

/*
 * The lines of kernel-answers.txt, rebuilt from what was read:
 *
 *     DEV bdf vendor:device class hdr= pcie= root= up= pf= numa= group= p2pmem=
 *     BAR bdf index start end flags bus
 *     ACS bdf capability control
 */
const UNSET = 0x20000000;
const FIRST_WINDOW = 13;

function words(answers: string, kind: string): string[][] {
  return answers
    .split("\n")
    .filter((line) => line.startsWith(`${kind} `))
    .map((line) => line.split(" ").slice(1));
}

function expectedDevices(answers: string): string[] {
  return words(answers, "DEV").map(([bdf, ids, classCode, , ...fields]) => {
    const value = new Map(fields.map((field) => field.split("=") as [string, string]));
    const kind = value.get("pcie") === "conventional" ? "conventional" : value.get("pcie");
    return [bdf, ids, classCode, kind, ...["root", "up", "pf", "numa", "group"].map((name) => value.get(name))].join(
      " ",
    );
  });
}

function readDevices(functions: readonly FunctionDescription[]): string[] {
  const byName = new Map(functions.map((description) => [description.bdf, description]));
  const rootOf = (description: FunctionDescription): string =>
    typeof description.parent === "string" ? rootOf(byName.get(description.parent)!) : description.bdf.slice(0, -5);
  return functions.map((description) => {
    const { bdf, vendor, device, kind, parent, physicalFunction, numaNode, iommuGroup } = description;
    const ids = `${vendor}:${device}`;
    // What has no Express capability the kernel calls conventional, whatever it is for.
    const isConventional = kind === "host-bridge-function" || kind === "pci-bridge" || kind === "cardbus-bridge";
    return [
      bdf,
      ids,
      description.class,
      isConventional ? "conventional" : kind,
      rootOf(description),
      parent ?? "-",
      physicalFunction ?? "-",
      numaNode ?? -1,
      iommuGroup ?? -1,
    ].join(" ");
  });
}

/**
 * What sysfs shows of them: not what has no address, nor what a quirk hung on a device without a bus below. POWER
 * shows I/O there in bus addresses.
 */
function expectedRanges(answers: string, showsBusPorts: boolean): string[] {
  const bridges = new Set(words(answers, "DEV").flatMap(([bdf, , , header]) => (header === "hdr=1" ? [bdf] : [])));
  return words(answers, "BAR").flatMap(([bdf, index, start, end, flags, bus]) => {
    const isWindow = Number(index) >= FIRST_WINDOW;
    if ((Number(flags) & UNSET) !== 0 || (isWindow && !bridges.has(bdf))) return [];
    const isIo = (Number(flags) & 0x100) !== 0;
    const shift = isIo && showsBusPorts ? BigInt(start!) - BigInt(bus!) : 0n;
    return [
      rangeLine(bdf!, isWindow ? "window" : index!, isIo, BigInt(start!) - shift, BigInt(end!) - shift, BigInt(bus!)),
    ];
  });
}

function readRanges(functions: readonly FunctionDescription[]): string[] {
  return functions.flatMap(({ bdf, bars = [], windows = [] }) => [
    ...bars.flatMap(({ index, type, start, size, bus }) =>
      typeof start === "string"
        ? [rangeLine(bdf, `${index}`, type === "io", BigInt(start), BigInt(start) + BigInt(size!) - 1n, BigInt(bus!))]
        : [],
    ),
    ...windows.map(({ kind, start, end, bus }) =>
      rangeLine(bdf, "window", kind === "io", BigInt(start!), BigInt(end!), BigInt(bus!)),
    ),
  ]);
}

function rangeLine(bdf: string, index: string, isIo: boolean, start: bigint, end: bigint, bus: bigint): string {
  return [bdf, index, isIo ? "io" : "mem", start.toString(16), end.toString(16), bus.toString(16)].join(" ");
}

function readAcs(functions: readonly FunctionDescription[]): string[] {
  const word = (value: number) => `0x${value.toString(16).padStart(4, "0")}`;
  return functions.map(({ bdf, acs }) => {
    if (acs === undefined) return `${bdf} unknown`;
    return acs === null ? `${bdf} - -` : `${bdf} ${word(acs.capability)} ${word(knownBits(acs.control).value)}`;
  });
}

const captures = captureNames();

describe.skipIf(captures.length === 0)("the snapshots of machines that a kernel answered for", () => {
  let devices = 0;
  let ranges = 0;

  test.each(captures)("%s is read as the kernel sees it", async (capture) => {
    const answers = captureText(capture, "kernel-answers.txt");
    const { system, findings } = await readPacked(captureFile(capture, "snapshot.tar.gz"), "gzip", capture);
    expect(readDevices(system.functions).sort()).toEqual(expectedDevices(answers).sort());
    const expected = expectedRanges(answers, capture.startsWith("ppc-"));
    expect(readRanges(system.functions).sort()).toEqual(expected.sort());
    expect(readAcs(system.functions).sort()).toEqual(
      words(answers, "ACS")
        .map((acs) => acs.join(" "))
        .sort(),
    );
    expect(system.kernel?.release).toBe(/^KERNEL (\S+)/m.exec(answers)![1]);
    expect(system.complete).toBe(true);
    expect(findings).toEqual([]);
    devices += system.functions.length;
    ranges += expected.length;
  });

  test("are not a few", () => {
    expect({ captures: captures.length, devices, ranges }).toEqual({ captures: 41, devices: 1142, ranges: 2260 });
  });

  test.each(captures)("%s: lspci and sysfs agree about every function", async (capture) => {
    const sources = ["lspci.txt", "snapshot.tar.gz"].map((name) => ({ name, bytes: captureFile(capture, name) }));
    const { machine, findings } = await read(sources);
    expect(findings).toEqual([]);
    expect(machine.systems[0]!.functions.length).toBe(words(captureText(capture, "kernel-answers.txt"), "DEV").length);
  });
});

test.each([
  ["acs-iommu-intel", { iommu: "translating", cpu: { vendor: "GenuineIntel", family: 6 } }],
  ["acs-iommu-amd", { iommu: "translating", cpu: { vendor: "AuthenticAMD", family: 23 } }],
  ["q35-plain-intel", { iommu: "off", cpu: { architecture: "x86" } }],
  ["rootports-amd", { iommu: "off" }],
  ["hygon", { iommu: "off", cpu: { vendor: "HygonGenuine" } }],
  ["ppc-powernv9", { cpu: { architecture: "ppc64", vendor: "POWER9" } }],
  ["arm64-virt-dt", { cpu: { architecture: "arm64", vendor: "0x41" } }],
])("%s shows its CPU and its IOMMU", async (capture, expected) => {
  const { system } = await readPacked(captureFile(capture, "snapshot.tar.gz"), "gzip", capture);
  expect(system).toMatchObject(expected);
  expect("iommu" in system).toBe("iommu" in expected);
});

test("a device tree gives host bridges their windows on both sides", async () => {
  const { system } = await readPacked(captureFile("ppc-pseries-bridges", "snapshot.tar.gz"), "gzip", "pseries");
  const hostBridge = system.hostBridges?.find(({ root }) => root === "0000:00");
  expect(hostBridge?.lastBus).toBe(0xff);
  expect(hostBridge?.windows).toEqual([
    { kind: "mem", start: "0x200080000000", end: "0x2000ffffffff", bus: "0x80000000" },
    { kind: "mem", start: "0x210000000000", end: "0x21ffffffffff", bus: "0x210000000000" },
  ]);
});

/** `child parent` for every function of hwloc's own reading, from the nesting of its XML. */
function parentsInXml(xml: string): string[] {
  const above: (string | null)[] = [];
  const lines: string[] = [];
  for (const [tag, close, isEmpty] of xml.matchAll(/<(\/?)object\b[^>]*?(\/?)>/g)) {
    if (close === "/") {
      above.pop();
      continue;
    }
    const bdf = /pci_busid="([^"]*)"/.exec(tag)?.[1] ?? null;
    if (bdf !== null) lines.push(`${bdf} ${above.findLast((name) => name !== null) ?? "-"}`);
    if (isEmpty !== "/") above.push(bdf);
  }
  return lines.sort();
}

const count = (functions: readonly FunctionDescription[]) => ({
  functions: functions.length,
  bars: functions.flatMap(({ bars = [] }) => bars).filter(({ start }) => typeof start === "string").length,
  windows: functions.flatMap(({ windows = [] }) => windows).length,
  withoutParent: functions.filter(({ parent }) => parent === undefined).length,
});

describe.skipIf(REAL === null)("snapshots that other people published", () => {
  test.each([
    ["40intel64-2g2n4c+pcilocality", { functions: 37, bars: 27, windows: 10, withoutParent: 0 }],
    ["32em64t-2n8c+dax+nvme+mic+dimms", { functions: 137, bars: 49, windows: 12, withoutParent: 0 }],
    ["fakepcilocalities", { functions: 30, bars: 20, windows: 9, withoutParent: 0 }],
  ])("%s has the parents that hwloc finds", async (name, expected) => {
    const { system } = await readPacked(realFile(`hwloc-sysfs/${name}.tar.bz2`), "bzip2", name);
    expect(count(system.functions)).toEqual(expected);
    expect(system).not.toHaveProperty("iommu");
    const parents = new Map(system.functions.map(({ bdf, parent }) => [bdf, parent ?? "-"]));
    const hwloc = parentsInXml(new TextDecoder().decode(realFile(`hwloc-sysfs/${name}.xml`)));
    expect(hwloc.length).toBeGreaterThan(20);
    expect(hwloc.map((line) => line.split(" ")[0]!).map((bdf) => `${bdf} ${parents.get(bdf)}`)).toEqual(hwloc);
  });

  test("a segment of more than four digits is one of its own", async () => {
    const { system } = await readPacked(realFile("hwloc-sysfs/2pa-pcidomain32bits.tar.bz2"), "bzip2", "2pa");
    expect(count(system.functions)).toEqual({ functions: 9, bars: 14, windows: 0, withoutParent: 0 });
    expect(system.hostBridges?.map(({ root }) => root)).toEqual(["0000:00", "10000:00"]);
    const ide = system.functions.find(({ bdf }) => bdf === "0000:00:01.1")!;
    expect(ide.bars?.slice(0, 4).map(({ bus }) => bus)).toEqual(["0x1f0", "0x3f6", "0x170", "0x376"]);
  });

  test.each([
    ["61797caf7c0b6bca1725ad7975ed4773", 43],
    ["8581cf3a529e5d8b97ea876eade2f60d", 82],
  ])("ghw's %s has the tree, says what is missing and claims nothing else", async (hash, functions) => {
    const { system, findings } = await readPacked(realFile(`ghw-sysfs/linux-amd64-${hash}.tar.gz`), "gzip", hash);
    expect(system).not.toHaveProperty("iommu");
    expect(count(system.functions)).toEqual({ functions, bars: 0, windows: 0, withoutParent: 0 });
    expect(findings.map(({ code, functions: { length } }) => `${code} ${length}`)).toEqual([
      `MISSING_FILE ${functions}`,
      `MISSING_FILE ${functions}`,
    ]);
    const claimed = system.functions.filter((own) => "acs" in own || "bars" in own || "physicalFunction" in own);
    expect(claimed).toEqual([]);
  });
});
