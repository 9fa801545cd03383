/** A Linux release as far as rules depend on it. */
export interface Release {
  readonly major: number;
  readonly minor: number;
}

/**
 * Reads `6.12`, `v6.1.192`, `5.15.0-105-generic`, `7.3.4`. Returns null where the text does not begin with two numbers.
 */
export function parseRelease(text: string): Release | null {
  const match = /^v?(\d+)\.(\d+)(?![\d])/.exec(text.trim());
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]) };
}

/**
 * The same where it has to be one.
 *
 * @param example of what is expected, for the message.
 * @throws TypeError for what is no text; RangeError where it does not begin with two numbers.
 */
export function expectRelease(text: string, example = '"6.12"'): Release {
  const expected = `expected a Linux release such as ${example}`;
  if (typeof text !== "string") throw new TypeError(`${expected}, got ${String(text)}`);
  const release = parseRelease(text);
  if (release === null) throw new RangeError(`${expected}, got "${text}"`);
  return release;
}

/** `"6.12"` as a number that orders like releases. */
export function ordinal(release: Release): number {
  return release.major * 1000 + release.minor;
}

/** Whether a change has happened: certainly, certainly not, or perhaps. */
export type Certainty = "yes" | "no" | "maybe";

/**
 * Since when a rule holds. `"5.4"`: from that release on. `"~5.7"`: sources place it about there, so that at 5.7 it may
 * hold or not. `["6.16", "7.1"]`: absent before the first, present from the second, unknown in between.
 */
export type Since = string | readonly [firstPossible: string, certain: string];

export function holds(since: Since, release: Release): Certainty {
  const [first, certain] = bounds(since);
  const now = ordinal(release);
  return now >= certain ? "yes" : now >= first ? "maybe" : "no";
}

function bounds(since: Since): readonly [number, number] {
  if (typeof since !== "string") return [at(since[0]), at(since[1])];
  return since.startsWith("~") ? [at(since.slice(1)), at(since.slice(1)) + 1] : [at(since), at(since)];
}

function at(text: string): number {
  return ordinal(expectRelease(text));
}
