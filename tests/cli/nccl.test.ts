import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { ListDocument } from "../../src/writers/list.js";
import type { LintDocument } from "../../src/writers/lint.js";
import { capture, json, peerlane } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-nccl-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const SERVER = capture("gpu-server-intel");
const written = peerlane(["export", "--to", "nccl-xml", "-i", SERVER]);
const topo = file("topo.xml", written.out);
const TWO_HOSTS =
  '<system version="1"><cpu host_hash="0xa" numaid="0"><pci busid="0000:01:00.0" class="0x030200"/></cpu>' +
  '<cpu host_hash="0xb" numaid="0"><pci busid="0000:01:00.0" class="0x030200"/></cpu></system>';

describe("export --to nccl-xml", () => {
  test("writes a file that the checker and the reader take, and that is written again as it is", () => {
    expect({ code: written.code, err: written.err }).toEqual({ code: 0, err: "" });
    expect(peerlane(["lint", "-q", topo])).toEqual({ code: 0, out: "clean\n", err: "" });
    expect(peerlane(["export", "--to", "nccl-xml", "-i", topo]).out).toBe(written.out);
    const { document } = json<ListDocument>(["list", "-i", topo]);
    const whole = json<ListDocument>(["list", "-i", SERVER]).document.functions;
    for (const { bdf, parent, vendor, device, numaNode } of document.functions) {
      expect(parent).toBe("unknown");
      expect(whole.find((each) => each.bdf === bdf)).toMatchObject({ vendor, device, numaNode });
    }
    expect(document.functions.length).toBe(18);
  });

  test("beside the tree of the machine a file changes nothing about it", () => {
    const both = peerlane(["export", "--to", "nccl-xml", "-i", SERVER, "-i", topo]);
    expect(both.code).toBe(0);
    expect(both.out).toBe(written.out);
  });

  test("says on standard error what NCCL needs and nothing shows, and only there", () => {
    const lspci = "00:00.0 0600: 8086:29c0\n\n00:02.0 0302: 10de:20b5\n\n";
    const said = peerlane(["export", "--to", "nccl-xml", "-i", file("lspci.txt", lspci)]);
    expect(said.code).toBe(0);
    expect(said.out).toContain('<pci busid="0000:00:02.0" class="0x0302" vendor="0x10de" device="0x20b5"/>');
    expect(said.err).toMatch(/^note: the CPU is not shown/m);
    expect(said.err).toMatch(/^note: the NUMA node is not shown, and numaid="-1" is written: 0000:00:02\.0$/m);
    expect(peerlane(["export", "-q", "--to", "nccl-xml", "-i", file("lspci.txt", lspci)]).code).toBe(2);
  });

  test("of several hosts, one is chosen", () => {
    const fused = file("fused.xml", TWO_HOSTS);
    expect(peerlane(["export", "--to", "nccl-xml", "-i", fused])).toMatchObject({
      code: 2,
      err: expect.stringMatching(
        /^peerlane: --to nccl-xml: it is of one machine, and the source has 2: choose with --system, /,
      ),
    });
    expect(peerlane(["export", "--to", "nccl-xml", "-i", fused, "--system", "0xb"]).out).toContain('host_hash="0xb"');
  });

  test.each([
    [["--json"], "--json: nccl-xml is no JSON; leave one of --json and --to nccl-xml out"],
    [["--guest-map", "/nonexistent/map.txt"], "/nonexistent/map.txt"],
    [["--guest-map", "/"], "/: is a directory, expected a guest map"],
  ])("%o: says what is wrong", (words, message) => {
    const { code, out, err } = peerlane(["export", "--to", "nccl-xml", "-i", SERVER, ...words]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`peerlane: ${message}`);
  });

  test("a guest map goes with no other format, and a machine without GPUs has no file", () => {
    expect(peerlane(["export", "-i", SERVER, "--guest-map", topo])).toMatchObject({
      code: 2,
      err: "peerlane: --guest-map: goes with --to nccl-xml\n",
    });
    expect(peerlane(["export", "--to", "nccl-xml", "-i", capture("cascade3-intel")])).toMatchObject({
      code: 2,
      err: "peerlane: --to nccl-xml: the source shows no GPU and no network adapter\n",
    });
  });

  test("a guest's virtual functions are shown", () => {
    const map = file("vf.txt", "0000:04:10.2 0000:00:05.0\n");
    const { code, out } = peerlane(["export", "--to", "nccl-xml", "-i", capture("sriov-intel"), "--guest-map", map]);
    expect(code).toBe(0);
    expect([...out.matchAll(/busid="([^"]*)"/g)].map(([, busid]) => busid)).toEqual(["ffff:ff:01.0", "0000:00:05.0"]);
  });
});

describe("lint", () => {
  const faulty = written.out.replace(/ class=/, "\n class=").replaceAll("16.0 GT/s PCIe", "16.0 GT/s");

  test("says of each fault where it is, what NCCL does and what to do; of many alike a few", () => {
    const path = file("faulty.xml", faulty);
    const { code, out } = peerlane(["lint", path]);
    expect(code).toBe(1);
    expect(out.split("\n").slice(0, 3)).toEqual([
      `${path}:3:30: error: a line end in front of an attribute (ATTRIBUTE_BLANK) /system/cpu[1]/pci[1]`,
      '  NCCL: it stops: "XML Parse : expected >", or takes a tab for part of the name',
      "  do: put one blank in front of each attribute, and all of an element's attributes into one line",
    ]);
    expect(out).toMatch(/: warning: link_speed="16\.0 GT\/s" \(LINK_SPEED\)/);
    expect(out).toMatch(/: \d+ more of LINK_SPEED$/m);
    expect(out).toMatch(/: NCCL, 25 elements: 1 error, 20 warnings\n$/);
  });

  test("as JSON, for several files, and from standard input", () => {
    const { code, document } = json<LintDocument>(["lint", topo, "-"], { input: faulty });
    expect(code).toBe(1);
    expect(document.files.map(({ file: name, tool, elements }) => [name, tool, elements])).toEqual([
      [topo, "nccl", 25],
      ["standard input", "nccl", 25],
    ]);
    expect(document.files[0]!.findings).toEqual([]);
    expect(document.files[1]!.findings.slice(0, 2)).toMatchObject([
      { code: "LINK_SPEED", line: 3, column: 5, path: "/system/cpu[1]/pci[1]" },
      { code: "ATTRIBUTE_BLANK", line: 3, column: 30 },
    ]);
    expect(peerlane(["lint", "-q", topo, "-"], { input: faulty })).toMatchObject({ code: 1, out: "clean\nfaults\n" });
  });

  test("notes alone are no fault", () => {
    const bare = file(
      "bare.xml",
      '<system version="1">\n  <cpu numaid="0">\n    <pci busid="0000:00:16.0"/>\n  </cpu>\n</system>\n',
    );
    const { code, out } = peerlane(["lint", bare]);
    expect(code).toBe(0);
    expect(out).toMatch(/: NCCL, 3 elements: 3 notes\n$/);
  });

  test.each([
    [["/nonexistent/topo.xml"], "/nonexistent/topo.xml"],
    [[SERVER], "is no topology file of NCCL or RCCL: expected an element system"],
    [["/"], "/: is a directory, expected a topology file"],
    [[topo, "-i", topo], "lint asks no machine: leave -i out"],
    [[], "missing required argument 'file'"],
  ])("%o: says what is wrong", (words, message) => {
    const { code, out, err } = peerlane(["lint", ...words]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });
});
