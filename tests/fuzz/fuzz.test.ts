import { expect, test } from "vitest";
import { fuzz } from "./fuzz.js";
import { TARGETS } from "./targets.js";

// A bounded part of `npm run fuzz`, the same every time. With PEERLANE_LONG=1 fifty times as much of it.

const TIMES = process.env["PEERLANE_LONG"] === "1" ? 50 : 1;
/** Each of these prints what it is asked for. */
const FEW = new Set(["command-line"]);

test.each(Object.keys(TARGETS))("whatever comes, %s answers or says in words what is wrong", async (name) => {
  const executions = (FEW.has(name) ? 60 : 600) * TIMES;
  const { executions: done } = await fuzz(TARGETS[name]!, { seed: 20180402, executions });
  expect(done).toBeGreaterThanOrEqual(executions);
});
