import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { WhatIfDocument } from "../../src/writers/what-if.js";
import { kernelAnswers } from "../kernel/answers.js";
import { blocks, ROOT } from "../docs/pages.js";
import { capture, json, peerlane } from "./run.js";

/** Ordered pairs of two functions by the route that the kernel gives them. */
function routes(name: string): Map<string, string> {
  return new Map(
    kernelAnswers(name)
      .pairs.filter(({ provider, client }) => provider !== client)
      .map(({ provider, client, route }) => [`${provider} ${client}`, route]),
  );
}

function kernelFlips(from: string, to: string): string[] {
  const before = routes(from);
  return [...routes(to)]
    .filter(([pair, route]) => before.get(pair) !== route)
    .map(([pair, route]) => `${pair} ${route}`);
}

function flips({ systems }: WhatIfDocument): string[] {
  return systems.flatMap(({ pairs }) =>
    [...pairs]
      .filter(({ was, is }) => was.route !== is.route)
      .map(({ provider, client, is }) => `${provider.new} ${client.new} ${is.route}`),
  );
}

/** What the options of `list --json` print as ACS control words. */
function words(name: string): Map<string, string> {
  const { document } = json<{ functions: { bdf: string; acs: { control: string } | null | "unknown" }[] }>([
    "list",
    "-i",
    capture(name),
  ]);
  return new Map(
    document.functions.flatMap(({ bdf, acs }) =>
      acs === null || acs === "unknown" ? [] : [[bdf, acs.control] as const],
    ),
  );
}

const DISABLE =
  "pci=disable_acs_redir=0000:02:00.0;0000:02:01.0;0000:02:02.0;0000:02:03.0;0000:07:00.0;0000:07:01.0;0000:07:02.0";

describe("a reboot as a kernel did it", () => {
  test.each([
    ["acs-iommu-intel", ["--boot", DISABLE], "acs-iommu-disabled-intel", 210],
    ["acs-iommu-intel", ["--boot", DISABLE, "--to-kernel", "6.1.192"], "acs-iommu-disabled-intel-k61", 210],
    ["acs-iommu-intel-k73", ["--boot", DISABLE, "--to-kernel", "6.12.117"], "acs-iommu-disabled-intel", 210],
    ["acs-iommu-intel", ["--to-kernel", "7.3.4"], "acs-iommu-intel-k73", 0],
    ["acs-off-intel", ["--boot", "intel_iommu=on"], "acs-iommu-intel", 250],
    ["acs-off-intel", ["--boot", `intel_iommu=on ${DISABLE}`], "acs-iommu-disabled-intel", 40],
    ["acs-iommu-intel", ["--boot", "intel_iommu=off"], "acs-off-intel", 250],
    ["acs-iommu-intel", ["--to-iommu", "off"], "acs-off-intel", 250],
    ["acs-off-intel", ["--to-iommu", "translating"], "acs-iommu-intel", 250],
    ["gpu-server-intel", ["--boot", "intel_iommu=on"], "gpu-server-intel-iommu", 630],
    ["gpu-server-intel-iommu", ["--boot", "iommu=off"], "gpu-server-intel", 630],
  ])("%s %j is %s: %i pairs flip", (from, options, to, expected) => {
    const asked = ["whatif", ...options, "--firmware-acs", "0", "-i", capture(from)];
    const { code, document } = json<WhatIfDocument>(asked);
    const found = flips(document);
    expect(found.sort()).toEqual(kernelFlips(from, to).sort());
    expect(found).toHaveLength(expected);
    expect(document.cannotTell).toBe(0);
    expect(code).toBe(document.changed > 0 ? 1 : 0);
    expect(peerlane([...asked, "-q"]).out).toBe(`${document.changed}\n`);
    // The control words after: those before, with the bits that are said to have changed.
    const [before, after] = [words(from), words(to)];
    const bits = ["SV", "TB", "RR", "CR", "UF", "EC", "DT"];
    const changed = new Map([...before].map(([bdf, word]) => [bdf, Number(word)]));
    for (const { aspect, what, is, function: names } of document.systems[0]!.facts) {
      const bit = 1 << bits.indexOf(what.slice(4));
      if (aspect !== "acs" || names === null || !bits.includes(what.slice(4))) continue;
      const word = changed.get(names.new!)!;
      changed.set(names.new!, is === "on" ? word | bit : word & ~bit);
    }
    expect([...changed]).toEqual([...after].map(([bdf, word]) => [bdf, Number(word)]));
  });
});

