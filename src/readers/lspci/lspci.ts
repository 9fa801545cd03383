import { compareBdf, formatBdf, formatBus, parseBdf } from "../../topology/bdf.js";
import type { FunctionDescription } from "../../topology/description.js";
import type { Finding, FindingCode } from "../../topology/finding.js";
import { Settlement } from "../../topology/merge/settlement.js";
import { checkFunctions, checkLines } from "../bounds.js";
import { decodeConfigSpace } from "../config-space.js";
import { readHexDump } from "./hex.js";
import { isLastField, looksLikeLspci, lspciLines, slotOfRecord, splitHeader, type LspciLine } from "./lines.js";
import { mergeParts, type Part } from "./merge.js";
import { readQuoted, readRecord } from "./record.js";
import { seamOf } from "./seam.js";
import { readTextBlock } from "./text.js";
import { readTree } from "./tree.js";
import { linkVirtualFunctions } from "./virtual.js";
import { placeWindows } from "./windows.js";
import { ReadError, type Reading } from "../reading.js";

export { looksLikeLspci };

/**
 * Reads what lspci printed, at any verbosity and in every form: text, hexadecimal dumps, tree drawings, quoted lines (`-mm`),
 * records (`-vmm`), and any mixture of them. Blocks that name the same function are taken together.
 *
 * @param source its name, for findings and messages.
 * @throws ReadError where no line is lspci's, or there are more than any machine has.
 */
export function readLspci(text: string, source: string): Reading {
  checkLines(text, source);
  const paste = new Paste(source);
  for (const block of splitBlocks(lspciLines(text))) paste.add(block);
  const functions = paste.functions();
  if (functions.length === 0) {
    throw new ReadError(
      "no PCI function found: expected lines such as `01:00.0 VGA compatible controller: …`. " +
        "Where the output was filtered (`lspci -vvv | grep ACSCtl`), give the whole of it",
      source,
    );
  }
  const isWhole = !paste.isCut && looksComplete(functions);
  const system = { functions, ...(isWhole && { complete: "likely" as const }) };
  return { system, findings: paste.findings };
}

/** A header line and what stands below it. */
interface FunctionBlock {
  readonly kind: "function";
  readonly header: LspciLine;
  readonly fields: LspciLine[];
  readonly hex: LspciLine[];
  /** The first field behind the dump, which is the last of a function. */
  behind: LspciLine | null;
  /** Whether the text ends here, without a sign that the function does too. */
  isOpen: boolean;
}

/** A function for machines to read: its slot with entries below it, or all of it in one quoted line. */
interface RecordBlock {
  readonly kind: "record";
  readonly first: LspciLine;
  readonly entries: LspciLine[];
  readonly hex: LspciLine[];
}

type Block =
  | FunctionBlock
  | { readonly kind: "tree"; readonly lines: LspciLine[] }
  | RecordBlock
  | { readonly kind: "orphans"; readonly first: LspciLine };

function splitBlocks(lines: readonly LspciLine[]): Block[] {
  const blocks: Block[] = [];
  let current: Block | null = null;
  for (const line of lines) {
    if (line.kind === "break") {
      current = null;
    } else if (line.kind === "header") {
      current = { kind: "function", header: line, fields: [], hex: [], behind: null, isOpen: false };
      blocks.push(current);
    } else if (line.kind === "tree") {
      if (current?.kind !== "tree") blocks.push((current = { kind: "tree", lines: [] }));
      current.lines.push(line);
    } else if (line.kind === "record" || line.kind === "quoted") {
      blocks.push((current = { kind: "record", first: line, entries: [], hex: [] }));
    } else if (current?.kind === "record" && (line.kind === "entry" || line.kind === "hex")) {
      current[line.kind === "hex" ? "hex" : "entries"].push(line);
    } else if (current?.kind === "function") {
      if (line.kind === "blank") continue;
      if (line.kind === "field" && current.hex.length > 0) current.behind ??= line;
      current[line.kind === "hex" ? "hex" : "fields"].push(line);
    } else if (line.kind === "hex" && current?.kind !== "orphans") {
      blocks.push((current = { kind: "orphans", first: line }));
    }
  }
  if (current?.kind === "function") current.isOpen = !endsBlank(current, lines);
  return blocks;
}

/** Whether more blank lines stand behind the last block than anywhere in it: a paste may be double-spaced. */
function endsBlank({ header }: FunctionBlock, lines: readonly LspciLine[]): boolean {
  let at = lines.length;
  while (lines[at - 1]!.kind === "blank") at--;
  const behind = lines.length - at;
  // The header is no blank line, so that this ends there at the latest.
  for (let run = 0; lines[at - 1] !== header; at--) {
    run = lines[at - 1]!.kind === "blank" ? run + 1 : 0;
    if (run >= behind) return false;
  }
  return behind > 0;
}

