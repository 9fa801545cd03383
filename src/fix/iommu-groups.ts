import { parseBdf } from "../topology/bdf.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { knownBits } from "../topology/register.js";
import { asserts } from "./isolation-quirks.js";

/*
 * How Linux puts functions into IOMMU groups (docs/fix.md, IOMMU groups). In the order of enumeration each function goes
 * up from itself as long as something above it lets requests turn around, and joins the group of what it meets:
 *
 *     endpoint ── port without ACS ── switch ── isolated port      the group of the port without ACS
 *              ── conventional bridge                              the group of the bridge, whose requester id it uses
 *     function ── its sibling in one slot, neither isolated        the sibling's group
 *     function in a segment of a VMD                               the VMD's group, whose requester id it uses
 *
 * Two ports of one switch without ACS are not put together, although requests pass between what is below them: a group
 * says what Linux hands out together, not what can reach what.
 */

/** Source validation, request redirect, completion redirect, upstream forwarding: what Linux takes for isolation. */
export const ISOLATING = 0x1d;

/** A function's group by the function that founded it, under one completion of what the description leaves open. */
export type Groups = ReadonlyMap<number, number>;

/** Everything unknown taken for isolated, and for not isolated: what both agree on is known. */
export interface GroupBounds {
  readonly finest: Groups;
  readonly coarsest: Groups;
}

/**
 * The IOMMU groups that Linux on x86 forms in a system whose IOMMU is on; elsewhere they depend on the order in which
 * drivers bind as well.
 *
 * @param system its ordinal among the topology's systems.
 */
export function iommuGroups(topology: Topology, system: number): GroupBounds {
  const ids = [...topology.functions()].filter((id) => topology.systemOf(id) === system);
  // A bridge is found before what is below it, whatever the numbers of their buses.
  const order = ids.sort((a, b) => topology.path(a).length - topology.path(b).length || a - b);
  const slots = slotsOf(topology, order);
  return { finest: group(topology, order, slots, true), coarsest: group(topology, order, slots, false) };
}

/** Whether two functions share a group; null: not known. */
export function shareGroup({ finest, coarsest }: GroupBounds, a: number, b: number): boolean | null {
  const [apart, together] = [finest.get(a) !== finest.get(b), coarsest.get(a) === coarsest.get(b)];
  return apart ? (together ? null : false) : together ? true : null;
}

type Slots = ReadonlyMap<number, readonly number[]>;

/** The other functions in a function's slot; virtual functions are in none. */
function slotsOf(topology: Topology, ids: readonly number[]): Slots {
  const bySlot = new Map<string, number[]>();
  for (const id of ids) {
    const description = topology.registers(id)!;
    if (typeof description.physicalFunction === "string") continue;
    const { bdf } = description;
    const slot = bdf.slice(0, bdf.indexOf("."));
    bySlot.set(slot, [...(bySlot.get(slot) ?? []), id]);
  }
  return new Map([...bySlot.values()].flatMap((members) => members.map((id) => [id, members] as const)));
}

function group(topology: Topology, order: readonly number[], slots: Slots, doubt: boolean): Groups {
  const groups = new Map<number, number>();
  const ownIsolation = new Map<number, boolean>();
  const isolated = (id: number): boolean => {
    let own = ownIsolation.get(id);
    if (own === undefined) {
      own = isIsolated(topology.registers(id)!, (slots.get(id)?.length ?? 0) > 1) ?? doubt;
      ownIsolation.set(id, own);
    }
    return own;
  };
  /** Whether everything from a function up to the root bus isolates; by its bridge, for chains may be long. */
  const pathIsolation = new Map<number, boolean>();
  const isolatedUpward = (chain: Uint32Array): boolean => {
    const known = chain.findIndex((id) => pathIsolation.has(id));
    const end = known === -1 ? chain.length : known;
    let all = known === -1 ? true : pathIsolation.get(chain[known]!)!;
    for (let at = end - 1; at >= 0; at--) pathIsolation.set(chain[at]!, (all &&= isolated(chain[at]!)));
    return all;
  };
  const vmd = vmdOf(topology, order, doubt);
  for (const id of order) {
    if (vmd === null || !isBehindVmd(topology, id)) {
      groups.set(id, founder(topology, id, { groups, isolated, isolatedUpward, slots }));
    }
  }
  for (const id of order) if (!groups.has(id)) groups.set(id, groups.get(vmd!) ?? vmd!);
  return groups;
}

