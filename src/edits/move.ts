import { formatBdf, parseBdf } from "../topology/bdf.js";
import type {
  BarDescription,
  FunctionDescription,
  MachineDescription,
  SystemDescription,
} from "../topology/description.js";
import { PORTS, Tree, type Card } from "./card.js";
import { EditError } from "./error.js";
import { findFunction, withSystem } from "./find.js";

/** A device in another slot. */
export interface Move {
  (machine: MachineDescription): MachineDescription;
  /**
   * What is called something else then, by its name in its system now: functions that go to another segment. All others
   * keep their names, though a real machine may number its buses anew.
   */
  renamed(machine: MachineDescription): ReadonlyMap<string, string>;
}

/**
 * The machine with a card below another port: all functions at the other end of the link that `ref` is on, with what
 * hangs below them. Where its BARs then lie, the windows above them, IOMMU groups and what the link comes to is not known
 * before the firmware and the kernel have looked at it.
 *
 *     root port A ── switch ──┬── port ── GPU        move(GPU, B)      A ── switch ──── port
 *                             └── port ── NIC       ───────────>         ·······
 *     root port B                                                      B ── GPU
 *
 * @param ref as {@link Edit}s name functions: `dddd:bb:dd.f`, `bb:dd.f` or another name, `system/` in front where needed.
 * @param below a root port or a switch downstream port with nothing below it, for conventional PCI a bridge to it.
 * @throws EditError, once made, for functions that there are not, for what is part of a switch or the root complex, and
 *   where the card cannot be plugged in.
 */
export function move(ref: string, below: string): Move {
  const plan = (machine: MachineDescription) => planOf(machine, ref, below);
  return Object.assign((machine: MachineDescription) => plan(machine).machine, {
    renamed: (machine: MachineDescription) => plan(machine).renamed,
  });
}

interface Plan {
  readonly machine: MachineDescription;
  readonly renamed: ReadonlyMap<string, string>;
}

function planOf(machine: MachineDescription, ref: string, below: string): Plan {
  const { system, description } = findFunction(machine, ref);
  const { system: other, description: port } = findFunction(machine, below);
  if (system !== other) {
    throw new EditError("EDIT_NO_SUCH_PORT", `${ref} and ${below} are in two systems: describe them as one first`, [
      description.bdf,
      port.bdf,
    ]);
  }
  const tree = new Tree(system);
  const card = tree.card(description);
  if (card.above === port.bdf) return { machine, renamed: new Map() };
  checkPort(tree, card, port);
  const renamed = namesBelow(system, card, port);
  return { machine: withSystem(machine, system, moved(tree, card, port, renamed)), renamed };
}

const CONVENTIONAL: readonly (string | undefined)[] = ["conventional", "pci-bridge", "pci-to-pcie-bridge"];
const CONVENTIONAL_BUSES: readonly (string | undefined)[] = ["pci-bridge", "pcie-to-pci-bridge"];

/** @throws EditError where the card does not fit, or somebody is there. */
function checkPort(tree: Tree, card: Card, port: FunctionDescription): void {
  const [first] = card.top;
  const names = [first!.bdf, port.bdf];
  const refuse = (code: "EDIT_NO_SUCH_PORT" | "EDIT_PORT_TAKEN", why: string) =>
    new EditError(code, `${first!.bdf} cannot be moved below ${port.bdf}: ${why}`, names);
  if (card.all.has(port)) throw refuse("EDIT_NO_SUCH_PORT", "that is part of what is moved");
  const isPort = PORTS.includes(port.kind);
  if (!isPort && !CONVENTIONAL_BUSES.includes(port.kind)) {
    const what = port.kind === undefined ? "the source does not show what that is" : `that is of kind ${port.kind}`;
    throw refuse("EDIT_NO_SUCH_PORT", `${what}; expected a root port or a switch downstream port`);
  }
  const wrong = [...card.top].find(({ kind }) => kind !== undefined && CONVENTIONAL.includes(kind) === isPort);
  if (wrong !== undefined) {
    throw refuse("EDIT_NO_SUCH_PORT", `${wrong.bdf} is of kind ${wrong.kind}, that of kind ${port.kind}`);
  }
  const devices = new Set([...card.top].map(deviceOf));
  const taken = tree.below(port).find((each) => isPort || devices.has(deviceOf(each)));
  if (taken !== undefined) throw refuse("EDIT_PORT_TAKEN", `${taken.bdf} is there; move or remove it first`);
}

function deviceOf({ bdf }: FunctionDescription): number {
  return parseBdf(bdf)!.device;
}

/** The names of all that is moved, where they change: a segment has bus numbers of its own. */
function namesBelow(system: SystemDescription, card: Card, port: FunctionDescription): ReadonlyMap<string, string> {
  const target = parseBdf(port.bdf)!.segment;
  if ([...card.top].every(({ bdf }) => parseBdf(bdf)!.segment === target)) return new Map();
  const free = freeBuses(system, target);
  const wanted = [...new Set([...card.all].flatMap(busesOf))].sort((a, b) => a - b);
  if (free.length < wanted.length) {
    throw new EditError("EDIT_NO_SUCH_PORT", `the segment of ${port.bdf} has no ${wanted.length} bus numbers left`, [
      port.bdf,
    ]);
  }
  const buses = new Map(wanted.map((bus, index) => [bus, free[index]!]));
  return new Map(
    [...card.all].map(({ bdf }) => {
      const old = parseBdf(bdf)!;
      return [bdf, formatBdf({ ...old, segment: target, bus: buses.get(old.bus)! })] as const;
    }),
  );
}

