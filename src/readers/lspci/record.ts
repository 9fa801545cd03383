import type { FunctionDescription } from "../../topology/description.js";
import { defined } from "../config-space.js";
import type { LspciLine } from "./lines.js";
import { classCodeOf } from "./names.js";

/*
 * What lspci prints for programs. They differ in form, and in whether they say names (none), numbers (-n) or both (-nn):
 *
 *     lspci -mm       01:00.0 "VGA compatible controller" "NVIDIA Corporation" "GH100 \"H100\"" -ra1 -p00 "" ""
 *     lspci -n -mm    01:00.0 "0300" "10de" "2330" -ra1 -p00 "10de" "16c1"
 *
 *     lspci -k -nn -vmm    Slot:       01:00.0
 *                          Class:      VGA compatible controller [0300]
 *                          Vendor:     NVIDIA Corporation [10de]
 *                          Device:     Device [2bb1]
 *                          NUMANode:   0
 *
 * Neither says what a function hangs below. What is left out may be zero, absent or not known.
 */
export interface RecordReading {
  readonly function: FunctionDescription;
  /** The registers read all ones. */
  readonly unreadable: boolean;
  /** Whether what every record has is missing at its end. */
  readonly isCut: boolean;
  readonly malformed: readonly { readonly message: string; readonly line?: number }[];
}

/** The entries of a record by the names that `-vmm` gives them. */
type Entries = ReadonlyMap<string, { readonly text: string; readonly line?: number }>;

/** One of `"…"`, in which quotes and backslashes have a backslash in front, `-rxx` and `-pxx`. */
const QUOTED_PART = /\s*(?:"((?:[^"\\]|\\.)*)"|-r([0-9a-f]{2})|-p([0-9a-f]{2}))(?=\s|$)/iy;

const QUOTED_NAMES = ["Class", "Vendor", "Device", "SVendor", "SDevice"];

/** Reads what follows the slot in a line of `lspci -m` or `-mm`. */
export function readQuoted(bdf: string, text: string): RecordReading {
  const entries = new Map<string, { text: string }>();
  const names = [...QUOTED_NAMES];
  let end = 0;
  for (;;) {
    QUOTED_PART.lastIndex = end;
    const part: RegExpExecArray | null = QUOTED_PART.exec(text);
    if (part === null) break;
    const [, quoted, revision, progInterface] = part;
    const name = revision !== undefined ? "Rev" : progInterface !== undefined ? "ProgIf" : names.shift();
    if (name === undefined) break;
    entries.set(name, { text: quoted?.replace(/\\(.)/g, "$1") ?? revision ?? progInterface! });
    end = QUOTED_PART.lastIndex;
  }
  const left = text.slice(end).trim();
  const reading = describe(bdf, entries);
  if (left === "") return { ...reading, isCut: names.length > 0 };
  // A quotation without its end is what is left where a text was cut.
  if (/^(?:-[rp]?[0-9a-f]?|"(?:[^"\\]|\\.)*\\?)$/i.test(left)) return { ...reading, isCut: true };
  const message = `expected "class" "vendor" "device" -rxx -pxx "subsystem vendor" "subsystem", got ${left.slice(0, 80)}`;
  return { ...reading, malformed: [...reading.malformed, { message }] };
}

/** Reads the lines below the slot of a record of `lspci -vm` or `-vmm`. */
export function readRecord(bdf: string, lines: readonly LspciLine[]): RecordReading {
  const entries = new Map<string, { text: string; line: number }>();
  for (const { text, number } of lines) {
    const colon = text.indexOf(":");
    const name = text.slice(0, colon);
    // Of several modules that fit, and nothing else, there are several lines.
    if (!entries.has(name)) entries.set(name, { text: text.slice(colon + 1).trim(), line: number });
  }
  return describe(bdf, entries);
}

