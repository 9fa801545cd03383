import { expect, test } from "vitest";
import type { OpenedSystem } from "../../web/machine/protocol.js";
import {
  AS_IT_IS,
  formatQuestion,
  questionText,
  readQuestion,
  settingsFor,
  type Question,
} from "../../web/question.js";

const NOTHING: Question = { pair: null, address: "", system: null, machine: null, settings: AS_IT_IS };

const EVERYTHING: Question = {
  pair: ["0000:41:00.0", "0000:61:00.0"],
  address: "0x380000000000",
  system: "node 7/left",
  machine: "gpu-server",
  settings: {
    rules: "precise",
    kernel: "6.12.117",
    cpu: "AuthenticAMD:25",
    iommu: "passthrough",
    redirects: { "0000:40:01.0": false, "10000:00:02.0": false, "0000:60:01.0": true },
  },
};

test("what a link carries is read as it was written", () => {
  expect(readQuestion(`#${formatQuestion(EVERYTHING)}`)).toEqual(EVERYTHING);
  expect(readQuestion(formatQuestion(NOTHING))).toEqual(NOTHING);
  expect(formatQuestion(NOTHING)).toBe("");
});

test("a link can be read by people", () => {
  const pair: Question = { ...NOTHING, pair: ["0000:41:00.0", "0000:61:00.0"] };
  expect(
    formatQuestion({ ...pair, settings: { ...AS_IT_IS, kernel: "6.12", redirects: { "0000:40:01.0": false } } }),
  ).toBe("a=0000:41:00.0&b=0000:61:00.0&kernel=6.12&off=0000:40:01.0");
  expect(questionText(pair)).toBe("May 0000:41:00.0 and 0000:61:00.0 reach each other?");
  expect(questionText({ ...pair, system: "n1" })).toBe("May 0000:41:00.0 and 0000:61:00.0 of n1 reach each other?");
  expect(questionText({ ...NOTHING, address: "0x1000" })).toBe("Whose is 0x1000?");
  expect(questionText(NOTHING)).toBeNull();
});

test("what makes no sense in a link is left out", () => {
  const link =
    "#a=0000:41:00.0&kernel=banana&cpu=x&iommu=perhaps&rules=mine&off=0000:40:01.0,<script>,__proto__&on=&evil=1&&=&%";
  expect(readQuestion(link)).toEqual({
    ...NOTHING,
    settings: { ...AS_IT_IS, redirects: { "0000:40:01.0": false } },
  });
});

test("a system is found by its name, else the first is meant", () => {
  const systems = ["a", "b"].map((name) => ({ name }) as OpenedSystem);
  expect(settingsFor({ ...NOTHING, system: "b" }, systems).system).toBe(1);
  expect(settingsFor({ ...NOTHING, system: "gone" }, systems).system).toBe(0);
  expect(settingsFor(NOTHING, systems).system).toBe(0);
});
