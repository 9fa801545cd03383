import { formatHex, toBigInt } from "../../topology/address.js";
import type { Topology } from "../../topology/topology.js";
import type { Check, Diagnosis, Patient } from "../check.js";
import { counted, enumerated } from "../wording.js";

/**
 * BARs above the addresses that a device can put on the bus: one diagnosis for all devices that drive as many address
 * bits. Where an IOMMU translates they use other addresses. How many bits a device drives is its driver's word
 * (`dma_mask_bits` in sysfs), and the device may be better than that.
 */
export const reach: Check = {
  ids: ["BAR_BEYOND_REACH"],
  *run(patient) {
    if (patient.system.iommu === "translating") return;
    const tops = topsOf(patient);
    for (const [bits, initiators] of initiatorsByBits(patient)) {
      const beyond = tops.filter((top) => top.bits > bits);
      const diagnosis = beyond.length > 0 ? diagnose(patient.topology, bits, initiators, beyond) : null;
      if (diagnosis !== null) yield diagnosis;
    }
  },
};

/** The last byte of a talker's memory BARs, and how many address bits that takes. */
interface Top {
  readonly id: number;
  readonly bar: number | undefined;
  readonly last: bigint;
  readonly bits: number;
}

function topsOf({ topology, talkers }: Patient): Top[] {
  return Array.from(talkers).flatMap((id) => topOf(topology, id) ?? []);
}

function topOf(topology: Topology, id: number): Top | null {
  let top: Top | null = null;
  for (const { index, type, start, bus, size } of topology.describe(id)!.bars ?? []) {
    const place = bus ?? start;
    if (type === "io" || type === "rom" || (index ?? 0) > 5 || place == null || size === undefined) continue;
    const last = toBigInt(place) + toBigInt(size) - 1n;
    if (top === null || last > top.last) top = { id, bar: index, last, bits: last.toString(2).length };
  }
  return top;
}

function initiatorsByBits({ topology, talkers }: Patient): Map<number, number[]> {
  const byBits = new Map<number, number[]>();
  for (const id of talkers) {
    const bits = topology.registers(id)!.dmaMaskBits;
    if (bits === undefined || bits >= 64) continue;
    const others = byBits.get(bits);
    if (others === undefined) byBits.set(bits, [id]);
    else others.push(id);
  }
  return byBits;
}

const SHOWN = 4;

function diagnose(
  topology: Topology,
  bits: number,
  initiators: readonly number[],
  beyond: readonly Top[],
): Diagnosis | null {
  const own = new Set(initiators);
  const pairs = initiators.length * beyond.length - beyond.filter(({ id }) => own.has(id)).length;
  if (pairs === 0) return null;
  const names = initiators.map((id) => topology.name(id));
  const others = beyond.map(({ id }) => topology.name(id));
  const limit = 1n << BigInt(bits);
  return {
    id: "BAR_BEYOND_REACH",
    severity: "warning",
    functions: [...new Set([...names, ...others])],
    pairs,
    evidence: [
      `${enumerated(names)}: ${bits} address bits, up to ${formatHex(limit - 1n)} (DMA mask)`,
      ...beyond
        .slice(0, SHOWN)
        .map(
          ({ bar, last, bits: needs }, place) =>
            `${others[place]!} BAR ${bar ?? "?"} ends at ${formatHex(last)}, which takes ${needs} bits`,
        ),
      ...otherWay(topology, initiators, beyond),
    ],
    consequence: `${enumerated(names)} cannot reach ${enumerated(others)} at ${counted(pairs, "pair")}`,
    remedy: `have the firmware place 64-bit BARs below ${formatHex(limit)} (MMIO High Base), or let an IOMMU translate`,
  };
}

/** The first pair that works the other way round. */
function otherWay(topology: Topology, initiators: readonly number[], beyond: readonly Top[]): string[] {
  for (const { id } of beyond.slice(0, SHOWN)) {
    const bits = topology.registers(id)!.dmaMaskBits;
    for (const initiator of initiators.slice(0, SHOWN)) {
      const top = initiator === id ? null : topOf(topology, initiator);
      if (top === null || bits === undefined || top.bits > bits) continue;
      const [from, to] = [topology.name(id), topology.name(initiator)];
      return [
        `the other way it works: ${from} drives ${bits} bits, and the BARs of ${to} end at ${formatHex(top.last)}`,
      ];
    }
  }
  return [];
}
