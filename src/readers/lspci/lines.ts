/*
 * What lspci prints, as it arrives: pasted from terminals and mails, quoted, fenced, with prompts and prose between,
 * tabs turned into spaces, spaces into U+00A0, and long lines wrapped so that their rest begins in column 0.
 *
 *     $ lspci -vvv -xxxx                                                    break
 *     00:01.0 PCI bridge: Intel Corporation Xeon PCI Express                header
 *     Root Port 1 (rev 02) (prog-if 00 [Normal decode])                     └ wrapped
 *             Control: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV-             field
 *     ParErr- Stepping- SERR- FastB2B- DisINTx+                             └ wrapped
 *     00: 86 80 02 6f 07 05 10 00 02 00 04 06 10 00 81 00                   hex
 *
 *     -[0000:00]-+-00.0  Intel Corporation Xeon DMI2                        tree
 *                \-01.0-[01]----00.0  NVIDIA Corporation GP100
 */
export interface LspciLine {
  readonly kind: "header" | "field" | "hex" | "tree" | "blank" | "break";
  /** Without what surrounds it and, except in trees, without its indentation. */
  readonly text: string;
  /** From 1; of a wrapped line, its first. */
  readonly number: number;
}

/**
 * `41:00.0`, with a domain, or a path of bridges as `lspci -P` and `-PP` print it: `00:1c.3/08:00.0`, `00:1c.3/00.0`.
 */
const SLOT = /^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7](?:\/(?:[0-9a-f]{2}:)?[01][0-9a-f]\.[0-7])*/i;
const HEADER = new RegExp(`${SLOT.source} (?=[^\\s"-][^:]{0,80}:(?: |$))`, "i");
const HEX = /^[0-9a-f]{2,3}:(?: [0-9a-f]{2}){1,16}$/i;
const TREE = /^[ |]*(?:-\+?-?\[[0-9a-f:]+\]|[+\\]-(?:\[|[0-9a-f]{2}\.[0-7]))/i;
/** The first line of a drawing. */
const ROOT = /^\s*-\+?-?\[[0-9a-f:]+\]-/i;
/** A fence, a prompt with a command, or the bare command. (`Slot # 40` is none.) */
const COMMAND = /^(?:```|~~~|(?:\[[^\]]*\]|[\w@.:~/-]+)?\s?[$#%] [a-z./]|(?:sudo )?lspci(?: |$))/i;
/** What goes to standard error and lands between the lines. */
const NOISE = /^(?:lspci|pcilib|sudo|setpci): /;
/** Fields that are known even where the indentation was lost. */
const FIELD =
  /^(?:Subsystem|DeviceName|Physical Slot|Device tree node|Flags|Control|Status|Latency|Interrupt|NUMA node|IOMMU group|Region \d|Bus|(?:I\/O|Memory|Prefetchable memory) behind bridge|(?:I\/O|Memory) window \d|Secondary status|BridgeCtl|Capabilities|Kernel driver in use|Kernel modules|LnkCap|LnkSta|ACSCap|ACSCtl|IOVCtl):|^(?:Memory|I\/O ports|Expansion ROM) at |^!!! /;

/** A byte order mark, a colour, a blank of another kind, a quotation. */
const NEEDS_CLEANING = /^[\uFEFF>]|[\u001b\u00a0]/;

/** The last fields of a function. */
const LAST_FIELD = /^Kernel (?:driver in use|modules):/;

/** The lines of `text` that lspci printed, mended, and blank ones; what it did not print is a break. */
export function lspciLines(text: string): LspciLine[] {
  const lines: { kind: LspciLine["kind"]; text: string; number: number }[] = [];
  let continues = false;
  const raws = text.split(/\r?\n|\r/);
  // Without a line end, the last may have lost its own.
  const cut = raws.pop()!;
  for (const [index, raw] of raws.entries()) {
    // Most lines of most dumps, and with nothing to mend.
    if (HEX.test(raw)) {
      lines.push({ kind: "hex", text: raw, number: index + 1 });
      continues = false;
      continue;
    }
    const line = clean(raw);
    const trimmed = line.trim();
    if (NOISE.test(trimmed)) continue;
    const kind = trimmed === "" ? "blank" : classify(line, trimmed);
    const previous = lines.at(-1);
    if (kind === "prose" && continues && previous !== undefined) {
      previous.text += ` ${trimmed}`;
      continue;
    }
    continues = kind === "header" || kind === "field";
    lines.push({
      kind: kind === "prose" ? "break" : kind,
      text: kind === "tree" ? line.trimEnd() : trimmed,
      number: index + 1,
    });
  }
  const last = readCutLine(clean(cut), raws.length + 1);
  if (last !== null) lines.push(last);
  return lines;
}

/**
 * What a line tells of which the end may be missing; null: nothing. Headers, hexadecimal lines and drawings consist of
 * parts that are whole or unreadable. Of the last fields of a function the name tells that all others came before.
 */
function readCutLine(line: string, number: number): LspciLine | null {
  const trimmed = line.trim();
  const kind = trimmed === "" ? "prose" : classify(line, trimmed);
  if (kind === "prose") return null;
  if (kind !== "field") return { kind, text: kind === "tree" ? line.trimEnd() : trimmed, number };
  const name = LAST_FIELD.exec(trimmed);
  return name && { kind, text: name[0], number };
}

/** Whether a field of a function has no others behind it. */
export function isLastField(line: LspciLine | undefined): boolean {
  return line !== undefined && LAST_FIELD.test(line.text);
}

/** Splits a header line into the slot and what follows it. */
export function splitHeader(text: string): { slot: string; rest: string } {
  const slot = SLOT.exec(text)![0];
  return { slot, rest: text.slice(slot.length + 1) };
}

/** Whether lspci, and no other format that peerlane reads, printed `text`. */
export function looksLikeLspci(text: string): boolean {
  return text.split(/\r?\n|\r/).some((raw) => {
    const line = clean(raw);
    return HEADER.test(line.trim()) || ROOT.test(line);
  });
}

function clean(raw: string): string {
  if (!NEEDS_CLEANING.test(raw)) return raw;
  return raw
    .replace(/^\uFEFF/, "")
    .replace(/\u001b\[[0-9;]*[A-Za-z]/g, "")
    .replace(/\u00a0/g, " ")
    .replace(/^(?:> ?)+/, "");
}

function classify(line: string, trimmed: string): LspciLine["kind"] | "prose" {
  if (HEADER.test(trimmed)) return "header";
  if (HEX.test(trimmed)) return "hex";
  if (TREE.test(line)) return "tree";
  if (COMMAND.test(line)) return "break";
  return /^\s/.test(line) || FIELD.test(trimmed) ? "field" : "prose";
}
