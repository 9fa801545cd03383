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

/** Of each pair whether it is direct, both ways. */
function directWays(machine: MachineDescription, policy: Policy, pairs: readonly Pair[]): boolean[] {
  const topology = Topology.of(machine);
  const peer = new PeerDma(topology, policy);
  const [here, there] = [Uint32Array.from(pairs, ([a]) => a), Uint32Array.from(pairs, ([, b]) => b)];
  const routes = [peer.canMany(here, there).route, peer.canMany(there, here).route];
  topology.close();
  return pairs.map((_, at) => routes.every((route) => ["bus-address", "local"].includes(ROUTES[route[at]!]!)));
}

function allDirect(machine: MachineDescription, policy: Policy, pairs: readonly Pair[]): boolean {
  return directWays(machine, policy, pairs).every((direct) => direct);
}

/** A machine of which nothing redirects. */
function withoutRedirects(machine: MachineDescription): MachineDescription {
  const capable = machine.systems[0]!.functions.filter(({ acs }) => acs);
  return afterSetpci(
    machine,
    capable.map(({ bdf }) => `setpci -s ${bdf} ECAP_ACS+6.w=0000:002c`),
  );
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
    const cleared = new Map<string, Pair[]>();
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
        expect(Number(now) & clear).toBe(clear);
        for (const bit of [0x04, 0x08, 0x20].filter((each) => (clear & each) !== 0)) {
          const key = `${bdf} ${bit.toString(16).padStart(4, "0")}`;
          cleared.set(key, [...(cleared.get(key) ?? []), ...pairs]);
        }
      }
    }
    // On a way without redirects each of those bits alone would redirect: none was cleared for nothing.
    const open = withoutRedirects(machine);
    for (const [key, pairs] of cleared) {
      const [bdf, bit] = key.split(" ");
      const left = afterSetpci(open, [`setpci -s ${bdf} ECAP_ACS+6.w=${bit}:${bit}`]);
      expect(directWays(left, peer.policy, pairs), key).not.toContain(true);
    }
  });
});
