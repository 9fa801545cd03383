import { formatBdf, formatBus } from "../../src/topology/bdf.js";
import { formatHex } from "../../src/topology/address.js";
import type {
  AcsDescription,
  BarDescription,
  FunctionDescription,
  HostBridgeDescription,
  MachineDescription,
  WindowDescription,
} from "../../src/topology/description.js";
import {
  ACS_ABSENT,
  FUNCTION_KINDS,
  NO_ROW,
  SRIOV_UNKNOWN,
  type Addresses,
  type FabricColumns,
} from "../../src/topology/fabric/columns.js";

/** Columns with all that {@link synthesize} fills, addresses of 64 bits. */
export type Fabric = Pick<FabricColumns, "systems" | "hostBridges"> & {
  readonly functions: Required<FabricColumns["functions"]>;
  readonly bars: Wide<Required<NonNullable<FabricColumns["bars"]>>>;
  readonly windows: Wide<NonNullable<FabricColumns["windows"]>>;
};
type Wide<Columns> = { readonly [K in keyof Columns]: Columns[K] extends Addresses ? Wider<Columns[K]> : Columns[K] };
type Wider<Column> = Addresses extends Column ? BigUint64Array : Column;

/** Row of the host bridge above each function. */
export function hostBridgesOf({ hostBridges, functions }: FabricColumns): Uint32Array {
  const above = new Uint32Array(functions.parent.length);
  functions.parent.forEach((parent, row) => {
    const bridges = hostBridges.bus.length;
    above[row] = parent < bridges ? parent : above[parent - bridges]!;
  });
  return above;
}

/** Names of all nodes: host bridges, then functions. */
export function namesOf(columns: FabricColumns): string[] {
  const { system, segment, bus } = columns.hostBridges;
  const bridges = Array.from(bus, (number, row) => `s${system[row]}/${formatBus(segment[row]!, number)}`);
  const above = hostBridgesOf(columns);
  const functions = Array.from(columns.functions.requesterId, (id, row) => {
    const place = { segment: segment[above[row]!]!, bus: id >> 8, device: (id >> 3) & 31, function: id & 7 };
    return `s${system[above[row]!]}/${formatBdf(place)}`;
  });
  return [...bridges, ...functions];
}

/** The same fabric as a document. */
export function describeFabric(columns: FabricColumns): MachineDescription {
  const { hostBridges, functions, bars } = columns as Fabric;
  const { windows } = columns;
  const above = hostBridgesOf(columns);
  const names = namesOf(columns).map((name) => name.slice(name.indexOf("/") + 1));
  const nodes = names.map(() => ({ bars: [] as BarDescription[], windows: [] as WindowDescription[], vfs: 0 }));
  const count = hostBridges.bus.length;
  bars.function.forEach((row, bar) => {
    nodes[count + row]!.bars.push({
      index: bars.index[bar]!,
      start: formatHex(bars.start[bar]!),
      bus: formatHex(bars.bus[bar]!),
      size: formatHex(bars.size[bar]!),
    });
  });
  windows?.node.forEach((node, row) => {
    const start = BigInt(windows.start[row]!);
    nodes[node]!.windows.push({
      kind: windows.prefetchable[row] === 1 ? "pref" : "mem",
      start: formatHex(start),
      end: formatHex(start + BigInt(windows.size[row]!) - 1n),
    });
  });
  for (const physical of functions.physicalFunction) if (physical !== NO_ROW) nodes[count + physical]!.vfs++;

  const described = Array.from(functions.parent, (parent, row): FunctionDescription => {
    const physical = functions.physicalFunction[row]!;
    const node = nodes[count + row]!;
    const control = functions.sriovControl[row]!;
    const buses = functions.buses[row]!;
    return {
      bdf: names[count + row]!,
      kind: FUNCTION_KINDS[functions.kind[row]!]!,
      class: functions.class[row]!.toString(16).padStart(6, "0"),
      vendor: (functions.identity[row]! >>> 16).toString(16),
      device: (functions.identity[row]! & 0xffff).toString(16),
      parent: parent < count ? null : names[parent]!,
      physicalFunction: physical === NO_ROW ? null : names[count + physical]!,
      ...(buses === 0 ? {} : { bus: { secondary: buses >> 8, subordinate: buses & 0xff } }),
      command: functions.command[row]!,
      bars: node.bars,
      ...(windows === undefined ? {} : { windows: node.windows }),
      ...acsOf(functions.acs[row]!),
      sriov:
        control === SRIOV_UNKNOWN
          ? null
          : { control, totalVfs: node.vfs, numVfs: node.vfs, firstOffset: 8, stride: 1, vfDevice: "0000" },
    };
  });
  const bridges = Array.from(hostBridges.bus, (_, row): HostBridgeDescription => ({
    root: names[row]!,
    windows: nodes[row]!.windows,
  }));
  return {
    peerlane: 1,
    systems: columns.systems.map((facts, system) => ({
      ...facts,
      hostBridges: bridges.filter((_, row) => hostBridges.system[row] === system),
      functions: described.filter((_, row) => hostBridges.system[above[row]!] === system),
    })),
  };
}

function acsOf(word: number): { acs?: AcsDescription | null } {
  if (word === 0) return {};
  return { acs: word === ACS_ABSENT ? null : { capability: word >>> 16, control: word & 0xffff } };
}
