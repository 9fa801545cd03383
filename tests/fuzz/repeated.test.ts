import { describe, test } from "vitest";
import { Random } from "../../src/random.js";
import { TARGETS } from "./targets.js";

// Time grows with the length of an input, not with its square: pieces of seeds with something repeated in them, many
// times over, as a pattern that starts again at every place would take hours over.

const UNITS = [
  ...'\n \t>:0f[]()"\\-./|<a,=+&{%!\u0000\ufeff',
  ...["\r\n", ">\n", " \n", "\n\t", "x\n", "\tX\n", "0:", " : ", "00 ", "0-0\n", "[0,", '\\"', "/*", "--", "|  ", "+-"],
  ...["\u001b[0", "\u001b]", "<a", 'a="', "GPU0\t", "GPU0\tX ", "1.2.", "Linux ", "00:00.0 ", "00:00.0 A: B\n"],
  ...["/devices/pci0000:00/0000:00:00.0", "Capabilities: [40] ", "[0-9]"],
];
const LONG = process.env["PEERLANE_LONG"] === "1";
const LENGTH = LONG ? 1_000_000 : 100_000;
const ROUNDS = LONG ? 16 : 4;
const PIECE = 3000;

/** Where in a piece: at its start, its end, behind a line, anywhere. */
const PLACES: readonly ((text: string, random: Random) => number)[] = [
  () => 0,
  (text) => text.length,
  (text, random) => text.indexOf("\n", random.below(text.length + 1)) + 1,
  (text, random) => random.below(text.length + 1),
];

describe("of what repeats", () => {
  // What is linear takes a few seconds on any machine; what is not, hours.
  test.each(Object.keys(TARGETS))("%s makes an end", { timeout: LONG ? 3_600_000 : 120_000 }, async (name) => {
    const target = TARGETS[name]!;
    const seeds = await target.seeds();
    const random = new Random(7, 0);
    for (let round = 0; round < ROUNDS; round++) {
      for (const unit of UNITS) {
        const seed = seeds[random.below(seeds.length)]!;
        const text = Buffer.from(seed.subarray(0, PIECE)).toString("latin1");
        const at = PLACES[round % PLACES.length]!(text, random);
        const repeated = Buffer.from(unit.repeat(Math.ceil(LENGTH / unit.length)));
        const [before, after] = [text.slice(0, at), text.slice(at)].map((part) => Buffer.from(part, "latin1"));
        await target.run(Buffer.concat([before!, repeated, after!]));
      }
    }
  });
});
