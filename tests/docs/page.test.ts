import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Settings } from "../../web/machine/protocol.js";
import { Session } from "../../web/machine/session.js";
import { SHIPPED } from "../../web/machine/shipped.js";
import { AS_IT_IS, formatQuestion, readQuestion } from "../../web/question.js";
import { blocks, page, ROOT, table } from "./pages.js";

const PAGE = page("docs/page.md");
const [LINK, POLICY] = blocks(PAGE, "text").map((text) => text.trim());

describe("the page on the page", () => {
  test("names the machines that come with it", () => {
    expect(table(PAGE, "machine", "on the page")).toEqual(SHIPPED.map(({ name, title, line }) => [name, title, line]));
  });

  test("has a link that asks what it seems to ask", () => {
    const hash = new URL(LINK!).hash.slice(1);
    expect(formatQuestion(readQuestion(hash))).toBe(hash);
    expect(readQuestion(hash)).toMatchObject({
      pair: ["0000:23:00.0", "0000:25:00.0"],
      settings: { kernel: "6.12", redirects: { "0000:22:00.0": false, "0000:22:01.0": false } },
    });
  });

  test("lists the fields of a link", () => {
    const whole = formatQuestion({
      pair: ["0000:01:00.0", "0000:02:00.0"],
      address: "0x1000",
      system: "n1",
      machine: "power9",
      settings: {
        ...AS_IT_IS,
        rules: "precise",
        kernel: "6.12",
        cpu: "AuthenticAMD:25",
        iommu: "off",
        redirects: { "0000:00:01.0": false, "0000:00:02.0": true },
      },
    });
    const listed = table(PAGE, "field", "value").flatMap(([names]) => names!.split(", "));
    expect(listed).toEqual([...new URLSearchParams(whole).keys()]);
  });

  test("has the policy that the page has, and the browsers that it says it takes", () => {
    const html = readFileSync(join(ROOT, "web/index.html"), "utf8");
    const [, policy] = /content="(default-src[^"]*)"/.exec(html)!;
    expect(POLICY).toBe(policy!.replaceAll("; ", ";\n"));
    const browsers = (text: string) => text.match(/(?:Chromium|Firefox|Safari) [\d.]*\d/g);
    expect(browsers(PAGE)).toEqual(browsers(html));
    expect(browsers(html)).toHaveLength(3);
  });

  test("has the limits that there are", async () => {
    const session = new Session({
      onProgress: () => {},
      shipped: () => Promise.reject(new Error("none")),
    });
    const [, functions] = /machines of ([\d,]+) functions/.exec(PAGE)!;
    const most = Number(functions!.replaceAll(",", ""));
    await expect(session.open({ kind: "made-up", functions: most + 1 })).rejects.toThrow(`room for ${functions}.`);
    const [, devices] = /a matrix of ([\d,]+) devices/.exec(PAGE)!;
    await session.open({ kind: "made-up", functions: 5000 });
    const settings: Settings = { ...AS_IT_IS, system: 0 };
    expect((await session.matrix(settings, "all")).ids.length).toBe(Number(devices!.replaceAll(",", "")));
    session.close();
  });
});
