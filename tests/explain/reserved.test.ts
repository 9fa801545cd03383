import { describe, expect, test } from "vitest";
import { reservedFromIova, Topology } from "../../src/index.js";
import type { FunctionDescription, HostBridgeDescription, WindowDescription } from "../../src/topology/description.js";
import { read } from "../../src/readers/read.js";
import { captureFile, CAPTURES } from "../readers/fixtures.js";

const BAR = { index: 0, type: "mem32", start: "0x1000100000", bus: "0x80100000", size: 0x1000 } as const;

function reserved(windows: readonly WindowDescription[] | undefined, bars: FunctionDescription["bars"] = []) {
  const host: HostBridgeDescription = { root: "0000:00", ...(windows === undefined ? {} : { windows }) };
  const topology = Topology.of({
    peerlane: 1,
    systems: [
      {
        functions: [
          { bdf: "0000:00:01.0", parent: null, bars },
          { bdf: "0001:00:01.0", parent: null, bars: [{ ...BAR, bus: "0x0" }] },
        ],
        hostBridges: [host],
      },
    ],
  });
  return reservedFromIova(topology, "0000:00:01.0");
}

describe("addresses that no IOVA may be in", () => {
  const low: WindowDescription = { kind: "mem", start: "0x1000000000", end: "0x10ffffffff", bus: "0x80000000" };
  const high: WindowDescription = { kind: "pref", start: "0x2000000000", end: "0x2fffffffff", bus: "0x2000000000" };

  test("are the host bridge's memory windows as the bus sees them, ascending, without its ports", () => {
    expect(reserved([high, { kind: "io", start: "0x0", end: "0xffff", bus: "0x0" }, low])).toEqual([
      { start: 0x80000000n, end: 0x17fffffffn },
      { start: 0x2000000000n, end: 0x2fffffffffn },
    ]);
    expect(reserved([{ kind: "mem", bus: "0x100000", busEnd: "0x1fffff" }])).toEqual([
      { start: 0x100000n, end: 0x1fffffn },
    ]);
    expect(reserved([])).toEqual([]);
  });

  test("are not known where the windows are not shown", () => {
    expect(reserved(undefined)).toBeNull();
  });

  test("take the offset of a BAR in the window, of this host bridge alone, where the window's own is not shown", () => {
    const { bus: _, ...unplaced } = low;
    expect(reserved([unplaced], [BAR])).toEqual([{ start: 0x80000000n, end: 0x17fffffffn }]);
    expect(reserved([unplaced])).toBeNull();
    expect(reserved([unplaced, high], [{ ...BAR, start: "0x3000000000" }])).toBeNull();
  });

  test("are asked for by function, host bridge or device outside PCI, and by nothing else", () => {
    const platformDevices = [{ name: "dma-engine", regions: [] }];
    const functions = [{ bdf: "0000:00:01.0", parent: null }];
    const topology = Topology.of({ peerlane: 1, systems: [{ functions, platformDevices }] });
    expect(reservedFromIova(topology, "dma-engine")).toEqual([]);
    expect(reservedFromIova(topology, "0000:00")).toBeNull();
    expect(() => reservedFromIova(topology, "0000:00:02.0")).toThrow("nothing is named");
    const twins = [...platformDevices, ...platformDevices];
    const ambiguous = Topology.of({ peerlane: 1, systems: [{ functions, platformDevices: twins }] });
    expect(() => reservedFromIova(ambiguous, "dma-engine")).toThrow("names 2 devices outside PCI");
  });

  test.skipIf(CAPTURES === null)("of a POWER machine differ by window", async () => {
    const { machine } = await read([
      { name: "snapshot.tar.gz", bytes: captureFile("ppc-pseries-bridges", "snapshot.tar.gz") },
    ]);
    expect(reservedFromIova(Topology.of(machine), "0001:00")).toEqual([
      { start: 0x80000000n, end: 0xffffffffn },
      { start: 0x220000000000n, end: 0x22ffffffffffn },
    ]);
  });
});