/** Intel's Volume Management Device shows what is behind it as a segment of its own, numbered from 10000 on. */
const FIRST_VMD_SEGMENT = 0x10000;

function isBehindVmd(topology: Topology, id: number): boolean {
  return parseBdf(topology.registers(id)!.bdf)!.segment >= FIRST_VMD_SEGMENT;
}

/** Which function does DMA for those behind a VMD; null: none, or taken for none where there is no telling which. */
function vmdOf(topology: Topology, order: readonly number[], doubt: boolean): number | null {
  const first = order.find((id) => isBehindVmd(topology, id));
  if (first === undefined) return null;
  const candidates = order.filter((id) => {
    const { vendor, class: code, kind } = topology.registers(id)!;
    return vendor === "8086" && code?.startsWith("0104") === true && kind === "rc-integrated-endpoint";
  });
  return candidates.length === 1 ? candidates[0]! : doubt ? null : first;
}

interface State {
  readonly groups: ReadonlyMap<number, number>;
  readonly isolated: (id: number) => boolean;
  readonly isolatedUpward: (chain: Uint32Array) => boolean;
  readonly slots: Slots;
}

function founder(topology: Topology, id: number, { groups, isolated, isolatedUpward, slots }: State): number {
  const chain = topology.path(id);
  const bridges = topology.isFunction(chain.at(-1)!) ? chain.subarray(1) : chain.subarray(1, -1);
  // Whoever is behind a bridge to conventional PCI does DMA under that bridge's name.
  let from = -1;
  for (const [at, bridge] of bridges.entries()) {
    if (takesRequesterId(topology.registers(bridge)!)) from = at;
  }
  if (from >= 0) return groups.get(bridges[from]!)!;
  const [above] = bridges;
  // The first bridge above which everything isolates keeps apart what is below it; one that does not has a group already.
  if (above !== undefined && !isolatedUpward(bridges)) return groups.get(above)!;
  const siblings = isolated(id) ? [] : (slots.get(id) ?? []);
  const sibling = siblings.find((other) => other !== id && !isolated(other) && groups.has(other));
  return sibling === undefined ? id : groups.get(sibling)!;
}

/** Bridges to and between conventional buses. */
function takesRequesterId({ kind }: FunctionDescription): boolean {
  return kind === "pcie-to-pci-bridge" || kind === "pci-to-pcie-bridge" || kind === "pci-bridge";
}

/**
 * Whether Linux takes a function for isolated from its peers; null: not known. Bits that the capability lacks are taken
 * to be wired on.
 *
 * @param shared whether other functions are in its slot.
 */
export function isIsolated(description: FunctionDescription, shared: boolean): boolean | null {
  const asserted = asserts(description, shared);
  if (asserted !== undefined) return asserted;
  switch (description.kind) {
    case undefined:
      return null;
    case "root-port":
    case "downstream-port":
      return controlIsolates(description);
    case "endpoint":
    case "legacy-endpoint":
    case "upstream-port":
    case "rc-integrated-endpoint":
      return shared ? controlIsolates(description) : true;
    case "host-bridge-function":
      // Some have a PCI Express capability, which its kind does not tell.
      return shared ? null : false;
    default:
      return false;
  }
}

function controlIsolates({ acs }: FunctionDescription): boolean | null {
  if (acs === undefined || acs === null) return acs === null ? false : null;
  const needed = acs.capability & ISOLATING;
  const { value, mask } = knownBits(acs.control);
  if ((needed & mask & ~value) !== 0) return false;
  return (needed & ~mask) === 0 ? true : null;
}
