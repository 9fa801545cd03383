import { describe, expect, test } from "vitest";
import { ANSWERS, PeerDma, precise, ROUTES, Topology, type MachineDescription } from "../../src/index.js";
import { bootWith } from "../../src/edits/boot-with.js";
import { fixFor, type FixPlan } from "../../src/fix/plan.js";
import type { Policy } from "../../src/policy/policy.js";
import { captureNames } from "../readers/fixtures.js";
import { afterSetpci, answersOf, captured, refusedTogether, type Pair } from "./captures.js";

type Answers = ReturnType<typeof answersOf>;

/**
 * Answers that are others than before. On ARM the words of a machine do not tell whether the kernel saw the IOMMU in time:
 * answers may be unknown there.
 */
function contradictions(now: Answers, before: Answers, name: string): number {
  const open = (at: number) => name.startsWith("arm64") && ANSWERS[now.answer[at]!] === "unknown";
  const differs = (at: number) => now.route[at] !== before.route[at] || now.distance[at] !== before.distance[at];
  return [...before.route.keys()].filter((at) => differs(at) && !open(at)).length;
}

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

/**
 * Boots with a plan's parameter, whereupon all pairs have to be direct, and boots as before; every answer then. Null: on this
 * kernel no parameter clears what is wanted and nothing else.
 */
function rebooted(machine: MachineDescription, { boot }: FixPlan, policy: Policy, pairs: readonly Pair[]) {
  const kernel = policy.kernel!;
  const own = machine.systems[0]!.kernel!.commandLine!;
  if (boot === null) {
    // Before 6.11 there is only disable_acs_redir, which clears all three.
    expect([policy.paths, kernel.startsWith("6.1.")]).toEqual(["precise", true]);
    return answersOf(machine, policy);
  }
  const kept = own.split(" ").filter((text) => !boot.replaces.includes(text));
  const fixed = bootWith([...kept, boot.parameter].join(" "), { kernel, replace: true })(machine);
  expect(allDirect(fixed, policy, pairs)).toBe(true);
  for (const { bdf, control } of boot.results) {
    expect(fixed.systems[0]!.functions.find((each) => each.bdf === bdf)!.acs!.control).toEqual(control);
  }
  return answersOf(bootWith(own, { kernel, replace: true })(fixed), policy);
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
      expect(contradictions(rebooted(machine, plan, peer.policy, pairs), original!, name)).toBe(0);
      const undone = afterSetpci(
        fixed,
        plan.temporary.map(({ undo }) => undo!),
      );
      expect(JSON.stringify(undone) === JSON.stringify(machine)).toBe(true);
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
  });
});
