import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
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
