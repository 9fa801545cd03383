import { describe, expect, test } from "vitest";
import { Topology, type FunctionDescription, type MachineDescription } from "../../src/index.js";
import { iommuGroups, shareGroup } from "../../src/fix/iommu-groups.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames, REAL, realFile } from "../readers/fixtures.js";

/** How the pairs of functions whose groups a source shows compare with the groups that are derived. */
function compared(machine: MachineDescription) {
  const topology = Topology.of(machine);
  const ids = [...topology.functions()].filter((id) => typeof topology.registers(id)!.iommuGroup === "number");
  const bounds = iommuGroups(topology, 0);
  const result = { functions: ids.length, right: 0, unknown: 0, wrong: [] as string[][] };
  for (const [index, a] of ids.entries()) {
    for (const b of ids.slice(index + 1)) {
      const [here, there] = [topology.registers(a)!, topology.registers(b)!];
      const ours = shareGroup(bounds, a, b);
      if (ours === null) result.unknown++;
      else if (ours === (here.iommuGroup === there.iommuGroup)) result.right++;
      else result.wrong.push([here.bdf, there.bdf]);
    }
  }
  topology.close();
  return result;
}

async function readOne(name: string, bytes: Uint8Array): Promise<MachineDescription> {
  return (await read([{ name, bytes }])).machine;
}

/** Captures whose kernel put functions into groups: how many functions. */
const GROUPED: Readonly<Record<string, number>> = {
  "acs-iommu-amd": 26,
  "acs-iommu-disabled-intel": 26,
  "acs-iommu-disabled-intel-k61": 26,
  "acs-iommu-intel": 26,
  "acs-iommu-intel-k73": 26,
  "gpu-server-intel-iommu": 64,
  "whitelist-skx-acs-intel": 28,
};

/** Dumps of real machines that show groups: functions, pairs that are as derived, pairs that are not known. */
const REAL_DUMPS: readonly (readonly [path: string, functions: number, right: number, unknown: number])[] = [
  ["lspci-vmmnD/hp-proliant-rl300-gen11-altra-max.txt", 35, 591, 4],
  ["lspci-vmmnD/xps13-9350.txt", 28, 360, 18],
  ["malformed/lspci-vvv-crlf.txt", 25, 300, 0],
  ["ml-asus-3070ti-xxxx/lspci-vvvxxxx.txt", 29, 406, 0],
  ["ml-dell-vmd/lspci-Dnnv.txt", 36, 570, 60],
  ["ml-pex8748-crate/lspci-nnvvv.txt", 42, 833, 28],
];

describe("IOMMU groups are those of the kernel", () => {
  test.each(captureNames().filter((name) => !name.startsWith("arm64")))("%s", async (name) => {
    const { functions, unknown, wrong } = compared(await readOne(name, captureFile(name, "snapshot.tar.gz")));
    expect({ functions, unknown, wrong }).toEqual({ functions: GROUPED[name] ?? 0, unknown: 0, wrong: [] });
  });

  /*
   * On ARM a device is put into a group when its driver binds, which for some is before the port above it is: they are
   * in groups of their own where that port does not isolate.
   */
  test.each(captureNames().filter((name) => name.startsWith("arm64")))(
    "%s: but for endpoints that were bound before the port above them",
    async (name) => {
      const machine = await readOne(name, captureFile(name, "snapshot.tar.gz"));
      const byName = new Map(machine.systems[0]!.functions.map((each) => [each.bdf, each]));
      for (const [port, endpoint] of compared(machine).wrong) {
        const below = byName.get(endpoint!)!;
        expect(below.parent).toBe(port);
        expect(below.iommuGroup).not.toBeNull();
        expect(below.driver ?? below.names).toBeTruthy();
      }
    },
  );

  test.runIf(REAL !== null).each(REAL_DUMPS)("%s: %i functions", async (path, functions, right, unknown) => {
    const found = compared(await readOne(path, realFile(path)));
    expect(found).toEqual({ functions, right, unknown, wrong: [] });
  });
});

type Acs = Exclude<FunctionDescription["acs"], undefined>;

describe("what is not shown leaves groups open", () => {
  const port = (bdf: string, bus: number, acs: Acs | "hidden"): FunctionDescription => ({
    bdf,
    kind: "root-port",
    parent: null,
    vendor: "1022",
    device: "1483",
    bus: { secondary: bus, subordinate: bus },
    ...(acs === "hidden" ? {} : { acs }),
  });
  const endpoint = (bdf: string): FunctionDescription => ({ bdf, kind: "endpoint", vendor: "10de", device: "20b5" });
  const shared = (functions: readonly FunctionDescription[], a: string, b: string) => {
    const topology = Topology.of({ peerlane: 1, systems: [{ functions }] });
    return shareGroup(iommuGroups(topology, 0), topology.id(a), topology.id(b));
  };
  const isolating = { capability: 0x5f, control: 0x1d };

  test("a port that isolates, one that does not, one whose word is hidden, one known in part", () => {
    const machine = (acs: Acs | "hidden") => [port("0000:00:01.0", 1, acs), endpoint("0000:01:00.0")];
    expect(shared(machine(isolating), "0000:00:01.0", "0000:01:00.0")).toBe(false);
    expect(shared(machine({ capability: 0x5f, control: 0x11 }), "0000:00:01.0", "0000:01:00.0")).toBe(true);
    expect(shared(machine(null), "0000:00:01.0", "0000:01:00.0")).toBe(true);
    expect(shared(machine("hidden"), "0000:00:01.0", "0000:01:00.0")).toBe(null);
  });

  test("siblings in a slot, and what counts as isolated without ACS", () => {
    const adapter = (device: string) => [
      port("0000:00:01.0", 1, isolating),
      { ...endpoint("0000:01:00.0"), vendor: "8086", device, acs: null },
      { ...endpoint("0000:01:00.1"), vendor: "8086", device, acs: null },
    ];
    expect(shared(adapter("1234"), "0000:01:00.0", "0000:01:00.1")).toBe(true);
    expect(shared(adapter("10fb"), "0000:01:00.0", "0000:01:00.1")).toBe(false);
  });
});
