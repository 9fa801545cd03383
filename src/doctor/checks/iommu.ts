import { isGpuClass } from "../../topology/class-code.js";
import type { Check } from "../check.js";
import { LinkedPairs } from "../links.js";
import { firstPairs, membersOf, minus, pairsBetween } from "../party.js";
import { treesOf } from "../paths.js";
import { pairsText } from "../wording.js";

/**
 * GPUs behind an IOMMU that translates. What the kernel's DMA API hands out passes it; drivers of GPUs also write to each
 * other's BARs at their bus addresses, and such requests an IOMMU drops, silently: unless they turn around below it.
 */
export const iommu: Check = {
  ids: ["IOMMU_TRANSLATES_BETWEEN_GPUS"],
  *run(patient) {
    const { topology, system } = patient;
    if (system.iommu !== "translating") return;
    const gpus = membersOf(patient).filter(({ id }) => isGpuClass(topology.registers(id)!.class));
    if (gpus.length < 2) return;
    // Below one bridge and not redirected a request never meets the IOMMU.
    const direct = treesOf(patient, gpus).flatMap(({ groups }) => groups.possible);
    const linked = new LinkedPairs(patient, gpus);
    const count = minus(pairsBetween(direct), linked.between(direct));
    if (count.pairs === 0) return;
    const examples = firstPairs(direct).filter(([a, b]) => !linked.has(a, b));
    yield {
      id: "IOMMU_TRANSLATES_BETWEEN_GPUS",
      severity: "warning",
      functions: [...new Set(examples.flat())].map(({ id }) => topology.name(id)).sort(),
      pairs: count.pairs,
      evidence: [
        "the IOMMU translates what these devices send: their groups are of type DMA, not identity",
        ...(system.kernel?.commandLine === undefined
          ? []
          : [`the kernel was started with: ${system.kernel.commandLine}`]),
      ],
      consequence:
        `${pairsText(topology, count, examples)}: requests pass the IOMMU, which drops those to raw BAR addresses without an error, ` +
        "so that drivers that program such addresses lose writes (garbage, hangs); mappings of the DMA API get through",
      remedy:
        "boot with `iommu=pt`, so that devices use bus addresses, or let them turn around below the IOMMU: `peerlane fix A B`",
    };
  },
  *unknown(patient) {
    if (patient.system.iommu !== undefined) return;
    const { topology, talkers } = patient;
    let gpus = 0;
    for (const id of talkers) if (isGpuClass(topology.registers(id)!.class)) gpus++;
    if (gpus < 2) return;
    yield { what: "what the IOMMU does", where: "/sys/kernel/iommu_groups/*/type, or --iommu MODE", minor: true };
  },
};
