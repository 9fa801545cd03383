import type {
  BarDescription,
  FunctionDescription,
  MachineDescription,
  WindowDescription,
} from "../../src/topology/description.js";
import {
  ACS_ABSENT,
  COMMAND_UNKNOWN,
  FUNCTION_KINDS,
  NO_ROW,
  SRIOV_UNKNOWN,
  type FabricColumns,
} from "../../src/topology/fabric/columns.js";
import { EXPORTS } from "../../src/core.js";
import { parseBdf } from "../../src/topology/bdf.js";
import { knownBits } from "../../src/topology/register.js";
import { Topology } from "../../src/topology/topology.js";

/** What columns can hold of a machine, as a description: every place stated, nothing but memory BARs that have one. */
export function reduced(machine: MachineDescription): MachineDescription {
  const topology = Topology.of(machine);
  const several = machine.systems.length > 1;
  const parents = new Set<number | string | null>(Array.from(topology.functions(), (id) => topology.parent(id)));
  return {
    peerlane: 1,
    systems: machine.systems.map((system, ordinal) => {
      const prefix = several ? `${system.name}/` : "";
      const placed = topology.roots.filter(({ root }) => root.system === ordinal);
      const { functions, hostBridges, sideLinks: _, hostAttachments: __, ...facts } = system;
      return {
        ...facts,
        functions: functions.map((each) => {
          const parent = topology.parent(prefix + each.bdf);
          const above = typeof parent === "number" ? topology.describe(parent) : null;
          return reduceFunction(each, above?.bdf ?? null, parents.has(topology.id(prefix + each.bdf)));
        }),
        hostBridges: placed.map(({ root }) => ({
          root: root.bus,
          windows: windowsOf(hostBridges?.find((each) => each.root === root.bus)?.windows),
        })),
      };
    }),
  };
}

function reduceFunction(each: FunctionDescription, parent: string | null, isParent: boolean): FunctionDescription {
  const { bdf, kind, class: code, vendor, device, bus, command, acs, physicalFunction, sriov, dmaMaskBits } = each;
  const bridge = isParent || bus !== undefined || /port$|(?:pci|pcie|cardbus)-bridge$/.test(kind ?? "");
  return {
    bdf,
    parent,
    ...(kind === undefined ? {} : { kind }),
    ...(code?.length === 6 ? { class: code } : {}),
    ...(vendor === undefined || device === undefined ? {} : { vendor, device }),
    ...(bus === undefined ? {} : { bus: { secondary: bus.secondary, subordinate: bus.subordinate } }),
    ...(typeof command === "number" ? { command } : {}),
    ...(acs === undefined ? {} : { acs: acs && { capability: acs.capability, control: acs.control } }),
    physicalFunction: physicalFunction ?? null,
    ...(sriov ? { sriov } : {}),
    ...(dmaMaskBits === undefined ? {} : { dmaMaskBits }),
    bars: (each.bars ?? []).filter(isHeld).map(({ index, start, bus, size, exported }) => {
      return { index: index!, start: start!, size: size!, ...(bus ? { bus } : {}), ...(exported ? { exported } : {}) };
    }),
    // Where windows are shown at all, a bridge without a row has none.
    ...(bridge ? { windows: windowsOf(each.windows) } : {}),
  };
}

function isHeld({ index, type, start, size }: BarDescription): boolean {
  if (type === "io" || type === "rom" || index === undefined || index === 6) return false;
  return typeof start === "string" && size !== undefined && BigInt(size) > 0n;
}

function windowsOf(windows: readonly WindowDescription[] = []): WindowDescription[] {
  return windows.flatMap(({ kind, start, end }) => (kind === "io" || !start || !end ? [] : { kind, start, end }));
}

