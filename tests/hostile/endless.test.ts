import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { COMMAND, peerlane } from "../cli/run.js";
import { sparse } from "./sparse.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-"));
afterAll(() => rmSync(directory, { recursive: true }));

const FOUR_GIB = 2 ** 32;
const TOO_LONG = "longer than 536870912 bytes, which no dump of a machine is\n";

/** Where there is a shell: what the command says of a pipe, within so much memory for objects. */
function piped(from: string): string {
  const script = `${from} | "$0" --max-old-space-size=512 "$1" tree -i - 2>&1; true`;
  return execFileSync("bash", ["-c", script, process.execPath, COMMAND], { encoding: "utf8" });
}

describe("the command line", () => {
  test.each([
    ["zeros", ""],
    ["a line of lspci and zeros", "00:00.0 Host bridge: x\n"],
    ["the magic of gzip and zeros", "\u001f\u008b"],
    ["brackets and zeros", "[[[["],
  ])("refuses a file of 4 GiB by its size: %s", (name, start) => {
    const path = sparse(join(directory, name), FOUR_GIB, start);
    expect(peerlane(["tree", "-i", path])).toEqual({ code: 2, out: "", err: `peerlane: ${path}: ${TOO_LONG}` });
  });

  test.skipIf(process.platform !== "linux")("refuses what has no end: a pipe, a device", () => {
    expect(piped("head -c 4294967296 /dev/zero")).toBe(`peerlane: standard input: ${TOO_LONG}`);
    expect(peerlane(["tree", "-i", "/dev/zero"]).err).toBe(`peerlane: /dev/zero: ${TOO_LONG}`);
  });

  test.skipIf(process.platform !== "linux")(
    "refuses one line of 300 MB, and as many brackets, within 512 MB of objects",
    () => {
      expect(piped("head -c 300000000 /dev/zero | tr '\\0' x")).toBe(
        "peerlane: standard input: a text of 300000000 characters, expected at most 268435456, which no machine's has: give the part that describes it\n",
      );
      expect(piped("head -c 200000000 /dev/zero | tr '\\0' x")).toBe(
        "peerlane: standard input:1: a line of 200000000 characters, expected at most 1048576: no tool prints one so long\n",
      );
      expect(piped("head -c 200000000 /dev/zero | tr '\\0' '['")).toBe(
        "peerlane: standard input:1:1101: lists and objects nest more than 1100 deep, which no machine needs\n",
      );
    },
  );

  test("reads a directory whose links lead back into it, over and over", () => {
    const root = join(directory, "machine");
    const devices = join(root, "sys/bus/pci/devices");
    mkdirSync(devices, { recursive: true });
    mkdirSync(join(root, "sys/devices/pci0000:00/0000:00:01.0"), { recursive: true });
    symlinkSync("../../../devices/pci0000:00/0000:00:01.0", join(devices, "0000:00:01.0"));
    symlinkSync("../devices/0000:00:02.0", join(devices, "0000:00:02.0"));
    symlinkSync(devices, join(devices, "0000:00:03.0"));
    for (const name of ["net", "block", "virtio0", "driver", "iommu_group"]) {
      symlinkSync("../../..", join(root, "sys/devices/pci0000:00/0000:00:01.0", name));
    }
    const { code, out, err } = peerlane(["tree", "-i", root]);
    expect([code, err.includes("internal error")]).toEqual([0, false]);
    expect(out).toContain("0000:00:02.0");
  });

  test.skipIf(process.platform !== "linux")("never opens a pipe or a device that stands where a file should", () => {
    const root = join(directory, "pipes");
    const place = join(root, "sys/bus/pci/devices/0000:00:01.0");
    mkdirSync(place, { recursive: true });
    execFileSync("mkfifo", [join(place, "config"), join(place, "resource")]);
    symlinkSync("/dev/zero", join(place, "class"));
    writeFileSync(join(place, "vendor"), "0x8086\n");
    const { code, out } = peerlane(["tree", "-i", root]);
    expect([code, out.includes("0000:00:01.0")]).toEqual([0, true]);
  });
});
