// Linux's decision about a pair (linux-p2pdma B and C, Linux 6.1) for a machine of which everything is known. Chains are
// arrays, nothing is packed. What is not known is enumerated by whoever asks: see `union`.

/** A machine of which everything is known. Functions are numbered; their columns go by that number. */
export interface World {
  /** The function above; null on a root bus. */
  readonly up: readonly (number | null)[];
  /** For a function on a root bus, which host bridge's; without meaning for others. */
  readonly root: readonly string[];
  /** Whether ACS control has RR, CR or EC. */
  readonly redirects: readonly boolean[];
  /** What the kernel's table holds of a host bridge. */
  readonly listed: Readonly<Record<string, Listed>>;
  /** AMD, family 17h or later. */
  readonly zen: boolean;
}
export type Listed = "not" | "same-only" | "listed";

export const BUS = 1;
export const THROUGH = 2;
export const REFUSED = 4;

/** The function, the bridge above it, the bridge above that, … */
export function chain(world: World, from: number): number[] {
  const nodes: number[] = [];
  for (let node: number | null = from; node !== null; node = world.up[node]!) nodes.push(node);
  return nodes;
}

export function decide(world: World, provider: number, client: number): { outcome: number; distance: number } {
  const left = chain(world, provider);
  const right = chain(world, client);
  const common = left.find((node) => right.includes(node));
  if (common === undefined) {
    return { outcome: throughHost(world, left.at(-1)!, right.at(-1)!), distance: left.length + right.length };
  }
  const providerSide = left.slice(0, left.indexOf(common) + 1);
  const clientSide = right.slice(0, right.indexOf(common));
  const redirected = [...providerSide, ...clientSide].some((node) => world.redirects[node]);
  return {
    outcome: redirected ? throughHost(world, left.at(-1)!, right.at(-1)!) : BUS,
    distance: left.indexOf(common) + right.indexOf(common),
  };
}

export function throughHost(world: World, providerTop: number, clientTop: number): number {
  if (world.zen) return THROUGH;
  const provider = world.root[providerTop]!;
  const client = world.root[clientTop]!;
  const accepts = (host: string) =>
    world.listed[host] === "listed" || (world.listed[host] === "same-only" && provider === client);
  return accepts(provider) && accepts(client) ? THROUGH : REFUSED;
}

/** What a verdict has to be when these are the outcomes of all completions, one bit each. */
export function verdictOf(outcomes: number): { answer: string; route: string } {
  if (outcomes === REFUSED) return { answer: "no", route: "not-supported" };
  if ((outcomes & REFUSED) !== 0) return { answer: "unknown", route: "unknown" };
  const route = outcomes === BUS ? "bus-address" : outcomes === THROUGH ? "through-host-bridge" : "unknown";
  return { answer: "yes", route };
}
