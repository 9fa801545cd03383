import { IOMMUS, OPEN, PLACES, type Iommu, type Open } from "./axes.js";
import type { HostRow } from "./columns.js";
import { recordBytes, type Forest } from "./forest.js";
import type { Ranges } from "./ranges.js";
import { layout, view } from "./wasm.js";

/** The columns of a topology by name, as bytes. */
export type SectionMap = ReadonlyMap<string, Uint8Array>;

/** A column that is missing, of the wrong length, or of numbers that lead nowhere. */
export class SectionError extends RangeError {
  constructor(
    readonly section: string,
    fault: string,
  ) {
    super(`${section}: ${fault}`);
    this.name = "SectionError";
  }
}

/** Wide, depth bits, unit: what cannot be told from the lengths. */
const SHAPE_WORDS = 3;

const NAMES = ["shape", "keys", "records", "hosts", "systems", "leaves", "ranges", "owners", "terms"] as const;
type Name = (typeof NAMES)[number];

/** Where each section is in linear memory. */
export type Places = Readonly<Record<Name, number>>;

/** What a core is made of, where it is in linear memory, and how much there is. */
export class Sections {
  readonly nodes: number;
  readonly wide: boolean;
  readonly depthBits: number;
  readonly unit: number;
  readonly hosts: number;
  readonly systems: number;
  readonly leaves: number;
  readonly ranges: number;
  readonly terms: number;
  #map: Map<Name, Uint8Array>;
  readonly #places = new Map<Name, number>();

  static of({
    forest,
    hosts,
    systems,
    ranges,
  }: {
    readonly forest: Forest;
    readonly hosts: readonly HostRow[];
    readonly systems: readonly { readonly open: Open; readonly iommu: Iommu }[];
    readonly ranges: Ranges;
  }): Sections {
    const hostRows = new Uint8Array(hosts.length * layout.HOST_BYTES);
    const hostView = view(hostRows);
    hosts.forEach(({ system, segment, place }, ordinal) => {
      const at = ordinal * layout.HOST_BYTES;
      hostView.setUint32(at + layout.HOST_SYSTEM, system, true);
      hostView.setUint32(at + layout.HOST_SEGMENT, segment, true);
      hostView.setUint32(at + layout.HOST_PLACE, PLACES.indexOf(place), true);
    });
    const systemRows = ranges.systems.slice();
    const systemView = view(systemRows);
    systems.forEach(({ open, iommu }, ordinal) => {
      const at = ordinal * layout.SYSTEM_BYTES;
      systemView.setUint32(at + layout.SYSTEM_OPEN, OPEN.indexOf(open), true);
      systemView.setUint32(at + layout.SYSTEM_IOMMU, IOMMUS.indexOf(iommu), true);
    });
    const shape = Uint32Array.of(forest.wide ? 1 : 0, forest.depthBits, ranges.unit);
    return new Sections(
      new Map<Name, Uint8Array>([
        ["shape", bytesOf(shape)],
        ["keys", bytesOf(forest.keys)],
        ["records", forest.records],
        ["hosts", hostRows],
        ["systems", systemRows],
        ["leaves", ranges.leaves],
        ["ranges", ranges.ranges],
        ["owners", bytesOf(ranges.owners)],
        ["terms", ranges.terms],
      ]),
    );
  }

  /** @throws SectionError for what is missing or of the wrong length. */
  static from(source: SectionMap): Sections {
    const map = new Map<Name, Uint8Array>();
    for (const name of NAMES) {
      const bytes = source.get(name);
      if (bytes === undefined) throw new SectionError(name, "is missing");
      map.set(name, bytes);
    }
    return new Sections(map);
  }

  private constructor(map: Map<Name, Uint8Array>) {
    this.#map = map;
    const shape = this.bytes("shape");
    if (shape.length !== SHAPE_WORDS * 4) this.#wrongLength("shape", SHAPE_WORDS * 4);
    const [wide, depthBits, unit] = [0, 4, 8].map((at) => view(shape).getUint32(at, true)) as [number, number, number];
    if (wide > 1 || depthBits > 8 || (wide === 1) !== (depthBits === 0) || unit > 31) {
      throw new SectionError("shape", `no forest has wide ${wide}, ${depthBits} depth bits and unit ${unit}`);
    }
    this.wide = wide === 1;
    this.depthBits = depthBits;
    this.unit = unit;
    this.nodes = this.#rows("keys", 4) - 1;
    this.hosts = this.#rows("hosts", layout.HOST_BYTES);
    this.systems = this.#rows("systems", layout.SYSTEM_BYTES);
    this.leaves = this.#rows("leaves", layout.LEAF_BYTES);
    this.ranges = this.#rows("ranges", layout.RANGE_BYTES);
    this.terms = this.#rows("terms", layout.TERMS_BYTES);
    this.#exactly("records", (this.nodes + 1) * recordBytes(this.wide));
    this.#exactly("owners", this.ranges * 4);
    if (this.nodes < 0) throw new SectionError("keys", "lacks node 0");
    if (this.leaves < 1) throw new SectionError("leaves", "is empty");
    if (!this.wide && this.nodes >= 2 ** (32 - depthBits) - 1) {
      throw new SectionError("shape", `${depthBits} depth bits leave no room for ${this.nodes} ids`);
    }
  }

  get map(): SectionMap {
    return this.#map;
  }

  bytes(name: Name): Uint8Array {
    return this.#map.get(name)!;
  }

  /** Where the sections are, once they have been moved. */
  places(): Places {
    return Object.fromEntries(this.#places) as Places;
  }

  /** How many nodes the largest tree has. */
  longestTree(): number {
    const bytes = this.bytes("keys");
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
    const keys = new Uint32Array(aligned.buffer, aligned.byteOffset, this.nodes + 1);
    const belowNode0 = 2 ** this.depthBits;
    let [longest, start] = [0, 1];
    for (let id = 2; id <= this.nodes; id++) {
      if (keys[id]! >= belowNode0) continue;
      longest = Math.max(longest, id - start);
      start = id;
    }
    return Math.max(longest, this.nodes + 1 - start);
  }

  /** Asks for a place for each section. */
  place(take: (bytes: number) => number): void {
    for (const [name, bytes] of this.#map) this.#places.set(name, take(bytes.length));
  }

  /** Copies the sections to their places. */
  move(buffer: ArrayBuffer): void {
    for (const [name, bytes] of this.#map) {
      const moved = new Uint8Array(buffer, this.#places.get(name)!, bytes.length);
      moved.set(bytes);
      this.#map.set(name, moved);
    }
  }

  expect(name: Name, passed: number): void {
    if (passed === 0) throw new SectionError(name, "holds numbers that no topology has");
  }

  #rows(name: Name, bytes: number): number {
    const { length } = this.bytes(name);
    if (length % bytes !== 0) this.#wrongLength(name, Math.floor(length / bytes) * bytes);
    return length / bytes;
  }

  #exactly(name: Name, length: number): void {
    if (this.bytes(name).length !== length) this.#wrongLength(name, length);
  }

  #wrongLength(name: Name, expected: number): never {
    throw new SectionError(name, `expected ${expected} bytes, got ${this.bytes(name).length}`);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
