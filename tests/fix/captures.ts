import { linux, PeerDma, Topology, type MachineDescription } from "../../src/index.js";
import { needsOf, pcieVerdict } from "../../src/fix/needs.js";
import type { Policy } from "../../src/policy/policy.js";
import { read } from "../../src/readers/read.js";
import { captureFile } from "../readers/fixtures.js";
import { kernelAnswers } from "../kernel/answers.js";

/** A captured machine, asked by its own kernel's rules or by a variant of them. */
export async function captured(name: string, variant: (policy: Policy) => Policy = (policy) => policy) {
  const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(name, "snapshot.tar.gz") }]);
  const kernel = kernelAnswers(name);
  const topology = Topology.of(machine);
  const peer = new PeerDma(topology, variant(linux(kernel.release)));
  return { machine, kernel, topology, peer };
}

export type Pair = readonly [a: number, b: number];

/** The unordered pairs that are not direct because of ACS, those with the same bits in their way together. */
export function refusedTogether(peer: PeerDma, ids: Iterable<number>): Pair[][] {
  const { topology } = peer;
  const together = new Map<string, Pair[]>();
  const all = [...ids];
  for (const [index, a] of all.entries()) {
    for (const b of all.slice(index)) {
      const verdicts = [
        pcieVerdict(peer, { provider: a, client: b }, "both"),
        pcieVerdict(peer, { provider: b, client: a }, "both"),
      ];
      if (!verdicts.some((verdict) => verdict.answer === "no" && verdict.code === "ACS_REDIRECT")) continue;
      const needs = needsOf(verdicts, (bdf) => topology.id(bdf)).sort((x, y) => x.id - y.id);
      const key = JSON.stringify(needs);
      together.set(key, [...(together.get(key) ?? []), [a, b]]);
    }
  }
  return [...together.values()];
}

/** A machine on which commands as setpci takes them were run. */
export function afterSetpci(machine: MachineDescription, commands: readonly string[]): MachineDescription {
  const writes = commands.map((command) => {
    const [, bdf, value, mask] = /^setpci -s (\S+) ECAP_ACS\+6\.w=([\da-f]{4}):([\da-f]{4})$/.exec(command)!;
    return { bdf, value: parseInt(value!, 16), mask: parseInt(mask!, 16) };
  });
  const systems = machine.systems.map((system) => ({
    ...system,
    functions: system.functions.map((each) => {
      const own = writes.filter(({ bdf }) => bdf === each.bdf);
      if (own.length === 0) return each;
      const control = own.reduce((word, { value, mask }) => (word & ~mask) | (value & mask), Number(each.acs!.control));
      return { ...each, acs: { ...each.acs!, control } };
    }),
  }));
  return { ...machine, systems };
}

/** Every answer of a machine, to be compared with another's. */
export function answersOf(machine: MachineDescription, policy: Policy) {
  const topology = Topology.of(machine);
  const { distance, route, answer } = new PeerDma(topology, policy).matrix(topology.functions());
  topology.close();
  return { distance, route, answer };
}
