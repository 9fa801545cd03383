import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { bootWith } from "../../src/edits/boot-with.js";
import { compose, type Edit } from "../../src/edits/edit.js";
import { withEnvironment } from "../../src/edits/environment.js";
import { EditError } from "../../src/edits/errors.js";
import { move, moved, remove } from "../../src/edits/move.js";
import { barRoom, resizeBar } from "../../src/edits/resize-bar.js";
import { clearRedirects, setAcs, type AcsBit } from "../../src/edits/set-acs.js";
import { Topology, type MachineDescription } from "../../src/index.js";
import { ACS_BITS, knownBits } from "../../src/topology/register.js";
import { captured, frozen, functionOf, matrixOf } from "./machine.js";

let server: MachineDescription;
let plain: MachineDescription;
let virtual: MachineDescription;

beforeAll(async () => {
  [server, plain, virtual] = (
    await Promise.all(["gpu-server-intel-iommu", "gpu-server-intel", "sriov-intel"].map(captured))
  ).map(frozen) as [MachineDescription, MachineDescription, MachineDescription];
});

function codeOf(edit: Edit, machine: MachineDescription): string {
  try {
    edit(machine);
  } catch (error) {
    if (error instanceof EditError) return error.code;
    throw error;
  }
  return "none";
}

describe("bits of ACS", () => {
  test("are set and cleared, and all others stay", () => {
    const changed = setAcs("22:00.0", { clear: ["RR"], set: ["TB"] })(server);
    expect(functionOf(server, "0000:22:00.0").acs!.control).toBe(0x1d);
    expect(functionOf(changed, "0000:22:00.0").acs!.control).toBe(0x1b);
    expect(functionOf(changed, "0000:22:01.0")).toBe(functionOf(server, "0000:22:01.0"));
  });

  test("that were not known are known thereafter", () => {
    const booted = bootWith("pci=disable_acs_redir=0000:22:00.0")(server);
    const { mask } = knownBits(functionOf(booted, "0000:22:00.0").acs!.control);
    expect(mask).not.toBe(0xffff);
    const changed = setAcs("22:00.0", { set: ["SV"], clear: ["UF"] })(booted);
    const after = knownBits(functionOf(changed, "0000:22:00.0").acs!.control);
    expect(after.mask & 0x11).toBe(0x11);
    expect(after.value & 0x11).toBe(0x01);
  });

  test("redirects are cleared as far as the capability has them", () => {
    const control = functionOf(clearRedirects("22:00.0")(server), "0000:22:00.0").acs!.control;
    expect(control).toBe(0x11);
  });

  test.each([
    ["NO_SUCH_FUNCTION", setAcs("ff:00.0", { clear: ["RR"] })],
    ["NO_SUCH_FUNCTION", clearRedirects("nothing")],
    ["NO_ACS", setAcs("23:00.0", { clear: ["RR"] })],
    ["NO_ACS", clearRedirects("23:00.0")],
  ])("%s is said", (code, edit) => expect(codeOf(edit, server)).toBe(code));

  test("a bit that the capability lacks cannot be set, nor one of which nothing is shown", () => {
    const change = (acs: object | undefined) => ({
      ...server,
      systems: server.systems.map((system) => ({
        ...system,
        functions: system.functions.map(({ acs: old, ...each }) =>
          each.bdf !== "0000:22:00.0" ? { ...each, ...(old === undefined ? {} : { acs: old }) } : { ...each, ...acs },
        ),
      })),
    });
    const narrow = change({ acs: { capability: 0x04, control: 0x04 } }) as MachineDescription;
    expect(codeOf(setAcs("22:00.0", { set: ["CR"] }), narrow)).toBe("NO_ACS_BIT");
    expect(functionOf(clearRedirects("22:00.0")(narrow), "0000:22:00.0").acs!.control).toBe(0);
    expect(codeOf(clearRedirects("22:00.0"), change({}) as MachineDescription)).toBe("NOT_SHOWN");
  });

  test("what is no bit, or set and cleared at once, is refused at once", () => {
    expect(() => setAcs("22:00.0", { set: ["XX" as AcsBit] })).toThrow(
      'expected one of SV, TB, RR, CR, UF, EC, DT, got "XX"',
    );
    expect(() => setAcs("22:00.0", { set: ["RR"], clear: ["RR"] })).toThrow("got RR twice");
  });
});

