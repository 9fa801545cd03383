import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { afterAll, describe, expect, test } from "vitest";
import { openSource, readThisMachine } from "../../src/readers/node-machine.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames } from "./fixtures.js";

const utf8 = (text: string) => new TextEncoder().encode(text);
const source = (name: string, text: string | Uint8Array) => ({
  name,
  bytes: typeof text === "string" ? utf8(text) : text,
});

const LSPCI = "0000:00:00.0 0600: 8086:29c0\n0000:00:01.0 0604: 1b36:000c\n";
const IOMEM =
  "00001000-0009fbff : System RAM\nc0000000-febfffff : PCI Bus 0000:00\n  fe200000-fe200fff : 0000:00:01.0\n";
const CPUINFO = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel name\t: EPYC\n";
const VERSION = "Linux version 6.12.117 (gcc, GNU ld) #1 SMP\n";
const JSON_TEXT = JSON.stringify({ peerlane: 1, systems: [{ name: "a", functions: [{ bdf: "0000:00:01.0" }] }] });

const system = async (...sources: ReturnType<typeof source>[]) => (await read(sources)).machine.systems[0]!;

describe("a source is recognised by its content", () => {
  test.each([
    ["lspci", LSPCI, { functions: [{ bdf: "0000:00:00.0" }, { bdf: "0000:00:01.0" }] }],
    ["/proc/iomem", IOMEM, { functions: [{ bdf: "0000:00:01.0" }], allAddresses: true }],
    ["/proc/cpuinfo", CPUINFO, { cpu: { vendor: "AuthenticAMD", family: 25 } }],
    ["/proc/version", VERSION, { kernel: { release: "6.12.117" } }],
    ["uname -a", "Linux host 6.1.0-13-amd64 #1 SMP x86_64 GNU/Linux\n", { kernel: { release: "6.1.0-13-amd64" } }],
    ["uname -r", "7.3.4-200.fc44.x86_64\n", { kernel: { release: "7.3.4-200.fc44.x86_64" } }],
    ["a description in JSON", JSON_TEXT, { name: "a" }],
  ])("%s, plain, gzipped twice, and as Windows shells write it", async (_, text, expected) => {
    expect(await system(source("x", text))).toMatchObject(expected);
    expect(await system(source("x.gz", gzipSync(gzipSync(text))))).toMatchObject(expected);
    const utf16 = new Uint8Array(Uint16Array.from(`\ufeff${text}`, (c) => c.charCodeAt(0)).buffer);
    expect(await system(source("x", utf16))).toMatchObject(expected);
  });

  test("an archive of /sys, with or without gzip", async () => {
    const name = "host/sys/bus/pci/devices/0000:00:01.0";
    const linkname = "../../../devices/pci0000:00/0000:00:01.0";
    const tar = await packTar([{ header: { name, linkname, size: 0, type: "symlink" } }]);
    const expected = { functions: [{ bdf: "0000:00:01.0", parent: null }], complete: true };
    expect(await system(source("a", tar))).toMatchObject(expected);
    expect(await system(source("a", gzipSync(tar)))).toMatchObject(expected);
  });

  test("one paste may hold the output of several commands", async () => {
    const paste = `$ uname -a\n${VERSION}$ lspci -Dn\n${LSPCI}$ sudo cat /proc/iomem\n${IOMEM}`;
    expect(await system(source("paste", paste))).toMatchObject({
      kernel: { release: "6.12.117" },
      functions: [{ bdf: "0000:00:00.0" }, { bdf: "0000:00:01.0", vendor: "1b36", bars: [{ start: "0xfe200000" }] }],
      ranges: [{ kind: "system-ram" }],
    });
  });
});

describe("several sources", () => {
  test("are one machine", async () => {
    const machine = await system(
      source("l", LSPCI),
      source("i", IOMEM),
      source("c", CPUINFO),
      source("v", VERSION),
      source("j", JSON_TEXT),
    );
    expect(machine).toMatchObject({ name: "a", kernel: { release: "6.12.117" }, cpu: { family: 25 } });
    expect(machine.functions.map(({ bdf }) => bdf)).toEqual(["0000:00:00.0", "0000:00:01.0"]);
  });

  test("that contradict each other are named", async () => {
    const { findings } = await read([source("a.txt", LSPCI), source("b.txt", LSPCI.replace("29c0", "1237"))]);
    expect(findings.map(({ message }) => message)).toEqual([
      '0000:00:00.0: device: a.txt says "29c0", b.txt says "1237"',
    ]);
  });

  test("cannot include a description of several systems", async () => {
    const two = JSON.stringify({
      peerlane: 1,
      systems: [
        { name: "a", functions: [] },
        { name: "b", functions: [] },
      ],
    });
    expect((await read([source("two.json", two)])).machine.systems.length).toBe(2);
    await expect(read([source("l", LSPCI), source("two.json", two)])).rejects.toThrow(
      /^two\.json: describes 2 systems/,
    );
  });
});

