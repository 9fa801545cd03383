/**
 * What is mutated at a time, and the tests that judge it, the quickest first: none that need the built package, a browser
 * or a command line.
 */
export const rooms = {
  policy: {
    mutate: ["src/policy/**/*.ts"],
    tests: [
      "policy/release",
      "policy/compile",
      "policy/linux",
      "policy/power",
      "policy/named",
      "explain/wrong-kinds",
      "explain/exported",
      "explain/peer-dma",
      "vectors/historical",
      "vectors/decisions",
    ],
  },
  core: {
    mutate: ["src/core/**/*.ts"],
    tests: [
      "vectors/addresses",
      "topology/claims",
      "vectors/precise",
      "topology/batch",
      "core/sections",
      "core/capacity",
      "core/terms",
      "vectors/decisions",
      "explain/wrong-kinds",
      "explain/map-many",
      "core/precise",
      "core/core",
      "core/batches",
    ],
  },
  explain: {
    mutate: ["src/explain/{verdict,mapping,ruling,precise,egress,culprits,pair,memory}.ts"],
    tests: [
      "vectors/decisions",
      "vectors/precise",
      "vectors/addresses",
      "vectors/historical",
      "explain/peer-dma",
      "explain/reserved",
      "explain/reach",
      "explain/exported",
      "policy/linux",
      "policy/power",
      "explain/map-many",
      "explain/links",
      "explain/platform",
    ],
  },
  /** Nothing but what is asked through the WebAssembly itself; the specs in tests/as are compiled together with it. */
  assembly: {
    mutate: ["assembly/*.ts"],
    tests: [
      "core/precise",
      "vectors/addresses",
      "vectors/precise",
      "vectors/decisions",
      "topology/claims",
      "topology/batch",
      "core/sections",
      "core/capacity",
      "explain/map-many",
      "explain/reach",
      "explain/exported",
      "explain/peer-dma",
      "core/core",
      "kernel/addresses",
      "kernel/kernel",
      "reference/columns",
      "reference/precise",
      "topology/buffer",
      "core/batches",
      "reference/ranges",
      "reference/places",
    ],
  },
};

/** The room that `PEERLANE_ROOM` names. */
export function room() {
  const name = process.env.PEERLANE_ROOM ?? "policy";
  const found = rooms[name];
  if (found === undefined) throw new RangeError(`expected a room (${Object.keys(rooms).join(", ")}), got "${name}"`);
  return { name, ...found };
}
