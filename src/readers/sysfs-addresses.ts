import { formatHex, type Hex, toBigInt } from "../topology/address.js";
import type {
  BarDescription,
  FunctionDescription,
  HostBridgeDescription,
  WindowDescription,
} from "../topology/description.js";

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
        windows.push(...(windowsOfRoot.get(roots.get(at.bdf) ?? "") ?? []));
        break;
      }
      at = byName.get(at.parent);
      windows.push(...(at?.windows ?? []));
    }
    return windows;
  }

  return functions.map((description) => {
    const lacking = (bar: BarDescription) => typeof bar.start === "string" && bar.bus === undefined;
    if (description.bars?.some(lacking) !== true) return description;
    const physical = byName.get(description.physicalFunction ?? "");
    const windows = windowsAbove(description);
    const bars = description.bars.map((bar) => {
      if (!lacking(bar)) return bar;
      const bus = inAperture(bar, physical) ?? inWindow(bar, windows);
      return bus === undefined ? bar : { ...bar, bus };
    });
    return { ...description, bars };
  });
}

function inAperture(bar: BarDescription, physical: FunctionDescription | undefined): Hex | undefined {
  const aperture = physical?.bars?.find(({ index }) => index === FIRST_APERTURE + (bar.index ?? NaN));
  if (typeof aperture?.start !== "string" || typeof aperture.bus !== "string") return undefined;
  return formatHex(toBigInt(bar.start!) - toBigInt(aperture.start) + toBigInt(aperture.bus));
}

function inWindow(bar: BarDescription, windows: readonly WindowDescription[]): Hex | undefined {
  const start = toBigInt(bar.start!);
  const isIo = bar.type === "io";
  for (const window of windows) {
    if (window.start === undefined || window.end === undefined || window.bus === undefined) continue;
    if ((window.kind === "io") !== isIo) continue;
    if (start < toBigInt(window.start) || start > toBigInt(window.end)) continue;
    return formatHex(start - toBigInt(window.start) + toBigInt(window.bus));
  }
  return undefined;
}
