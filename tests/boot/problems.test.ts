import { describe, expect, test } from "vitest";
import { bootProblems } from "../../src/boot/problems.js";
import type { SystemDescription } from "../../src/topology/description.js";

/** A machine that booted with `commandLine`: a port that redirects, one that does not, and a function without ACS. */
function booted(commandLine: string, release = "6.15.3", complete: boolean | "likely" = true): SystemDescription {
  const port = (bdf: string, control: number) => ({ bdf, parent: null, acs: { capability: 0x5f, control } });
  return {
    kernel: { commandLine, release },
    complete,
    functions: [
      port("0000:00:04.0", 0x1d),
      port("0000:00:05.0", 0x00),
      { bdf: "0000:00:1f.0", parent: null, acs: null },
    ],
  };
}

const found = (commandLine: string, release?: string, complete?: boolean | "likely") =>
  bootProblems(booted(commandLine, release, complete)).map(({ code, parameter }) => `${code} ${parameter}`);

describe("kernel parameters", () => {
  test.each<[string, readonly string[], string?]>([
    ["quiet pci=noaer,realloc intel_iommu=on", []],
    ["pci=noacs", ["UNKNOWN_PCI_OPTION noacs"]],
    ["pci=nomsi,disable_acs", ["UNKNOWN_PCI_OPTION disable_acs"]],
    ["pci=config_acs", ["UNKNOWN_PCI_OPTION config_acs"]],
    ["pcie_acs_override=downstream,multifunction", ["ACS_OVERRIDE pcie_acs_override=downstream,multifunction"]],
    ["pci=disable_acs_redir=0:5.0,0:4.0,nomsi", ["COMMA_FOR_SEMICOLON 0:4.0"]],
    [
      "pci=config_acs=0@0:5.0,xx0@0:4.0,0000@pci:0:0",
      ["COMMA_FOR_SEMICOLON xx0@0:4.0", "COMMA_FOR_SEMICOLON 0000@pci:0:0"],
    ],
    ["pci=config_acs=000@0:5.0", ["ACS_PARAMETER_TOO_NEW config_acs=000@0:5.0"], "6.8.0-41-generic"],
    ["pci=disable_acs_redir=0:5.0", ["ACS_PARAMETER_TOO_NEW disable_acs_redir=0:5.0"], "4.18.20"],
    ["pci=disable_acs_redir=0:4.0 pci=disable_acs_redir=0:5.0", ["ACS_PARAMETER_REPEATED disable_acs_redir=0:4.0"]],
    ["pci=config_acs=000", ["BAD_ACS_FLAGS config_acs=000"]],
    ["pci=config_acs=0?0@0:5.0", ["BAD_ACS_FLAGS config_acs=0?0@0:5.0"]],
    ["pci=config_acs=00000000@0:5.0", ["BAD_ACS_FLAGS config_acs=00000000@0:5.0"]],
    ["pci=disable_acs_redir=0:5.0\\;0:5.0", ["BAD_DEVICE disable_acs_redir=0:5.0\\"]],
    ["pci=disable_acs_redir=0:5.0;9:0.0", ["NO_SUCH_DEVICE disable_acs_redir=9:0.0"]],
    ["pci=disable_acs_redir=0:1f.0", ["NO_ACS_CAPABILITY disable_acs_redir=0:1f.0"]],
    ["pci=disable_acs_redir=0:5.0;0:4.0", ["ACS_PARAMETER_WITHOUT_EFFECT disable_acs_redir=0:4.0"]],
    ["pci=config_acs=0000x00@0:4.0", []],
    ["pci=config_acs=0000000@0:4.0", ["ACS_PARAMETER_WITHOUT_EFFECT config_acs=0000000@0:4.0"]],
    ["pci=disable_acs_redir=0:4.0,config_acs=xx1xx@0:4.0", []],
    ["pci=config_acs=0@0:5.0;0@0:4.0", ["SEVERAL_DEVICES config_acs=0@0:5.0;0@0:4.0"], "6.12.3"],
    ["pci=config_acs=0@0:5.0", [], "6.12.3"],
    ["pci=disable_acs_redir=0:5.0;0:4.0", ["OTHER_BITS_SET disable_acs_redir=0:5.0;0:4.0"], "6.13.1"],
    ["pci=nommconf", ["NO_EXTENDED_SPACE nommconf"]],
    ["pci=nocrs", ["HOST_WINDOWS_IGNORED nocrs"]],
  ])("%s: %j", (commandLine, expected, release) => expect(found(commandLine, release)).toEqual(expected));

  test("name no function as missing where the source may be a selection", () => {
    expect(found("pci=disable_acs_redir=9:0.0", "6.15.3", "likely")).toEqual([]);
  });

  test("say what is wrong", () => {
    const [problem] = bootProblems(booted("pci=disable_acs_redir=0:4.0"));
    expect(problem!.functions).toEqual(["0000:00:04.0"]);
    expect(problem!.text).toContain("0000:00:04.0 redirects all the same (control 0x001d)");
  });

  test("are not made up", () => {
    expect(bootProblems({ functions: [] })).toEqual([]);
  });
});
