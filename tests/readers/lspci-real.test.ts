import { describe, expect, it } from "vitest";
import { formatBus, parseBdf } from "../../src/topology/bdf.js";
import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { knownBits } from "../../src/topology/register.js";
import { looksLikeLspci, readLspci } from "../../src/readers/lspci/lspci.js";
import { ReadError } from "../../src/readers/reading.js";
import { REAL, realFile } from "./fixtures.js";

/** Dumps of real machines, read where they lie; they are not part of the repository. */
const text = (path: string) => new TextDecoder().decode(realFile(path));

/**
 * What each dump holds, counted beside the reader as well (header lines, `Region` and ROM lines, open windows, `ACSCtl`,
 * `LnkSta`, `Bus:` lines, slots in drawings), so that a block that is silently skipped fails:
 *
 *     functions · bridges · BARs · windows · ACS words · ACS absent · kinds · link speeds · parents · complete
 */
const COUNTS: Readonly<Record<string, string>> = {
  "asus-esc8000a-e12-4xada/lspci-tv.txt": "198 59 0 0 0 0 0 0 198 complete",
  "asus-esc8000a-e12-4xada/lspci-vvv-endpoints.txt": "8 0 40 0 2 6 8 8 0 part",
  "dell-r730-2xp100/lspci-vvv.txt": "201 14 66 23 9 192 201 26 0 complete",
  "malformed/lspci-revff-header7f.txt": "2 2 1 2 0 0 0 0 0 part",
  "malformed/lspci-v-none-windows.txt": "10 6 17 0 0 10 10 0 10 complete",
  "malformed/lspci-vvv-crlf.txt": "25 4 27 10 2 23 25 6 0 complete",
  "malformed/lspci-vvv-wrapped.txt": "22 7 18 11 3 18 22 10 0 part",
  "malformed/lspci-vvvv-xxxx-nbsp.txt": "3 3 0 3 2 1 3 3 0 part",
  "malformed/lspci-vvvv-xxxx-rk3399.txt": "10 6 17 0 0 10 10 10 0 complete",
  "lspci-vmmnD/hp-proliant-rl300-gen11-altra-max.txt": "44 0 0 0 0 0 0 0 0 part",
  "lspci-vmmnD/i5-3570k+arc-a580+gtx1080ti.txt": "26 0 0 0 0 0 0 0 0 part",
  "lspci-vmmnD/raspberry-pi-5+hailo-8.txt": "4 0 0 0 0 0 0 0 0 part",
  "lspci-vmmnD/xps13-9350.txt": "28 0 0 0 0 0 0 0 0 part",
  "ml-acs-iommu-groups/iommu-group-adl.txt": "12 1 0 3 6 0 12 0 11 part",
  "ml-acs-iommu-groups/lspci-P-c236.txt": "16 0 0 0 0 0 0 0 5 complete",
  "ml-altra-amdgpu/lspci-vv-card.txt": "1 0 4 0 1 0 1 1 0 part",
  "ml-amd-raven-switch/lspci-vv.txt": "44 12 39 15 19 25 44 30 0 complete",
  "ml-asus-3070ti-xxxx/lspci-vvvxxxx.txt": "29 6 36 11 6 22 28 11 0 complete",
  "ml-dell-vmd/lspci-Dnnv.txt": "36 11 32 31 0 24 32 0 0 complete",
  "ml-ibm-xeon-e5-nonroot/lspci-vv.txt": "137 17 49 17 0 52 53 0 0 part",
  "ml-pex8748-crate/lspci-nnvvv.txt": "42 24 36 22 20 22 42 29 0 complete",
  "ml-pex8748-crate/lspci-tv.txt": "42 24 0 0 0 0 0 0 42 complete",
  "ml-pex8748-crate/report.txt": "42 24 36 22 20 22 42 29 42 complete",
  "ml-vm-numeric/lspci-nv.txt": "254 14 52 20 0 57 70 0 0 part",
  "ml-xeon-e7v4-nn/lspci-nn.txt": "169 14 0 0 0 0 0 0 169 complete",
  "pciutils-tests/bridge-ctl-vga16": "2 2 0 2 0 0 2 2 0 part",
  "pciutils-tests/cap-aer-root": "2 1 3 1 1 1 2 2 0 part",
  "pciutils-tests/cap-dpc": "1 1 0 2 1 0 1 1 0 part",
  "pciutils-tests/cap-dvsec-cxl": "2 0 8 0 0 2 2 0 0 part",
  "pciutils-tests/cap-exp-lnkcap2": "4 2 7 4 1 3 4 4 0 part",
  "pciutils-tests/cap-flitmode": "1 0 1 0 0 1 1 1 0 part",
  "pciutils-tests/cap-ht": "2 0 0 0 0 2 2 0 0 complete",
  "pciutils-tests/cap-pcie-1": "1 1 0 3 1 0 1 1 0 part",
  "pciutils-tests/cap-pcie-2": "1 0 7 0 0 1 1 1 0 part",
  "pciutils-tests/cap-rebar": "1 0 5 0 0 1 1 1 0 part",
  "pciutils-tests/cap-vc-and-rcl": "16 5 17 12 0 16 16 6 0 part",
  "pciutils-tests/tree-asus-p6t6": "53 10 33 18 4 49 53 15 0 complete",
  "pciutils-tests/tree-fujitsu-p8010": "22 4 27 13 0 22 22 4 0 complete",
};