/** How many bytes `-x`, `-x` of a CardBus bridge, `-xxx` and `-xxxx` print. */
const DUMP_SIZES: ReadonlySet<number> = new Set([64, 128, 256, 4096]);

/** A part of a function, and where it begins. */
type PlacedPart = Part & { readonly line: number };

class Paste {
  readonly findings: Finding[] = [];
  /** Whether the text ends in the middle of a function. */
  isCut = false;
  private readonly parts = new Map<string, PlacedPart[]>();
  /** Whether any function's text shows a capability beyond the first 256 bytes of configuration space. */
  private showsExtended = false;
  /** What texts say of PCI Express functions, which alone have more than 256 bytes. */
  private readonly express = new Set<FunctionDescription>();

  constructor(private readonly source: string) {}

  add(block: Block): void {
    if (block.kind === "tree") this.addTree(block.lines);
    else if (block.kind === "function") this.addFunction(block);
    else if (block.kind === "record") this.addRecord(block);
    else
      this.find(
        "MALFORMED_LINE",
        "a hex dump without the line that names its function above it",
        [],
        block.first.number,
      );
  }

  /** All functions by segment, bus, device, function. */
  functions(): FunctionDescription[] {
    const merged = [...this.parts].map(([bdf, parts]) =>
      this.settle(
        bdf,
        parts.map((part) => this.asFarAsShown(part)),
      ),
    );
    merged.sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
    return placeWindows(linkVirtualFunctions(merged));
  }

  /**
   * A text of which no function shows an extended capability was made where lspci had no access to those, such as of a
   * dump of 256 bytes: that one is missing proves nothing then.
   */
  private asFarAsShown(part: PlacedPart): PlacedPart {
    if (this.showsExtended || !this.express.has(part.value)) return part;
    const { acs, sriov, ...value } = part.value;
    return { ...part, value: { ...value, ...(acs ? { acs } : {}), ...(sriov ? { sriov } : {}) } };
  }

  private addTree(lines: readonly LspciLine[]): void {
    const { functions, strays } = readTree(lines, this.source);
    for (const described of functions) this.note("place", described, lines[0]!.number);
    if (strays.length > 0) {
      const message = `${strays.length} lines of the tree drawing branch from nothing above them`;
      this.find("MALFORMED_LINE", message, [], strays[0]!.number);
    }
  }

  private addFunction({ header, fields, hex, behind, isOpen }: FunctionBlock): void {
    const { slot, rest } = splitHeader(header.text);
    const bdf = this.resolve(slot, header.number);
    if (bdf === null) return;
    const seam = seamOf(fields) ?? behind;
    if (seam != null) {
      // Which lines are whose, nobody knows: the first of the other function may be above the seam.
      this.isCut = true;
      this.note("text", readTextBlock(bdf, rest, [], false).function, header.number);
      const message =
        `${bdf}: "${seam.text.slice(0, 80)}" is another function's: the line that names that one is missing, and nothing ` +
        "between is taken for either's";
      this.find("MALFORMED_LINE", message, [bdf], seam.number);
      return;
    }

    // A hexadecimal dump comes behind the text.
    const text = readTextBlock(bdf, rest, fields, !isOpen || hex.length > 0 || isLastField(fields.at(-1)));
    this.note("text", text.function, header.number);
    this.showsExtended ||= text.showsExtended;
    if (text.isExpress) this.express.add(text.function);
    if (text.unreadable) this.find("UNREADABLE_FUNCTION", `${bdf}: lspci could not read it`, [bdf], header.number);
    for (const line of text.malformed) {
      this.find("MALFORMED_LINE", `${bdf}: cannot make sense of "${line.text.slice(0, 80)}"`, [bdf], line.number);
    }
    if (text.brokenChain !== undefined) {
      const message = `${bdf}: lspci could not follow the capabilities: "${text.brokenChain.text}"`;
      this.find("CAPABILITY_CHAIN", message, [bdf], text.brokenChain.number);
    }
    const length = hex.length > 0 ? this.addHexDump(bdf, hex) : undefined;
    if (text.isCut || (isOpen && length !== undefined && !DUMP_SIZES.has(length))) {
      this.isCut = true;
      const message =
        `${bdf}: the text ends before the function does, and what it does not show of it is unknown. ` +
        "Give all that lspci prints, with the blank line at its end";
      this.find("CUT_SHORT", message, [bdf], header.number);
    }
  }

