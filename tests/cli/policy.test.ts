import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { synthesize } from "../../src/fabrics/index.js";
import { Topology } from "../../src/topology/topology.js";
import type {
  CompatDocument,
  ListDocument,
  MappingDocument,
  MatrixDocument,
  VerdictDocument,
} from "../../src/writers/index.js";
import { CAPTURES } from "../readers/fixtures.js";
import { columnsOf, reduced } from "../topology/columns-of.js";
import { acs, bar, BDF, machineT, type Change } from "../vectors/machine.js";
import { capture, json, peerlane } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-cli-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: string | ArrayBuffer): string {
  const path = join(directory, name);
  writeFileSync(path, typeof content === "string" ? content : new Uint8Array(content));
  return path;
}

const far = { ...bar("0x40f9000000", 0x100_0000), index: 2, bus: "0xf9000000" } as const;
const change: Change = { DSP0: acs(0x04), B: { bars: [{ ...bar("0xf9000000", 0x100_0000), index: 2 }] } };
const machine = machineT("L", change, { kernel: { release: "6.12.117" } });
const source = file("machine.json", JSON.stringify(machine));
const direct = file("direct.json", JSON.stringify(machineT("L", { B: { bars: [far] } })));
const { cpu: _cpu, iommu: _iommu, ...bare } = machine.systems[0]!;
const unshown = file("unshown.json", JSON.stringify({ peerlane: 1, systems: [{ ...bare, hostBridges: [] }] }));
const ppc = { cpu: { architecture: "ppc64", vendor: "POWER9" } };
const powerful = file("power.json", JSON.stringify(machineT("N", {}, ppc)));