/** The columns of a reduced machine. Addresses are BigUint64, or Float64 where they fit. */
export function columnsOf({ systems }: MachineDescription, wide = true): FabricColumns {
  const hosts = systems.flatMap(({ hostBridges }, system) => (hostBridges ?? []).map((each) => ({ ...each, system })));
  const functions = systems.flatMap((each, system) => each.functions.map((one) => ({ ...one, system })));
  const rowOf = (system: number, bdf: string) =>
    functions.findIndex((each) => each.system === system && each.bdf === bdf);
  const hostOf = (system: number, bdf: string) => {
    let at = functions[rowOf(system, bdf)]!;
    while (typeof at.parent === "string") at = functions[rowOf(system, at.parent)]!;
    return hosts.findIndex((host) => host.system === system && at.bdf.startsWith(`${host.root}:`));
  };
  const column = <T>(Type: new (rows: number) => T, value: (each: (typeof functions)[number]) => number): T => {
    const rows = new Type(functions.length) as T & { [row: number]: number };
    functions.forEach((each, row) => (rows[row] = value(each)));
    return rows;
  };
  const addresses = (values: readonly (bigint | string | number)[]) =>
    wide ? BigUint64Array.from(values, BigInt) : Float64Array.from(values, Number);
  const bars = functions.flatMap(({ bars = [] }, row) => bars.map((bar) => ({ ...bar, row })));
  const windows = [...hosts, ...functions].flatMap(({ windows = [] }, row) =>
    windows.map((window) => ({ ...window, row })),
  );
  const root = ({ root }: { root: string }) => parseBdf(`${root}:00.0`)!;
  return {
    systems: systems.map(({ functions: _, hostBridges: __, ...facts }) => facts),
    hostBridges: {
      system: Uint32Array.from(hosts, ({ system }) => system),
      segment: Uint32Array.from(hosts, (host) => root(host).segment),
      bus: Uint8Array.from(hosts, (host) => root(host).bus),
    },
    functions: {
      parent: column(Uint32Array, ({ system, bdf, parent }) =>
        typeof parent === "string" ? hosts.length + rowOf(system, parent) : hostOf(system, bdf),
      ),
      requesterId: column(Uint16Array, ({ bdf }) => {
        const { bus, device, function: number } = parseBdf(bdf)!;
        return (bus << 8) | (device << 3) | number;
      }),
      kind: column(Uint8Array, ({ kind }) => FUNCTION_KINDS.indexOf(kind ?? null)),
      acs: column(Uint32Array, ({ acs }) =>
        acs === undefined
          ? 0
          : acs === null
            ? ACS_ABSENT
            : ((acs.capability << 16) | knownBits(acs.control).value) >>> 0,
      ),
      command: column(Uint16Array, ({ command }) => (typeof command === "number" ? command : COMMAND_UNKNOWN)),
      class: column(Uint32Array, (each) => parseInt(each.class ?? "0", 16)),
      identity: column(Uint32Array, ({ vendor, device }) => parseInt(`${vendor ?? "0"}${device ?? "0"}`, 16)),
      buses: column(Uint16Array, ({ bus }) => (bus === undefined ? 0 : (bus.secondary << 8) | bus.subordinate)),
      physicalFunction: column(Uint32Array, ({ system, physicalFunction }) =>
        typeof physicalFunction === "string" ? rowOf(system, physicalFunction) : NO_ROW,
      ),
      sriovControl: column(Uint16Array, ({ sriov }) => sriov?.control ?? SRIOV_UNKNOWN),
      dmaMaskBits: column(Uint8Array, ({ dmaMaskBits }) => dmaMaskBits ?? 0),
    },
    bars: {
      function: Uint32Array.from(bars, ({ row }) => row),
      index: Uint8Array.from(bars, ({ index }) => index!),
      start: addresses(bars.map(({ start }) => start!)),
      size: addresses(bars.map(({ size }) => size!)),
      ...(bars.every(({ bus }) => typeof bus === "string") ? { bus: addresses(bars.map(({ bus }) => bus!)) } : {}),
      exported: Uint8Array.from(bars, ({ exported }) => EXPORTS.indexOf(exported ?? null)),
    },
    windows: {
      node: Uint32Array.from(windows, ({ row }) => row),
      prefetchable: Uint8Array.from(windows, ({ kind }) => (kind === "pref" ? 1 : 0)),
      start: addresses(windows.map(({ start }) => start!)),
      size: addresses(windows.map(({ start, end }) => BigInt(end!) - BigInt(start!) + 1n)),
    },
  };
}

/** Without what columns do not hold, and in one order. */
export function comparable({ systems }: MachineDescription): unknown {
  return systems.map((system) => ({
    ...system,
    functions: [...system.functions]
      .sort((a, b) => (a.bdf < b.bdf ? -1 : 1))
      .map(({ sriov, windows, ...each }) => ({
        ...each,
        ...(sriov ? { sriov: sriov.control } : {}),
        ...(windows === undefined || windows.length === 0 ? {} : { windows }),
      })),
  }));
}
