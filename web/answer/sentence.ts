import { CODES, type Code } from "../../src/explain/codes.js";
import { listed } from "../../src/topology/listed.js";
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
        why: `Requests go up to the host bridge, which takes them: slower than below a common bridge${hops}.`,
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
