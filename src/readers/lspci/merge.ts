import { formatHex, toBigInt } from "../../topology/address.js";
import type { BarDescription, FunctionDescription, WindowDescription } from "../../topology/description.js";
import { mergeFunction } from "../../topology/merge/merge.js";
import type { Said, Settlement } from "../../topology/merge/settlement.js";

/** What one block of a paste says of a function, and the form it says it in. */
export interface Part extends Said<FunctionDescription> {
  readonly form: "text" | "registers" | "record" | "place";
}

/**
 * One function as the blocks of a paste show it: its text, its hexadecimal dump, its record, its place in drawings and paths. They
 * are settled as the sources of one machine are, after what the forms put differently has been made alike.
 */
export function mergeParts(settlement: Settlement, bdf: string, parts: readonly Part[]): FunctionDescription {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only.value;
  const indexed = withBarIndices(parts);
  const ofForm = (form: Part["form"]) => indexed.filter((part) => part.form === form);
  const registers = ofForm("registers");
  const known = registerWindows(settlement, bdf, registers);
  const texts = ofForm("text").map((part) => {
    const value = registers[0] === undefined ? part.value : inTermsOf(part.value, registers[0].value);
    const { windows } = value;
    return windows && known
      ? { ...part, value: { ...value, windows: addBusAddresses(windows, known) } }
      : { ...part, value };
  });
  // Text first: of the windows that registers hold, it tells which the kernel knows.
  const merged = mergeFunction(settlement, bdf, [...texts, ...registers, ...ofForm("record"), ...ofForm("place")]);
  const isBoth = [texts, registers].every((of) => of.some(({ value }) => value.bars !== undefined));
  return isBoth ? { ...merged, bars: withoutStale(merged.bars!, texts) } : merged;
}

/**
 * Text as `registers` would put it, where the two may differ in words alone: old versions print serial numbers from
 * the last byte, none prints every bit of the SR-IOV control word, and the kernel believes firmware that calls 64-bit
 * BARs 32-bit.
 */
function inTermsOf(text: FunctionDescription, registers: FunctionDescription): FunctionDescription {
  const isReversed = registers.serialNumber?.split("-").reverse().join("-") === text.serialNumber;
  const isSameControl = text.sriov && registers.sriov && ((text.sriov.control ^ registers.sriov.control) & 0x1f) === 0;
  return {
    ...text,
    ...(isReversed && registers.serialNumber !== undefined && { serialNumber: registers.serialNumber }),
    ...(isSameControl && { sriov: { ...text.sriov!, control: registers.sriov!.control } }),
    ...(text.bars && registers.bars && { bars: withRegisterTypes(text.bars, registers.bars) }),
  };
}

function withRegisterTypes(bars: Bars, registers: Bars): BarDescription[] {
  const isMemory = ({ type }: BarDescription) => type === "mem32" || type === "mem64";
  return bars.map((bar) => {
    const twin = registers.find(({ index }) => index !== undefined && index === bar.index);
    return twin && isMemory(bar) && isMemory(twin) ? { ...bar, type: twin.type! } : bar;
  });
}

function registerWindows(settlement: Settlement, bdf: string, registers: readonly Part[]): Windows | undefined {
  const said = registers.flatMap(({ source, value }) => (value.windows ? [{ source, value: value.windows }] : []));
  return settlement.agreed(`${bdf}: window registers`, said, [bdf]);
}

function withBarIndices(parts: readonly Part[]): Part[] {
  const isNameless = ({ index }: BarDescription) => index === undefined;
  const known = parts.find(({ value }) => value.bars?.some(({ index }) => index !== undefined && index < 6));
  return parts.map((part) => {
    const { bars } = part.value;
    if (known === undefined || !bars?.some(isNameless)) return part;
    return { ...part, value: { ...part.value, bars: withIndices(bars, known.value.bars!) } };
  });
}

type Bars = readonly BarDescription[];
type Windows = readonly WindowDescription[];

/**
 * `lspci -v` prints BARs in their order but without their index. One is recognised by its address, or, where the BARs
 * are as many and of the same types as those whose indices are known, by its place among them.
 */
function withIndices(bars: Bars, known: Bars): Bars {
  const nameless = bars.filter(({ index }) => index === undefined);
  const candidates = known.filter(({ index }) => index !== undefined && index < 6);
  const isAlike = nameless.length === candidates.length && nameless.every((bar, i) => bar.type === candidates[i]!.type);
  return bars.map((bar) => {
    if (bar.index !== undefined) return bar;
    const twin = isAlike
      ? candidates[nameless.indexOf(bar)]
      : candidates.find(
          (other) => other.type === bar.type && bar.start != null && (other.bus ?? other.start) === bar.start,
        );
    return twin === undefined ? bar : { index: twin.index!, ...bar };
  });
}

/**
 * A register that lspci does not mention in text holds an address that the kernel does not know: nothing is assigned.
 * (The apertures of virtual functions are printed from the registers, and without their place in either case.)
 */
function withoutStale(merged: Bars, texts: readonly Part[]): Bars {
  const mentioned = new Set(texts.flatMap(({ value }) => value.bars ?? []).map(({ index }) => index));
  const isPaired = (bar: BarDescription) => mentioned.has(bar.index) || bar.start !== undefined;
  const isOpen = merged.some(({ index }) => index === undefined);
  return merged.map((bar) => (isOpen || bar.index! > 6 || isPaired(bar) ? bar : { ...bar, start: null }));
}

/** Windows pair up by kind and order, as far as the two parts show as many of a kind and of the same size. */
function addBusAddresses(windows: Windows, registers: Windows): WindowDescription[] {
  const ofKind = (list: Windows, kind: string) => list.filter((window) => window.kind === kind);
  return windows.map((window) => {
    const [ours, theirs] = [ofKind(windows, window.kind), ofKind(registers, window.kind)];
    const twin = ours.length === theirs.length ? theirs[ours.indexOf(window)]! : {};
    return { ...window, ...busAddresses(window, twin) };
  });
}

/** The register rounds the end of a window up to its granule; what the kernel uses may end before that. */
function busAddresses(window: Addresses, register: Addresses): Pick<WindowDescription, "bus" | "busEnd"> {
  const { start, end } = window;
  const { bus, busEnd } = register;
  if (start === undefined || end === undefined || bus === undefined || busEnd === undefined) return {};
  const span = toBigInt(end) - toBigInt(start);
  const excess = toBigInt(busEnd) - toBigInt(bus) - span;
  return excess >= 0n && excess < 0x100000n ? { bus, busEnd: formatHex(toBigInt(bus) + span) } : {};
}

type Addresses = Omit<WindowDescription, "kind">;
