import type { HostRow, Place } from "../core.js";
import { formatBus } from "./bdf.js";

/** A tree of the forest: a host bridge, or a bus of which nothing shows what it hangs below. */
export interface Root {
  readonly system: number;
  readonly segment: number;
  /** Root bus, or the bus whose bridge the description lacks: `dddd:bb`. */
  readonly bus: string;
  /** Whether this is a host bridge. */
  readonly known: boolean;
}

/** The same as it is packed. */
export interface RootRow extends HostRow {
  readonly bus: string;
}

export interface HostColumns {
  /** Ascending. */
  readonly ids: Uint32Array;
  readonly system: Uint32Array;
  readonly segment: Uint32Array;
  readonly bus: Uint8Array;
  /** Other than `host-bridge`: it only stands for what is not shown. */
  readonly place: readonly Place[];
}

/** The trees of a forest, by ordinal. Each is one run of ids that begins with its host bridge. */
export class Hosts {
  readonly count: number;
  #ordinals: Uint32Array | null = null;
  #first: Uint32Array | null = null;

  constructor(
    readonly columns: HostColumns,
    /** How many nodes and systems there are. */
    readonly nodes: number,
    readonly systems: number,
  ) {
    this.count = columns.ids.length;
  }

  /** Ordinal of the tree that holds a node. */
  of(id: number): number {
    const { ids } = this.columns;
    let low = 0;
    let high = this.count;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (ids[middle]! <= id) low = middle;
      else high = middle;
    }
    return low;
  }

  id(ordinal: number): number {
    return this.columns.ids[ordinal]!;
  }

  /** One past the last id of a tree. */
  end(ordinal: number): number {
    return this.columns.ids[ordinal + 1] ?? this.nodes + 1;
  }

  /** Whether a node is the top of its tree. */
  holds(id: number): boolean {
    return this.id(this.of(id)) === id;
  }

  root(ordinal: number): Root {
    const { system, segment, place } = this.columns;
    return {
      system: system[ordinal]!,
      segment: segment[ordinal]!,
      bus: this.bus(ordinal),
      known: place[ordinal] === "host-bridge",
    };
  }

  /** As the core takes them. */
  rows(): HostRow[] {
    const { system, segment, place } = this.columns;
    return Array.from(system, (each, ordinal) => ({
      system: each,
      segment: segment[ordinal]!,
      place: place[ordinal]!,
    }));
  }

  bus(ordinal: number): string {
    return formatBus(this.columns.segment[ordinal]!, this.columns.bus[ordinal]!);
  }

  system(ordinal: number): number {
    return this.columns.system[ordinal]!;
  }

  /** Ordinals of a system's trees, ascending. */
  inSystem(system: number): Uint32Array {
    if (this.#ordinals === null || this.#first === null) {
      const first = new Uint32Array(this.systems + 2);
      for (const each of this.columns.system) first[each + 2]!++;
      for (let at = 2; at < first.length; at++) first[at]! += first[at - 1]!;
      const ordinals = new Uint32Array(this.count);
      this.columns.system.forEach((each, ordinal) => (ordinals[first[each + 1]!++] = ordinal));
      [this.#ordinals, this.#first] = [ordinals, first];
    }
    return this.#ordinals.subarray(this.#first[system]!, this.#first[system + 1]!);
  }
}