describe("what is moved", () => {
  test("hangs below the other port under its name, and what nobody can know is not known", () => {
    const { machine, renamed } = moved(remove("2f:00.0")(server), "23:00.0", "20:09.0");
    expect(renamed.size).toBe(0);
    const gpu = functionOf(machine, "0000:23:00.0");
    expect(gpu.parent).toBe("0000:20:09.0");
    expect(gpu.bars!.every((bar) => !("start" in bar) && !("bus" in bar) && bar.size !== undefined)).toBe(true);
    for (const key of ["slot", "iommuGroup", "windows"]) expect(gpu).not.toHaveProperty(key);
    expect(gpu.link).not.toHaveProperty("speed");
    expect(gpu.link!.maxSpeed).toBe(functionOf(server, "0000:23:00.0").link!.maxSpeed);
    expect(functionOf(machine, "0000:22:00.0").link).toMatchObject({ speed: null, width: null });
    expect(functionOf(machine, "0000:20:09.0")).not.toHaveProperty("windows");
    const topology = Topology.of(machine);
    expect(topology.name(topology.parent("23:00.0") as number)).toBe("0000:20:09.0");
    expect(topology.common("23:00.0", "24:00.0").distance).toBe(6);
    topology.close();
  });

  test("takes all functions of the device along, and a switch all below it", () => {
    const card = move("25:00.1", "20:09.0")(remove("2f:00.0")(server));
    expect(["0000:25:00.0", "0000:25:00.1"].map((bdf) => functionOf(card, bdf).parent)).toEqual(
      Array(2).fill("0000:20:09.0"),
    );
    const topology = Topology.of(move("21:00.0", "20:09.0")(remove("2f:00.0")(server)));
    const path = [...topology.path("23:00.0")].map((id) => topology.name(id));
    expect(path).toEqual(["0000:23:00.0", "0000:22:00.0", "0000:21:00.0", "0000:20:09.0", "0000:20"]);
    topology.close();
  });

  test("to a root bus gets a free name there, behind whoever is first", () => {
    const { machine, renamed } = moved(server, "25:00.0", "0000:a0");
    expect([...renamed]).toEqual([
      ["0000:25:00.0", "0000:a0:02.0"],
      ["0000:25:00.1", "0000:a0:02.1"],
    ]);
    const topology = Topology.of(machine);
    expect(topology.name(topology.parent("a0:02.1") as number)).toBe("0000:a0");
    topology.close();
    const onBus = machine.systems[0]!.functions.map(({ bdf }) => bdf).filter((bdf) => bdf.startsWith("0000:a0"));
    expect(onBus[0]).toBe("0000:a0:00.0");
  });

  test("takes virtual functions along", () => {
    const physical = virtual.systems[0]!.functions.find(
      ({ physicalFunction }) => typeof physicalFunction === "string",
    )!.physicalFunction!;
    const { machine, renamed } = moved(virtual, physical, "0000:00");
    const now = (bdf: string) => renamed.get(bdf) ?? bdf;
    const followers = virtual.systems[0]!.functions.filter((each) => each.physicalFunction === physical);
    expect(followers.length).toBeGreaterThan(0);
    for (const { bdf } of followers) expect(functionOf(machine, now(bdf)).physicalFunction).toBe(now(physical));
    const topology = Topology.of(machine);
    for (const { bdf } of followers) expect(topology.parent(now(bdf))).toBe(topology.parent(now(physical)));
    topology.close();
    expect(codeOf(move(followers[0]!.bdf, "0000:00"), virtual)).toBe("FIXED");
  });

  test.each([
    ["NO_SUCH_FUNCTION", "ff:00.0", "20:09.0"],
    ["NO_SUCH_FUNCTION", "0000:20", "20:09.0"],
    ["NO_SUCH_FUNCTION", "23:00.0", "ff:00.0"],
    ["FIXED", "20:00.0", "20:09.0"],
    ["FIXED", "22:00.0", "20:09.0"],
    ["OCCUPIED", "23:00.0", "20:09.0"],
    ["OCCUPIED", "23:00.0", "22:00.0"],
    ["BELOW_ITSELF", "21:00.0", "22:00.0"],
    ["BELOW_ITSELF", "21:00.0", "21:00.0"],
    ["NO_PLACE", "23:00.0", "24:00.0"],
    ["NO_PLACE", "23:00.0", "28:00.0"],
  ])("%s is said of %s below %s", (code, name, below) => expect(codeOf(move(name, below), server)).toBe(code));

  test("and moved back restores the matrix", () => {
    const emptied = remove("2f:00.0")(plain);
    const there = move("23:00.0", "20:09.0")(emptied);
    expect(matrixOf(there)).not.toEqual(matrixOf(emptied));
    expect(matrixOf(move("23:00.0", "22:00.0")(there))).toEqual(matrixOf(emptied));
  });

  test("from one segment to another gets a name there", () => {
    const port = { kind: "root-port", class: "0604", acs: null } as const;
    const machine: MachineDescription = {
      peerlane: 1,
      systems: [
        {
          functions: [
            { ...port, bdf: "0000:00:01.0", parent: null, bus: { secondary: 1, subordinate: 1 } },
            { bdf: "0000:01:00.0", kind: "endpoint" },
            { ...port, bdf: "0001:00:01.0", parent: null, bus: { secondary: 1, subordinate: 1 } },
          ],
        },
      ],
    };
    const { machine: after, renamed } = moved(machine, "01:00.0", "0001:00:01.0");
    const name = renamed.get("0000:01:00.0")!;
    expect(name).toMatch(/^0001:/);
    const topology = Topology.of(after);
    expect(topology.name(topology.parent(name) as number)).toBe("0001:00:01.0");
    topology.close();
  });
});

