/** What is mutated at a time, and the tests that concern it: those that are fast, and none that need the built package. */
export const rooms = {
  policy: {
    mutate: ["src/policy/**/*.ts"],
    tests: [
      "tests/policy/**/*.test.ts",
      "tests/vectors/{decisions,historical}.test.ts",
      "tests/explain/{exported,peer-dma,wrong-kinds}.test.ts",
    ],
  },
  core: {
    mutate: ["src/core/**/*.ts"],
    tests: [
      "tests/core/**/*.test.ts",
      "tests/explain/map-many.test.ts",
      "tests/topology/{batch,claims}.test.ts",
      "tests/vectors/{addresses,decisions,precise}.test.ts",
    ],
  },
  explain: {
    mutate: ["src/explain/{verdict,mapping,ruling,precise,egress,culprits,pair,memory}.ts"],
    tests: [
      "tests/explain/{exported,links,map-many,peer-dma,platform,reach,reserved}.test.ts",
      "tests/policy/{linux,power}.test.ts",
      "tests/transfer/scatter-list.test.ts",
      "tests/vectors/*.test.ts",
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