function freeBuses(system: SystemDescription, segment: number): number[] {
  const taken = new Set<number>();
  for (const each of system.functions) {
    if (parseBdf(each.bdf)!.segment === segment) for (const bus of busesOf(each)) taken.add(bus);
  }
  for (const { root } of system.hostBridges ?? []) {
    const { segment: own, bus } = parseBdf(`${root}:00.0`)!;
    if (own === segment) taken.add(bus);
  }
  return Array.from({ length: 0x100 }, (_, bus) => bus).filter((bus) => !taken.has(bus));
}

/** The bus that a function is on, and those behind it. */
function busesOf({ bdf, bus }: FunctionDescription): number[] {
  const own = parseBdf(bdf)!.bus;
  if (bus === undefined || bus.secondary === 0) return [own];
  return [own, ...Array.from({ length: bus.subordinate - bus.secondary + 1 }, (_, index) => bus.secondary + index)];
}

function moved(
  tree: Tree,
  card: Card,
  port: FunctionDescription,
  renamed: ReadonlyMap<string, string>,
): SystemDescription {
  const { allAddresses: _, ...system } = tree.system;
  const { sideLinks, hostAttachments } = system;
  const name = (bdf: string) => renamed.get(bdf) ?? bdf;
  const numaNode = nodeAt(tree, port);
  const above = chain(tree, port);
  const change = (each: FunctionDescription): FunctionDescription => {
    if (card.top.has(each)) return unplugged(replugged(each, port, numaNode, name));
    if (card.all.has(each)) return replugged(each, tree.above(each) as FunctionDescription, numaNode, name);
    if (each.bdf === card.above && PORTS.includes(each.kind)) return emptied(each);
    if (each === port) return withoutWindows(withoutBuses(each));
    if (above.has(each)) return withoutWindows(each);
    // Bus numbers no longer tell.
    return tree.above(each) === port ? { ...each, parent: port.bdf } : each;
  };
  return {
    ...system,
    functions: system.functions.map(change),
    ...(sideLinks && { sideLinks: sideLinks.map((each) => ({ ...each, from: name(each.from), to: name(each.to) })) }),
    ...(hostAttachments && {
      hostAttachments: hostAttachments.map((each) => ({ ...each, function: name(each.function) })),
    }),
  };
}

/** A function of the card: what it is stays, and what the place gave it goes. */
function replugged(
  description: FunctionDescription,
  above: FunctionDescription,
  node: number | null | undefined,
  name: (bdf: string) => string,
): FunctionDescription {
  const { iommuGroup: _, numaNode: __, bars, bus, ...rest } = withoutWindows(description);
  const { bdf, physicalFunction } = rest;
  return {
    ...rest,
    bdf: name(bdf),
    parent: name(above.bdf),
    ...(typeof physicalFunction === "string" && { physicalFunction: name(physicalFunction) }),
    ...(bus && name(bdf) === bdf && { bus }),
    ...(bars && { bars: bars.map(unplaced) }),
    ...(node !== undefined && { numaNode: node }),
  };
}

/** Whose link has been another one so far. */
function unplugged({ slot: _, link, ...rest }: FunctionDescription): FunctionDescription {
  return { ...rest, ...(link === undefined ? {} : { link: link && untrained(link) }) };
}

function unplaced({ start: _, bus: __, ...bar }: BarDescription): BarDescription {
  return bar;
}

function untrained({ speed: _, width: __, bandwidth: ___, ...link }: NonNullable<FunctionDescription["link"]>) {
  return link;
}

/** Nothing hangs below it any more, and it hands no addresses on. */
function emptied(port: FunctionDescription): FunctionDescription {
  return unplugged(withoutWindows(withoutBuses(port)));
}

function withoutWindows({ windows: _, ...rest }: FunctionDescription): FunctionDescription {
  return rest;
}

function withoutBuses({ bus: _, ...rest }: FunctionDescription): FunctionDescription {
  return rest;
}

/** The bridges above one. */
function chain(tree: Tree, description: FunctionDescription): ReadonlySet<FunctionDescription> {
  const found = new Set<FunctionDescription>();
  for (let each = tree.above(description); each !== null && typeof each !== "string"; each = tree.above(each)) {
    found.add(each);
  }
  return found;
}

/** The NUMA node of whatever is plugged in there; undefined: not known. */
function nodeAt(tree: Tree, port: FunctionDescription): number | null | undefined {
  const host = [...chain(tree, port), port].map((each) => tree.above(each)).find((above) => typeof above === "string");
  const bridge = tree.system.hostBridges?.find(({ root }) => root === host);
  return bridge?.numaNode ?? port.numaNode;
}
