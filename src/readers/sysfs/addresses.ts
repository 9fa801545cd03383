import { formatHex, type Hex, toBigInt } from "../../topology/address.js";
import type {
  BarDescription,
  FunctionDescription,
  HostBridgeDescription,
  WindowDescription,
} from "../../topology/description.js";

/** The first BAR index of virtual functions' apertures: BAR i of the virtual functions lies in aperture 7 + i. */
const FIRST_APERTURE = 7;

/**
 * The same functions with the bus addresses that registers do not show, wherever a range around shows both sides: a
 * physical function's aperture for its virtual functions, then the windows of the bridges above and of the host bridge.
 */
export function withBusAddresses(
  functions: readonly FunctionDescription[],
  hostBridges: readonly HostBridgeDescription[],
  roots: ReadonlyMap<string, string>,
): FunctionDescription[] {
  const byName = new Map(functions.map((description) => [description.bdf, description]));
  const windowsOfRoot = new Map(hostBridges.map(({ root, windows }) => [root, windows ?? []]));

  function windowsAbove(description: FunctionDescription): WindowDescription[] {
    const windows: WindowDescription[] = [];
    let at: FunctionDescription | undefined = description;
    // A chain of parents from a symbolic link's path cannot loop, but one edge more than functions ends any.
    for (let left = functions.length; at !== undefined && left >= 0; left--) {
      if (typeof at.parent !== "string") {
        for (const window of windowsOfRoot.get(roots.get(at.bdf) ?? "") ?? []) windows.push(window);
        break;
      }
      at = byName.get(at.parent);
      for (const window of at?.windows ?? []) windows.push(window);
    }
    return windows;
  }

  return functions.map((description) => {
    const { bars, windows } = description;
    if (bars?.some(lacksBus) !== true && windows?.some(lacksBus) !== true) return description;
    const physical = byName.get(description.physicalFunction ?? "");
    const above = windowsAbove(description);
    return {
      ...description,
      ...(bars && { bars: bars.map((bar) => withBus(bar, inAperture(bar, physical), above, bar.type === "io")) }),
      ...(windows && { windows: windows.map((own) => withBus(own, undefined, above, own.kind === "io")) }),
    };
  });
}

interface Placed {
  readonly start?: Hex | null;
  readonly bus?: Hex | null;
}

function lacksBus({ start, bus }: Placed): boolean {
  return typeof start === "string" && bus === undefined;
}

function withBus<T extends Placed>(
  range: T,
  known: Hex | undefined,
  windows: readonly WindowDescription[],
  isIo: boolean,
): T {
  if (!lacksBus(range)) return range;
  const bus = known ?? inWindow(toBigInt(range.start!), windows, isIo);
  return bus === undefined ? range : { ...range, bus };
}

function inAperture(bar: BarDescription, physical: FunctionDescription | undefined): Hex | undefined {
  const aperture = physical?.bars?.find(({ index }) => index === FIRST_APERTURE + (bar.index ?? NaN));
  if (!lacksBus(bar) || typeof aperture?.start !== "string" || typeof aperture.bus !== "string") return undefined;
  return formatHex(toBigInt(bar.start!) - toBigInt(aperture.start) + toBigInt(aperture.bus));
}

function inWindow(start: bigint, windows: readonly WindowDescription[], isIo: boolean): Hex | undefined {
  for (const window of windows) {
    if (window.start === undefined || window.end === undefined || window.bus === undefined) continue;
    if ((window.kind === "io") !== isIo) continue;
    if (start < toBigInt(window.start) || start > toBigInt(window.end)) continue;
    return formatHex(start - toBigInt(window.start) + toBigInt(window.bus));
  }
  return undefined;
}
