import { compareBdf, formatBdf, formatBus, parseBdf, type Bdf } from "../topology/bdf.js";
import { isBridge } from "../topology/class-code.js";
import type {
  BarDescription,
  FunctionDescription,
  FunctionKind,
  LinkDescription,
  MachineDescription,
  SystemDescription,
} from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import type { Edit } from "./edit.js";
import { EditError } from "./errors.js";
import { functionPlace, lookUp, placeOf, withSystem, type FunctionName, type Place } from "./place.js";

/*
 * A device in another slot. What is plugged in is a whole device with all its functions, and all that hangs below it:
 *
 *     0000:40:01.1  root port                        0000:40:01.1  root port, link down
 *       0000:41:00.0  GPU        ── move ──>
 *       0000:41:00.1  its sound
 *     0000:40:03.1  root port, empty                 0000:40:03.1  root port
 *                                                      0000:41:00.0  GPU
 *                                                      0000:41:00.1  its sound
 *
 * Which bus numbers a boot would hand out nobody knows: functions keep their names, and where they hang is stated. Only on
 * a root bus, and in another segment, a name has to say so; there it is a free one.
 *
 * Addresses, windows on the way, links, slots and IOMMU groups would be others, and are not known thereafter.
 */

/** A machine of which something was moved. */
export interface Moved {
  readonly machine: MachineDescription;
  /** Names after of functions whose names changed, by those before: `dddd:bb:dd.f`. */
  readonly renamed: ReadonlyMap<string, string>;
}

/**
 * Plugs a device, or the switch of an upstream port with all below it, in below another port or host bridge.
 *
 * @param below an empty root or downstream port, a conventional bridge, or a host bridge, of the same system.
 * @throws EditError once it is made: for no such function, for what cannot be unplugged or is not shown to hang anywhere,
 *   for a place where nothing can be plugged in, that is taken, or that hangs below what is moved.
 */
export function move(name: FunctionName, below: string): Edit {
  return (machine) => moved(machine, name, below).machine;
}

/**
 * The same, with the names that changed.
 *
 * @throws EditError as {@link move}.
 */
export function moved(machine: MachineDescription, name: FunctionName, below: string): Moved {
  const found = lookUp(machine, (topology) => {
    const source = functionPlace(topology, name);
    const target = placeOf(topology, below);
    const tops = deviceOf(topology, source);
    const ids = withBelow(topology, tops);
    checkTarget(topology, source, target, ids);
    const nameOf = (id: number) => topology.describe(id)!.bdf;
    const bridges = [topology.parent(source.id) as number, target.id];
    return {
      system: source.system,
      target,
      isHost: !topology.isFunction(target.id),
      numaNode: nodeOf(topology, target),
      tops: new Set(tops.map(nameOf)),
      parents: new Map([...ids].map((id) => [nameOf(id), parentName(topology, id)])),
      ports: bridges.filter((id) => topology.isFunction(id)).map(nameOf),
      above: new Set(
        bridges.flatMap((id) => [...topology.path(id)].filter((each) => topology.isFunction(each)).map(nameOf)),
      ),
    };
  });
  const system = machine.systems[found.system]!;
  const renamed = newNames(system, found);
  return { machine: withSystem(machine, found.system, (each) => replugged(each, found, renamed)), renamed };
}

/**
 * Takes a device with all its functions out, and all that hangs below it. What is a part of its root complex or switch
 * goes alone.
 *
 * @throws EditError once it is made, for no such function.
 */
export function remove(name: FunctionName): Edit {
  return (machine) => {
    const { system, gone, port } = lookUp(machine, (topology) => {
      const place = functionPlace(topology, name);
      const fixed = FIXED.includes(topology.describe(place.id)!.kind);
      const ids = withBelow(topology, fixed ? [place.id] : deviceOf(topology, place));
      const parent = topology.parent(place.id);
      const port =
        !fixed && typeof parent === "number" && topology.isFunction(parent) ? topology.describe(parent)!.bdf : null;
      return { system: place.system, gone: new Set([...ids].map((id) => topology.describe(id)!.bdf)), port };
    });
    return withSystem(machine, system, (each) => ({
      ...withoutViews(each),
      functions: each.functions
        .filter(({ bdf }) => !gone.has(bdf))
        .map((description) => (description.bdf === port ? unplugged(description) : description)),
      ...(each.sideLinks === undefined
        ? {}
        : { sideLinks: each.sideLinks.filter(({ from, to }) => !gone.has(from) && !gone.has(to)) }),
      ...(each.hostAttachments === undefined
        ? {}
        : { hostAttachments: each.hostAttachments.filter(({ function: bdf }) => !gone.has(bdf)) }),
    }));
  };
}

