import { describe, expect, test } from "vitest";
import { ReadError } from "../../src/readers/reading.js";
import { readXml, type XmlElement } from "../../src/readers/xml.js";

/** The document as the handler is told of it: `<a x="1">` … `</a>`. */
function told(text: string): string {
  let all = "";
  readXml(text, "t.xml", {
    open: ({ name, attributes }) => {
      const values = Object.entries(attributes).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
      all += `<${name}${values.join("")}>`;
    },
    close: (name) => (all += `</${name}>`),
  });
  return all;
}

function refusal(text: string): string {
  try {
    told(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ReadError);
    return (error as ReadError).message;
  }
  throw new Error("it was read");
}

describe("XML", () => {
  test("elements and attributes, in order; comments, declarations and any white space are passed over", () => {
    const text = `\n\n<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<!-- <pci busid="no"/> -->
<system  version = '1'\n><cpu\n\tnumaid="0"\r\n  arch="a &lt;&#x62;&gt;"/>text<!-- - --></system>\n`;
    expect(told(text)).toBe('<system version="1"><cpu numaid="0" arch="a <b>"></cpu></system>');
    expect(told(`<a __proto__="1" constructor="2"/>`)).toBe('<a __proto__="1" constructor="2"></a>');
  });

  test("what is told begins before the end has been looked at", () => {
    const seen: string[] = [];
    const text = `<a><b/>${" ".repeat(100_000)}<`;
    const handler = { open: ({ name }: XmlElement) => void seen.push(name), close: () => undefined };
    expect(() => readXml(text, "t.xml", handler)).toThrow("t.xml:1:");
    expect(seen).toEqual(["a", "b"]);
  });

  test("definitions and entities of its own are refused", () => {
    const lol = `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>`;
    expect(refusal(lol)).toContain("the DOCTYPE holds definitions of its own");
    expect(refusal(`<l>&b;</l>`)).toContain("undefined entity");
    expect(refusal(`<l a="&b;"/>`)).toContain("undefined entity");
  });

  test("damage is named with line, column and path", () => {
    expect(refusal(`\n\n<a>\n  <b/>\n  <b><c x=1/></b>\n</a>`)).toMatch(
      /^t\.xml:5:\d+: \/a\/b\[2\]\/c\[1\]: damaged XML: unquoted attribute value/,
    );
    expect(refusal(`<a><b>`)).toMatch(/^t\.xml:1:6: \/a\/b\[1\]: damaged XML: unclosed tag: b/);
    expect(refusal(`<a x="1" x="2"/>`)).toContain("duplicate attribute: x");
    expect(refusal(`<a></b>`)).toContain("damaged XML");
    expect(refusal(`<a>\0</a>`)).toContain("disallowed character");
    expect(refusal("")).toContain("document must contain a root element");
  });

  test("a reader's own complaint points at the element's beginning", () => {
    const complain = (text: string) => {
      const handler = {
        open: (element: XmlElement) => {
          if (element.name === "bad") throw element.error("no such thing");
        },
        close: () => undefined,
      };
      readXml(text, "t.xml", handler);
    };
    expect(() => complain(`<a>\n  <ok/><bad\n x="1"/></a>`)).toThrow("t.xml:2:8: /a/bad[1]: no such thing");
    expect(() => complain(`  <a><bad/></a>`)).toThrow("t.xml:1:6: /a/bad[1]: no such thing");
  });

  test("nesting and sizes end somewhere", () => {
    expect(refusal("<a>".repeat(100_000))).toMatch(
      /^t\.xml:1:\d+: \/a(?:\/a\[1\]){5}\/…(?:\/a\[1\]){6}: elements nest more than 512 deep/,
    );
    expect(refusal(`<a ${Array.from({ length: 300 }, (_, at) => `x${at}="1"`).join(" ")}/>`)).toContain(
      "more than 256 attributes",
    );
    expect(refusal(`<a x="${"y".repeat((1 << 20) + 1)}"/>`)).toContain("longer than 1048576 characters");
  });
});
