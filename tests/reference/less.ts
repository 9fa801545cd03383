import { expect } from "vitest";
import type { Mapping, Verdict } from "../../src/explain/verdict.js";

/** Fails where `got`, which knows less, says more than or other than `full`. */
export function expectLess(full: Verdict, got: Verdict): void {
  if (got.answer !== "unknown") expect(got.answer).toBe(full.answer);
  if (got.answer === "yes" && got.route !== "unknown") expect(got.route).toBe(full.route);
  if (got.answer === "no" && full.answer === "no" && got.code !== "NOT_SUPPORTED") expect(got.code).toBe(full.code);
  if (got.distance !== null) expect(got.distance).toBe(full.distance);
  if (got.common !== "unknown") expect(got.common).toBe(full.common);
  if (got.memory !== "unknown") expect(got.memory).toBe(full.memory);
}

/** The same of a mapping. */
export function expectLessOfMapping(full: Mapping, got: Mapping): void {
  if (got.route === "unknown" && !got.ok) return;
  expect(got.ok).toBe(full.ok);
  if (!got.ok) expect(full.route).toBe("not-supported");
  if (!got.ok || !full.ok) return;
  expect(got.route).toBe(full.route);
  if (got.dmaAddress !== null) expect(got.dmaAddress).toBe(full.dmaAddress);
  if (got.translation !== "unknown") expect(got.translation).toBe(full.translation);
  expect({ ...got.owner, id: null }).toEqual({ ...full.owner, id: null });
}
