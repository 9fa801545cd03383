import { expect, test } from "vitest";
import { isAlike, missingGroups, planSentence, sentenceOf } from "../../web/answer/sentence.js";
import type { FixDocument } from "../../src/writers/fix.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";

const DIRECT = {
  verdict: "yes",
  route: "bus-address",
  code: null,
  common: "0000:21:00.0",
  distance: 4,
  link: null,
} as const;

test("a verdict is said as a person says it", () => {
  expect(sentenceOf(DIRECT)).toEqual({
    kind: "good",
    word: "Yes, directly",
    why: "Requests turn around at 0000:21:00.0 and never reach the host, 4 hops.",
  });
  expect(sentenceOf({ ...DIRECT, verdict: "no", route: "not-supported", code: "HOST_BRIDGE_NOT_ALLOWED" })).toEqual({
    kind: "bad",
    word: "No",
    why: "No common bridge, and requests may not pass through the host bridge.",
  });
  expect(sentenceOf({ ...DIRECT, verdict: "unknown", route: "unknown", code: "ACS_UNREADABLE" }).kind).toBe("unknown");
  const through = { ...DIRECT, verdict: "yes-through-host-bridge", route: "through-host-bridge" } as const;
  expect(sentenceOf({ ...through, distance: null }).why).toMatch(/slower than below a common bridge\.$/);
  expect(sentenceOf({ ...DIRECT, route: "unknown" })).toMatchObject({ kind: "doubtful", word: "Yes" });
  const link = { kind: "nvlink", bandwidth: null, read: true, write: true, atomics: null, coherent: null, count: 6 };
  expect(sentenceOf({ ...DIRECT, route: "side-link", link }).word).toBe("Yes, over nvlink");
});

test("two ways are one answer where they come to the same", () => {
  const document = DIRECT as unknown as VerdictDocument;
  expect(isAlike(document, { ...document, distance: 6, provider: "other" })).toBe(true);
  expect(isAlike(document, { ...document, route: "through-host-bridge" })).toBe(false);
});

test("what many functions lack is said once", () => {
  const root = "lspci -vvv or /sys, read as root";
  const acs = (bdf: string) => `the ACS control word of ${bdf} (${root})`;
  expect(
    missingGroups([
      acs("0000:23:00.0"),
      "the bridge above bus 0000:20 (the whole output of lspci -v, or sysfs)",
      acs("0000:22:00.0"),
      "the CPU (--cpu)",
      "something else",
    ]),
  ).toEqual([
    { where: root, what: ["the ACS control word of 0000:23:00.0, 0000:22:00.0"] },
    { where: "the whole output of lspci -v, or sysfs", what: ["the bridge above bus 0000:20"] },
    { where: "--cpu", what: ["the CPU"] },
    { where: "", what: ["something else"] },
  ]);
  const many = Array.from({ length: 20 }, (_, at) => acs(`0000:${String(at).padStart(2, "0")}:00.0`));
  expect(missingGroups(many)[0]!.what[0]).toMatch(/0000:07:00\.0.* 12 more$/);
});

test("a plan says once what is the same at many bridges", () => {
  const change = (bdf: string, clear: readonly string[], set: readonly string[] = []) =>
    ({ bdf, clear, set }) as unknown as FixDocument["changes"][number];
  const way = (route: string) =>
    ({ then: { verdict: "yes", route, code: null } }) as unknown as FixDocument["ways"][number];
  const direct = [way("bus-address"), way("bus-address")];
  const both = ["RR", "CR"];
  expect(planSentence({ changes: [change("0000:22:00.0", ["RR"])], ways: direct })).toBe(
    "With RR off at 0000:22:00.0, it is direct, and never goes up to the host.",
  );
  expect(
    planSentence({
      changes: [change("0000:22:00.0", both), change("0000:22:01.0", ["EC"], ["UF"]), change("0000:22:02.0", both)],
      ways: direct,
    }),
  ).toBe(
    "With RR and CR off at 0000:22:00.0 and 0000:22:02.0; EC off, UF on at 0000:22:01.0, " +
      "it is direct, and never goes up to the host.",
  );
  const some = { changes: [change("0000:22:00.0", both)], ways: [way("bus-address"), way("unknown")] };
  expect(planSentence(some)).toMatch(/, something else is still in the way\.$/);
});
