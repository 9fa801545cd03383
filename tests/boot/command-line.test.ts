import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parametersNamed, parseCommandLine, pciOptions } from "../../src/boot/command-line.js";

const names = (text: string) =>
  parseCommandLine(text).map(({ name, value }) => (value === null ? name : [name, value]));

describe("a kernel command line", () => {
  test.each<[string, string, unknown]>([
    ["is split at spaces", "quiet  root=/dev/sda1\tro\n", ["quiet", ["root", "/dev/sda1"], "ro"]],
    ["keeps spaces in quotes around a value", 'dyndbg="file pci.c +p" ro', [["dyndbg", "file pci.c +p"], "ro"]],
    ["keeps spaces in quotes around all of it", '"dyndbg=file pci.c +p" ro', [["dyndbg", "file pci.c +p"], "ro"]],
    ["takes a quote that is not closed to the end", 'a="b c d', [["a", "b c d"]]],
    ["keeps quotes inside", 'a=b"c d"e', [["a", 'b"c d"e']]],
    ["ends at --", "a -- pci=nomsi", ["a"]],
    ["goes on after --a and --=b", "--a --=b c", ["--a", ["--", "b"], "c"]],
    ["splits at the first =", "a=b=c", [["a", "b=c"]]],
    ["has an empty value", "a= b", [["a", ""], "b"]],
    ["begins with =", "=a", ["=a"]],
    ["is empty", "  ", []],
  ])("%s", (_, text, expected) => expect(names(text)).toEqual(expected));

  test("has names in which dashes and underscores are alike", () => {
    const found = parametersNamed(parseCommandLine("intel-iommu=on intel_iommu=off"), "intel_iommu");
    expect(found.map(({ value }) => value)).toEqual(["on", "off"]);
  });

  test("has options in every pci=, each ending at a comma", () => {
    const options = pciOptions(parseCommandLine("pci=noaer,disable_acs_redir=01:00.0;02:00.0,03:00.0 pci=,nomsi pci"));
    expect(options.map(({ name, value }) => [name, value])).toEqual([
      ["noaer", null],
      ["disable_acs_redir", "01:00.0;02:00.0"],
      ["03:00.0", null],
      ["nomsi", null],
    ]);
  });

  test("may be any text: nothing is thrown, and nothing of it is lost or made up", () => {
    const piece = fc.constantFrom('"', " ", "=", "--", "pci=", "config_acs=", "@", ";", ",", "\t", "a", "\u00a0");
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (line) => {
        const parameters = parseCommandLine(line);
        pciOptions(parameters);
        let at = 0;
        for (const parameter of parameters) {
          const found = line.indexOf(parameter.text, at);
          expect(found).toBeGreaterThanOrEqual(at);
          at = found + parameter.text.length;
        }
      }),
    );
  });

  test("of a million characters is split as readily", () => {
    expect(parseCommandLine('"a" '.repeat(250_000))).toHaveLength(250_000);
    expect(parseCommandLine('"'.repeat(1_000_001))).toHaveLength(1);
    expect(pciOptions(parseCommandLine(`pci=${"a,".repeat(500_000)}`))).toHaveLength(500_000);
  });
});
