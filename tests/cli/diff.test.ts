import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DiffDocument, SystemDiffDocument } from "../../src/writers/index.js";
import { capture, json, peerlane } from "./run.js";

/** As it is printed: the pairs are a list. */
type Printed = Omit<DiffDocument, "systems"> & {
  readonly systems: readonly (SystemDiffDocument & {
    readonly pairs: readonly { readonly talk: boolean; readonly certain: boolean }[];
  })[];
};

const [OFF, ON] = [capture("acs-off-intel"), capture("acs-iommu-intel")];
const directory = mkdtempSync(join(tmpdir(), "peerlane-diff-"));

function file(name: string, machine: object): string {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify(machine));
  return path;
}

function machine(functions: readonly object[], facts: object = {}, name?: string): object {
  return { peerlane: 1, systems: [{ ...(name === undefined ? {} : { name }), complete: true, ...facts, functions }] };
}

describe("peerlane diff", () => {
  test("says verdicts first, then what the kernel did, with exit code 1", () => {
    const { code, out, err } = peerlane(["diff", OFF, ON]);
    expect([code, err]).toEqual([1, ""]);
    const headings = out.split("\n").filter((line) => /^[a-zA-Z]/.test(line));
    expect(headings).toEqual([
      "DIFFERENT: 250 of 650 ordered pairs have another verdict",
      "verdicts  (a -> b: DMA by a to the memory of b)",
      "machine",
      "ACS",
      "IOMMU groups",
    ]);
    expect(out).toContain("yes, bus-address -> no, ACS_REDIRECT: 12 pairs\n");
    expect(out).toContain("0000:04:00.0 nvme1 <-> 0000:03:00.0 nvme0\n");
    expect(out).toContain("kernel parameter intel_iommu=on is new\n");
    expect(out).toContain("SV off -> on, RR off -> on, CR off -> on, UF off -> on\n");
  });

  test("prints a document with every pair, and with -q the number of them", () => {
    const { code, document } = json<Printed>(["diff", OFF, ON]);
    expect(code).toBe(1);
    expect(document).toMatchObject({ peerlaneDiff: 1, result: "different", old: [OFF], new: [ON] });
    const [system] = document.systems;
    expect(system!.verdicts).toMatchObject({ compared: 650, changed: 250, changedThatTalk: 12, notComparable: 0 });
    expect(system!.pairs).toHaveLength(250);
    expect(system!.pairs.filter(({ talk }) => talk)).toHaveLength(12);
    const [first] = system!.pairs.filter(({ talk }) => talk);
    expect(first).toMatchObject({
      provider: { old: "0000:03:00.0", new: "0000:03:00.0" },
      was: { answer: "yes", route: "bus-address", distance: 4, code: null, culprits: [] },
      is: { answer: "no", route: "not-supported", distance: -1, code: "ACS_REDIRECT" },
    });
    expect(peerlane(["diff", OFF, ON, "-q"])).toEqual({ code: 1, out: "250\n", err: "" });
  });

  test("has exit code 0 where nothing differs, 3 where not all can be compared", () => {
    expect(peerlane(["diff", OFF, OFF, "-q"])).toEqual({ code: 0, out: "0\n", err: "" });
    expect(peerlane(["diff", OFF, OFF]).out).toMatch(/^SAME: all 650 ordered pairs/);
    const { code, out } = peerlane(["diff", capture("acs-off-intel", "lspci.txt"), OFF]);
    expect(code).toBe(3);
    expect(out).toMatch(/^UNKNOWN: nothing is known to differ/);
    expect(out).toMatch(/rules {4}Linux 6\.12\.117, CPU unknown -> Linux 6\.12\.117, CPU GenuineIntel:6/);
    expect(out).toMatch(/in OLD: kernel, /);
  });

  test("does not say that all is the same where one side may leave functions out", () => {
    const [first, second] = ["0000:00:01.0", "0000:00:02.0"].map((bdf) => ({ bdf, parent: null }));
    const whole = file("whole.json", machine([first!, second!]));
    const part = file("part.json", machine([first!], { complete: false }));
    const { code, out } = peerlane(["diff", whole, part]);
    expect(code).toBe(3);
    expect(out).toContain("in NEW: 1 function");
    expect(peerlane(["diff", whole, file("all.json", machine([first!]))]).code).toBe(1);
  });

  test("judges both sides by --kernel and --cpu where these are given", () => {
    const lspci = capture("acs-off-intel", "lspci.txt");
    const words = ["diff", lspci, OFF, "--cpu", "GenuineIntel:6", "--kernel", "7.3"];
    const { code, out } = peerlane(words);
    expect(code).toBe(0);
    expect(out).toMatch(/rules {4}Linux 7\.3, CPU GenuineIntel:6\n/);
  });

  test("combines several sources of one side", () => {
    const version = join(directory, "version");
    writeFileSync(version, "Linux version 6.1.0-13 (x) #1 SMP\n");
    const lspci = capture("acs-off-intel", "lspci.txt");
    const { code, document } = json<Printed>(["diff", lspci, lspci, "--old", version]);
    expect(document.old).toEqual([lspci, version]);
    expect(document.systems[0]!.notShown).toContainEqual({
      in: "new",
      aspect: "machine",
      what: "kernel",
      functions: null,
    });
    expect(code).toBe(3);
  });

  test("reads one side from standard input, and says so where it cannot read both", () => {
    const functions = [{ bdf: "0000:00:01.0", parent: null, driver: "nvme" }];
    const input = JSON.stringify(machine(functions));
    const other = file("other.json", machine([{ ...functions[0], driver: "vfio-pci" }]));
    const { out } = peerlane(["diff", "-", other], { input });
    expect(out).toContain("driver nvme -> vfio-pci\n    0000:00:01.0 function\n");
    const { code, err } = peerlane(["diff", "-", "-"], { input });
    expect([code, err]).toEqual([
      2,
      "peerlane: -: standard input can be read once only; give the other source as a file\n",
    ]);
  });

  test("compares the pairs of those that --of names", () => {
    const { document } = json<Printed>(["diff", OFF, ON, "--of", "nvme"]);
    expect(document.systems[0]!.verdicts).toMatchObject({ compared: 12, changed: 6 });
  });

  test("matches systems by their names, and says which are on one side alone", () => {
    const functions = [{ bdf: "0000:00:01.0", parent: null }];
    const systems = (names: readonly string[], driver: string) => ({
      peerlane: 1,
      systems: names.map((name) => ({ name, functions: functions.map((each) => ({ ...each, driver })) })),
    });
    const [old, now] = [
      file("old.json", systems(["a", "b"], "nvme")),
      file("new.json", systems(["b", "c"], "vfio-pci")),
    ];
    const { code, document } = json<Printed>(["diff", old, now]);
    expect(code).toBe(1);
    expect([document.systemsGone, document.systemsAdded]).toEqual([["a"], ["c"]]);
    expect(document.systems.map(({ system, facts }) => [system, facts.length])).toEqual([["b", 1]]);
    expect(peerlane(["diff", old, now]).out).toMatch(/system a is gone\nsystem c is new\n/);
    const one = [file("a.json", machine(functions, {}, "a")), file("z.json", machine(functions, {}, "z"))];
    expect(peerlane(["diff", ...one]).code).toBe(0);
  });

  test.each<[string, readonly string[], RegExp]>([
    ["no argument", ["diff"], /missing required argument 'old'/],
    ["-i", ["diff", OFF, ON, "-i", OFF], /diff takes its sources as arguments: leave -i out/],
    ["--new without NEW", ["diff", OFF, "--new", ON], /--new adds to the second machine, and none is given/],
    ["a file that is not there", ["diff", OFF, "nowhere.txt"], /nowhere\.txt: no such file or directory/],
    ["a file that is no machine", ["diff", OFF, "package.json"], /package\.json: /],
    ["--of nobody", ["diff", OFF, ON, "--of", "99:00.0"], /--of: .*99:00\.0/],
    [
      "--of a group of none",
      ["diff", OFF, ON, "--of", "gpu"],
      /--of gpu: no functions to compare: none of the 26 is one of gpu/,
    ],
  ])("refuses %s", (_, words, message) => {
    const { code, out, err } = peerlane(words);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
  });
});
