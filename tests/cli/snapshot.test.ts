import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { capture, COMMAND, json, peerlane } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-snapshot-"));
const at = (name: string): string => join(directory, name);
afterAll(() => rmSync(directory, { recursive: true }));

const MACHINE = capture("switch4-intel");

/** Runs the command in a directory of its own. */
function peerlaneIn(folder: string, words: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...words], {
    cwd: folder,
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

describe("of another machine", () => {
  test("says what is in it, and reads back as the same machine", () => {
    const { code, out, err } = peerlane(["snapshot", "-i", MACHINE, "-o", at("a.tar.gz")]);
    expect([code, err]).toEqual([0, ""]);
    const bytes = readFileSync(at("a.tar.gz")).length.toLocaleString("en-US");
    expect(out).toMatch(/^\S+a\.tar\.gz: \d+ functions in \d+ files, /);
    expect(out).toContain(`, ${bytes} bytes\n`);
    for (const words of [["tree"], ["matrix"], ["export"], ["list"]]) {
      expect(peerlane([...words, "-i", at("a.tar.gz")]).out).toBe(peerlane([...words, "-i", MACHINE]).out);
    }
  });

  test("redacted, says what is still in it", () => {
    const { code, out } = peerlane(["snapshot", "-i", MACHINE, "--redact", "-o", at("r.tar.gz")]);
    expect(code).toBe(0);
    expect(out).toContain("redacted: no serial numbers");
    expect(out).toContain("still there: vendor, device");
    expect(peerlane(["export", "-i", MACHINE]).out).toContain('"serialNumber"');
    expect(peerlane(["export", "-i", at("r.tar.gz")]).out).not.toContain('"serialNumber"');
    expect(peerlane(["matrix", "-i", at("r.tar.gz")]).out).toBe(peerlane(["matrix", "-i", MACHINE]).out);
  });

  test("the same in JSON", () => {
    const { code, document } = json<object>(["snapshot", "-i", MACHINE, "-o", at("j.tar.gz")]);
    expect(code).toBe(0);
    const bytes = readFileSync(at("j.tar.gz")).length;
    expect(document).toMatchObject({ file: at("j.tar.gz"), redacted: false, bytes, lacks: [] });
    expect(Object.keys(document)).toEqual(["file", "functions", "files", "redacted", "lacks", "bytes"]);
  });

  test("from a directory, and to standard output", () => {
    mkdirSync(at("tree"));
    expect(spawnSync("tar", ["xzf", MACHINE, "-C", at("tree")]).status).toBe(0);
    const words = ["snapshot", "-i", at("tree"), "-o", "-"];
    const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...words]);
    expect(status).toBe(0);
    expect(stderr.toString()).toMatch(/^standard output: /);
    peerlane(["snapshot", "-i", MACHINE, "-o", at("b.tar.gz")]);
    expect(Buffer.compare(stdout, readFileSync(at("b.tar.gz")))).toBe(0);
  });
});

/** An endpoint of which an unprivileged process sees 64 bytes. */
function writeUnprivileged(root: string): void {
  const device = join(root, "sys/devices/pci0000:00/0000:00:01.0");
  mkdirSync(device, { recursive: true });
  mkdirSync(join(root, "sys/bus/pci/devices"), { recursive: true });
  mkdirSync(join(root, "proc"));
  symlinkSync("../../../devices/pci0000:00/0000:00:01.0", join(root, "sys/bus/pci/devices/0000:00:01.0"));
  const config = new Uint8Array(64);
  config.set([0x36, 0x1b, 0x10, 0x00, 0x06, 0x00, 0x10, 0x00, 0x02, 0x02, 0x08, 0x01]);
  writeFileSync(join(device, "config"), config);
  writeFileSync(join(root, "proc/iomem"), "00000000-00000000 : System RAM\n00000000-00000000 : Reserved\n");
}

test("what root would have seen on that machine is said", () => {
  writeUnprivileged(at("unprivileged"));
  const { code, out } = peerlane(["snapshot", "-i", at("unprivileged"), "-o", at("u.tar.gz")]);
  expect(code).toBe(0);
  expect(out.split("\n").slice(1)).toEqual([
    "unknown, for lack of what root sees on that machine:",
    "  config of 1 function: ACS, kinds of ports, SR-IOV",
    "  /proc/iomem: RAM, host bridges' windows, devices outside PCI",
    "",
  ]);
});

describe("the file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(at("folder-"));
  });

  test("has a name without -o, which is not overwritten", () => {
    const words = ["snapshot", "-i", MACHINE];
    expect(peerlaneIn(folder, words).out).toMatch(/^peerlane-snapshot\.tar\.gz: /);
    const file = join(folder, "peerlane-snapshot.tar.gz");
    writeFileSync(file, "kept");
    expect(peerlaneIn(folder, words)).toEqual({
      code: 2,
      out: "",
      err: "peerlane: peerlane-snapshot.tar.gz: is there already: give -o another name, or this one to overwrite it\n",
    });
    expect(readFileSync(file, "utf8")).toBe("kept");
    expect(peerlaneIn(folder, [...words, "-o", "peerlane-snapshot.tar.gz"]).code).toBe(0);
    expect(gunzipSync(readFileSync(file)).length).toBeGreaterThan(1000);
  });

  test("cannot be written everywhere", () => {
    expect(peerlane(["snapshot", "-i", MACHINE, "-o", at("nowhere/a.tar.gz")]).err).toBe(
      `peerlane: ${at("nowhere/a.tar.gz")}: the directory does not exist\n`,
    );
    expect(peerlane(["snapshot", "-i", MACHINE, "-o", folder]).err).toBe(
      `peerlane: ${folder}: is a directory, expected a file\n`,
    );
    expect(peerlane(["snapshot", "-i", MACHINE, "-o", "/dev/full"])).toMatchObject({ code: 2 });
  });
});

