import { formatCpu, cpuOf } from "../../topology/cpu.js";
import type { Topology } from "../../topology/topology.js";
import { Artist, Machine } from "./artist.js";
import { groupingsOf } from "./groupings.js";
import { mattersToPeers } from "./matters.js";
import { printable } from "./names.js";
import type { Picture } from "./picture.js";

/** What a picture is to show. */
export interface PictureOptions {
  /** Ids of the functions it is about. Missing: those that may take part in peer-to-peer DMA; if there are none, all. */
  readonly of?: Iterable<number> | undefined;
  /** Which system, by its name or place in `systems`; needed where there are several. */
  readonly system?: string | number;
  /** The most functions that are drawn, bridges included; the others are counted. */
  readonly most?: number;
}

/** Nobody finds anything in a picture of more. */
export const MOST_DRAWN = 300;
const MOST_OUTSIDE = 8;
/** A segment has as many buses: nothing real hangs deeper. */
const DEEPEST = 256;

/**
 * What is to be drawn of a machine.
 *
 * @throws RangeError where it is not said which of several systems, for a system that there is not, and for an id that
 *   is no function's.
 */
export function pictureOf(topology: Topology, options: PictureOptions = {}): Picture {
  const ordinal = topology.systemOrdinal(options.system);
  const machine = new Machine(topology, ordinal);
  const { drawn, left } = choose(machine, options);
  const artist = new Artist(machine, drawn);
  const system = topology.systems[ordinal]!;
  const isTreeless = machine.roots.every((id) => !topology.isKnown(id));
  const grouped = isTreeless && options.of === undefined ? groupingsOf(system, artist) : null;
  const groups = grouped?.groups ?? artist.groups();
  const outside = topology.platformDevices.filter((device) => device.system === ordinal);
  return {
    title: printable(system.name === undefined ? "PCI Express topology" : `PCI Express topology of ${system.name}`),
    facts: factsOf(topology, ordinal).map(printable),
    groups,
    sideLinks: [...artist.sideLinks(), ...(grouped?.sideLinks ?? [])],
    outside: {
      names: outside.slice(0, MOST_OUTSIDE).map(({ description }) => printable(description.name)),
      more: Math.max(0, outside.length - MOST_OUTSIDE),
    },
    legend: [...artist.legend(groups), ...left, ...(grouped?.legend ?? [])],
  };
}

const UNCLASSED =
  "the source shows no classes: of functions directly below a host bridge, those that nothing hangs below are not drawn";

/** Kernel, CPU and IOMMU of a system, as far as it shows them. */
export function factsOf(topology: Topology, ordinal: number): string[] {
  const system = topology.systems[ordinal]!;
  const { kernel, cpu, iommu } = system;
  const name = cpu?.model ?? formatCpu(cpuOf(system)?.cpu);
  return [
    ...(kernel?.release === undefined ? [] : [`Linux ${kernel.release}`]),
    ...(name === null || name === undefined ? [] : [name]),
    iommu === undefined ? "IOMMU mode not shown" : `IOMMU ${iommu}`,
  ];
}

/** The functions to be drawn, those above them included, and what is to be said of those that are not. */
function choose(
  machine: Machine,
  { of, most = MOST_DRAWN }: PictureOptions,
): { readonly drawn: ReadonlySet<number>; readonly left: readonly string[] } {
  const { topology } = machine;
  const wanted = of === undefined ? byDefault(machine) : asked(machine, of);
  const drawn = new Set<number>();
  let [left, deeper] = [0, 0];
  for (const id of machine.functions) {
    if (!wanted.has(id) || drawn.has(id)) continue;
    if (topology.core.depth(id) > DEEPEST) {
      deeper++;
      continue;
    }
    const added = [id];
    for (let above = machine.above(id); topology.isFunction(above); above = machine.above(above)) {
      // Deeper than there is room for: how much deeper does not matter.
      if (drawn.has(above) || drawn.size + added.length > most) break;
      added.push(above);
    }
    if (drawn.size + added.length > most) left++;
    else for (const each of added) drawn.add(each);
  }
  const folded =
    of !== undefined
      ? 0
      : machine.functions.filter((id) => !wanted.has(id) && isUnclassedOnRootBus(machine, id)).length;
  const said = [
    ...(left === 0 ? [] : [`the picture has room for ${most} functions: ${left} that belong in it are left out`]),
    ...(deeper === 0
      ? []
      : [`the picture is ${DEEPEST} levels deep: ${deeper} functions that hang deeper are left out`]),
    ...(folded === 0 ? [] : [UNCLASSED]),
  ];
  return { drawn, left: said };
}

/** Ids of the functions of a system that people ask about when they ask about peer-to-peer DMA, bridges left out. */
export function devicesOf(topology: Topology, system: number): number[] {
  const machine = new Machine(topology, system);
  const wanted = byDefault(machine);
  return [...machine.functions].filter((id) => wanted.has(id) && topology.registers(id)!.bus === undefined);
}

function byDefault(machine: Machine): ReadonlySet<number> {
  const { functions } = machine;
  const matter = functions.filter(
    (id) =>
      machine.physical(id) === undefined &&
      (machine.hasExtras(id) ||
        (mattersToPeers(machine.topology.registers(id)!) && !isUnclassedOnRootBus(machine, id))),
  );
  return new Set(matter.length > 0 ? matter : functions);
}

/**
 * Whether a function stands where chipsets have most of theirs, directly below a host bridge, and nothing shows what it
 * is: a drawing (`lspci -t`) has no classes.
 */
function isUnclassedOnRootBus(machine: Machine, id: number): boolean {
  const { class: code, kind } = machine.topology.registers(id)!;
  const above = machine.above(id);
  return (
    code === undefined && kind === undefined && !machine.topology.isFunction(above) && machine.topology.isKnown(above)
  );
}

function asked({ topology, system }: Machine, of: Iterable<number>): ReadonlySet<number> {
  const ids = new Set(of);
  for (const id of ids) {
    if (!topology.isFunction(id)) throw new RangeError(`${topology.name(id)} is a host bridge, expected functions`);
    if (topology.systemOf(id) !== system) throw new RangeError(`${topology.name(id)} is in another system`);
  }
  return ids;
}
