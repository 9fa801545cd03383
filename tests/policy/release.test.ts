import { describe, expect, test } from "vitest";
import { holds, ordinal, parseRelease } from "../../src/policy/release.js";

describe("a Linux release", () => {
  test.each([
    ["6.12", 6, 12],
    ["v6.1.192", 6, 1],
    ["5.15.0-105-generic", 5, 15],
    ["7.3.4", 7, 3],
    ["6.1.0-49-amd64", 6, 1],
    [" 4.20-rc1\n", 4, 20],
    ["10.0", 10, 0],
  ])("is read from %j", (text, major, minor) => expect(parseRelease(text)).toEqual({ major, minor }));

  test.each(["", "6", "6.", "linux-6.1", "six.one", ".6.1", "6,1"])("is not read from %j", (text) =>
    expect(parseRelease(text)).toBeNull(),
  );

  test("is ordered by number, not by spelling", () => {
    const order = ["4.9", "4.20", "5.0", "5.2", "5.10", "6.1", "6.12", "7.0"].map((text) =>
      ordinal(parseRelease(text)!),
    );
    expect([...order].sort((a, b) => a - b)).toEqual(order);
  });
});

describe("whether a change has happened", () => {
  const at = (since: Parameters<typeof holds>[0], release: string) => holds(since, parseRelease(release)!);

  test("is certain on both sides of a release that is known", () => {
    expect([at("5.4", "5.3"), at("5.4", "5.4"), at("5.4", "5.5"), at("5.4", "6.0")]).toEqual([
      "no",
      "yes",
      "yes",
      "yes",
    ]);
  });

  test("is open in the one release that sources are vague about", () => {
    expect([at("~5.7", "5.6"), at("~5.7", "5.7"), at("~5.7", "5.8")]).toEqual(["no", "maybe", "yes"]);
  });

  test("is open from the first possible to the first certain release", () => {
    const since = ["6.16", "7.1"] as const;
    expect([at(since, "6.15"), at(since, "6.16"), at(since, "7.0"), at(since, "7.1")]).toEqual([
      "no",
      "maybe",
      "maybe",
      "yes",
    ]);
  });

  test("throws for a rule that names no release", () => {
    expect(() => at("soon", "6.1")).toThrow('expected a Linux release such as "6.12", got "soon"');
  });
});
