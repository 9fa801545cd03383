import type { Claims } from "../letters/claims.js";
import { viewClaims } from "../letters/views.js";
import type { Topology } from "../topology/topology.js";

/** Letters of NCCL and nvidia-smi, the nearest first; what is beside PCIe decides about no adapter. */
export const NEARNESS: readonly string[] = ["LOC", "PIX", "PXB", "PXN", "P2C", "PHB", "NODE", "SYS"];

/**
 * How near another tool says that two functions are: all there is to go by where a topology file groups devices, and
 * nothing shows what they really hang below.
 */
export class SaidNear {
  readonly #views: readonly { readonly claims: Claims; readonly places: ReadonlyMap<number, number> }[];

  constructor(topology: Topology) {
    this.#views = topology.systems.flatMap(({ views = [] }, system) => {
      if (views.length === 0) return [];
      const ids = new Map([...topology.functions(system)].map((id) => [topology.describe(id)!.bdf, id]));
      return views.map((view) => {
        const claims = viewClaims(view);
        const places = claims.devices.flatMap(({ bdf }, place) => {
          const id = bdf === null ? undefined : ids.get(bdf);
          return id === undefined ? [] : [[id, place] as const];
        });
        return { claims, places: new Map(places) };
      });
    });
  }

  /** The letter, one of {@link NEARNESS}; null: nobody says. */
  between(one: number, other: number): string | null {
    for (const { claims, places } of this.#views) {
      const [row, column] = [places.get(one), places.get(other)];
      const letter = row === undefined || column === undefined ? null : claims.onPcie(row, column);
      if (letter !== null && NEARNESS.includes(letter)) return letter;
    }
    return null;
  }
}
