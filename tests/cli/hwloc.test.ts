import { expect, test } from "vitest";
import { capture, peerlane } from "./run.js";

const XML = capture("gpu-server-intel", "hwloc-2.xml");

test("a file of lstopo is drawn with what it shows, and ACS is a question", () => {
  const { code, out, err } = peerlane(["tree", "-i", XML]);
  expect([code, err]).toEqual([0, ""]);
  expect(out).toContain("host bridge 0000:20  NUMA node 0\n");
  expect(out).toMatch(/0000:20:00\.0 {2}PCI bridge {2}\[21-27\] {2}31\.5 GB\/s {2}ACS \?\n/);
});

test("what hangs on ACS is unknown, with what would tell; beside lspci's text it is not", () => {
  const pair = ["0000:23:00.0", "0000:24:00.0", "--kernel", "6.12", "--cpu", "GenuineIntel:6"];
  const alone = peerlane(["can", ...pair, "-i", XML]);
  expect(alone.out).toMatch(/^UNKNOWN: /);
  expect(alone.out).toContain("ACS_UNREADABLE");
  expect(alone.out).toContain("the ACS control word of 0000:22:00.0 (lspci -vvv or /sys, read as");
  const lspci = capture("gpu-server-intel", "lspci.txt");
  const both = peerlane(["can", ...pair, "-i", XML, "-i", lspci]);
  expect([both.err, both.out]).toEqual(["", peerlane(["can", ...pair, "-i", lspci]).out]);
  expect(both.out).not.toMatch(/^UNKNOWN: /);
});

test("a damaged file is refused with its place", () => {
  const { code, out, err } = peerlane(["tree", "-i", "-"], {
    input: '<topology version="2.0">\n<object type="Machine">\n <object type="PCIDev"/>',
  });
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain("standard input:3:2: /topology/object[1]/object[1]: expected pci_busid to be a function");
});