describe("whatif", () => {
  const server = ["-i", capture("gpu-server-intel-iommu")];

  test("speaks of functions by the names that they have now, through all edits", () => {
    const { code, document } = json<WhatIfDocument>([
      "whatif",
      "--remove",
      "2f:00.0",
      "--move",
      "25:00.0=0000:a0",
      "--acs",
      "off=22:00.0",
      "--move",
      "25:00.0=20:09.0",
      "--of",
      "gpu,nic",
      ...server,
    ]);
    expect(code).toBe(1);
    const [system] = document.systems;
    expect(system!.gone).toEqual(["0000:2f:00.0"]);
    expect(system!.moved.map(({ function: { old }, below }) => [old, below.new])).toEqual([
      ["0000:25:00.0", "0000:20:09.0"],
      ["0000:25:00.1", "0000:20:09.0"],
    ]);
    expect([...system!.pairs].some(({ provider }) => provider.old === "0000:25:00.0")).toBe(true);
    expect(document.edits.map(({ edit }) => edit)).toEqual([
      "--remove 2f:00.0",
      "--move 25:00.0=0000:a0",
      "--acs off=22:00.0",
      "--move 25:00.0=20:09.0",
    ]);
  });

  test("changes in the order in which they are typed, whatever the option", () => {
    const moves = ["--remove", "2f:00.0", "--move", "23:00.0=20:09.0"];
    expect(peerlane(["whatif", ...moves, ...server]).code).toBe(1);
    const { code, err } = peerlane(["whatif", ...moves.slice(2), ...moves.slice(0, 2), ...server]);
    expect([code, err]).toEqual([
      2,
      "peerlane: --move 23:00.0=20:09.0: below 0000:20:09.0 there is 0000:2f:00.0 already: move or remove that first\n",
    ]);
  });

  test("exit 3 where nothing is known to change, but not all can be told", () => {
    const text =
      "00:01.0 PCI bridge [0604]: Vendor Device [8086:1234]\n01:00.0 3D controller [0302]: Vendor Device [10de:20b0]\n";
    const { code, out } = peerlane(["whatif", "--to-iommu", "off", "-i", "-"], { input: text });
    expect(code).toBe(3);
    expect(out).toMatch(
      /^UNKNOWN: no ordered pair of 2 is known to get another verdict; of 2 the\ndescription does not tell\n/,
    );
  });

  test.each([
    ["pci=noacs", "noacs: Linux has no such option"],
    ["pci=config_acs=10x", "config_acs=10x: there is no @ between flags and function"],
    ["pci=disable_acs_redir=0000:99:00.0", "no function of this machine is 0000:99:00.0: it has no effect"],
  ])("says why a parameter does nothing: %s", (parameter, why) => {
    const { code, out } = peerlane(["whatif", "--boot", parameter, "-i", capture("acs-iommu-intel")]);
    expect([code, out.replace(/\s+/g, " ")]).toEqual([0, expect.stringContaining(why)]);
    expect(out).toMatch(/^NOTHING CHANGES/);
  });

  test("names what tells the words that a reboot leaves open", () => {
    const asked = ["whatif", "--to-iommu", "off", "-i", capture("acs-iommu-intel")];
    const { code, out } = peerlane(asked);
    expect([code, out.replace(/\s+/g, " ")]).toEqual([
      3,
      expect.stringContaining("to know more: what the firmware leaves"),
    ]);
    expect(out).not.toContain("read as");
    expect(peerlane([...asked, "--firmware-acs", "0"]).code).toBe(1);
  });

  test("says where nothing changes because the kernel refuses all", () => {
    const asked = ["whatif", "--acs", "off=bridge", "-i", capture("acs-iommu-intel")];
    const { code, out } = peerlane([...asked, "--kernel", "3.1"]);
    expect([code, out.replace(/\s+/g, " ")]).toEqual([0, expect.stringContaining("it refuses every pair")]);
    expect(peerlane(asked).out).not.toContain("P2PDMA_NOT_BUILT");
  });

  test("exit 0 where nothing changes, and what does not fit is said", () => {
    const { code, out } = peerlane(["whatif", "--bar", "23:00.0:2=32G", ...server]);
    expect(code).toBe(0);
    expect(out).toMatch(/^NOTHING CHANGES: all 4032 ordered pairs would keep their verdict\n/);
    expect(out.replace(/\s+/g, " ")).toContain(
      "there is no room, so that it is unassigned: the pref window of 0000:22:00.0 has 256M and needs 32G, 31.8G more",
    );
  });

  test.each([
    [
      [],
      "nothing to change: say what with --acs, --move, --remove, --bar, --boot, --to-kernel, --to-cpu or --to-iommu",
    ],
    [["--acs", "off"], '--acs: expected off=BRIDGE,... or BRIDGE=RR-,CR-, got "off"'],
    [["--acs", "22:00.0=RR"], '--acs: expected bits such as RR- or SV+ of SV, TB, RR, CR, UF, EC, DT, got "RR"'],
    [["--acs", "22:00.0=RR-,RR+"], '--acs: RR is both set and cleared in "22:00.0=RR-,RR+"'],
    [["--acs", "off=23:00.0"], "--acs off=23:00.0: 0000:23:00.0 has no ACS capability: there are no bits to change"],
    [["--acs", "off=gpu"], "--acs: no function of the group gpu shows ACS"],
    [
      ["--move", "22:00.0=20:09.0"],
      "--move 22:00.0=20:09.0: 0000:22:00.0 is a downstream port, a part of what it sits in: nobody can plug it in elsewhere",
    ],
    [["--move", "23:00.0"], '--move: expected DEVICE=PORT such as 61:00.0=40:03.1, got "23:00.0"'],
    [
      ["--bar", "23:00.0=1G"],
      '--bar: expected FUNCTION:INDEX=SIZE, the index from 0 to 5, such as 41:00.0:1=32G, got "23:00.0=1G"',
    ],
    [
      ["--bar", "23:00.0:2=3G"],
      "--bar 23:00.0:2=3G: expected the size of a BAR, a power of two from 16 bytes to 2^62, got 3221225472",
    ],
    [["--to-kernel", "new"], '--to-kernel: expected a release of Linux such as 6.1 or 6.12.117, got "new"'],
    [
      ["--to-cpu", "x"],
      "--to-cpu: expected VENDOR:FAMILY as in /proc/cpuinfo, such as AuthenticAMD:25, GenuineIntel:6, HygonGenuine:24, or " +
        'ppc64:POWER9, arm64:0x41, got "x"',
    ],
    [["--acs", "off=22:00.0", "--of", "23:00.0"], "--of 23:00.0: one function alone; a pair takes two"],
    [["--firmware-acs", "0x10000"], '--firmware-acs: expected a word of 16 bits such as 0 or 0x1d, got "0x10000"'],
  ])("%j is refused in a sentence", (words, message) => {
    const { code, out, err } = peerlane(["whatif", ...words, ...server]);
    expect([code, out, err]).toEqual([2, "", `peerlane: ${message}\n`]);
  });
});

describe("docs/what-if.md", () => {
  const page = readFileSync(join(ROOT, "docs/what-if.md"), "utf8");

  test.each(blocks(page, "console").map((block) => [block.split("\n")[0]!, block]))("%s", (line, block) => {
    const typed = line.replace(/^\$ peerlane /, "");
    const split = [...typed.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
    const { out } = peerlane(split.map((word) => word.replace(/^(tests|examples)\//, `${ROOT}/$1/`)));
    expect(out).toBe(block.slice(block.indexOf("\n") + 1));
  });
});