/** Parts of a root complex or of a switch. */
const FIXED: readonly (FunctionKind | undefined)[] = [
  "host-bridge-function",
  "root-port",
  "rc-integrated-endpoint",
  "rc-event-collector",
  "downstream-port",
];

/** Ids of all functions of the device that a function is of: those on its link, or those of its number on its bus. */
function deviceOf(topology: Topology, { id, name }: Place): number[] {
  const description = topology.describe(id)!;
  if (typeof description.physicalFunction === "string") {
    throw new EditError(
      "FIXED",
      `${name} is a virtual function: move ${description.physicalFunction}, which it follows`,
    );
  }
  const { kind } = description;
  if (kind !== undefined && FIXED.includes(kind)) {
    throw new EditError(
      "FIXED",
      `${name} is a ${kind.replaceAll("-", " ")}, a part of what it sits in: nobody can plug it in elsewhere`,
    );
  }
  const parent = topology.parent(id);
  if (parent === "unknown" || parent === null || !topology.isKnown(parent)) {
    throw new EditError("NOT_SHOWN", `the description does not show what ${name} hangs below`);
  }
  const isLink = topology.isFunction(parent) && LINKS.includes(topology.describe(parent)!.kind);
  const device = name.slice(0, name.lastIndexOf("."));
  return childrenOf(topology, parent).filter(
    (other) => isLink || topology.describe(other)!.bdf.startsWith(`${device}.`),
  );
}

/** Bridges that have one device below. */
const LINKS: readonly (FunctionKind | undefined)[] = ["root-port", "downstream-port", "pci-to-pcie-bridge"];

/** Those of functions, and of all that hangs below them or is virtual of them. */
function withBelow(topology: Topology, tops: readonly number[]): Set<number> {
  const ids = new Set(tops);
  const names = new Set(tops.map((id) => topology.describe(id)!.bdf));
  const [system] = tops.map((id) => topology.systemOf(id));
  // Ids are depth first: what is above comes before.
  for (const id of topology.functions(system)) {
    const parent = topology.parent(id);
    const physical = topology.describe(id)!.physicalFunction;
    if ((typeof parent === "number" && ids.has(parent)) || (typeof physical === "string" && names.has(physical))) {
      ids.add(id);
      names.add(topology.describe(id)!.bdf);
    }
  }
  return ids;
}

function childrenOf(topology: Topology, parent: number): number[] {
  return [...topology.functions(topology.systemOf(parent))].filter((id) => topology.parent(id) === parent);
}

function checkTarget(topology: Topology, source: Place, target: Place, ids: ReadonlySet<number>): void {
  const { name } = target;
  if (source.system !== target.system) {
    throw new EditError("NO_PLACE", `${name} is in another system than ${source.name}: expected a port of the same`);
  }
  if (ids.has(target.id)) throw new EditError("BELOW_ITSELF", `${name} is a part of what is moved, or hangs below it`);
  const parent = topology.parent(source.id);
  if (parent === target.id) throw new EditError("OCCUPIED", `${source.name} hangs below ${name} already`);
  if (!topology.isFunction(target.id)) {
    if (topology.isKnown(target.id)) return;
    throw new EditError("NOT_SHOWN", `nothing shows what bus ${name} hangs below: expected a port or a host bridge`);
  }
  const description = topology.describe(target.id)!;
  const takes = "expected an empty root or downstream port, or a host bridge";
  if (!isBridge(description) || description.kind === "upstream-port") {
    throw new EditError(
      "NO_PLACE",
      `nothing can be plugged in below ${name}, ${description.kind ?? "no bridge"}: ${takes}`,
    );
  }
  const there = childrenOf(topology, target.id);
  if (there.length === 0) return;
  const first = topology.describe(there[0]!)!.bdf;
  const more = there.length > 1 ? ` and ${there.length - 1} more` : "";
  throw new EditError("OCCUPIED", `below ${name} there is ${first}${more} already: move or remove that first`);
}

