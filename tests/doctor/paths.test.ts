import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { treesOf } from "../../src/doctor/paths.js";
import { membersOf, talk } from "../../src/doctor/party.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { hostBridge } from "./machines.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

const ACS = { plain: null, redirects: { capability: 0x5f, control: 0x1d }, unreadable: undefined } as const;

/** Each function hangs below the host bridge or a bridge before it; bridges lead to a bus of their own. */
const machines = fc
  .array(
    fc.record({
      above: fc.nat(),
      code: fc.constantFrom("0604", "0604", "0302", "0200", "0108"),
      mark: fc.constantFrom("plain", "plain", "redirects", "unreadable"),
      ofTwo: fc.boolean(),
    }),
    { minLength: 1, maxLength: 18 },
  )
  .map((list) => {
    const functions: FunctionDescription[] = [hostBridge()];
    const bridges: (FunctionDescription | null)[] = [null];
    const places = new Map<FunctionDescription | null, number>();
    for (const { above, code, mark, ofTwo } of list) {
      const parent = bridges[above % bridges.length]!;
      const bus = parent === null ? 0 : 1 + bridges.indexOf(parent);
      // Two functions of one device have two numbers in a row.
      const place = (places.get(parent) ?? 0) + (ofTwo ? 1 : 8 - ((places.get(parent) ?? 0) % 8));
      places.set(parent, place);
      const hex = (number: number) => number.toString(16).padStart(2, "0");
      const acs = ACS[mark as keyof typeof ACS];
      const description: FunctionDescription = {
        bdf: `0000:${hex(bus)}:${hex(place >> 3)}.${place & 7}`,
        class: code,
        parent: parent?.bdf ?? null,
        physicalFunction: null,
        ...(acs === undefined ? {} : { acs }),
      };
      functions.push(description);
      if (code === "0604") bridges.push(description);
    }
    return functions;
  });

describe("paths between talkers", () => {
  test("are grouped as the kernel's rule has it, pair by pair, and only who is on one is named", () => {
    fc.assert(
      fc.property(machines, (functions) => {
        const cpu = { architecture: "x86", vendor: "GenuineIntel", family: 6 };
        const topology = Topology.of({ peerlane: 1, systems: [{ cpu, complete: true, functions }] });
        const peer = new PeerDma(topology, linux("6.12"));
        const talkers = topology.functions().filter((id) => !topology.registers(id)!.class!.startsWith("06"));
        const patient = { peer, topology, system: topology.systems[0]!, ordinal: 0, talkers, chosen: false };
        const everything = { ...patient, roots: [...topology.roots.keys()], sideLinks: [] };
        const members = membersOf(everything);
        const trees = treesOf(everything, members);
        expect(trees.flatMap((tree) => tree.members.map(({ id }) => id)).sort((a, b) => a - b)).toEqual(
          [...talkers].sort((a, b) => a - b),
        );
        for (const { groups, redirecting, members: own } of trees) {
          const on = new Set<number>();
          const possible = new Set<number>();
          for (const a of own) {
            for (const b of own) {
              if (a.id === b.id) continue;
              const together = (kind: "certain" | "possible") =>
                groups[kind].some((group) => group.includes(a) && group.includes(b));
              const verdict = peer.can(a.id, b.id);
              const route = verdict.answer === "unknown" ? "unknown" : verdict.route;
              expect(route, `${verdict.provider} ${verdict.client}`).toBe(
                together("possible") ? "bus-address" : together("certain") ? "unknown" : "not-supported",
              );
              if (!talk(a, b)) continue;
              for (const id of between(topology, a.id, b.id)) {
                const state = topology.registers(id)!.acs;
                if (state === undefined) possible.add(id);
                else if (state !== null) on.add(id);
              }
            }
          }
          expect(new Set(redirecting.certain)).toEqual(on);
          expect(new Set(redirecting.possible)).toEqual(possible);
        }
        topology.close();
      }),
      { numRuns: 300 },
    );
  });
});

/** Both ends, the common bridge, and everything between. */
function between(topology: Topology, a: number, b: number): number[] {
  const [up, down] = [[...topology.path(a)], [...topology.path(b)]];
  const common = topology.commonId(a, b);
  return [...up.slice(0, up.indexOf(common) + 1), ...down.slice(0, down.indexOf(common))].filter((id) =>
    topology.isFunction(id),
  );
}
