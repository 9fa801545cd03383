import { describe, expect, test } from "vitest";
import { PeerDma, precise, ROUTES, Topology, type MachineDescription } from "../../src/index.js";
import { fixFor, type FixPlan } from "../../src/fix/plan.js";
import type { Policy } from "../../src/policy/policy.js";
import { captureNames } from "../readers/fixtures.js";
import { afterSetpci, answersOf, captured, refusedTogether, type Pair } from "./captures.js";

/** Whether all pairs are direct, both ways. */
function allDirect(machine: MachineDescription, policy: Policy, pairs: readonly Pair[]): boolean {
  const topology = Topology.of(machine);
  const peer = new PeerDma(topology, policy);
  const both = [...pairs, ...pairs.map(([a, b]): Pair => [b, a])];
  const { route } = peer.canMany(
    Uint32Array.from(both, ([a]) => a),
    Uint32Array.from(both, ([, b]) => b),
  );
  topology.close();
  return [...route].every((number) => ["bus-address", "local"].includes(ROUTES[number]!));
}

const commandsOf = (plan: FixPlan) => plan.temporary.map(({ command }) => command);

describe.each([
  ["as Linux tests", (policy: Policy) => policy],
  ["by precise ACS", precise],
])("every pair that is refused because of ACS, %s", (_, variant) => {
  test.each(captureNames())("%s: setpci makes it direct, undo restores the matrix, no bit too many", async (name) => {
    const { machine, topology, peer } = await captured(name, variant);
    const groups = refusedTogether(peer, topology.functions());
    const original = groups.length === 0 ? null : answersOf(machine, peer.policy);
    for (const pairs of groups) {
      const [[a, b]] = pairs as [Pair];
      const plan = fixFor(peer, a, b);
      expect(plan.status).toBe("acs");
      const fixed = afterSetpci(machine, commandsOf(plan));
      expect(allDirect(fixed, peer.policy, pairs)).toBe(true);
      const undone = afterSetpci(
        fixed,
        plan.temporary.map(({ undo }) => undo!),
      );
      expect(undone).toEqual(machine);
      for (const { bdf, clear, now } of plan.changes) {
        for (let bit = 1; bit <= clear; bit <<= 1) {
          if ((clear & bit) === 0) continue;
          expect(Number(now) & bit).toBe(bit);
          const word = bit.toString(16).padStart(4, "0");
          const left = afterSetpci(fixed, [`setpci -s ${bdf} ECAP_ACS+6.w=${word}:${word}`]);
          expect(allDirect(left, peer.policy, pairs.slice(0, 1)), `${name} ${bdf} ${bit}`).toBe(false);
        }
      }
    }
    if (original !== null) expect(answersOf(machine, peer.policy)).toEqual(original);
  });
});