describe("what is taken out", () => {
  test("is gone with all of its device and below, and its port is down", () => {
    const count = ({ systems }: MachineDescription) => systems[0]!.functions.length;
    expect(count(server) - count(remove("25:00.0")(server))).toBe(2);
    expect(functionOf(remove("25:00.0")(server), "0000:22:02.0").link).toMatchObject({ speed: null, width: null });
    expect(count(server) - count(remove("21:00.0")(server))).toBe(12);
    const before = matrixOf(server);
    for (const [pair, answer] of matrixOf(remove("21:00.0")(server))) expect(before.get(pair)).toBe(answer);
  });
});

describe("a BAR of another size", () => {
  const GIB = 1n << 30n;

  test("that is too large for a window is unassigned", () => {
    const machine = resizeBar("23:00.0", 2, 32n * GIB)(server);
    const bar = functionOf(machine, "0000:23:00.0").bars!.find(({ index }) => index === 2)!;
    expect(bar).toMatchObject({ size: Number(32n * GIB), start: null, bus: null });
    const { answer, narrow } = barRoom(server, "23:00.0", 2, 32n * GIB);
    expect([answer, narrow[0]!.bridge, narrow[0]!.kind]).toEqual(["no", "0000:22:00.0", "pref"]);
    expect(narrow[0]!.needed).toBe(32n * GIB);
    Topology.of(machine).close();
  });

  test("that is smaller finds room, somewhere", () => {
    const machine = resizeBar("23:00.0", 2, 1n << 20n)(server);
    const bar = functionOf(machine, "0000:23:00.0").bars!.find(({ index }) => index === 2)!;
    expect(bar.size).toBe(1 << 20);
    expect(bar).not.toHaveProperty("start");
  });

  test.each([
    ["NO_SUCH_BAR", 1, GIB],
    ["BAD_SIZE", 2, 3n * GIB],
    ["BAD_SIZE", 2, 8n],
    ["BAD_SIZE", 2, 1n << 63n],
  ])("%s is said of BAR %i at %i", (code, index, size) =>
    expect(codeOf(resizeBar("23:00.0", index, size), server)).toBe(code),
  );

  test("has to be one that the device can take, where that is shown", () => {
    const machine: MachineDescription = {
      ...server,
      systems: server.systems.map((system) => ({
        ...system,
        functions: system.functions.map((each) =>
          each.bdf !== "0000:23:00.0"
            ? each
            : {
                ...each,
                bars: each.bars!.map((bar) => (bar.index === 2 ? { ...bar, sizes: [1 << 28, 1 << 29] } : bar)),
              },
        ),
      })),
    };
    expect(codeOf(resizeBar("23:00.0", 2, GIB), machine)).toBe("BAD_SIZE");
    expect(codeOf(resizeBar("23:00.0", 2, GIB / 2n), machine)).toBe("none");
  });
});