describe("what is nothing known", () => {
  test.each([
    ["text", "Dear all,\n\nplease find", /^x: not a format that is known: it starts with "Dear all,.*Known are lspci/],
    ["nothing", "", /it is empty/],
    ["binary data", Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]), /it starts with binary data/],
    ["a table that begins with a bracket", "[CUDA Bandwidth Test] - Starting...\n", /it starts with "\[CUDA Bandwidth/],
    ["text in colours", "\x1b[1mDear\x1b[0m all", /it starts with "Dear all"/],
    ["text with one stray escape", "\x1bDear all", /it starts with "\\u001bDear all"/],
    [
      "hwloc XML",
      '<?xml version="1.0"?>\n<topology version="2.0">\n',
      /this is hwloc XML, .*: give the output of sudo lspci/,
    ],
    ["lspci -mm", '00:00.0 "Host bridge" "Intel" "82G33" "" ""\n', /this is the output of lspci -m or -mm, /],
    ["lspci -vmm", "Slot:\t00:00.0\nClass:\tHost bridge\n", /this is the output of lspci -vm or -vmm, /],
    [
      "nvidia-smi topo -m",
      "\tGPU0\tGPU1\tCPU Affinity\nGPU0\t X \tPIX\t0-7\n",
      /this is the output of nvidia-smi topo -m, /,
    ],
    ["a gzip file of nothing known", gzipSync("hello"), /it starts with "hello"/],
  ])("%s is refused with what it looks like and what is known", async (_, content, message) => {
    await expect(read([source("x", content)])).rejects.toThrow(message);
  });

  test("wrappings without end are refused", async () => {
    let packed: Uint8Array = utf8(LSPCI);
    for (let i = 0; i < 6; i++) packed = gzipSync(packed);
    await expect(read([source("x", packed)])).rejects.toThrow("x: packed more than 4 times over");
  });

  test("no source at all is refused", async () => {
    await expect(read([])).rejects.toThrow("expected at least one source");
  });

  test("random bytes and cut-off captures never do worse than a ReadError", async () => {
    let state = 7;
    const random = (limit: number) => (state = (state * 48271) % 0x7fffffff) % limit;
    const inputs: Uint8Array[] = Array.from({ length: 150 }, () =>
      Uint8Array.from({ length: random(3000) }, () => random(256)),
    );
    const capture = captureNames().find((name) => name === "sriov-intel");
    if (capture !== undefined) {
      const whole = ["lspci.txt", "snapshot.tar.gz"].map((name) => captureFile(capture, name));
      for (const bytes of whole) for (let i = 0; i < 12; i++) inputs.push(bytes.subarray(0, random(bytes.length)));
    }
    for (const bytes of inputs) {
      const outcome = await read([{ name: "x", bytes }]).then(
        () => "ReadError",
        (error: Error) => error.name,
      );
      expect(outcome).toBe("ReadError");
    }
  });
});

describe("on disk", () => {
  const directory = mkdtempSync(join(tmpdir(), "peerlane-"));
  afterAll(() => rmSync(directory, { recursive: true }));
  const place = join(directory, "host/sys/devices/pci0000:00/0000:00:01.0");
  mkdirSync(place, { recursive: true });
  mkdirSync(join(directory, "host/sys/bus/pci/devices"), { recursive: true });
  writeFileSync(join(place, "vendor"), "0x8086\n");
  symlinkSync("../../../devices/pci0000:00/0000:00:01.0", join(directory, "host/sys/bus/pci/devices/0000:00:01.0"));
  symlinkSync("/proc/version", join(directory, "host/sys/outside"));
  writeFileSync(join(directory, "lspci.txt.gz"), gzipSync(LSPCI));

  test("a directory, one above it and a file are read", async () => {
    for (const path of ["host", "."]) {
      const { machine } = await read([openSource(join(directory, path))]);
      expect(machine.systems[0]!.functions).toEqual([{ bdf: "0000:00:01.0", vendor: "8086", parent: null }]);
    }
    expect((await read([openSource(join(directory, "lspci.txt.gz"))])).machine.systems[0]!.functions.length).toBe(2);
  });

  test("links out of a directory lead nowhere: the dump of one machine does not show another", () => {
    const tree = openSource(join(directory, "host/sys")).bytes;
    expect(tree instanceof Uint8Array ? tree : tree.file("outside")).toBeNull();
  });

  test("what is not there is refused by name, and so is no name", () => {
    expect(() => openSource("")).toThrow(/^input: an empty name was given/);
    expect(() => openSource(join(directory, "nothing"))).toThrow(/nothing: no such file or directory$/);
  });

  test.skipIf(process.platform !== "linux")("the machine that this runs on can be read", async () => {
    const attempt = await readThisMachine().then(
      ({ machine }) => machine.peerlane,
      (error: Error) => error.message,
    );
    expect([1, expect.stringContaining("expected sys/bus/pci/devices")]).toContainEqual(attempt);
  });
});
