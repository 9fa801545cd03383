import { expect } from "vitest";
import { NO_ROW, type FabricColumns } from "../../src/topology/fabric/columns.js";
import { hostBridgesOf, namesOf, type Fabric } from "./describe.js";

interface Range {
  readonly start: bigint;
  readonly end: bigint;
  readonly what: string;
}

/** Every parent is a row that comes before, and a virtual function hangs where its physical function hangs. */
export function expectForest(columns: FabricColumns): void {
  const { hostBridges, functions } = columns as Fabric;
  const bridges = hostBridges.bus.length;
  const wrong: string[] = [];
  functions.parent.forEach((parent, row) => {
    if (parent >= bridges + row) wrong.push(`function ${row} below node ${parent}`);
    const physical = functions.physicalFunction[row]!;
    if (physical !== NO_ROW && (physical >= row || functions.parent[physical] !== parent)) {
      wrong.push(`virtual function ${row} of ${physical}`);
    }
  });
  expect(wrong).toEqual([]);
}

/** Names are unique; functions are on the bus behind their parent; buses of bridges nest and do not clash. */
export function expectBusNumbers(columns: FabricColumns): void {
  const { hostBridges, functions } = columns as Fabric;
  const names = namesOf(columns);
  expect(new Set(names).size).toBe(names.length);
  const bridges = hostBridges.bus.length;
  const above = hostBridgesOf(columns);
  const owner = new Map<string, number>();
  const wrong: string[] = [];
  functions.parent.forEach((parent, row) => {
    const name = names[bridges + row]!;
    const bus = functions.requesterId[row]! >> 8;
    const virtual = functions.physicalFunction[row] !== NO_ROW;
    const numbers = parent < bridges ? hostBridges.bus[parent]! * 0x101 : functions.buses[parent - bridges]!;
    const [secondary, subordinate] = [numbers >> 8, numbers & 0xff];
    if (bus !== secondary && !(virtual && bus > secondary && bus <= subordinate)) wrong.push(`${name} on bus ${bus}`);

    const [own, last] = [functions.buses[row]! >> 8, functions.buses[row]! & 0xff];
    if (own === 0) return;
    const within = own > bus && own <= last && (parent < bridges || (own > secondary && last <= subordinate));
    if (!within) wrong.push(`${name} has buses ${own} to ${last}, its parent ${secondary} to ${subordinate}`);
    const host = above[row]!;
    const key = `${hostBridges.system[host]} ${hostBridges.segment[host]} ${own}`;
    if (owner.has(key)) wrong.push(`${name} and ${names[bridges + owner.get(key)!]} have bus ${own}`);
    owner.set(key, row);
  });
  expect(wrong).toEqual([]);
}

/** BARs are aligned, and what is in one window is in it and apart; windows lie in windows of their kind. */
export function expectPlaces(columns: FabricColumns): void {
  const { hostBridges, functions, bars, windows } = columns as Fabric;
  const bridges = hostBridges.bus.length;
  const wrong: string[] = [];
  const windowsOf = new Map<number, (Range & { readonly prefetchable: number })[]>();
  const systems = new Map<number, Range[]>();
  windows.node.forEach((node, row) => {
    const range = rangeOf(windows.start[row]!, windows.size[row]!, `window of node ${node}`);
    if (range.start % MIB !== 0n || range.end % MIB !== 0n) wrong.push(`${range.what} is not of whole MiB`);
    push(windowsOf, node, { ...range, prefetchable: windows.prefetchable[row]! });
    if (node < bridges) push(systems, hostBridges.system[node]!, range);
  });

  const inside = new Map<number, Range[]>();
  for (const [node, own] of windowsOf) {
    if (node < bridges) continue;
    const parent = functions.parent[node - bridges]!;
    for (const range of own) {
      const holders = windowsOf.get(parent)?.filter(({ prefetchable }) => prefetchable === range.prefetchable);
      if (holders?.some((holder) => holds(holder, range)) !== true) wrong.push(`${range.what} is in none of ${parent}`);
      push(inside, parent, range);
    }
  }
  const apertures = new Map<string, Range>();
  const virtual = new Map<string, Range[]>();
  bars.function.forEach((row, bar) => {
    const index = bars.index[bar]!;
    const range = rangeOf(bars.start[bar]!, bars.size[bar]!, `BAR ${index} of function ${row}`);
    const physical = functions.physicalFunction[row]!;
    if (index < 6 && range.start % (range.end - range.start) !== 0n) wrong.push(`${range.what} is not aligned`);
    if (index > 6) apertures.set(`${row} ${index - 7}`, range);
    if (physical !== NO_ROW) {
      const aperture = apertures.get(`${physical} ${index}`);
      if (aperture === undefined || !holds(aperture, range)) wrong.push(`${range.what} is outside its aperture`);
      push(virtual, `${physical} ${index}`, range);
      return;
    }
    const parent = functions.parent[row]!;
    const holders = windowsOf.get(parent) ?? [];
    if (!holders.some((holder) => holds(holder, range))) wrong.push(`${range.what} is in no window of ${parent}`);
    push(inside, parent, range);
  });
  for (const ranges of [...systems.values(), ...inside.values(), ...virtual.values()]) wrong.push(...overlaps(ranges));
  expect(wrong).toEqual([]);
}

const MIB = 1n << 20n;

/** Which neighbours of a list overlap. */
export function overlaps(ranges: Range[]): string[] {
  ranges.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  return ranges.flatMap((range, index) => {
    const before = ranges[index - 1];
    return before !== undefined && before.end > range.start ? [`${before.what} overlaps ${range.what}`] : [];
  });
}

function rangeOf(start: bigint | number, size: bigint | number, what: string): Range {
  return { start: BigInt(start), end: BigInt(start) + BigInt(size), what };
}

function holds(outer: Range, inner: Range): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
