import { room } from "./rooms.mjs";

const { name, mutate, tests } = room();

/**
 * One room at a time: `PEERLANE_ROOM=core npm run mutants`. The tests are bundled once, with all mutants in them, and run
 * in a process of their own for each.
 */
export default {
  testRunner: "command",
  buildCommand: "node tests/mutation/bundle.mjs",
  commandRunner: {
    command: `node tests/mutation/judge.mjs ${tests.map((test) => `build/judge/tests/${test}.test.mjs`).join(" ")}`,
  },
  coverageAnalysis: "off",
  mutate,
  // Words are for people; the tests hold the sentences that matter, and not every letter of the others.
  mutator: { excludedMutations: ["StringLiteral"] },
  ignorePatterns: ["/dist", "/docs", "/bench", "/web/dist"],
  concurrency: 2,
  // A busy machine must not pass for a test that found something: what is not mutated takes three seconds.
  timeoutMS: 60_000,
  dryRunTimeoutMinutes: 60,
  disableTypeChecks: false,
  plugins: [],
  reporters: ["json", "clear-text", "progress-append-only"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `build/mutants/${name}.json` },
  tempDirName: "build/mutants/sandboxes",
  allowEmpty: false,
};
