import { formatHex, toBigInt } from "../../topology/address.js";
import { parseBdf } from "../../topology/bdf.js";
import type { BarDescription, FunctionDescription, WindowDescription } from "../../topology/description.js";

/*
 * What lspci prints of a bridge window depends on its version: the registers (bus addresses) up to 3.6, the kernel's
 * view (CPU addresses) later, of which the non-prefetchable window shows the low 32 bits only:
 *
 *     kernel    600c000000000-600c07fefffff
 *     lspci          00000000-7fefffff        Memory behind bridge
 *     register       80000000-ffefffff
 *
 * It makes no difference where CPU and bus addresses are the same. Elsewhere the BARs below the bridge tell: they are
 * printed in full, and what lies in a window is displaced as the window is.
 */

/** Gives windows the CPU addresses that can be vouched for, and takes away those that cannot. */
export function placeWindows(functions: readonly FunctionDescription[]): FunctionDescription[] {
  const placed = functions.some(isDisplaced) ? placeDisplaced(functions) : functions;
  return placed.map((described) => changeWindows(described, withoutBusEnd));
}

function placeDisplaced(functions: readonly FunctionDescription[]): FunctionDescription[] {
  const bars = functions.flatMap(memoryBars);
  const isKernelView = functions.some(({ windows = [] }) => windows.some(({ start, bus }) => bus && start !== bus));
  let placed = functions.map((described) => {
    const inside = below(described, bars);
    return changeWindows(described, (window) => {
      const isPrinted = window.kind === "io" || (window.kind === "pref" && isKernelView);
      return isPrinted ? window : (placeByBus(window, inside) ?? placeByPrint(window, inside) ?? withoutPlace(window));
    });
  });
  // A bridge with nothing below it shares the displacement of the windows around it.
  for (let changed = true; changed;) {
    changed = false;
    const windows = placed.flatMap(placedWindows);
    placed = placed.map((described) =>
      changeWindows(described, (window) => {
        if (window.start !== undefined) return window;
        const found = placeByBus(window, [...above(described, windows), ...below(described, windows)]);
        changed ||= found !== undefined;
        return found ?? window;
      }),
    );
  }
  return placed;
}

/**
 * Whether a function has a memory BAR of which the CPU address is not the bus address, or does not fit its register.
 */
function isDisplaced({ bars = [] }: FunctionDescription): boolean {
  return bars.some(({ index = 0, type, start, bus }) => {
    // A ROM that is switched off need not hold the address that the kernel keeps for it.
    if (index > 5 || type === "io" || start == null) return false;
    return bus == null ? type === "mem32" && toBigInt(start) >> 32n !== 0n : bus !== start;
  });
}

/** A range of memory on the buses `first` to `last`: where the CPU sees it, and what it takes up on the bus. */
interface Place {
  readonly segment: number;
  readonly first: number;
  readonly last: number;
  readonly start: bigint;
  readonly bus?: { readonly start: bigint; readonly end: bigint };
  readonly type?: BarDescription["type"];
}

/** Of a BAR the first byte is enough: it does not straddle a window. */
function memoryBars({ bdf, bars = [] }: FunctionDescription): Place[] {
  const { segment, bus: first } = parseBdf(bdf)!;
  return bars.flatMap(({ type, start, bus }) => {
    if (type === "io" || type === "rom" || start == null) return [];
    const place = { segment, first, last: first, start: toBigInt(start), ...(type && { type }) };
    return bus == null ? [place] : [{ ...place, bus: { start: toBigInt(bus), end: toBigInt(bus) } }];
  });
}

function placedWindows({ bdf, bus: buses, windows = [] }: FunctionDescription): Place[] {
  if (buses === undefined) return [];
  const place = { segment: parseBdf(bdf)!.segment, first: buses.secondary, last: buses.subordinate };
  return windows.flatMap(({ kind, start, bus, busEnd }) => {
    if (kind === "io" || start === undefined || bus === undefined || busEnd === undefined) return [];
    return [{ ...place, start: toBigInt(start), bus: { start: toBigInt(bus), end: toBigInt(busEnd) } }];
  });
}

function below({ bdf, bus }: FunctionDescription, places: readonly Place[]): Place[] {
  const { segment } = parseBdf(bdf)!;
  return places.filter(
    (place) => bus && place.segment === segment && place.first >= bus.secondary && place.last <= bus.subordinate,
  );
}

function above({ bdf, bus }: FunctionDescription, places: readonly Place[]): Place[] {
  const { segment } = parseBdf(bdf)!;
  return places.filter(
    (place) => bus && place.segment === segment && place.first <= bus.secondary && place.last >= bus.subordinate,
  );
}

/** Places a window by what lies in it or around it on the bus, if all of that is displaced alike. */
function placeByBus(window: WindowDescription, places: readonly Place[]): WindowDescription | undefined {
  if (window.bus === undefined || window.busEnd === undefined) return undefined;
  const [start, end] = [toBigInt(window.bus), toBigInt(window.busEnd)];
  const offset = agreed(
    places.flatMap(({ start: cpu, bus }) => {
      const isNested = bus && ((start <= bus.start && bus.end <= end) || (bus.start <= start && end <= bus.end));
      return isNested ? [cpu - bus.start] : [];
    }),
  );
  return offset === undefined ? undefined : displaced(window, start + offset, end + offset);
}

/** Without registers: the prefetchable window by what lies in it, the other by what its low 32 bits agree with. */
function placeByPrint(window: WindowDescription, places: readonly Place[]): WindowDescription | undefined {
  if (window.bus !== undefined || window.start === undefined || window.end === undefined) return undefined;
  const [start, end] = [toBigInt(window.start), toBigInt(window.end)];
  if (window.kind === "pref") return places.some((bar) => start <= bar.start && bar.start <= end) ? window : undefined;
  const upper = agreed(
    places.flatMap((bar) => {
      const low = bar.start & 0xffffffffn;
      return bar.type === "mem32" && start <= low && low <= end ? [bar.start - low] : [];
    }),
  );
  return upper === undefined ? undefined : displaced(window, start + upper, end + upper);
}

function agreed(values: readonly bigint[]): bigint | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

function displaced(window: WindowDescription, start: bigint, end: bigint): WindowDescription {
  return { ...window, start: formatHex(start), end: formatHex(end) };
}

function withoutPlace({ start: _start, end: _end, ...window }: WindowDescription): WindowDescription {
  return window;
}

function withoutBusEnd(window: WindowDescription): WindowDescription {
  if (window.end === undefined) return window;
  const { busEnd: _busEnd, ...rest } = window;
  return rest;
}

function changeWindows(
  described: FunctionDescription,
  change: (window: WindowDescription) => WindowDescription,
): FunctionDescription {
  return described.windows === undefined ? described : { ...described, windows: described.windows.map(change) };
}
