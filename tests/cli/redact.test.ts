import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { MachineDescription } from "../../src/topology/description.js";
import { capture, json, peerlane } from "./run.js";

const SWITCH = capture("switch4-intel");
const EXAMPLE = new URL("../../examples/nvlink-server.json", import.meta.url).pathname;

/** The example's NICs with the names that udev gives where it knows nothing but their addresses. */
const NAMED = readFileSync(EXAMPLE, "utf8")
  .replace('"mlx5_0"', '"mlx5_0", "enxb83fd2112233"')
  .replace('"mlx5_1"', '"ibp506b4b0300aabbcc"');
const SECRETS = /b83fd2112233|506b4b0300aabbcc/;
const from = (text: string) => ({ input: text });

describe("peerlane export --redact", () => {
  test("is without serial numbers and kernel parameters of other things, and says what is still there", () => {
    const { code, out, err } = peerlane(["export", "--redact", "-i", SWITCH]);
    expect(code).toBe(0);
    expect(err).toMatch(/^note: redacted: no serial numbers.*\nnote: still there: vendor, device[^]*the kernel\n$/);
    const [plain, redacted] = [peerlane(["export", "-i", SWITCH]).out, out].map(
      (text) => (JSON.parse(text) as MachineDescription).systems[0]!,
    );
    expect(plain!.functions.some(({ serialNumber }) => serialNumber !== undefined)).toBe(true);
    expect(redacted!.functions.some(({ serialNumber }) => serialNumber !== undefined)).toBe(false);
    expect(plain!.kernel!.commandLine).not.toContain("=redacted");
    expect(redacted!.kernel!.commandLine).toContain("=redacted");
    expect(redacted!.functions.map(({ bdf, acs }) => [bdf, acs])).toEqual(
      plain!.functions.map(({ bdf, acs }) => [bdf, acs]),
    );
  });

  test.each(["json", "svg", "dot", "mermaid", "markdown"])("--to %s names no address", (format) => {
    const words = ["export", "--to", format, "-i", "-"];
    const [plain, redacted] = [words, [...words, "--redact"]].map((each) => peerlane(each, from(NAMED)));
    expect([plain!.code, redacted!.code]).toEqual([0, 0]);
    expect(redacted!.out).not.toMatch(SECRETS);
    expect(plain!.out).toMatch(SECRETS);
  });

  test("a topology file for NCCL names no port by its GUID", () => {
    const net = '<nic><net name="enxb83fd2112233" dev="0" guid="0x506b4b0300aabbcc"/></nic>';
    const pci = `<pci busid="0000:05:00.0" class="0x020700" link_speed="16.0 GT/s PCIe" link_width="16">${net}</pci>`;
    const xml = `<system version="1"><cpu numaid="0" affinity="ff" arch="x86_64">${pci}</cpu></system>`;
    const words = ["export", "--to", "nccl-xml", "-i", "-"];
    const [plain, redacted] = [words, [...words, "--redact"]].map((each) => peerlane(each, from(xml)).out);
    expect(plain).toMatch(/enxb83fd2112233[^]*guid="0x506b4b0300aabbcc"/);
    expect(redacted).toContain('name="enx-redacted-1"');
    expect(redacted).not.toMatch(SECRETS);
  });

  test("functions are chosen by the names that they have, and verdicts stay", () => {
    const words = ["export", "--to", "markdown", "--of", "enxb83fd2112233,GPU0", "--cpu", "AuthenticAMD:25", "-i", "-"];
    const [plain, redacted] = [words, [...words, "--redact"]].map((each) => peerlane(each, from(NAMED)).out);
    expect(redacted).toContain("AuthenticAMD:25");
    expect(redacted).toBe(plain!.replaceAll("enxb83fd2112233", "enx-redacted-1"));
  });

  test("of several machines", () => {
    const { systems, ...rest } = JSON.parse(NAMED) as MachineDescription;
    const two = { ...rest, systems: [systems[0]!, { ...systems[0]!, name: "second" }] };
    const { code, out, err } = peerlane(["export", "--redact", "-i", "-"], from(JSON.stringify(two)));
    expect(code).toBe(0);
    expect(err).toContain("note: redacted");
    const names = (JSON.parse(out) as MachineDescription).systems.map(({ functions }) =>
      functions.flatMap(({ names = [] }) => names).filter((name) => name.includes("redacted")),
    );
    expect(names).toEqual([
      ["enx-redacted-1", "ibp-redacted-2"],
      ["enx-redacted-1", "ibp-redacted-2"],
    ]);
  });

  test("as --json it says nothing beside the document", () => {
    const { code, document } = json<MachineDescription>(["export", "--redact", "-i", SWITCH]);
    expect([code, document.peerlane]).toEqual([0, 1]);
  });
});
