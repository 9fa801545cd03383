import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { synthesize } from "../../src/fabrics/index.js";
import {
  linux,
  PeerDma,
  Topology,
  type FunctionDescription,
  type MachineDescription,
  type SystemDescription,
} from "../../src/index.js";
import { attach, bestProvider, mapScatterList } from "../../src/transfer/index.js";
import { acs, BDF, machineT, type Change, type HostKind, type Letter } from "../vectors/machine.js";

// What holds of every transfer, whatever the machine.

describe("of two systems", () => {
  const cpu = { architecture: "x86", vendor: "AuthenticAMD", family: 25 };
  const columns = synthesize({ systems: 2, rootPorts: 2, facts: { cpu } });
  const { topology, functions } = Topology.fromColumns(columns);
  const peerDma = new PeerDma(topology, linux("6.12"));
  const { function: row, start } = columns.bars!;
  const bar = fc.nat(row.length - 1).map((at) => ({ owner: functions[row[at]!]!, address: BigInt(start[at]!) }));
  const someone = fc.nat(functions.length - 1).map((at) => functions[at]!);
  const apart = (a: number, b: number) => topology.systemOf(a) !== topology.systemOf(b);

  test("neither reaches the other's memory, by any call", () => {
    fc.assert(
      fc.property(bar, someone, ({ owner, address }, client) => {
        fc.pre(apart(owner, client));
        const { placement, importers } = attach(peerDma, { exporter: owner, ranges: [{ address, size: 4096 }] }, [
          client,
        ]);
        expect([placement, importers[0]]).toMatchObject(["system", { answer: "no", code: "DIFFERENT_SYSTEM" }]);
        expect(bestProvider(peerDma, [client], { among: [owner] }).answer).toBe("no");
        // What is mapped at the same address is the client's own system's.
        const mapping = mapScatterList(peerDma, client, [{ address, size: 4096 }]);
        const { owner: mapped } = peerDma.mapMany({
          initiator: Uint32Array.of(client),
          address: BigUint64Array.of(address),
          size: 1,
        });
        if (mapping.ok) expect(apart(mapped[0]!, client)).toBe(false);
      }),
    );
  });
});

type Draft = { -readonly [K in keyof FunctionDescription]: FunctionDescription[K] };
type DraftSystem = { -readonly [K in keyof SystemDescription]: SystemDescription[K] };

const FACTS = ["acs", "command", "vendor", "physicalFunction", "kind"] as const;
const SYSTEM_FACTS = ["cpu", "iommu", "complete", "allAddresses", "ranges", "hostBridges"] as const;
const dropped = fc.record({
  functions: fc.array(fc.tuple(fc.nat(), fc.constantFrom(...FACTS)), { maxLength: 4 }),
  system: fc.subarray([...SYSTEM_FACTS], { maxLength: 2 }),
});

function without(
  machine: MachineDescription,
  { functions, system }: typeof dropped extends fc.Arbitrary<infer T> ? T : never,
): MachineDescription {
  const less: DraftSystem = { ...machine.systems[0]! };
  for (const fact of system) delete less[fact];
  const drafts: Draft[] = less.functions.map((each) => ({ ...each }));
  for (const [at, fact] of functions) {
    const draft = drafts[at % drafts.length]!;
    // A virtual function is placed by its physical one: without that it is another machine.
    if (fact === "physicalFunction" && typeof draft.physicalFunction === "string") continue;
    delete draft[fact];
  }
  return { ...machine, systems: [{ ...less, functions: drafts }] };
}

describe("taking facts away", () => {
  const LETTERS = Object.keys(BDF) as Letter[];
  const letters = fc.subarray(LETTERS, { minLength: 1, maxLength: 3 });
  const words = fc.constantFrom<object>({}, {}, acs(0x04), acs(0x1d), { command: 0x4 });
  const machine = fc
    .tuple(fc.constantFrom<HostKind>("N", "S", "L", "Z"), fc.record({ DSP0: words, DSP1: words, A: words, US: words }))
    .map(([host, change]) => machineT(host, change as Change));
  const under = (description: MachineDescription) => new PeerDma(Topology.of(description), linux("6.12"));
  const exported = { exporter: BDF.A, ranges: [{ address: 0xf800_0000n, size: 4096 }] };

  test("leaves no buffer in the device that was not there, and forces none out", () => {
    let changed = 0;
    fc.assert(
      fc.property(
        machine,
        dropped,
        letters,
        fc.constantFrom("vfio" as const, "none" as const),
        (whole, drop, importers, rules) => {
          const [before, after] = [whole, without(whole, drop)].map((each) =>
            attach(
              under(each),
              exported,
              importers.map((letter) => BDF[letter]),
              { rules },
            ),
          );
          if (after!.placement !== before!.placement) changed++;
          expect([before!.placement, "unknown"]).toContain(after!.placement);
        },
      ),
      { numRuns: 250 },
    );
    expect(changed).toBeGreaterThan(5);
  });

  test("makes no provider the best that was not, and none worse", () => {
    let changed = 0;
    fc.assert(
      fc.property(
        machine,
        dropped,
        letters,
        fc.constantFrom("kernel" as const, "prefer-direct" as const),
        (whole, drop, clients, strategy) => {
          const [before, after] = [whole, without(whole, drop)].map((each) => {
            const peerDma = under(each);
            const names = clients.map((letter) => BDF[letter]);
            const found = bestProvider(peerDma, names, { among: LETTERS.map((letter) => BDF[letter]), strategy });
            return { ...found, ties: Array.from(found.ties, (id) => peerDma.topology.name(id)) };
          });
          if (after!.answer !== before!.answer) changed++;
          expect([before!.answer, "unknown"]).toContain(after!.answer);
          if (after!.answer === "yes") {
            expect([after!.total, after!.ties]).toEqual([before!.total, before!.ties]);
          }
        },
      ),
      { numRuns: 250 },
    );
    expect(changed).toBeGreaterThan(5);
  });
});