  private addRecord({ first, entries, hex }: RecordBlock): void {
    const isQuoted = first.kind === "quoted";
    const { slot, rest } = isQuoted ? splitHeader(first.text) : { slot: slotOfRecord(first.text), rest: "" };
    const bdf = this.resolve(slot, first.number);
    if (bdf === null) return;
    const record = isQuoted ? readQuoted(bdf, rest) : readRecord(bdf, entries);
    this.note("record", record.function, first.number);
    if (record.unreadable) this.find("UNREADABLE_FUNCTION", `${bdf}: lspci could not read it`, [bdf], first.number);
    for (const { message, line = first.number } of record.malformed) {
      this.find("MALFORMED_LINE", `${bdf}: ${message}`, [bdf], line);
    }
    if (record.isCut) {
      this.isCut = true;
      const message = `${bdf}: the text ends before the function does, and what it does not show of it is unknown`;
      this.find("CUT_SHORT", message, [bdf], first.number);
    }
    if (hex.length > 0) this.addHexDump(bdf, hex);
  }

  /** How many bytes it holds. */
  private addHexDump(bdf: string, hex: readonly LspciLine[]): number {
    const { bytes, gap } = readHexDump(hex);
    if (gap !== undefined) this.find("MALFORMED_LINE", `${bdf}: ${gap.message}`, [bdf], gap.line);
    const decoded = decodeConfigSpace(bdf, bytes, "part");
    this.note("registers", decoded.function, hex[0]!.number);
    for (const { code, message, functions } of decoded.findings) this.find(code, message, functions, hex[0]!.number);
    return bytes.length;
  }

  /**
   * The name of the function at `slot`. A path goes from the root bus down, and below its first bridge `lspci -P`
   * leaves out the bus, which is then the secondary bus of the bridge before.
   */
  private resolve(slot: string, line: number): string | null {
    const [first, ...steps] = slot.split("/");
    let bdf = formatBdf(parseBdf(first!)!);
    if (steps.length > 0) this.note("place", { bdf, parent: null }, line);
    for (const step of steps) {
      const above = bdf;
      const { segment } = parseBdf(above)!;
      const bus = step.includes(":") ? parseInt(step, 16) : this.secondaryBus(above);
      if (bus === undefined) {
        const message = `${slot.slice(0, SHOWN_SLOT)}: the bus of ${step} is not shown; lspci -PP prints it`;
        this.find("MALFORMED_LINE", message, [above], line);
        return null;
      }
      bdf = formatBdf(parseBdf(`${formatBus(segment, bus)}:${step.slice(step.indexOf(":") + 1)}`)!);
      this.note("place", { bdf, parent: above }, line);
    }
    return bdf;
  }

  private secondaryBus(bdf: string): number | undefined {
    return this.parts.get(bdf)?.find(({ value }) => value.bus !== undefined)?.value.bus?.secondary;
  }

  private note(form: Part["form"], value: FunctionDescription, line: number): void {
    const part = { form, value, source: `line ${line}`, line };
    const others = this.parts.get(value.bdf);
    if (others !== undefined) {
      others.push(part);
      return;
    }
    checkFunctions(this.parts.size, this.source, line);
    this.parts.set(value.bdf, [part]);
  }

  private settle(bdf: string, parts: readonly PlacedPart[]): FunctionDescription {
    const settlement = new Settlement();
    const settled = mergeParts(settlement, bdf, parts);
    const line = parts.at(-1)!.line;
    for (const { code, message, functions } of settlement.findings) this.find(code, message, functions, line);
    return settled;
  }

  private find(code: FindingCode, message: string, functions: readonly string[], line?: number): void {
    this.findings.push({ code, message, functions, source: this.source, ...(line !== undefined && { line }) });
  }
}

/** Of a path of bridges that somebody made long. */
const SHOWN_SLOT = 80;

/** Kinds that stand on a root bus only. */
const ROOT_KINDS: ReadonlySet<string> = new Set([
  "root-port",
  "rc-integrated-endpoint",
  "rc-event-collector",
  "host-bridge-function",
]);

/**
 * Whether this looks like all functions of a machine: it begins where enumeration does, and nothing is without what
 * it hangs below. A selection (`lspci -s`) fails one or the other.
 */
function looksComplete(functions: readonly FunctionDescription[]): boolean {
  const first = parseBdf(functions[0]!.bdf)!;
  if (first.bus !== 0 || first.device !== 0 || first.function !== 0) return false;
  const busOf = (bdf: string) => bdf.slice(0, bdf.lastIndexOf(":"));
  const explained = new Set<string>();
  for (const { bdf, bus, kind, parent } of functions) {
    if (bus !== undefined) explained.add(formatBus(parseBdf(bdf)!.segment, bus.secondary));
    if (parseBdf(bdf)!.bus === 0 || parent === null || (kind && ROOT_KINDS.has(kind))) explained.add(busOf(bdf));
  }
  return functions.every(
    ({ bdf, physicalFunction, parent }) => explained.has(busOf(bdf)) || physicalFunction != null || parent != null,
  );
}
