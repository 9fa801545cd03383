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
 *
 *     00:01.0 "PCI bridge" "Intel Corporation" "Xeon PCI Express" -r02      quoted     (-m, -mm)
 *
 *     Slot:   00:01.0                                                       record     (-vm, -vmm)
 *     Class:  PCI bridge                                                    entry
 */
export interface LspciLine {
  readonly kind: "header" | "field" | "hex" | "tree" | "quoted" | "record" | "entry" | "blank" | "break";
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
/** `-m` and `-mm`. */
const QUOTED = new RegExp(`${SLOT.source} "(?:[^"\\\\]|\\\\.)*" "`, "i");
/** `-vm`, which calls it a device, and `-vmm`. */
const RECORD = new RegExp(`^(?:Slot|Device):\\s+${SLOT.source.slice(1)}$`, "i");
/** What stands below the first line of a record: names that later versions may add to. */
const ENTRY = /^[A-Za-z]+:(?:\s|$)/;
const HEX = /^[0-9a-f]{2,3}:(?: [0-9a-f]{2}){1,16}$/i;
const TREE = /^[ |\t]*(?:-\+?-?\[[0-9a-f:]+\]|[+\\]-(?:\[|[0-9a-f]{2}\.[0-7]))/i;
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
  let inRecord = false;
  const raws = text.split(/\r?\n|\r/);
  // Without a line end, the last may have lost its own.
  const cut = raws.pop()!;
  for (const [index, raw] of raws.entries()) {
    // Most lines of most dumps, and with nothing to mend.
    if (HEX.test(raw)) {
      lines.push({ kind: "hex", text: raw, number: index + 1 });
      continues = inRecord = false;
      continue;
    }
    const line = clean(raw);
    const trimmed = line.trim();
    if (NOISE.test(trimmed)) continue;
    const kind: LspciLine["kind"] | "prose" = trimmed === "" ? "blank" : classify(line, trimmed, inRecord);
    const previous = lines.at(-1);
    if (kind === "prose" && continues && previous !== undefined) {
      previous.text += ` ${trimmed}`;
      continue;
    }
    continues = WRAPPING.has(kind) || (kind === "tree" && mayGoOn(line));
    // Blank lines may be those of a paste that is double-spaced.
    inRecord = kind === "record" || (inRecord && (kind === "entry" || kind === "blank"));
    lines.push({
      kind: kind === "prose" ? "break" : kind,
      text: kind === "tree" ? line.trimEnd() : trimmed,
      number: index + 1,
    });
  }
  const last = readCutLine(clean(cut), raws.length + 1, inRecord);
  if (last !== null) lines.push(last);
  return lines;
}

/** Lines that go on in the next where a mail program broke them. */
const WRAPPING: ReadonlySet<string> = new Set(["header", "field", "quoted", "entry"]);

/** Mail programs break no line that is shorter. */
const SHORTEST_WRAPPED = 50;

/** Whether a line of a drawing, which prose may follow, is one that ends in a name which may lack its end. */
function mayGoOn(line: string): boolean {
  return line.length >= SHORTEST_WRAPPED && /\d {2}\S/.test(line) && !/\[[0-9a-f]{4}:[0-9a-f]{4}\]\s*$/i.test(line);
}

/**
 * What a line tells of which the end may be missing; null: nothing. Headers, hexadecimal lines and drawings consist of
 * parts that are whole or unreadable, and so do quoted ones. Of the last fields of a function the name tells that all others came before.
 */
function readCutLine(line: string, number: number, inRecord: boolean): LspciLine | null {
  const trimmed = line.trim();
  const kind = trimmed === "" ? "prose" : classify(line, trimmed, inRecord);
  if (kind === "prose" || kind === "entry") return null;
  if (kind !== "field") return { kind, text: kind === "tree" ? line.trimEnd() : trimmed, number };
  const name = LAST_FIELD.exec(trimmed);
  return name && { kind, text: name[0], number };
}

/** Whether a field of a function has no others behind it. */
export function isLastField(line: LspciLine | undefined): boolean {
  return line !== undefined && LAST_FIELD.test(line.text);
}

/** The slot that the first line of a record names. */
export function slotOfRecord(text: string): string {
  return text.slice(text.search(/\s/)).trim();
}

/** Splits a header line, or a quoted one, into the slot and what follows it. */
export function splitHeader(text: string): { slot: string; rest: string } {
  const slot = SLOT.exec(text)![0];
  return { slot, rest: text.slice(slot.length + 1) };
}

/** Whether lspci, and no other format that peerlane reads, printed `text`. */
export function looksLikeLspci(text: string): boolean {
  return text.split(/\r?\n|\r/).some((raw) => {
    const line = clean(raw);
    const trimmed = line.trim();
    return HEADER.test(trimmed) || ROOT.test(line) || QUOTED.test(trimmed) || RECORD.test(trimmed);
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

function classify(line: string, trimmed: string, inRecord: boolean): LspciLine["kind"] | "prose" {
  if (HEADER.test(trimmed)) return "header";
  if (QUOTED.test(trimmed)) return "quoted";
  if (RECORD.test(trimmed)) return "record";
  if (inRecord && ENTRY.test(trimmed)) return "entry";
  if (HEX.test(trimmed)) return "hex";
  if (TREE.test(line)) return "tree";
  if (COMMAND.test(line)) return "break";
  return /^\s/.test(line) || FIELD.test(trimmed) ? "field" : "prose";
}