/** As a bridge states it; null: a root bus. */
function parentName(topology: Topology, id: number): string | null {
  const parent = topology.parent(id);
  return typeof parent === "number" && topology.isFunction(parent) ? topology.describe(parent)!.bdf : null;
}

/** The NUMA node of what is plugged in there: Linux gives a device that of the bus above. */
function nodeOf(topology: Topology, { id, system }: Place): number | null | undefined {
  const [root] = [...topology.path(id)].filter((each) => !topology.isFunction(each));
  const own = topology.isFunction(id) ? topology.describe(id)!.numaNode : undefined;
  if (own !== undefined || root === undefined) return own;
  const { bus } = topology.roots[topology.rootOrdinal(root)]!.root;
  return topology.systems[system]!.hostBridges?.find((bridge) => bridge.root === bus)?.numaNode;
}

/** What is moved where. */
interface Plan {
  readonly target: Place;
  readonly isHost: boolean;
  readonly numaNode: number | null | undefined;
  /** Functions that are plugged in themselves. */
  readonly tops: ReadonlySet<string>;
  /** Of all that are moved what they hang below. */
  readonly parents: ReadonlyMap<string, string | null>;
  /** The ports before and after. */
  readonly ports: readonly string[];
  /** The bridges above both. */
  readonly above: ReadonlySet<string>;
}

function newNames({ functions }: SystemDescription, { target, isHost, tops, parents }: Plan): Map<string, string> {
  const names = new Map<string, string>();
  const to = isHost ? parseBdf(`${target.name}:00.0`)! : parseBdf(target.name)!;
  const moved = [...parents.keys()].map((name) => ({ name, bdf: parseBdf(name)!, isTop: tops.has(name) }));
  if (!isHost && moved.every(({ bdf }) => bdf.segment === to.segment)) return names;
  const topBuses = new Set(moved.filter(({ isTop }) => isTop).map(({ bdf }) => formatBus(bdf.segment, bdf.bus)));
  const staying = functions.filter(({ bdf }) => !parents.has(bdf));
  const used = new Set<number>([to.bus]);
  const devices = new Set<number>([0]);
  for (const { bdf, bus } of staying) {
    const own = parseBdf(bdf)!;
    if (own.segment !== to.segment) continue;
    if (own.bus === to.bus) devices.add(own.device);
    for (let number = own.bus; number <= own.bus; number++) used.add(number);
    for (let number = bus?.secondary ?? 256; number <= (bus?.subordinate ?? 0); number++) used.add(number);
  }
  const buses = new Map<string, number>();
  const slots = new Map<string, number>();
  for (const { name, bdf } of moved) {
    const bus = formatBus(bdf.segment, bdf.bus);
    if (isHost && topBuses.has(bus)) {
      const device = free(
        slots,
        `${bus}:${bdf.device}`,
        devices,
        bdf.device,
        32,
        `device number on bus ${target.name}`,
      );
      names.set(name, formatBdf({ segment: to.segment, bus: to.bus, device, function: bdf.function }));
    } else {
      const number = free(buses, bus, used, bdf.bus, 256, `bus number in segment ${to.segment.toString(16)}`);
      names.set(name, formatBdf({ ...bdf, segment: to.segment, bus: number }));
    }
  }
  for (const [before, after] of names) if (before === after) names.delete(before);
  return names;
}

/** The number that something had, unless it is taken, else the first that is free. */
function free(
  given: Map<string, number>,
  key: string,
  taken: Set<number>,
  own: number,
  limit: number,
  what: string,
): number {
  const known = given.get(key);
  if (known !== undefined) return known;
  const numbers = [own, ...Array.from({ length: limit }, (_, number) => number)];
  const number = numbers.find((each) => !taken.has(each));
  if (number === undefined) throw new EditError("NO_PLACE", `there is no free ${what}`);
  taken.add(number);
  given.set(key, number);
  return number;
}