/**
 * Every oddity of these dumps: a device that was off, a bus held in reset, a line that a mail program lost, and ends
 * that are missing.
 */
const FINDINGS: Readonly<Record<string, readonly string[]>> = {
  "malformed/lspci-revff-header7f.txt": ["UNREADABLE_FUNCTION 20 0000:03:00.0"],
  "malformed/lspci-vvv-wrapped.txt": ["CUT_SHORT 1157 0000:3b:00.0"],
  "malformed/lspci-vvvv-xxxx-nbsp.txt": ["CUT_SHORT 833 0000:00:1c.4"],
  "malformed/lspci-vvvv-xxxx-rk3399.txt": ["MALFORMED_LINE 704 0000:04:00.0"],
  "ml-acs-iommu-groups/iommu-group-adl.txt": ["CUT_SHORT 48 0000:00:1c.0"],
  "ml-asus-3070ti-xxxx/lspci-vvvxxxx.txt": [
    "UNREADABLE_FUNCTION 5063 0000:2f:00.0",
    "UNREADABLE_FUNCTION 5071 0000:2f:00.0",
  ],
};

function count({ functions, complete }: SystemDescription): string {
  const sum = (of: (described: FunctionDescription) => number) => functions.reduce((n, each) => n + of(each), 0);
  return [
    functions.length,
    sum(({ bus }) => (bus ? 1 : 0)),
    sum(({ bars }) => bars?.length ?? 0),
    sum(({ windows }) => windows?.length ?? 0),
    sum(({ acs }) => (acs ? 1 : 0)),
    sum(({ acs }) => (acs === null ? 1 : 0)),
    sum(({ kind }) => (kind ? 1 : 0)),
    sum(({ link }) => (link && link.speed !== undefined ? 1 : 0)),
    sum(({ parent }) => (parent !== undefined ? 1 : 0)),
    complete === "likely" ? "complete" : "part",
  ].join(" ");
}

/** The same configuration space as several versions of lspci print it. */
const ORACLES: Readonly<Record<string, readonly string[]>> = {
  "pciutils-tests/tree-asus-p6t6": ["3.1.10", "3.5.6", "3.6.4", "3.9.0", "3.14.0"],
  "pciutils-tests/tree-fujitsu-p8010": ["3.1.10", "3.14.0"],
  "pciutils-tests/cap-exp-lnkcap2": ["3.14.0"],
  "pciutils-tests/cap-vc-and-rcl": ["3.14.0"],
  "ml-asus-3070ti-xxxx/lspci-vvvxxxx.txt": ["3.6.4", "3.14.0"],
};

function oracle(path: string, version: string, options: string): string {
  const [folder, file] = path.split("/");
  return `${folder}/_oracle/${file!.replace(".txt", "")}.lspci-${version}-${options}.txt`;
}

/**
 * What the registers of one function say. The dump has them as bus addresses beside the kernel's view; lspci made the
 * other texts from the registers alone, and prints those as it else prints CPU addresses.
 */
function registersOf(described: FunctionDescription, from: "dump" | "text") {
  const { bdf, kind, vendor, device, bus, acs, bars = [], windows = [] } = described;
  const places = bars.map(({ index, type, bus, start }) => {
    const address = from === "dump" || index! > 6 ? bus : start;
    return `${index} ${type} ${address ?? "nowhere"}`;
  });
  return {
    bdf,
    kind,
    vendor,
    device,
    bus,
    // lspci prints the low seven bits.
    acs: acs && { capability: acs.capability & 0x7f, control: knownBits(acs.control).value & 0x7f },
    bars: places.filter((place) => !place.endsWith("nowhere")),
    windows: windows.map(({ kind, start, end, bus, busEnd }) => `${kind} ${start ?? bus} ${end ?? busEnd}`),
  };
}

/** The bridge above by bus numbers alone; null: none has that bus below it. */
function bridgeAbove({ bdf }: FunctionDescription, functions: readonly FunctionDescription[]): string | null {
  const { segment, bus } = parseBdf(bdf)!;
  const above = functions.find(
    (other) => other.bus && formatBus(parseBdf(other.bdf)!.segment, other.bus.secondary) === formatBus(segment, bus),
  );
  return above?.bdf ?? null;
}

