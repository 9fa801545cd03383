import type { FabricColumns, SystemFacts } from "../../src/topology/fabric/columns.js";
import { ACS_ABSENT, FUNCTION_KINDS } from "../../src/topology/fabric/columns.js";
import { acsOf, HOSTS, type HostKind, type Mark } from "./forests.js";
import { chain, decide, type World } from "./reference.js";

/** A machine below two host bridges: what stands above each of its functions is one before it, or a host bridge. */
export interface Machine {
  readonly kind: HostKind;
  readonly above: readonly (number | (typeof HOSTS)[number])[];
  readonly marks: readonly Mark[];
  /** The functions that are asked about; the others are on the way. */
  readonly asked: readonly number[];
}

/** What all completions of a machine say of a pair. */
export interface Expected {
  /** Bits of the reference. */
  readonly outcomes: number;
  readonly distance: number;
  readonly path: "direct" | "redirected" | "maybe";
  /** Function, host bridge, or neither. */
  readonly common: number | (typeof HOSTS)[number] | null;
}

export function* pairsOf({ asked }: Machine): Generator<[number, number]> {
  for (const provider of asked) for (const client of asked) yield [provider, client];
}

/** Every pair of those that are asked about, provider by provider. */
export function expectedOf(machine: Machine): Expected[] {
  const worlds = [...worldsOf(machine)];
  return [...pairsOf(machine)].map(([provider, client]) => {
    const { up, root } = worlds[0]!;
    const [left, right] = [chain(worlds[0]!, provider), chain(worlds[0]!, client)];
    const common = left.find((node) => right.includes(node)) ?? null;
    const legs = common === null ? [] : [...to(left, common), ...to(right, common)];
    const redirecting = worlds.map(({ redirects }) => legs.some((node) => redirects[node]));
    const oneHost = topOf(up, root, provider) === topOf(up, root, client);
    return {
      outcomes: worlds.reduce((bits, world) => bits | decide(world, provider, client).outcome, 0),
      distance: decide(worlds[0]!, provider, client).distance,
      path: redirecting.every((each) => each) ? "redirected" : redirecting.some((each) => each) ? "maybe" : "direct",
      common: common ?? (oneHost ? (topOf(up, root, provider) as (typeof HOSTS)[number]) : null),
    };
  });
}

function to(nodes: readonly number[], last: number): number[] {
  return nodes.slice(0, nodes.indexOf(last) + 1);
}

function topOf(up: World["up"], root: World["root"], node: number): string {
  let top = node;
  for (let above = up[top]!; above !== null; above = up[top]!) top = above;
  return root[top]!;
}

/** Every way in which what cannot be read may turn out, with each CPU that the machine may have. */
function* worldsOf({ kind, above, marks }: Machine): Generator<World> {
  const unread = [...marks.keys()].filter((node) => marks[node] === "unreadable");
  for (let set = 0; set < 1 << unread.length; set++) {
    const redirects = marks.map((mark) => mark === "redirects");
    unread.forEach((node, bit) => (redirects[node] = ((set >> bit) & 1) === 1));
    for (const zen of kind.zen) {
      yield {
        up: above.map((each) => (typeof each === "string" ? null : each)),
        root: above.map(String),
        redirects,
        listed: { [HOSTS[0]]: kind.listed[0], [HOSTS[1]]: kind.listed[1] },
        zen,
      };
    }
  }
}

export const BAR_SIZE = 0x4000;

/** Where the one BAR of a function is. */
export function barOf(node: number): number {
  return 0x10_0000 + node * 2 * BAR_SIZE;
}

/** Rows of a machine's functions in the columns of several; each has two host bridges and a function on each of them. */
export interface Placed {
  readonly columns: FabricColumns;
  /** Node row of a machine's host bridge. */
  readonly host: (machine: number, host: (typeof HOSTS)[number]) => number;
  /** Row in `functions` of a machine's function. */
  readonly row: (machine: number, node: number) => number;
}

const HOST_BRIDGE = FUNCTION_KINDS.indexOf("host-bridge-function");

/** Machines as the systems of one fabric. All functions decode memory and have one BAR. */
export function columnsOf(machines: readonly Machine[]): Placed {
  const roots = 2 * machines.length;
  const first: number[] = [];
  const [parent, requesterId, acs, kind, identity, code]: number[][] = [[], [], [], [], [], []];
  const bars: { readonly function: number; readonly start: number }[] = [];
  machines.forEach((machine, system) => {
    HOSTS.forEach((host, index) => {
      const [vendor, device] = machine.kind.ids[index]!.split(":").map((id) => Number.parseInt(id, 16));
      parent!.push(2 * system + index);
      requesterId!.push(Number.parseInt(host.slice(5), 16) << 8);
      acs!.push(ACS_ABSENT);
      kind!.push(HOST_BRIDGE);
      identity!.push(((vendor! << 16) | device!) >>> 0);
      code!.push(0x060000);
    });
    first.push(parent!.length);
    machine.above.forEach((above, node) => {
      const row = first[system]! + node;
      parent!.push(typeof above === "number" ? roots + first[system]! + above : 2 * system + HOSTS.indexOf(above));
      requesterId!.push(node + 8);
      acs!.push(wordOf(machine.marks[node]!, node));
      kind!.push(0);
      identity!.push(0);
      code!.push(0);
      bars.push({ function: row, start: barOf(node) });
    });
  });
  const start = Float64Array.from(bars, (bar) => bar.start);
  return {
    columns: {
      systems: machines.map((machine, index): SystemFacts => {
        const { cpu } = machine.kind;
        return { name: `${index}`, complete: true, allAddresses: true, ...(cpu === undefined ? {} : { cpu }) };
      }),
      hostBridges: {
        system: Uint32Array.from({ length: roots }, (_, root) => root >> 1),
        segment: new Uint32Array(roots),
        bus: Uint8Array.from({ length: roots }, (_, root) => (root & 1 ? 0x80 : 0)),
      },
      functions: {
        parent: Uint32Array.from(parent!),
        requesterId: Uint16Array.from(requesterId!),
        acs: Uint32Array.from(acs!),
        kind: Uint8Array.from(kind!),
        identity: Uint32Array.from(identity!),
        class: Uint32Array.from(code!),
        command: new Uint16Array(parent!.length).fill(0x6),
      },
      bars: {
        function: Uint32Array.from(bars, (bar) => bar.function),
        index: new Uint8Array(bars.length),
        start,
        size: new Float64Array(bars.length).fill(BAR_SIZE),
        bus: start,
      },
    },
    host: (machine, host) => 2 * machine + HOSTS.indexOf(host),
    row: (machine, node) => first[machine]! + node,
  };
}

function wordOf(mark: Mark, node: number): number {
  const { acs } = acsOf(mark, node);
  if (acs === undefined) return 0;
  if (acs === null) return ACS_ABSENT;
  return ((Number(acs.capability) << 16) | Number(acs.control)) >>> 0;
}