function replugged(system: SystemDescription, plan: Plan, renamed: ReadonlyMap<string, string>): SystemDescription {
  const { parents, ports, above, target, isHost } = plan;
  const nameNow = (name: string) => renamed.get(name) ?? name;
  const groups = new Set(system.functions.flatMap(({ bdf, iommuGroup }) => (parents.has(bdf) ? [iommuGroup] : [])));
  const functions = system.functions.map((each): FunctionDescription => {
    if (parents.has(each.bdf)) return inNewPlace(each, plan, nameNow);
    let changed = each;
    if (typeof each.iommuGroup === "number" && groups.has(each.iommuGroup)) changed = without(changed, "iommuGroup");
    if (above.has(each.bdf)) changed = without(changed, "windows");
    if (each.bdf === target.name) changed = trained(without(changed, "bus"));
    else if (ports.includes(each.bdf)) changed = unplugged(changed);
    return changed;
  });
  // Whoever is first on a root bus stays first: the new ones come behind.
  const ordered = isHost ? inOrder(functions, renamed) : functions;
  return {
    ...withoutViews(system),
    functions: ordered,
    ...(system.sideLinks === undefined
      ? {}
      : {
          sideLinks: system.sideLinks.map((link) => ({ ...link, from: nameNow(link.from), to: nameNow(link.to) })),
        }),
    ...(system.hostAttachments === undefined
      ? {}
      : {
          hostAttachments: system.hostAttachments.map((each) => ({ ...each, function: nameNow(each.function) })),
        }),
  };
}

function inOrder(
  functions: readonly FunctionDescription[],
  renamed: ReadonlyMap<string, string>,
): FunctionDescription[] {
  const fresh = new Set(renamed.values());
  const ordered = functions.filter(({ bdf }) => !fresh.has(bdf));
  const key = ({ bdf }: FunctionDescription): Bdf => parseBdf(bdf)!;
  for (const each of functions.filter(({ bdf }) => fresh.has(bdf))) {
    const last = ordered.findLastIndex((other) => compareBdf(key(other), key(each)) < 0);
    ordered.splice(last + 1, 0, each);
  }
  return ordered;
}

function inNewPlace(
  description: FunctionDescription,
  { tops, parents, target, isHost, numaNode }: Plan,
  nameNow: (name: string) => string,
): FunctionDescription {
  const { bdf, physicalFunction } = description;
  const { slot: _slot, windows: _windows, iommuGroup: _group, numaNode: _node, bus, bars, ...rest } = description;
  const isTop = tops.has(bdf) || (typeof physicalFunction === "string" && tops.has(physicalFunction));
  const name = nameNow(bdf);
  const above = isTop ? (isHost ? null : target.name) : parents.get(bdf)!;
  const placed = {
    ...rest,
    bdf: name,
    parent: above === null ? null : nameNow(above),
    ...(typeof physicalFunction === "string" ? { physicalFunction: nameNow(physicalFunction) } : {}),
    ...(bus === undefined || name !== bdf ? {} : { bus }),
    ...(bars === undefined ? {} : { bars: bars.flatMap(withoutAddress) }),
    ...(numaNode === undefined ? {} : { numaNode }),
  };
  return tops.has(bdf) ? trained(placed) : placed;
}

/** A BAR of which the size alone is known; one that showed its address alone shows nothing. */
function withoutAddress(bar: BarDescription): BarDescription[] {
  const { start: _start, bus: _bus, ...rest } = bar;
  return rest.index === undefined ? [] : [rest];
}

/** A port or device on a link that was trained anew: what came of that is not known. */
function trained(description: FunctionDescription): FunctionDescription {
  const { link } = description;
  if (!link) return description;
  const { speed: _speed, width: _width, bandwidth: _bandwidth, ...rest } = link;
  return { ...description, link: rest };
}

/** A port with nothing in it. */
function unplugged(description: FunctionDescription): FunctionDescription {
  const { link } = description;
  if (!link) return description;
  const { bandwidth: _, ...rest } = link;
  const down: LinkDescription = { ...rest, speed: null, width: null };
  return { ...description, link: down };
}

function without<Key extends "iommuGroup" | "windows" | "bus">(
  description: FunctionDescription,
  key: Key,
): FunctionDescription {
  const { [key]: _, ...rest } = description;
  return rest as FunctionDescription;
}

/** What other tools saw of the machine, they saw of another one. */
function withoutViews(system: SystemDescription): SystemDescription {
  const { views: _, ...rest } = system;
  return rest;
}