describe("asked wrongly", () => {
  const lspci = at("lspci.txt");
  writeFileSync(lspci, "00:00.0 Host bridge: Intel Corporation Device 1234\n");

  test.each([
    [["-i", lspci], `-i ${lspci}: expected a directory or a .tar, .tar.gz or .tar.bz2 of /sys and /proc`],
    [["-i", MACHINE, "-i", lspci], `-i ${lspci}: a snapshot is of one source, and ${MACHINE} is one already`],
    [["-i", at("missing")], `${at("missing")}: no such file or directory`],
    [["--kernel", "6.1"], "snapshot asks no machine: leave --kernel out, and give it to the command that does"],
    [["-q"], "snapshot has no answer of one word: leave -q out"],
  ])("%j", (words, message) => {
    expect(peerlane(["snapshot", ...words, "-o", at("never.tar.gz")])).toEqual({
      code: 2,
      out: "",
      err: `peerlane: ${message}\n`,
    });
  });

  test("a directory without a machine, and an archive that is cut off", () => {
    mkdirSync(at("empty"));
    expect(peerlane(["snapshot", "-i", at("empty"), "-o", at("never.tar.gz")]).err).toBe(
      `peerlane: ${at("empty")}: expected sys/bus/pci/devices at the top or in a directory there, found nothing\n`,
    );
    const whole = readFileSync(MACHINE);
    writeFileSync(at("cut.tar.gz"), whole.subarray(0, whole.length >> 1));
    const { code, err } = peerlane(["snapshot", "-i", at("cut.tar.gz"), "-o", at("never.tar.gz")]);
    expect(code).toBe(2);
    expect(err).toContain(`${at("cut.tar.gz")}: damaged gzip data`);
  });

  test("a directory with a file that has no end", () => {
    writeUnprivileged(at("endless"));
    const config = at("endless/sys/devices/pci0000:00/0000:00:01.0/config");
    truncateSync(config, 2 ** 33);
    const { code, err } = peerlane(["snapshot", "-i", at("endless"), "-o", at("never.tar.gz")]);
    expect(code).toBe(2);
    expect(err).toMatch(/endless: with this file more than \d+ bytes, which no machine's are: .*\/config\n$/);
  });
});

describe.skipIf(process.platform !== "linux")("of this machine", () => {
  test("as this user: reads back as what is read here now", () => {
    const { code, out, err } = peerlane(["snapshot", "-o", at("here.tar.gz")]);
    // A machine without PCI is no machine for this.
    if (code !== 0) return expect(err).toContain("expected sys/bus/pci/devices");
    expect(out).toMatch(/here\.tar\.gz: [\d,]+ functions? in [\d,]+ files, /);
    expect(peerlane(["list", "--json", "-i", at("here.tar.gz")]).out).toBe(peerlane(["list", "--json"]).out);
  });

  const NOBODY = { uid: 65534, gid: 65534 };
  const canBeNobody =
    process.getuid?.() === 0 && spawnSync(process.execPath, ["--version"], { ...NOBODY, cwd: "/" }).status === 0;

  test.skipIf(!canBeNobody)("as nobody: says what root would add, and how", () => {
    const folder = mkdtempSync(at("nobody-"));
    chmodSync(directory, 0o755);
    chmodSync(folder, 0o755);
    // Where nobody may read it, whoever owns the repository.
    const command = join(folder, "cli.mjs");
    copyFileSync(COMMAND, command);
    const words = [command, "snapshot", "--redact", "-o", "-"];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { ...NOBODY, cwd: folder });
    if (status !== 0) return expect(stderr.toString()).toContain("expected sys/bus/pci/devices");
    writeFileSync(join(folder, "nobody.tar.gz"), stdout);
    expect(peerlane(["list", "-i", join(folder, "nobody.tar.gz")]).code).toBe(0);
    const lines = stderr.toString().split("\n");
    expect(lines).toContain("root would add:");
    expect(lines.at(-2)).toBe(`  sudo ${process.execPath} ${command} snapshot --redact -o peerlane-snapshot.tar.gz`);
  });
});

test("--help shows the options that it takes, and no others", () => {
  const { code, out, err } = peerlane(["snapshot", "--help"]);
  expect([code, err]).toEqual([0, ""]);
  for (const option of ["--input <source>", "--output <file>", "--redact", "--json"]) expect(out).toContain(option);
  expect(out).not.toMatch(/--(?:kernel|cpu|system|quiet|verbose) /);
});
