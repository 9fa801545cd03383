import { expect, test } from "vitest";
import { isAlike, missingGroups, sentenceOf } from "../../web/answer/sentence.js";
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
