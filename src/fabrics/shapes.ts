import type { FabricColumns } from "../topology/fabric/columns.js";
import { build, type Placing } from "./build.js";
import { walkCaterpillar, walkChain } from "./chains.js";
import { whole } from "./counts.js";
import { walkMachines } from "./machines.js";
import type { SynthesizeOptions } from "./options.js";
import { overlap } from "./overlapping.js";
import { planOf, ROW_LIMIT } from "./plan.js";
import type { Rows } from "./rows.js";

/** Names of the shapes that {@link shapes} holds. */
export type ShapeName =
  "gpu-servers" | "dense-sriov" | "deep-chain" | "caterpillar" | "one-space" | "overlaps" | "mixed";

/** What can be said about a shape. */
export interface ShapeOptions {
  /** Functions in all, exactly, from 1 to 2^27. Default: the shape's own. */
  readonly functions?: number;
  /** From 0 to 2^32 - 1. Default: 1. */
  readonly seed?: number;
}

/** Makes a fabric of one shape. */
export interface Shape {
  /** @throws TypeError, RangeError as {@link synthesize} does. */
  (options?: ShapeOptions): FabricColumns;
  /** One line. */
  readonly description: string;
  /** How many functions it has where nothing else is asked for. */
  readonly functions: number;
}

/**
 * Fabrics by name. In `deep-chain` and `caterpillar` of more than 256 buses, which no segment has, several functions
 * have the same requester id, and bridges have no bus numbers: ask for these functions by id.
 */
export const shapes: Readonly<Record<ShapeName, Shape>> = {
  "gpu-servers": machines(
    "two-socket GPU servers: per socket two switches with two GPUs, a dual NIC and two NVMe each, and a dual NIC",
    60_000,
    {
      hostBridges: 2,
      rootPorts: 3,
      switchLevels: [1, 1, 0],
      fanout: 5,
      bars: ["gpu", "gpu", "nic", "nvme", "nvme", "gpu", "gpu", "nic", "nvme", "nvme", "nic"],
    },
  ),
  "dense-sriov": machines("machines full of NICs, each with 128 to 256 virtual functions", 100_000, {
    rootPorts: 8,
    switchLevels: 0,
    functionsPerEndpoint: 1,
    vfs: { least: 128, most: 256 },
    bars: ["nic"],
  }),
  "deep-chain": shape("one chain of bridges, as deep as there are functions", 100_000, (functions, seed) =>
    fabric((rows) => walkChain(functions, rows), functions, seed),
  ),
  caterpillar: shape("one deep chain of switches with an endpoint at each", 100_000, (functions, seed) =>
    fabric((rows) => walkCaterpillar(functions, rows), functions, seed),
  ),
  "one-space": machines("one huge system: all BARs in one address space", 100_000, {
    systems: 1,
    hostBridges: Infinity,
    rootPorts: 4,
    fanout: 8,
    vfs: { nic: 8 },
  }),
  overlaps: machines(
    "BARs that overlap one another without nesting, about ten at each address",
    20_000,
    { rootPorts: 8, switchLevels: 1, fanout: 8, bars: [2 ** 18] },
    (rows, _, __, seed) => overlap(rows, seed),
  ),
  mixed: machines("machines of all kinds: by the seed, from a few functions to hundreds", 100_000, {
    hostBridges: { least: 1, most: 4 },
    rootPorts: { least: 1, most: 6 },
    switchLevels: { least: 0, most: 2 },
    fanout: { least: 1, most: 5 },
    functionsPerEndpoint: { nic: { least: 1, most: 4 }, accelerator: { least: 1, most: 2 } },
    vfs: { nic: { least: 0, most: 16 } },
    bars: { gpu: 3, nic: 3, nvme: 5, accelerator: 1 },
    acs: { off: 6, redirect: 3, none: 1, unknown: 1 },
    memoryOff: 0.02,
  }),
};

function machines(
  description: string,
  functions: number,
  options: SynthesizeOptions,
  placing?: (...args: [...Parameters<Placing>, seed: number]) => ReturnType<Placing>,
): Shape {
  return shape(description, functions, (functions, seed) => {
    const plan = planOf({ ...options, functions, seed });
    const place: Placing | undefined = placing && ((...args) => placing(...args, seed));
    return build((rows) => walkMachines(plan, rows), functions, plan.facts, place);
  });
}

function fabric(walk: (rows: Rows) => void, functions: number, seed: number): FabricColumns {
  return build(walk, functions, planOf({ seed }).facts);
}

function shape(
  description: string,
  functions: number,
  make: (functions: number, seed: number) => FabricColumns,
): Shape {
  const call = (options: ShapeOptions = {}): FabricColumns => {
    whole("functions", options.functions ?? functions, 1, ROW_LIMIT);
    return make(options.functions ?? functions, options.seed ?? 1);
  };
  return Object.assign(call, { description, functions });
}
