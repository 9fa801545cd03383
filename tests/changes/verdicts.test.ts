import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DIRECTIONS, linux, PeerDma, Topology, type MachineDescription } from "../../src/index.js";
import { verdictChanges, type Standing } from "../../src/changes/verdicts.js";
import { synthesize } from "../../src/fabrics/index.js";
import { read } from "../../src/readers/read.js";
import { machine as machines } from "../explain/machines.js";
import { kernelAnswers } from "../kernel/answers.js";
import { captureFile } from "../readers/fixtures.js";

async function captured(capture: string, kernel?: string): Promise<PeerDma> {
  const { machine } = await read([{ name: capture, bytes: captureFile(capture, "snapshot.tar.gz") }]);
  return new PeerDma(Topology.of(machine), linux(kernel ?? machine.systems[0]!.kernel!.release));
}

/** The same found out pair by pair: the distance is Linux's, which has none for a pair that is refused. */
function pairByPair(before: PeerDma, after: PeerDma, direction: (typeof DIRECTIONS)[number]): string[] {
  const said = (peer: PeerDma) => {
    const { topology } = peer;
    const { distance } = peer.matrix(topology.functions(), direction);
    const pairs = new Map<string, string>();
    [...topology.functions()].forEach((provider, row, all) =>
      all.forEach((client, column) => {
        if (provider === client) return;
        const verdict = peer.can(provider, client, direction);
        const code = verdict.answer === "yes" ? "-" : verdict.code;
        const words = [verdict.answer, verdict.route, distance[row * all.length + column], code].join(" ");
        pairs.set(`${topology.name(provider)} ${topology.name(client)}`, words);
      }),
    );
    return pairs;
  };
  const [was, is] = [said(before), said(after)];
  const changed = [...was].filter(([pair, words]) => is.has(pair) && is.get(pair) !== words);
  return changed.map(([pair]) => pair);
}

function names(before: PeerDma, after: PeerDma, direction: (typeof DIRECTIONS)[number] = "both"): string[] {
  const changes = verdictChanges(before, after, { direction });
  return [...changes].map(
    ({ provider, client }) => `${before.topology.name(provider[0])} ${before.topology.name(client[0])}`,
  );
}