function describe(bdf: string, entries: Entries): RecordReading {
  const malformed: { message: string; line?: number }[] = [];
  const text = (name: string) => entries.get(name)?.text;
  const matching = (name: string, pattern: RegExp, expected: string): string | undefined => {
    const entry = entries.get(name);
    if (entry === undefined || pattern.test(entry.text)) return entry?.text.toLowerCase();
    const { line } = entry;
    malformed.push({
      message: `${name}: expected ${expected}, got "${entry.text.slice(0, 80)}"`,
      ...(line !== undefined && { line }),
    });
    return undefined;
  };
  const number = (name: string): number | undefined => {
    const digits = matching(name, /^[0-9]{1,9}$/, "a number");
    return digits === undefined ? undefined : Number(digits);
  };
  const style = styleOf(text("Class"), text("Vendor"));
  const part = (name: string) => {
    const sound = style === "numbers" ? matching(name, HEX_WORD, "four hexadecimal digits") : text(name);
    return nameAndId(sound, style);
  };
  const [vendor, device, subsystemVendor, subsystemDevice] = ["Vendor", "Device", "SVendor", "SDevice"].map(part);
  const unreadable = vendor!.id === "ffff";
  const revision = matching("Rev", HEX_BYTE, "two hexadecimal digits");
  const progInterface = matching("ProgIf", HEX_BYTE, "two hexadecimal digits");
  const classCode = classCodeOf(text("Class") ?? "");
  // The kernel may remember the class of what does not answer.
  const known = unreadable
    ? { class: classCode?.startsWith("ffff") ? undefined : classCode }
    : {
        class: classCode && classCode + (progInterface ?? ""),
        vendor: vendor!.id,
        device: device!.id,
        subsystemVendor: subsystemVendor!.id,
        subsystemDevice: subsystemDevice!.id,
        revision,
        label: labelOf(vendor!.name, device!.name),
      };
  const described = defined<FunctionDescription>({
    bdf,
    ...known,
    slot: text("PhySlot") || undefined,
    driver: text("Driver") || undefined,
    numaNode: number("NUMANode"),
    iommuGroup: number("IOMMUGroup"),
  });
  return { function: described, unreadable, isCut: !entries.has("Device"), malformed };
}

/** As text has it; lspci may know neither, and then prints numbers alone. */
function labelOf(vendor: string | undefined, device: string | undefined): string | undefined {
  if (vendor === undefined || device === undefined || PATTERNS.names.test(vendor)) return undefined;
  return `${vendor} ${device}`;
}

/** Empty: none. */
const HEX_WORD = /^(?:[0-9a-f]{4})?$/i;
const HEX_BYTE = /^[0-9a-f]{2}$/i;

type Style = "names" | "numbers" | "both";

/** Class and vendor together tell: some classes have their number in any case, and some devices are named by one. */
function styleOf(classText: string | undefined, vendor: string | undefined): Style {
  const both = [classText ?? "", vendor ?? ""];
  if (both.every((text) => /^[0-9a-f]{4}$/i.test(text))) return "numbers";
  return both.every((text) => / \[[0-9a-f]{4}\]$/i.test(text)) ? "both" : "names";
}

/** `NVIDIA Corporation`, `10de` or `NVIDIA Corporation [10de]`; `Device 2bb1` where lspci knows no name. */
function nameAndId(text: string | undefined, style: Style): { readonly name?: string; readonly id?: string } {
  if (text === undefined || text === "") return {};
  const digits = PATTERNS[style].exec(text);
  const id = digits === null ? {} : { id: digits[1]!.toLowerCase() };
  if (style === "numbers") return id;
  return { name: style === "both" ? text.replace(/ \[[0-9a-f]{4}\]$/i, "") : text, ...id };
}

const PATTERNS: Readonly<Record<Style, RegExp>> = {
  names: /^(?:Unknown )?(?:vendor|device) ([0-9a-f]{4})$/i,
  numbers: /^([0-9a-f]{4})$/i,
  both: / \[([0-9a-f]{4})\]$/i,
};
