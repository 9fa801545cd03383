import { formatBdf, formatBus, parseBdf } from "../bdf.js";
import type { Hosts } from "../hosts.js";
import { canonicalName } from "../names.js";

/**
 * Names of a fabric's nodes, found without a table: the trees of a system are few, and the functions of one are a run
 * of ids.
 */
export class FabricNames {
  constructor(
    private readonly hosts: Hosts,
    /** By id. */
    private readonly requesterId: Uint16Array,
    private readonly systems: number,
  ) {}

  of(id: number): string {
    const host = this.hosts.of(id);
    if (this.hosts.id(host) === id) return this.hosts.bus(host);
    const requester = this.requesterId[id]!;
    const [device, number] = [(requester >>> 3) & 0x1f, requester & 7];
    return formatBdf({
      segment: this.hosts.columns.segment[host]!,
      bus: requester >>> 8,
      device,
      function: number,
    });
  }

  find(system: number | null, name: string): readonly number[] {
    const canonical = canonicalName(name);
    const bdf = parseBdf(canonical);
    if (bdf === null) return this.#findHosts(system, canonical);
    const requester = (bdf.bus << 8) | (bdf.device << 3) | bdf.function;
    if (system === null) return this.#findIn(1, this.requesterId.length, requester, bdf.segment);
    return [...this.hosts.inSystem(system)].flatMap((host) =>
      this.hosts.columns.segment[host] === bdf.segment
        ? this.#findIn(this.hosts.id(host) + 1, this.hosts.end(host), requester, bdf.segment)
        : [],
    );
  }

  /** Ids of the functions of a system, or of all (null), by system, segment, bus, device, function. */
  sorted(system: number | null): Uint32Array {
    const ids = new Uint32Array(this.requesterId.length - 1 - this.hosts.count);
    let at = 0;
    for (let each = system ?? 0; each <= (system ?? this.systems - 1); each++) at = this.#functionsOf(each, ids, at);
    return ids.slice(0, at);
  }

  #findHosts(system: number | null, bus: string): number[] {
    const found: number[] = [];
    const match = /^([0-9a-f]+):([0-9a-f]{2})$/.exec(bus);
    if (match === null) return found;
    const [segment, number] = [parseInt(match[1]!, 16), parseInt(match[2]!, 16)];
    if (formatBus(segment, number) !== bus) return found;
    const { columns } = this.hosts;
    for (let host = 0; host < this.hosts.count; host++) {
      const named = columns.bus[host] === number && columns.segment[host] === segment;
      if (named && (system === null || columns.system[host] === system)) found.push(this.hosts.id(host));
    }
    return found;
  }

  /** Functions of a segment with a requester ID among the ids from `first` up to, and without, `end`. */
  #findIn(first: number, end: number, requester: number, segment: number): number[] {
    const run = this.requesterId.subarray(first, end);
    const found: number[] = [];
    for (let at = run.indexOf(requester); at !== -1; at = run.indexOf(requester, at + 1)) {
      const host = this.hosts.of(first + at);
      if (this.hosts.id(host) !== first + at && this.hosts.columns.segment[host] === segment) found.push(first + at);
    }
    return found;
  }

  /** Puts the sorted functions of a system into `ids` from `at` on, and returns where they end. */
  #functionsOf(system: number, ids: Uint32Array, at: number): number {
    const { segment } = this.hosts.columns;
    const hosts = [...this.hosts.inSystem(system)].sort((a, b) => segment[a]! - segment[b]! || a - b);
    for (let from = 0, to: number; from < hosts.length; from = to) {
      for (to = from + 1; to < hosts.length && segment[hosts[to]!] === segment[hosts[from]!];) to++;
      const group = hosts.slice(from, to);
      const count = group.reduce((sum, host) => sum + this.hosts.end(host) - this.hosts.id(host) - 1, 0);
      // Ids are below 2^32 and requester IDs of 16 bits: both fit into one number.
      const keys = new Float64Array(count);
      let next = 0;
      for (const host of group) {
        for (let id = this.hosts.id(host) + 1; id < this.hosts.end(host); id++) {
          keys[next++] = this.requesterId[id]! * 2 ** 32 + id;
        }
      }
      keys.sort();
      for (const key of keys) ids[at++] = key % 2 ** 32;
    }
    return at;
  }
}
