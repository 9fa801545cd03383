import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

interface Row {
  readonly kernel: string;
  readonly size: number;
  readonly mix: string;
  readonly contender: string;
  readonly family: string;
  readonly ns: number;
  readonly min: number;
  readonly q1: number;
}

interface Report {
  readonly memory: readonly Record<
    "bytes" | "functions" | "perFunction" | "ranges" | "indexPerRange" | "recordPerRange",
    number
  >[];
  readonly firstCalls: readonly { readonly call: string; readonly first: number; readonly later: number }[];
}

const root = new URL("../../", import.meta.url);

/** Runs the benchmark as `npm run bench:quick` does. */
function run(args: readonly string[], environment: Record<string, string> = {}) {
  return spawnSync(process.execPath, ["bench/index.mjs", "--quick", ...args], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...environment },
  });
}

describe("the benchmark", () => {
  const directory = mkdtempSync(join(tmpdir(), "peerlane-bench-test-"));
  const [json, svg] = [join(directory, "report.json"), join(directory, "report.svg")];
  let output: ReturnType<typeof run>;
  let rows: readonly Row[];

  beforeAll(() => {
    output = run(["--sizes", "1e3", "--rounds", "1", "--json", json, "--plot", svg]);
    expect(output.stderr).not.toContain("Error");
    expect(output.status).toBe(0);
    rows = (JSON.parse(readFileSync(json, "utf8")) as { rows: readonly Row[] }).rows;
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it("times every kernel, and peerlane and plain JavaScript in each", () => {
    for (const kernel of ["commonUpstream", "owner", "map", "matrix", "build"]) {
      const families = new Set(rows.filter((row) => row.kernel === kernel).map(({ family }) => family));
      expect(families).toContain("ours");
      expect(families).toContain("js");
    }
    for (const { ns, min, q1 } of rows) expect(0 < min && min <= q1 && q1 <= ns).toBe(true);
  });

  it("times the five interval packages", () => {
    const names = new Set(rows.filter(({ family }) => family === "npm").map(({ contender }) => contender));
    expect(names.size).toBe(5);
  });

  it("puts every contender into the table and the plot", () => {
    const drawing = readFileSync(svg, "utf8");
    for (const { contender } of rows) {
      expect(output.stdout).toContain(`| ${contender} |`);
      expect(drawing).toContain(`>${contender.replace(/&/g, "&amp;")} `);
    }
    expect(drawing).not.toContain("NaN");
    expect(drawing.match(/<g[ >]/g)?.length).toBe(drawing.match(/<\/g>/g)?.length);
  });

  it("shows a report again, between the markers of a page and beside its plot", () => {
    const page = join(directory, "performance.md");
    const marked = ["bench summary", "bench tables"].map(
      (name) => `<!-- ${name}: begin -->\nSTALE\n<!-- ${name}: end -->`,
    );
    writeFileSync(page, `before\n\n${marked.join("\n\nin between\n\n")}\n\nafter\n`);
    const again = run(["--from", json, "--docs", directory]);
    expect(again.stderr).toBe("");
    expect(again.stdout).toBe(output.stdout);
    const text = readFileSync(page, "utf8");
    expect(text).toMatch(/^before\n[^]*\nin between\n[^]*\nafter\n$/);
    expect(text).not.toContain("STALE");
    for (const title of ["Ours against the best", "Memory", "The first call", "owner, clustered"]) {
      expect(text).toContain(`### ${title}`);
    }
    expect(readFileSync(join(directory, "performance.svg"), "utf8")).toBe(readFileSync(svg, "utf8"));
  });

  it("tells how much memory a function and a range take, and how slow the first call is", () => {
    const { memory, firstCalls } = JSON.parse(readFileSync(json, "utf8")) as Report;
    for (const { bytes, functions, perFunction, ranges, indexPerRange, recordPerRange } of memory) {
      expect(perFunction).toBeGreaterThan(20);
      expect(bytes).toBeGreaterThan(functions * perFunction + ranges * (indexPerRange + recordPerRange));
    }
    expect(memory).toHaveLength(1);
    expect(firstCalls.map(({ call }) => call)).toEqual(["commonMany", "ownerMany", "mapMany"]);
    for (const { first, later } of firstCalls) expect(first > 0 && later > 0).toBe(true);
  });

  it("does without a compiler", () => {
    const { status, stderr } = run(["--sizes", "1e3", "--rounds", "1", "--json", json], { CC: "no-such-compiler" });
    expect(status).toBe(0);
    expect(stderr).toContain("no native contenders");
    const { rows } = JSON.parse(readFileSync(json, "utf8")) as { rows: readonly Row[] };
    expect(rows.some(({ family }) => family === "native")).toBe(false);
    expect(rows.some(({ family }) => family === "ours")).toBe(true);
  });

  it("refuses options that it does not know, before it measures", () => {
    for (const wrong of [
      ["--kernels", "owners"],
      ["--sizes", "many"],
      ["--rounds", "0"],
    ]) {
      const { status, stderr } = run([...wrong, "--json", join(directory, "wrong.json")]);
      expect(status).not.toBe(0);
      expect(stderr).toContain("RangeError");
      expect(existsSync(join(directory, "wrong.json"))).toBe(false);
    }
  });
});

describe("the batch calls in a browser", () => {
  function measure(environment: Record<string, string> = {}) {
    return spawnSync(process.execPath, ["bench/chromium.mjs", "--sizes", "1e3"], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, ...environment },
    });
  }

  it.skipIf(!existsSync(process.env.CHROMIUM ?? "/usr/bin/chromium"))("answer there as they do in Node", () => {
    const { status, stdout } = measure();
    expect(status).toBe(0);
    expect(stdout).toContain("| call | size | Node | Chromium |");
    for (const call of ["commonMany, common alone", "ownerMany", "mapMany", "matrix", "Topology.fromColumns"]) {
      expect(stdout).toMatch(new RegExp(`^\\| \`${call}.*\\| [\\d.]+ \\| [\\d.]+ \\|$`, "m"));
    }
  });

  it("do without a browser", () => {
    const { status, stdout } = measure({ CHROMIUM: "/no/such/chromium" });
    expect(status).toBe(0);
    expect(stdout.trim().split("\n")).toEqual([expect.stringContaining("/no/such/chromium")]);
  });
});
