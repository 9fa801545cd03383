import { compareBdf, formatBdf, formatBus, parseBdf } from "../topology/bdf.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Finding, FindingCode } from "../topology/finding.js";
import { decodeConfigSpace } from "./config-space.js";
import { readHexDump } from "./lspci-hex.js";
import { looksLikeLspci, lspciLines, splitHeader, type LspciLine } from "./lspci-lines.js";
import { disagreements, mergeFunctions, mergeTextAndRegisters } from "./lspci-merge.js";
import { readTextBlock } from "./lspci-text.js";
import { readTree } from "./lspci-tree.js";
import { linkVirtualFunctions } from "./lspci-virtual.js";
import { placeWindows } from "./lspci-windows.js";
import { ReadError, type Reading } from "./reading.js";

export { looksLikeLspci };

/**
 * Reads what lspci printed, at any verbosity and in every form but `-m`: text, hexadecimal dumps, tree drawings, and
 * any mixture of them. Blocks that name the same function are taken together.
 */
export function readLspci(text: string, source: string): Reading {
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
  const system = { functions, ...(looksComplete(functions) && { complete: true }) };
  return { system, findings: paste.findings };
}

/** A header line and what stands below it, or a tree drawing. */
type Block =
  | { readonly kind: "function"; readonly header: LspciLine; readonly fields: LspciLine[]; readonly hex: LspciLine[] }
  | { readonly kind: "tree"; readonly lines: LspciLine[] }
  | { readonly kind: "orphans"; readonly first: LspciLine };

function splitBlocks(lines: readonly LspciLine[]): Block[] {
  const blocks: Block[] = [];
  let current: Block | null = null;
  for (const line of lines) {
    if (line.kind === "break") {
      current = null;
    } else if (line.kind === "header") {
      current = { kind: "function", header: line, fields: [], hex: [] };
      blocks.push(current);
    } else if (line.kind === "tree") {
      if (current?.kind !== "tree") blocks.push((current = { kind: "tree", lines: [] }));
      current.lines.push(line);
    } else if (current?.kind === "function") {
      current[line.kind === "hex" ? "hex" : "fields"].push(line);
    } else if (line.kind === "hex" && current?.kind !== "orphans") {
      blocks.push((current = { kind: "orphans", first: line }));
    }
  }
  return blocks;
}

/** What the blocks of one paste say of one function, by the form they say it in. */
interface Parts {
  text?: FunctionDescription;
  registers?: FunctionDescription;
  tree?: FunctionDescription;
}

class Paste {
  readonly findings: Finding[] = [];
  private readonly parts = new Map<string, Parts>();
  /** What paths (`lspci -P`) say of the bridge above a function; null: none. */
  private readonly parents = new Map<string, string | null>();

  constructor(private readonly source: string) {}

  add(block: Block): void {
    if (block.kind === "tree") this.addTree(block.lines);
    else if (block.kind === "function") this.addFunction(block.header, block.fields, block.hex);
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
    const merged = [...this.parts].map(([bdf, parts]) => this.mergeParts(bdf, parts));
    merged.sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
    return placeWindows(linkVirtualFunctions(merged));
  }

  private addTree(lines: readonly LspciLine[]): void {
    const { functions, strays } = readTree(lines);
    for (const described of functions) this.merge("tree", described, lines[0]!.number);
    if (strays.length > 0) {
      const message = `${strays.length} lines of the tree drawing branch from nothing above them`;
      this.find("MALFORMED_LINE", message, [], strays[0]!.number);
    }
  }