describe.skipIf(REAL === null)("dumps of real machines (skipped where ../shared/fixtures/real is absent)", () => {
  it.each(Object.entries(COUNTS))("%s holds %s", (path, expected) => {
    const { system, findings } = readLspci(text(path), path);
    expect(count(system)).toBe(expected);
    expect(findings.map(({ code, line, functions }) => [code, line, ...functions].join(" "))).toEqual(
      FINDINGS[path] ?? [],
    );
    expect(looksLikeLspci(text(path))).toBe(true);
  });

  it.each(Object.entries(ORACLES).flatMap(([path, versions]) => versions.map((version) => [path, version] as const)))(
    "%s says the same in the words of lspci %s",
    (path, version) => {
      const readable = ({ kind }: FunctionDescription) => kind !== undefined;
      const dump = readLspci(text(path), path).system.functions.filter(readable);
      const words = readLspci(text(oracle(path, version, "Dnnvvv")), version).system.functions.filter(readable);
      const expected = dump.map((described, i) => ({
        ...registersOf(described, "dump"),
        // Version 3.1.10 prints no capabilities of CardBus bridges.
        ...(words[i]?.acs === undefined && { acs: undefined }),
      }));
      expect(words.map((described) => registersOf(described, "text"))).toEqual(expected);
      expect(words.length).toBeGreaterThan(3);
    },
  );

  it.each(Object.keys(ORACLES))("%s hangs together in the drawing as its bus numbers say", (path) => {
    const { functions } = readLspci(text(path), path).system;
    const drawn = readLspci(text(oracle(path, "3.14.0", "Dt")), path).system.functions;
    expect(drawn.map(({ bdf, parent }) => [bdf, parent])).toEqual(
      functions.map((described) => [described.bdf, bridgeAbove(described, functions)]),
    );
    for (const { bdf, bus } of drawn) {
      const numbers = functions.find((described) => described.bdf === bdf)?.bus;
      if (bus !== undefined) expect(numbers).toMatchObject(bus);
    }
  });

  it.each(Object.keys(ORACLES).flatMap((path) => ["Dnmm", "Dnvmm"].map((form) => [path, form] as const)))(
    "%s has the same functions as its records (%s) and its drawing say",
    (path, form) => {
      const dump = readLspci(text(path), path).system.functions;
      const records = readLspci(text(oracle(path, "3.14.0", form)), form).system.functions;
      const readable = (functions: readonly FunctionDescription[]) =>
        functions.filter(({ vendor }) => vendor !== undefined);
      const ids = (functions: readonly FunctionDescription[]) =>
        functions.map(({ bdf, class: code, vendor, device, revision }) => ({ bdf, code, vendor, device, revision }));
      // Records leave out a revision of zero.
      const counted = ids(readable(dump)).map((each) =>
        each.revision === "00" ? { ...each, revision: undefined } : each,
      );
      expect(ids(readable(records))).toEqual(counted);
      for (const { bdf, subsystemVendor, subsystemDevice } of dump) {
        if (subsystemVendor === undefined) continue;
        expect(records.find((other) => other.bdf === bdf)).toMatchObject({ subsystemVendor, subsystemDevice });
      }
      const both = `${text(oracle(path, "3.14.0", form))}\n$ lspci -t\n${text(oracle(path, "3.14.0", "Dt"))}`;
      const merged = readLspci(both, "both");
      expect(merged.system.functions.map(({ bdf, parent }) => [bdf, parent])).toEqual(
        dump.map((described) => [described.bdf, bridgeAbove(described, dump)]),
      );
      expect(ids(readable(merged.system.functions))).toEqual(counted);
      expect(merged.findings.filter(({ code }) => code !== "UNREADABLE_FUNCTION")).toEqual([]);
    },
  );

  it("give a selection of endpoints their parents where a drawing stands beside them", () => {
    const folder = "asus-esc8000a-e12-4xada";
    const both = `${text(`${folder}/lspci-vvv-endpoints.txt`)}\n\n${text(`${folder}/lspci-tv.txt`)}`;
    const { system, findings } = readLspci(both, folder);
    expect(count(system)).toBe("198 59 40 0 2 6 8 8 198 complete");
    expect(findings).toEqual([]);
  });

  it("filtered down to ACS lines are refused, and other formats are not taken for lspci", () => {
    const filtered = text("asus-esc8000a-e12-4xada/lspci-grep-ACSCtl.txt");
    expect(() => readLspci(filtered, "grep")).toThrow(ReadError);
    for (const path of [
      "asus-esc8000a-e12-4xada/topo-m.txt",
      "ml-pex8748-crate/iomem.txt",
      "ml-altra-amdgpu/iomem.txt",
      "aws-xml/p4d-24xl-topo.xml",
      "hwloc-xml/power8gpudistances.xml",
      "rccl-xml/topo_8p_940.xml",
    ]) {
      expect(looksLikeLspci(text(path)), path).toBe(false);
    }
  });
});
