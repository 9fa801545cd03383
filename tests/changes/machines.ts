import fc from "fast-check";
import { formatBdf, type FunctionDescription, type MachineDescription } from "../../src/index.js";

/*
 * Machines as trees, so that the same one can be written down with other bus numbers, in another order, or with a card in
 * another port. A port is empty or holds a card or a switch:
 *
 *     root bus 00 ─┬─ 00.0 host bridge function
 *                  ├─ 01.0 port ── card (functions 0, 1)
 *                  └─ 02.0 port ── upstream port ─┬─ 00.0 port ── card
 *                                                 └─ 01.0 port ── (empty)
 */

export interface Card {
  /** Tells it from all others in the tests, and is shown nowhere. */
  readonly key: string;
  readonly facts: Partial<FunctionDescription>;
  readonly functions: number;
}

export interface Port {
  readonly below: Card | readonly Port[] | null;
  readonly facts?: Partial<FunctionDescription>;
}

/** Ports by host bridge. */
export type Tree = readonly (readonly Port[])[];

const PORTS = 4;
const model = fc.constantFrom("20b0", "2330", "101b", "a808");
export const card = fc.record({ device: model, functions: fc.integer({ min: 1, max: 2 }) });
const slot = fc.option(card, { nil: null, freq: 2 });
const port = fc.oneof(
  { weight: 3, arbitrary: slot },
  { weight: 1, arbitrary: fc.array(slot, { minLength: 1, maxLength: 3 }) },
);

/** Cards have serial numbers, or none has. */
export const trees = (serials: boolean): fc.Arbitrary<Tree> =>
  fc.array(fc.array(port, { minLength: 1, maxLength: PORTS }), { minLength: 1, maxLength: 3 }).map((hosts) => {
    let number = 0;
    const named = (drawn: { device: string; functions: number } | null): Card | null => {
      if (drawn === null) return null;
      const key = `card ${number++}`;
      const serialNumber = `00-00-00-00-00-00-${(number >> 8).toString(16).padStart(2, "0")}-${(number & 0xff).toString(16).padStart(2, "0")}`;
      const facts = { vendor: "10de", device: drawn.device, subsystemVendor: "10de", subsystemDevice: "0001" };
      return { key, facts: { ...facts, ...(serials ? { serialNumber } : {}) }, functions: drawn.functions };
    };
    return hosts.map((ports) =>
      ports.map((below) => ({
        below: Array.isArray(below) ? below.map((inner) => ({ below: named(inner) })) : named(below),
      })),
    );
  });

/** How a tree is written down. */
export interface Written {
  /** Bus numbers that are left out, one after the other. */
  readonly gaps?: readonly number[];
  /** Numbers by which the functions are sorted. */
  readonly order?: readonly number[];
}

/** The machine, and the name of every function by what it is in the tree. */
export function write(
  tree: Tree,
  { gaps = [], order = [] }: Written = {},
): { machine: MachineDescription; names: Map<string, string> } {
  const functions: FunctionDescription[] = [];
  const names = new Map<string, string>();
  let bus = -1;
  let drawn = 0;
  const nextBus = () => (bus += 1 + (gaps[drawn++] ?? 0));
  const add = (
    key: string,
    on: number,
    device: number,
    fn: number,
    description: Partial<FunctionDescription>,
  ): string => {
    const bdf = formatBdf({ segment: 0, bus: on, device, function: fn });
    functions.push({ bdf, ...description });
    names.set(key, bdf);
    return bdf;
  };
  const bridge = (
    key: string,
    on: number,
    device: number,
    facts: Partial<FunctionDescription>,
    below: (secondary: number, name: string) => void,
  ) => {
    const place = functions.length;
    const bdf = add(key, on, device, 0, { ...facts, class: "0604" });
    const secondary = nextBus();
    below(secondary, bdf);
    functions[place] = { ...functions[place]!, bus: { primary: on, secondary, subordinate: bus } };
  };
  const portOf = (
    key: string,
    on: number,
    device: number,
    port: Port,
    kind: "root-port" | "downstream-port",
    parent: string | null,
  ) => {
    const facts = { vendor: "8086", device: "2030", kind, parent, ...port.facts };
    bridge(key, on, device, facts, (secondary, name) => {
      const { below } = port;
      if (below === null) return;
      if (isSwitch(below)) {
        const upstream = { vendor: "1000", device: "c030", kind: "upstream-port" as const, parent: name };
        bridge(`${key} switch`, secondary, 0, upstream, (inner, upper) =>
          below.forEach((each, index) =>
            portOf(`${key} switch ${index}`, inner, index, each, "downstream-port", upper),
          ),
        );
        return;
      }
      for (let fn = 0; fn < below.functions; fn++) {
        add(`${below.key} ${fn}`, secondary, 0, fn, {
          class: "0302",
          kind: "endpoint",
          parent: name,
          acs: null,
          ...below.facts,
        });
      }
    });
  };
  tree.forEach((ports, host) => {
    const root = nextBus();
    add(`host ${host}`, root, 0, 0, {
      class: "0600",
      kind: "host-bridge-function",
      parent: null,
      vendor: "8086",
      device: "2020",
    });
    ports.forEach((port, index) => portOf(`port ${host} ${index}`, root, index + 1, port, "root-port", null));
  });
  const sorted = functions
    .map((description, index) => ({ description, rank: order[index] ?? index }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ description }) => description);
  return { machine: { peerlane: 1, systems: [{ functions: sorted }] }, names };
}

function isSwitch(below: Card | readonly Port[]): below is readonly Port[] {
  return Array.isArray(below);
}

/** The cards of a tree, switches' included. */
export function cardsOf(tree: Tree): Card[] {
  const below = (port: Port): Card[] =>
    port.below === null ? [] : isSwitch(port.below) ? port.below.flatMap(below) : [port.below];
  return tree.flat().flatMap(below);
}

/** Every card put through a function; the ports stay. */
export function withCards(tree: Tree, change: (card: Card | null) => Card | null): Tree {
  const port = (each: Port): Port =>
    each.below !== null && isSwitch(each.below)
      ? { ...each, below: each.below.map(port) }
      : { ...each, below: change(each.below) };
  return tree.map((ports) => ports.map(port));
}