  private addFunction(header: LspciLine, fields: readonly LspciLine[], hex: readonly LspciLine[]): void {
    const { slot, rest } = splitHeader(header.text);
    const bdf = this.resolve(slot, header.number);
    if (bdf === null) return;

    const text = readTextBlock(bdf, rest, fields);
    this.merge("text", text.function, header.number);
    if (text.unreadable) this.find("UNREADABLE_FUNCTION", `${bdf}: lspci could not read it`, [bdf], header.number);
    for (const line of text.malformed) {
      this.find("MALFORMED_LINE", `${bdf}: cannot make sense of "${line.text.slice(0, 80)}"`, [bdf], line.number);
    }
    if (text.brokenChain !== undefined) {
      const message = `${bdf}: lspci could not follow the capabilities: "${text.brokenChain.text}"`;
      this.find("CAPABILITY_CHAIN", message, [bdf], text.brokenChain.number);
    }
    if (hex.length > 0) this.addHexDump(bdf, hex);
  }

  private addHexDump(bdf: string, hex: readonly LspciLine[]): void {
    const { bytes, gap } = readHexDump(hex);
    if (gap !== undefined) this.find("MALFORMED_LINE", `${bdf}: ${gap.message}`, [bdf], gap.line);
    const decoded = decodeConfigSpace(bdf, bytes, "part");
    this.merge("registers", decoded.function, hex[0]!.number);
    for (const { code, message, functions } of decoded.findings) this.find(code, message, functions, hex[0]!.number);
  }

  /**
   * The name of the function at `slot`. A path goes from the root bus down, and below its first bridge `lspci -P`
   * leaves out the bus, which is then the secondary bus of the bridge before.
   */
  private resolve(slot: string, line: number): string | null {
    const [first, ...steps] = slot.split("/");
    let bdf = formatBdf(parseBdf(first!)!);
    if (steps.length > 0) this.parents.set(bdf, null);
    for (const step of steps) {
      const above = bdf;
      const { segment } = parseBdf(above)!;
      const bus = step.includes(":") ? parseInt(step, 16) : this.secondaryBus(above);
      if (bus === undefined) {
        const message = `${slot}: the bus of ${step} is not shown; lspci -PP prints it`;
        this.find("MALFORMED_LINE", message, [above], line);
        return null;
      }
      bdf = formatBdf(parseBdf(`${formatBus(segment, bus)}:${step.slice(step.indexOf(":") + 1)}`)!);
      if (!this.parts.has(above)) this.parts.set(above, {});
      this.parents.set(bdf, above);
    }
    return bdf;
  }

  private secondaryBus(bdf: string): number | undefined {
    const { registers, text } = this.parts.get(bdf) ?? {};
    return (registers?.bus ?? text?.bus)?.secondary;
  }

  private merge(form: keyof Parts, described: FunctionDescription, line: number): void {
    const parts = this.parts.get(described.bdf) ?? {};
    const earlier = parts[form];
    if (earlier !== undefined) this.compare(earlier, described, line);
    this.parts.set(described.bdf, {
      ...parts,
      [form]: earlier === undefined ? described : mergeFunctions(earlier, described),
    });
  }

  private mergeParts(bdf: string, { text, registers, tree }: Parts): FunctionDescription {
    let merged: FunctionDescription = { bdf };
    if (this.parents.has(bdf)) merged = { ...merged, parent: this.parents.get(bdf)! };
    if (tree !== undefined) merged = this.mergeCompared(merged, tree);
    if (text !== undefined) merged = this.mergeCompared(text, merged);
    if (registers !== undefined) {
      this.compare(registers, merged);
      merged = mergeTextAndRegisters(merged, registers);
    }
    return merged;
  }

  private mergeCompared(first: FunctionDescription, second: FunctionDescription): FunctionDescription {
    this.compare(first, second);
    return mergeFunctions(first, second);
  }

  private compare(first: FunctionDescription, second: FunctionDescription, line?: number): void {
    const fields = disagreements(first, second);
    if (fields.length === 0) return;
    const { bdf } = second;
    const message = `${bdf}: two parts of the paste contradict each other about ${fields.join(", ")}`;
    this.find("SOURCES_DISAGREE", message, [bdf], line);
  }

  private find(code: FindingCode, message: string, functions: readonly string[], line?: number): void {
    this.findings.push({ code, message, functions, source: this.source, ...(line !== undefined && { line }) });
  }
}

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
