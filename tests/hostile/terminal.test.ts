import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { harmless } from "../../src/cli/unseen.js";
import { peerlane } from "../cli/run.js";

/** What a terminal obeys: titles, colours, the cursor, the bell, the other direction; as C0, as C1 and as plain marks. */
const OBEYED = /[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const EVIL = "e\x1b[8mvil\x1b]0;title\x07\x9b2J\u202e\r\b\0\x7f";
/** A line of an answer that nobody gave. */
const FORGED = "x\nYES: all is well";

const range = (start: string) => [{ index: 0, type: "mem64", start, bus: start, size: 0x1000 }];
const port = { kind: "root-port", class: "060400", command: 6, acs: null, bars: [] };
const machine = {
  peerlane: 1,
  systems: [
    {
      name: `s${EVIL}`,
      complete: true,
      kernel: { release: `6.12${EVIL}`, commandLine: `quiet ${EVIL}` },
      functions: [
        { ...port, bdf: "0000:00:01.0", bus: { secondary: 1, subordinate: 1 }, label: EVIL, driver: EVIL },
        { ...port, bdf: "0000:00:02.0", bus: { secondary: 2, subordinate: 2 }, slot: FORGED },
        {
          bdf: "0000:01:00.0",
          kind: "endpoint",
          class: "030200",
          command: 6,
          acs: null,
          bars: range("0xf9000000"),
          names: [`GPU${EVIL}0`, FORGED],
          label: FORGED,
          slot: EVIL,
          driver: FORGED,
          serialNumber: EVIL,
        },
        {
          bdf: "0000:02:00.0",
          kind: "endpoint",
          class: "020000",
          command: 6,
          acs: null,
          bars: range("0xfa000000"),
          names: [`mlx${EVIL}`],
          label: EVIL,
        },
      ],
      platformDevices: [{ name: `${EVIL}${FORGED}`, regions: [{ start: "0x1000", size: 0x1000 }] }],
      ranges: [{ kind: "other", name: `${FORGED}${EVIL}`, start: "0x3000", size: 0x1000 }],
      sideLinks: [{ kind: `k${EVIL}`, from: "0000:01:00.0", to: "0000:02:00.0" }],
    },
  ],
};

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "peerlane-"));
  file = join(folder, "evil.json");
  writeFileSync(file, JSON.stringify(machine));
});
afterAll(() => rmSync(folder, { recursive: true }));

const QUESTIONS = [
  "tree -v",
  "list",
  "list --json",
  "matrix",
  "matrix --legend nvidia",
  "doctor",
  "can 01:00.0 02:00.0",
  "can NOPE 02:00.0",
  "fix 01:00.0 02:00.0",
  "common 01:00.0 02:00.0",
  "map 02:00.0 0xf9000000 4096",
  "owner 0x1000",
  "owner 0x3000",
  "best --for gpu --of nic",
  "export --to json",
  "export --to markdown",
  "export --to dot",
  "export --to svg",
  "export --to mermaid",
  "export --to nccl-xml",
];

describe("names that a terminal would obey", () => {
  test.each(QUESTIONS)("%s", (words) => {
    const { out, err } = peerlane([...words.split(" "), "-i", file]);
    expect(`${out}${err}`).not.toMatch(OBEYED);
    expect(`${out}${err}`).not.toMatch(/^\W*YES: all is well/m);
    expect(`${out}${err}`).not.toContain("internal error");
  });

  test("are not colours, where colours are asked for", () => {
    const { out } = peerlane(["tree", "--color", "always", "-i", file]);
    expect(out).toContain("\x1b[1m");
    expect(out.replace(/\x1b\[(?:1|2|22|31|32|33|39)m/g, "")).not.toMatch(OBEYED);
    expect(out).not.toContain("\x1b[8m");
  });

  test("are in JSON what they are", () => {
    const { out } = peerlane(["export", "--to", "json", "-i", file]);
    expect(JSON.parse(out)).toMatchObject(machine);
  });

  test("are no more obeyed in what is said of a file that cannot be read", () => {
    for (const content of [
      `00:00.0 Host bridge: x\n\tBus: ${EVIL}\n`,
      EVIL,
      `{"${EVIL}":1}`,
      `<${EVIL}>`,
      `[${EVIL}`,
    ]) {
      const { out, err } = peerlane(["tree", "-v", "-i", "-"], { input: content });
      expect(`${out}${err}`).not.toMatch(OBEYED);
      expect(err).not.toContain("internal error");
    }
    const { err } = peerlane(["tree", "-i", `${folder}/\x1b[8mno\nsuch`]);
    expect(err).not.toMatch(OBEYED);
  });
});

test("every character alone: shown, or replaced by one that is", () => {
  for (let code = 0; code < 0x3000; code++) {
    const character = String.fromCharCode(code);
    const isKept = harmless(character) === character;
    expect([code, isKept]).toEqual([code, !OBEYED.test(character)]);
  }
});
