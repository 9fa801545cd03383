import { CODES, type Code } from "../../src/explain/codes.js";
import { listed } from "../../src/topology/listed.js";
import type { FixDocument } from "../../src/writers/fix.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";

/** A verdict as a person says it. */
export interface Sentence {
  readonly kind: "good" | "doubtful" | "bad" | "unknown";
  /** A word or a few. */
  readonly word: string;
  /** Whole, with a full stop. */
  readonly why: string;
}

type Said = Pick<VerdictDocument, "verdict" | "route" | "code" | "common" | "distance" | "link">;

export function sentenceOf(said: Said): Sentence {
  const { verdict, route, code, common, distance, link } = said;
  const hops = distance === null || distance < 0 ? "" : `, ${distance} hops`;
  if (verdict === "no") return { kind: "bad", word: "No", why: `${codeText(code)}.` };
  if (verdict === "unknown") return { kind: "unknown", word: "Not known", why: `${codeText(code)}.` };
  switch (route) {
    case "bus-address":
      return {
        kind: "good",
        word: "Yes, directly",
        why: `Requests turn around${named(common)} and never reach the host${hops}.`,
      };
    case "through-host-bridge":
      return {
        kind: "doubtful",
        word: "Yes, through the host bridge",
        why: `Requests go up to the host bridge, which takes them${hops}. It is slower than below a common bridge.`,
      };
    case "side-link":
      return {
        kind: "good",
        word: `Yes, over ${link?.kind ?? "a side link"}`,
        why: "The link carries the requests, which never touch PCIe.",
      };
    case "local":
      return { kind: "good", word: "Yes", why: "It is its own memory." };
    case "unknown":
      return {
        kind: "doubtful",
        word: "Yes",
        why: "Allowed by every route that the source leaves open; by which one is not shown.",
      };
    default:
      return { kind: "good", word: "Yes", why: `By the route ${route}.` };
  }
}

function named(common: Said["common"]): string {
  return common === null || common === "unknown" ? "" : ` at ${common}`;
}

function codeText(code: string | null): string {
  const text = code !== null && Object.hasOwn(CODES, code) ? CODES[code as Code] : "the reason is not shown";
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Whether two ways come to the same, but for who is who. */
export function isAlike(one: VerdictDocument, other: VerdictDocument): boolean {
  return one.verdict === other.verdict && one.route === other.route && one.code === other.code;
}

/** What a plan turns, `With RR and CR off at 0000:22:00.0 and 0000:22:02.0`, and what comes of it. */
export function planSentence({ changes, ways }: Pick<FixDocument, "changes" | "ways">): string {
  const places = new Map<string, string[]>();
  for (const { bdf, clear, set } of changes) {
    const turned = [clear.length > 0 && `${spoken(clear)} off`, set.length > 0 && `${spoken(set)} on`];
    const bits = turned.filter((each) => each !== false).join(", ");
    places.set(bits, [...(places.get(bits) ?? []), bdf]);
  }
  const wanted = [...places].map(([bits, bdfs]) => `${bits} at ${spoken(bdfs)}`).join("; ");
  const isDirect = ways.every(({ then }) => then !== null && then.route === "bus-address");
  return `With ${wanted}, ${isDirect ? "it is direct, and never goes up to the host" : "something else is still in the way"}.`;
}

function spoken(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** What has to be shown, and where it is. */
export interface MissingGroup {
  readonly where: string;
  /** A phrase each; what many functions lack is one phrase. */
  readonly what: readonly string[];
}

/** Facts as documents have them, `the ACS control word of 0000:22:00.0 (lspci -vvv, as root)`, put together. */
export function missingGroups(texts: readonly string[]): readonly MissingGroup[] {
  const groups = new Map<string, Map<string, string[]>>();
  for (const text of texts) {
    const [, what = text, where = ""] = /^(.*) \(([^()]*(?:\([^()]*\)[^()]*)*)\)$/.exec(text) ?? [];
    const [, phrase = what, name] = /^(.*) ([0-9a-f]{4,8}:\S+)$/.exec(what) ?? [];
    const phrases = groups.get(where) ?? new Map<string, string[]>();
    groups.set(where, phrases);
    phrases.set(phrase, [...(phrases.get(phrase) ?? []), ...(name === undefined ? [] : [name])]);
  }
  return [...groups].map(([where, phrases]) => ({
    where,
    what: [...phrases].map(([phrase, names]) => (names.length === 0 ? phrase : `${phrase} ${listed(names, SHOWN)}`)),
  }));
}

const SHOWN = 8;
