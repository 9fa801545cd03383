import type { FunctionDescription, SystemDescription } from "../topology/description.js";
import { Problems } from "../topology/errors.js";
import { place } from "../topology/placement.js";

/** Finds the bridge above a function: null on a root bus, `unknown` where the description does not tell. */
export type Upstream = (description: FunctionDescription) => FunctionDescription | null | "unknown";

/** The bridges of a system. They are looked for when somebody asks first, which few do. */
export function upstreamIn(system: SystemDescription): Upstream {
  let above: Map<FunctionDescription, FunctionDescription | null | "unknown"> | undefined;
  return (description) => (above ??= bridgesAbove(system)).get(description) ?? null;
}

function bridgesAbove(system: SystemDescription): Map<FunctionDescription, FunctionDescription | null | "unknown"> {
  const { roots, functions, parents } = place([system], new Problems(), []);
  return new Map(
    functions.map(({ description }, index) => {
      const parent = parents[roots.length + index]! - 1;
      const bridge = functions[parent - roots.length]?.description;
      return [description, bridge ?? (roots[parent]?.place === "host-bridge" ? null : "unknown")];
    }),
  );
}