describe("--policy", () => {
  const can = (...words: string[]) => {
    const { code, document } = json<VerdictDocument>(["can", ...words]);
    return [code, document.verdict, document.policy.name, document.policy.kernel];
  };

  test.each([
    ["", [0, "yes-through-host-bridge", "linux-6.12", "6.12.117"]],
    ["--policy linux", [0, "yes-through-host-bridge", "linux-6.12", "6.12.117"]],
    ["--policy linux-5.3", [1, "no", "linux-5.3", "5.3"]],
    ["--policy linux --kernel 5.3", [1, "no", "linux-5.3", "5.3"]],
    ["--policy power9", [1, "no", "power9", null]],
    ["--policy linux,power9", [1, "no", "linux-6.12,power9", "6.12.117"]],
    ["--policy linux,power9 --kernel 6.1", [1, "no", "linux-6.1,power9", "6.1"]],
  ])("can … %s", (options, expected) => {
    expect(can(BDF.A, BDF.B, "-i", source, ...options.split(" ").filter(Boolean))).toEqual(expected);
  });

  test.each([
    ["precise", "linux-6.12+precise"],
    ["precise --kernel 6.1", "linux-6.1+precise"],
    ["linux-6.1+precise", "linux-6.1+precise"],
    ["power9+precise", "power9+precise"],
  ])("%s names its rules", (options, name) => {
    const words = ["matrix", "--of", `${BDF.A},${BDF.B}`, "-i", source, "--policy", ...options.split(" ")];
    expect(json<MatrixDocument>(words).document.policy.name).toBe(name);
    expect(peerlane(words).out.replace(/\s+/g, " ")).toContain(`${name}, CPU GenuineIntel:6`);
  });

  test("loads and stores across host bridges of POWER9 are kept apart", () => {
    const across = (policy: string, direction: string) =>
      peerlane(["can", BDF.C, BDF.D, "-q", "-i", powerful, "--policy", policy, "--direction", direction]).out.trim();
    const each = (policy: string) => ["read", "write", "both"].map((direction) => across(policy, direction));
    expect(each("power9")).toEqual(["no", "no", "no"]);
    expect(each("power9+store")).toEqual(["no", "yes-through-host-bridge", "no"]);
    expect(each("power9+load")).toEqual(["yes-through-host-bridge", "no", "no"]);
    expect(each("power9+load+store")).toEqual(Array(3).fill("yes-through-host-bridge"));
  });

  test("decides for every command that decides, and list takes it too", () => {
    const words = ["-i", source, "--policy", "power8"];
    expect(peerlane(["map", BDF.A, "0xf9000000", "4K", "-q", ...words])).toMatchObject({ code: 1, out: "no\n" });
    expect(json<ListDocument>(["list", ...words]).code).toBe(0);
    const { document } = json<MatrixDocument>(["matrix", "--of", `${BDF.A},${BDF.B}`, ...words]);
    expect(document.distance).toEqual([
      [0, -1],
      [-1, 0],
    ]);
  });

  test.each([
    ["power7", /^peerlane: --policy: expected a policy, got "power7": .* there are linux, linux-RELEASE/],
    ["power8+load", /\+load and \+store go behind power9/],
    ["linux-6.1+precise,power9", /expected precise ACS in all policies or in none/],
    ["power9 --kernel 6.1", /^peerlane: --policy power9 says whose rules decide, and so does --kernel 6.1: leave one/],
    ["linux-6.1 --kernel 6.1", /leave one out/],
  ])("%s is asked wrongly, before anything is read", (options, message) => {
    const { code, out, err } = peerlane(["list", "-i", "/nonexistent", "--policy", ...options.split(" ")]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
  });
});

describe("--iommu and --dma-mask", () => {
  const map = (...words: string[]) => json<MappingDocument>(["map", BDF.A, "0xf9000000", "4K", ...words]).document;

  test.each([
    ["off", { translation: "none", dmaAddress: "0xf9000000" }],
    ["passthrough", { translation: "none", dmaAddress: "0xf9000000" }],
    ["translating", { translation: "iommu", dmaAddress: null }],
  ])("--iommu %s is put into the description, of whatever kind it is", (mode, expected) => {
    const sources = [
      source,
      unshown,
      file("packed.peerlane", Topology.of(machine).toBuffer()),
      file("fabric.peerlane", Topology.fromColumns(columnsOf(reduced(machine))).topology.toBuffer()),
    ];
    for (const each of sources) {
      const found = map("-i", each, "--iommu", mode, "--kernel", "6.12", "--cpu", "GenuineIntel:6");
      expect(found).toMatchObject({ ok: true, route: "through-host-bridge", ...expected });
    }
    expect(map("-i", unshown, "--cpu", "GenuineIntel:6")).toMatchObject({ translation: "unknown" });
  });

  test("an IOVA is said to be outside the windows of the host bridge, where those are shown", () => {
    const translating = ["--iommu", "translating", "--cpu", "GenuineIntel:6"];
    expect(map("-i", source, ...translating)).toMatchObject({
      iova: { reserved: [{ start: "0xe0000000", end: "0xfebfffff" }] },
    });
    expect(map("-i", unshown, ...translating)).toMatchObject({ iova: { reserved: null } });
    expect(map("-i", source)).not.toHaveProperty("iova");
    const words = ["map", BDF.A, "0xf9000000", "4K", "-i", source, ...translating];
    const text = peerlane(words).out.replace(/\s+/g, " ");
    expect(text).toContain("outside the windows of the host bridge, 0xe0000000 to 0xfebfffff");
  });

  test("--dma-mask is the initiator's, of whatever kind the source is", () => {
    const packed = file("masked.peerlane", Topology.of(machine).toBuffer());
    const fabric = file("masks.peerlane", Topology.fromColumns(columnsOf(reduced(machine))).topology.toBuffer());
    for (const each of [source, packed, fabric]) {
      expect(map("-i", each, "--dma-mask", "31", "--kernel", "6.12")).toMatchObject({ ok: false, code: "DMA_MASK" });
      expect(map("-i", each, "--dma-mask", "32", "--kernel", "6.12")).toMatchObject({ ok: true });
      expect(map("-i", each, "--dma-mask", "64", "--kernel", "6.12")).toMatchObject({ ok: true });
    }
    // The owner's does not matter.
    const narrow = machineT("L", { ...change, B: { ...change.B, dmaMaskBits: 24 } });
    expect(map("-i", file("narrow.json", JSON.stringify(narrow)))).toMatchObject({ ok: true });
  });

  test.each(["0", "65", "-1", "32.5", "many", ""])("--dma-mask %j is no number of bits", (bits) => {
    const { code, err } = peerlane(["map", BDF.A, "0x0", "1", `--dma-mask=${bits}`, "-i", source]);
    expect([code, err]).toEqual([
      2,
      `peerlane: --dma-mask: expected a number of address bits from 1 to 64, got "${bits}"\n`,
    ]);
  });

  test("belong to commands that look at them", () => {
    expect(peerlane(["can", BDF.A, BDF.B, "--dma-mask", "32", "-i", source]).err).toContain("unknown option");
    expect(peerlane(["map", BDF.A, "0x0", "1", "--iommu", "on", "-i", source]).err).toContain(
      "Allowed choices are off, passthrough, translating.",
    );
  });

  test("a fabric is too large for them, one machine of it is not", () => {
    const columns = synthesize({ functions: 120_000 });
    const large = file("large.peerlane", Topology.fromColumns(columns).topology.toBuffer());
    const words = ["list", "-q", "-i", large, "--iommu", "off"];
    const { code, err } = peerlane(words);
    expect(code).toBe(2);
    expect(err).toMatch(/^peerlane: --iommu off changes what the source says, .*these are 120000: choose one machine/);
    expect(peerlane([...words, "--system", "s3"]).code).toBe(0);
  });
});

describe("map --compat", () => {
  interface Document {
    readonly compat: CompatDocument;
  }
  const compat = (...words: string[]) => json<Document>(["map", ...words, "--compat"]).document.compat;

  test("shows what that kernel's own calls return, and where they differ", () => {
    const words = [BDF.A, "0x40f9001000", "4K", "-i", direct];
    expect(compat(...words, "--kernel", "5.15")).toEqual({
      kernel: "5.15",
      mapResource: {
        call: "dma_map_resource",
        result: "identity",
        dmaAddress: "0x40f9001000",
        error: null,
        note: "the CPU physical address as it is: no owner is looked up, no bridge asked, no offset applied",
        differs: true,
      },
      mapSg: {
        call: "pci_p2pdma_map_sg",
        result: "bus-address",
        dmaAddress: "0x80f9001000",
        error: null,
        note: expect.stringContaining("subtracts the offset"),
        differs: true,
      },
    });
    expect(compat(...words, "--kernel", "6.12").mapSg).toMatchObject({ dmaAddress: "0xf9001000", differs: false });
    expect(json<object>(["map", ...words]).document).not.toHaveProperty("compat");
  });

  test("says differs in text, and only there where it does", () => {
    const words = ["map", BDF.A, "0x40f9001000", "4K", "-i", direct, "--compat", "--kernel", "6.12"];
    const text = peerlane(words).out.replace(/\s+/g, " ");
    expect(text).toContain("compat dma_map_resource() of Linux 6.12: 0x40f9001000 (differs): the CPU physical address");
    expect(text).toContain("dma_map_sg() of Linux 6.12: 0xf9001000: requests turn around");
    expect(text.match(/differs\b/g)).toHaveLength(2);
  });

  test("takes the policy's kernel, else the source's, else the newest", () => {
    const at = [BDF.A, "0xf9000000", "4K"];
    expect(compat(...at, "-i", source).kernel).toBe("6.12.117");
    expect(compat(...at, "-i", source, "--policy", "power9").kernel).toBe("6.12.117");
    expect(compat(...at, "-i", source, "--policy", "linux-5.4").kernel).toBe("5.4");
    expect(compat(...at, "-i", powerful, "--policy", "power9").kernel).toBe("7.3");
  });

  test.skipIf(CAPTURES === null)("on POWER one of Linux's own answers is not known, and one none", () => {
    const words = ["0000:03:00.0", "0x600c000400000", "4K", "-i", capture("ppc-powernv9")];
    expect(compat(...words, "--iommu", "passthrough")).toMatchObject({
      mapResource: { result: "unknown", dmaAddress: null, differs: null },
      mapSg: { result: "absent", differs: true },
    });
    expect(compat(...words, "--iommu", "translating").mapResource).toMatchObject({
      result: "error",
      error: "DMA_MAPPING_ERROR",
      differs: true,
    });
    expect(compat(...words).mapResource).toMatchObject({ result: "unknown", differs: null });
  });
});
