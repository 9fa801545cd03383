import type { PeerDma } from "../explain/peer-dma.js";
import type { Verdict } from "../explain/verdict.js";
import type { Direction } from "../policy/policy.js";
import { ACS_BITS } from "../topology/register.js";

/** One way of a pair: the client does DMA to the provider's memory. */
export interface Way {
  /** Ids of functions. */
  readonly provider: number;
  readonly client: number;
}

/** ACS bits of one function that have to be clear. */
export interface Need {
  /** Id of the function. */
  readonly id: number;
  /** Bits of the control word. */
  readonly clear: number;
}

/** What PCIe says of a pair, whatever a side link between them does. */
export function pcieVerdict(peer: PeerDma, { provider, client }: Way, direction: Direction): Verdict {
  const verdict = peer.can(provider, client, direction);
  return verdict.pcie ?? verdict;
}

/**
 * The ACS bits that stand in the way of a pair, as the policy has it: those its verdicts blame, in the kernel's order, and
 * no others. Linux blames request redirect, completion redirect and egress control of everything on both legs;
 * precise ACS only what the two functions just below the common bridge do to this direction.
 */
export function needsOf(verdicts: readonly Verdict[], idOf: (bdf: string) => number): Need[] {
  const needs = new Map<number, number>();
  for (const { culprits } of verdicts) {
    for (const { bdf, bits } of culprits) {
      const mask = acsMask(bits);
      if (mask === 0) continue;
      const id = idOf(bdf);
      needs.set(id, (needs.get(id) ?? 0) | mask);
    }
  }
  return [...needs].map(([id, clear]) => ({ id, clear }));
}

/** Bits of the ACS control word by their abbreviations; what is no such bit counts for nothing. */
export function acsMask(bits: readonly string[]): number {
  return ACS_BITS.reduce((mask, name, index) => (bits.includes(name) ? mask | (1 << index) : mask), 0);
}

/** Abbreviations of the bits of an ACS control word, lowest first. */
export function acsNames(mask: number): string[] {
  return ACS_BITS.filter((_, index) => (mask & (1 << index)) !== 0);
}

/** Whether a way needs nothing more: requests stay below the common bridge, or never touch PCIe. */
export function isDirect({ answer, route }: Verdict): boolean {
  return answer === "yes" && route !== "through-host-bridge" && route !== "unknown";
}
