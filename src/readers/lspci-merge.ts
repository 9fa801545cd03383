import { formatHex, toBigInt } from "../topology/address.js";
import type { BarDescription, FunctionDescription, RegisterWord, WindowDescription } from "../topology/description.js";
import { defined } from "./config-space.js";

/**
 * One function as two parts of a paste show it: what `first` says holds, and `second` adds what `first` leaves open.
 */
export function mergeFunctions(first: FunctionDescription, second: FunctionDescription): FunctionDescription {
  return defined<FunctionDescription>({
    ...second,
    ...first,
    class: longerClass(first.class, second.class),
    command: knownBits(first.command, second.command),
    bars: first.bars && second.bars ? mergeBars(first.bars, second.bars) : (first.bars ?? second.bars),
  });
}

/**
 * The text of a function and its hexadecimal dump. Registers hold every bit, so they win; but the text tells which
 * windows the kernel knows, and where it sees them.
 */
export function mergeTextAndRegisters(text: FunctionDescription, registers: FunctionDescription): FunctionDescription {
  const merged = mergeFunctions(registers, text);
  return defined<FunctionDescription>({
    ...merged,
    bars: text.bars && registers.bars ? withoutStale(merged.bars!, text.bars) : merged.bars,
    windows:
      text.windows && registers.windows
        ? addBusAddresses(text.windows, registers.windows)
        : (text.windows ?? registers.windows),
  });
}

/** Names of the fields about which the two parts contradict each other. */
export function disagreements(first: FunctionDescription, second: FunctionDescription): string[] {
  const differ = (a: unknown, b: unknown) => a !== undefined && b !== undefined && a !== b;
  // lspci prints the low seven bits of the ACS words only.
  const control = ({ acs }: FunctionDescription) => acs && acs.control & 0x7f;
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["vendor", first.vendor, second.vendor],
    ["device", first.device, second.device],
    ["class", first.class?.slice(0, 4), second.class?.slice(0, 4)],
    ["kind", first.kind, second.kind],
    ["parent", first.parent, second.parent],
    ["secondary bus", first.bus?.secondary, second.bus?.secondary],
    ["subordinate bus", first.bus?.subordinate, second.bus?.subordinate],
    ["ACS control", control(first), control(second)],
  ];
  return pairs.flatMap(([name, a, b]) => (differ(a, b) ? [name] : []));
}

function longerClass(first: string | undefined, second: string | undefined): string | undefined {
  return first === undefined || second?.startsWith(first) ? second : first;
}

function knownBits(first: RegisterWord | undefined, second: RegisterWord | undefined): RegisterWord | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  if (typeof first === "number") return first;
  if (typeof second === "number") return second;
  return { value: first.value | (second.value & ~first.mask), mask: first.mask | second.mask };
}

type Bars = readonly BarDescription[];

function mergeBars(first: Bars, second: Bars): Bars {
  const ours = withIndices(first, second);
  const theirs = withIndices(second, first);
  const merged = ours.map((bar) => ({
    ...theirs.find(({ index }) => index !== undefined && index === bar.index),
    ...bar,
  }));
  const known = new Set(ours.map(({ index }) => index));
  return [...merged, ...theirs.filter(({ index }) => !known.has(index))].sort(
    (a, b) => (a.index ?? 0) - (b.index ?? 0),
  );
}

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
function withoutStale(merged: Bars, text: Bars): Bars {
  const isPaired = (bar: BarDescription) => text.some(({ index }) => index === bar.index) || bar.start !== undefined;
  const isOpen = merged.some(({ index }) => index === undefined);
  return merged.map((bar) => (isOpen || bar.index! > 6 || isPaired(bar) ? bar : { ...bar, start: null }));
}

/** Windows pair up by kind and order, as far as the two parts show as many of a kind and of the same size. */
function addBusAddresses(
  windows: readonly WindowDescription[],
  registers: readonly WindowDescription[],
): WindowDescription[] {
  const ofKind = (list: readonly WindowDescription[], kind: string) => list.filter((window) => window.kind === kind);
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
