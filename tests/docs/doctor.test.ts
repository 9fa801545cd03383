import { describe, expect, test } from "vitest";
import { DIAGNOSES } from "../../src/doctor/index.js";
import { CHECKS } from "../../src/doctor/checks/index.js";
import { gpuServer, REDIRECTS, DESKTOP } from "../doctor/machines.js";
import { blocks, page, run, table } from "./pages.js";

const PAGE = page("docs/doctor.md");

describe("the page of the doctor", () => {
  test("lists every id with its severity and meaning, and each is looked for by one check", () => {
    const rows = Object.entries(DIAGNOSES).map(([id, { severity, meaning }]) => [id, severity, meaning]);
    expect(table(PAGE, "id", "at worst")).toEqual(rows);
    expect(CHECKS.flatMap(({ ids }) => ids).sort()).toEqual(Object.keys(DIAGNOSES).sort());
  });

  test("its program finds what its comment says", async () => {
    const machine = { peerlane: 1, systems: [{ ...DESKTOP, functions: gpuServer(REDIRECTS) }] };
    const code = `const machine = ${JSON.stringify(machine)};\n${blocks(PAGE, "ts")[0]!}`.replace(
      "console.log(",
      "void (",
    );
    expect(await run(code, "{ outcome, ids: examination.diagnoses.map(({ id }) => id) }")).toEqual({
      outcome: "findings",
      ids: ["ACS_REDIRECTS"],
    });
  });
});