describe("the verdicts that change", () => {
  test("between two captures are those that the kernel's own answers say", async () => {
    const [before, after] = [await captured("acs-iommu-intel"), await captured("acs-iommu-disabled-intel")];
    const said = ["acs-iommu-intel", "acs-iommu-disabled-intel"].map(
      (capture) =>
        new Map(kernelAnswers(capture).pairs.map((pair) => [`${pair.provider} ${pair.client}`, pair] as const)),
    );
    const flips = [...said[0]!].filter(([pair, { provider, client, route, distance }]) => {
      const then = said[1]!.get(pair)!;
      return provider !== client && (then.route !== route || then.distance !== distance);
    });
    const found = names(before, after);
    expect(found.sort()).toEqual(flips.map(([pair]) => pair).sort());
    expect(found).toHaveLength(210);
  });

  test("are counted by what they were and are, with verdicts made for those that are looked at", async () => {
    const [before, after] = [await captured("acs-iommu-intel"), await captured("acs-iommu-disabled-intel")];
    const changes = verdictChanges(before, after);
    const counts = changes.counts();
    expect(counts.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(changes.length);
    const recounted = new Map<string, number>();
    for (const { was, is } of changes) {
      const kinds = [was, is].map(({ answer, route, code }: Standing) => ({ answer, route, code }));
      const key = JSON.stringify(kinds);
      recounted.set(key, (recounted.get(key) ?? 0) + 1);
    }
    expect(new Map(counts.map(({ was, is, pairs }) => [JSON.stringify([was, is]), pairs]))).toEqual(recounted);
    const first = [...changes].find(({ was, is }) => was.code === "ACS_REDIRECT" && is.answer === "yes")!;
    const [was, is] = changes.verdicts(first);
    expect([was.answer, is.answer, first.certain]).toEqual(["no", "yes", true]);
    expect(was.culprits).not.toEqual([]);
    expect(() => changes.at(changes.length)).toThrow(RangeError);
  });

  test("are none where nothing differs, and none that is unknown on one side is certain", async () => {
    const [whole, again] = [await captured("switch4-intel"), await captured("switch4-intel")];
    expect(verdictChanges(whole, again).length).toBe(0);
    const machine = whole.topology.describeMachine();
    const systems = machine.systems.map((system) => ({
      ...system,
      functions: system.functions.map(({ acs: _, ...rest }) => rest),
    }));
    const blind = new PeerDma(Topology.of({ ...machine, systems }), whole.policy);
    const changes = verdictChanges(whole, blind);
    expect(changes.length).toBeGreaterThan(0);
    expect([...changes].filter(({ certain }) => certain)).toEqual([]);
  });

  test("are those found pair by pair, whatever the two machines", () => {
    fc.assert(
      fc.property(
        machines,
        machines,
        fc.constantFrom(...DIRECTIONS),
        fc.constantFrom("5.4", "6.12"),
        (a, b, way, release) => {
          const [before, after] = [a, b].map((machine) => new PeerDma(Topology.of(machine), linux(release)));
          expect(names(before!, after!, way)).toEqual(pairByPair(before!, after!, way));
          for (const peer of [before!, after!]) peer.topology.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  test("follow functions that have another name, and leave out what was not asked for", () => {
    const machine = (names: readonly [string, string], control: number): MachineDescription => ({
      peerlane: 1,
      systems: [
        {
          functions: [
            { bdf: "0000:00:01.0", kind: "root-port", parent: null, acs: { capability: 0x1f, control } },
            { bdf: names[0], parent: "0000:00:01.0", acs: null },
            { bdf: names[1], parent: "0000:00:01.0", acs: null },
          ],
        },
      ],
    });
    const before = new PeerDma(Topology.of(machine(["0000:01:00.0", "0000:02:00.0"], 0)), linux("6.12"));
    const after = new PeerDma(Topology.of(machine(["0000:05:00.0", "0000:06:00.0"], 0x1d)), linux("6.12"));
    const id = (peer: PeerDma, name: string) => peer.topology.id(name);
    const same = [
      [id(before, "01:00.0"), id(after, "06:00.0")],
      [id(before, "02:00.0"), id(after, "05:00.0")],
    ] as const;
    const changes = verdictChanges(before, after, { same });
    const found = [...changes].map(({ provider, client }) => [provider, client]);
    expect(found).toEqual([
      [same[0], same[1]],
      [same[1], same[0]],
    ]);
    expect(verdictChanges(before, after, { same, of: [same[0][0]] }).length).toBe(0);
    expect(verdictChanges(before, after).compared).toBe(0);
    expect(() => verdictChanges(before, after, { same: [same[0], same[0]] })).toThrow(/twice/);
    expect(() => verdictChanges(before, after, { same: [same[0], [same[1][0], same[0][1]]] })).toThrow(/twice/);
  });

  test("of 1,024 functions become no objects until they are asked for", () => {
    const columns = synthesize({
      systems: 1,
      hostBridges: 4,
      rootPorts: 8,
      fanout: 16,
      switchLevels: 1,
      functionsPerEndpoint: 8,
      acs: { redirect: 1, off: 1 },
    });
    const { topology } = Topology.fromColumns(columns);
    const ids = topology.functions().subarray(0, 1024);
    const [before, after] = [new PeerDma(topology, linux("4.20")), new PeerDma(topology, linux("6.12"))];
    const changes = verdictChanges(before, after, { of: ids });
    expect(changes.compared).toBe(ids.length * (ids.length - 1));
    expect(changes.length).toBe(changes.counts().reduce((sum, { pairs }) => sum + pairs, 0));
    expect(changes.length).toBeGreaterThan(0);
  });
});
