import { room } from "./rooms.mjs";

const { name, mutate } = room();

/** One room at a time: `PEERLANE_ROOM=core npm run mutants`. */
export default {
  testRunner: "vitest",
  vitest: { configFile: "tests/mutation/vitest.config.mjs", related: false },
  plugins: ["@stryker-mutator/vitest-runner"],
  coverageAnalysis: "perTest",
  mutate,
  // Words are for people; the tests hold the sentences that matter, and not every letter of the others.
  mutator: { excludedMutations: ["StringLiteral"] },
  // What runs once on import is the same for all tests of a process; such a mutant costs a run of everything.
  ignoreStatic: true,
  ignorePatterns: ["/dist", "/docs", "/bench", "/web/dist"],
  concurrency: 2,
  // Generous: a busy machine must not pass for a test that found something.
  timeoutMS: 120_000,
  disableTypeChecks: false,
  reporters: ["json", "clear-text", "progress-append-only"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `build/mutants/${name}.json` },
  tempDirName: "build/mutants/sandboxes",
  incremental: true,
  incrementalFile: `build/mutants/${name}.incremental.json`,
  allowEmpty: false,
};
