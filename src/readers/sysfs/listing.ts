import { canonicalBdf, compareBdf, parseBdf } from "../../topology/bdf.js";
import type { FunctionDescription } from "../../topology/description.js";
import type { Finding, FindingCode } from "../../topology/finding.js";
import { Settlement } from "../../topology/merge/settlement.js";
import { checkFunctions, checkLines } from "../bounds.js";
import { defined } from "../config-space.js";
import { ReadError, type Reading } from "../reading.js";
import { placeOf } from "./devices.js";
import { CHILD_DIRECTORIES } from "./names.js";

/*
 * `ls -l /sys/bus/pci/devices`, and whatever else prints the paths of devices:
 *
 *     total 0
 *     lrwxrwxrwx 1 root root 0 Jul 12 10:00 0000:01:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0
 *                                                                            └ root bus └ bridge     └ function
 *     /sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0                      readlink -f, find
 *     /sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0         a root bus of a segment of its own (VMD)
 *     … eth0 -> ../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0  ls -l /sys/class/net
 */

/** From a root bus on. */
const PATH = /\/(pci[0-9a-f]{4,8}:[0-9a-f]{2}\/[^\s"'`,;()]*)/gi;
const FUNCTION_PATH = /\/pci[0-9a-f]{4,8}:[0-9a-f]{2}\/[0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]/i;
/** How `ls -l` begins. */
const TOTAL = /^[\s>]*total \d/;

/** Whether paths of PCI functions stand in `text`. */
export function looksLikeListing(text: string): boolean {
  return FUNCTION_PATH.test(text);
}

/**
 * Reads paths of PCI functions, as `ls -l /sys/bus/pci/devices`, `readlink -f` and `find` print them, wherever they stand
 * in `text`: what hangs below what, root buses, and names of network interfaces, disks and the like where paths end in one.
 *
 * @param source its name, for findings and messages.
 * @throws ReadError where there is no such path.
 */
export function readListing(text: string, source: string): Reading {
  checkLines(text, source);
  const listing = new Listing(source);
  const lines = text.split(/\r?\n|\r/);
  lines.forEach((line, index) => listing.add(line, index + 1, index === lines.length - 1));
  return listing.reading();
}

class Listing {
  readonly #findings: Finding[] = [];
  /** By function: what paths say it hangs below, each with the first line that does. */
  readonly #parents = new Map<string, Map<string | null | undefined, number>>();
  readonly #names = new Map<string, Set<string>>();
  readonly #roots = new Set<string>();
  /** Functions that have a link of their own. */
  readonly #listed = new Set<string>();
  #isBelowTotal = false;
  #beginsList = false;

  constructor(private readonly source: string) {}

  /** @param isLast whether no line end follows: the line may have lost more than that. */
  add(line: string, number: number, isLast: boolean): void {
    const link = linkIn(line);
    const own = link === undefined ? null : canonicalBdf(link);
    for (const [, path] of line.matchAll(PATH)) {
      const steps = path!.split("/").filter((step) => step !== "");
      const last = this.#follow(steps, number);
      if (own !== null && last !== own) this.#strayed(own, last, number, isLast);
      else if (isLast && link === undefined && canonicalBdf(steps.at(-1)!) === null) this.#cut([], number);
      else if (last !== null && (!isLast || link === steps.at(-1))) this.#name(last, steps);
    }
    if (own !== null) this.#listed.add(own);
    if (own !== null && this.#isBelowTotal) this.#beginsList = true;
    this.#isBelowTotal = TOTAL.test(line);
  }

  reading(): Reading {
    if (this.#parents.size === 0) {
      throw new ReadError(
        "no path of a PCI function found: expected lines as `ls -l /sys/bus/pci/devices` prints them, such as " +
          "`0000:01:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0`",
        this.source,
      );
    }
    const functions = [...this.#parents.keys()]
      .map((bdf) => this.#describe(bdf))
      .sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
    const isWhole =
      this.#beginsList && this.#findings.length === 0 && functions.every(({ bdf }) => this.#listed.has(bdf));
    const hostBridges = [...this.#roots].sort().map((root) => ({ root }));
    const system = { functions, ...(isWhole && { complete: "likely" as const }), hostBridges };
    return { system, findings: this.#findings };
  }

  /** Notes every function that a path leads through; the last of them. */
  #follow(steps: readonly string[], number: number): string | null {
    let last: string | null = null;
    steps.forEach((step, index) => {
      const bdf = canonicalBdf(step);
      if (bdf === null) return;
      const { parent, root } = placeOf(steps.slice(Math.max(0, index - 1), index));
      last = bdf;
      if (root !== undefined && root !== bdf.slice(0, bdf.lastIndexOf(":"))) {
        this.#note(bdf, undefined, number);
        this.#find(
          "MALFORMED_LINE",
          `the path puts ${bdf} on root bus ${root}, which its name is not on`,
          [bdf],
          number,
        );
        return;
      }
      if (root !== undefined) this.#roots.add(root);
      this.#note(bdf, parent, number);
    });
    return last;
  }

  #note(bdf: string, parent: string | null | undefined, number: number): void {
    const known = this.#parents.get(bdf);
    if (known === undefined) {
      checkFunctions(this.#parents.size, this.source, number);
      this.#parents.set(bdf, new Map([[parent, number]]));
    } else if (!known.has(parent)) known.set(parent, number);
  }

  /** The last name of a path, where it is one that a driver gave. */
  #name(bdf: string, steps: readonly string[]): void {
    const [kind, name] = steps.slice(-2);
    if (!CHILD_DIRECTORIES.includes(kind!)) return;
    const names = this.#names.get(bdf);
    if (names === undefined) this.#names.set(bdf, new Set([name!]));
    else names.add(name!);
  }

  #strayed(own: string, last: string | null, number: number, isLast: boolean): void {
    this.#note(own, undefined, number);
    if (isLast) this.#cut([own], number);
    else
      this.#find(
        "MALFORMED_LINE",
        `the link ${own} leads to ${last ?? "no function"}: give the line whole`,
        [own],
        number,
      );
  }

  #cut(functions: readonly string[], number: number): void {
    this.#find("CUT_SHORT", "the text ends before the path does, and what would follow is unknown", functions, number);
  }

  #describe(bdf: string): FunctionDescription {
    const said = [...this.#parents.get(bdf)!].filter(([parent]) => parent !== undefined);
    const settlement = new Settlement();
    const parent = settlement.agreed(
      `${bdf}: parent`,
      said.map(([value, line]) => ({ source: `line ${line}`, value })),
      [bdf],
    );
    for (const { code, message } of settlement.findings) this.#find(code, message, [bdf], said.at(-1)![1]);
    const names = this.#names.get(bdf);
    return defined<FunctionDescription>({ bdf, parent, names: names && [...names] });
  }

  #find(code: FindingCode, message: string, functions: readonly string[], line: number): void {
    this.#findings.push({ code, message, functions, source: this.source, line });
  }
}

/** The name of the link that `ls -l` prints; `-F` puts an @ behind it, and some versions quotation marks around it. */
function linkIn(line: string): string | undefined {
  const end = line.indexOf(" -> ");
  if (end < 0) return undefined;
  return line.slice(line.lastIndexOf(" ", end - 1) + 1, end).replace(/^['"]|['"]?@?$/g, "");
}