describe("another environment", () => {
  test("is that of the system that is named, and of no other", () => {
    const two: MachineDescription = {
      peerlane: 1,
      systems: [
        { ...server.systems[0]!, name: "a" },
        { ...plain.systems[0]!, name: "b" },
      ],
    };
    const edits = [
      withEnvironment({ iommu: "off", p2pdma: false, cpu: { vendor: "AuthenticAMD", family: 25 } }, "b"),
      setAcs("b/22:00.0", { set: ["RR"] }),
      compose(remove("b/2f:00.0"), move("b/23:00.0", "b/20:09.0")),
      move("b/23:00.0", "b/0000:a0"),
      resizeBar("b/23:00.0", 2, 1n << 20n),
    ];
    for (const edit of edits) {
      const after = edit(frozen(two));
      expect(after.systems[0]).toBe(two.systems[0]);
      expect(after.systems[1]).not.toEqual(two.systems[1]);
      Topology.of(after).close();
    }
    expect(codeOf(withEnvironment({ iommu: "off" }, "c"), two)).toBe("NO_SUCH_SYSTEM");
    expect(codeOf(setAcs("22:00.0", { set: ["RR"] }), two)).toBe("AMBIGUOUS");
    expect(codeOf(move("a/23:00.0", "b/20:09.0"), two)).toBe("NO_PLACE");
  });

  test("takes a firmware's word of 16 bits where none is stated", () => {
    expect(() => withEnvironment({ firmwareAcs: 0x10000 })).toThrow(
      "expected an ACS control word of 16 bits, got 65536",
    );
    const stated = withEnvironment({ firmwareAcs: 1 })(server);
    expect(functionOf(stated, "0000:22:00.0").acs!.firmware).toBe(1);
    expect(functionOf(withEnvironment({ firmwareAcs: 2 })(stated), "0000:22:00.0").acs!.firmware).toBe(1);
  });
});

describe("whatever the edit", () => {
  const ports = () => server.systems[0]!.functions.filter(({ acs }) => acs).map(({ bdf }) => bdf);
  const anyName = () =>
    fc.constantFrom(...server.systems[0]!.functions.map(({ bdf }) => bdf), "0000:00", "0000:a0", "x");
  const bits = fc.uniqueArray(fc.constantFrom(...ACS_BITS), { maxLength: 7 });

  test("undone, the matrix is what it was", () => {
    const before = matrixOf(server);
    fc.assert(
      fc.property(fc.constantFrom(...ports()), bits, fc.boolean(), (port, chosen, sets) => {
        const { capability, control } = functionOf(server, port).acs!;
        const able = chosen.filter((bit) => (capability & (1 << ACS_BITS.indexOf(bit))) !== 0);
        const isSet = (bit: AcsBit) => (knownBits(control).value & (1 << ACS_BITS.indexOf(bit))) !== 0;
        const changed = setAcs(port, sets ? { set: able } : { clear: able })(server);
        const undone = setAcs(port, {
          set: able.filter(isSet),
          clear: able.filter((bit) => !isSet(bit)),
        })(changed);
        expect(undone).toEqual(server);
        expect(matrixOf(undone)).toEqual(before);
      }),
      { numRuns: 20 },
    );
  });

  test("clearing redirects makes no direct pair worse, and no pair that was allowed refused", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...ports()), { minLength: 1, maxLength: 8 }), (cleared) => {
        const half = compose(
          ...ports()
            .filter((_, index) => index % 2 === 0)
            .map(clearRedirects),
        )(server);
        const before = matrixOf(half);
        for (const [pair, answer] of matrixOf(compose(...cleared.map(clearRedirects))(half))) {
          const was = before.get(pair)!;
          if (was.includes("bus-address") || was.includes("local")) expect(answer).toBe(was);
          if (was.startsWith("yes")) expect(answer).toMatch(/^yes/);
        }
      }),
      { numRuns: 10 },
    );
  });

  test("the machine that comes out can be, or the edit says why not; its argument is left alone", () => {
    let [made, refused] = [0, 0];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(3), anyName(), anyName(), fc.nat(7), fc.nat(45)), { maxLength: 4 }),
        (draws) => {
          let machine = server;
          for (const [kind, name, other, index, power] of draws) {
            const edits = [
              move(name, other),
              remove(name),
              resizeBar(name, index, 1n << BigInt(power)),
              clearRedirects(name),
            ];
            try {
              machine = frozen(edits[kind]!(machine));
              made++;
            } catch (error) {
              if (!(error instanceof EditError)) throw error;
              refused++;
            }
            Topology.of(machine).close();
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(made).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(10);
  });
});
