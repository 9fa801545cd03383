/*
 * pci.ids as src/names/pack.mjs packs it, deflated. Its lines are rows, of which one that is deeper belongs to the nearest
 * above that is less deep. First those of vendors, then those of classes:
 *
 *     depth 0    vendor                           class                      10de        C 03
 *     depth 1    device                           subclass                     2330        02
 *     depth 2    subsystem vendor and device      programming interface          10de 16c1   00
 *
 *     0       rows, 32 bits, little endian
 *     4       the first row of classes, 32 bits
 *     8       depth      a byte for each row
 *     8 +  R  id, low    a byte for each row. Of depth 0 and 1: what has to be added to the id before at that depth
 *     8 + 2R  id, high   a byte for each row
 *     8 + 3R  second id of subsystems, low
 *     8 + 4R  second id of subsystems, high
 *     8 + 5R  the names, UTF-8, with line ends between them
 */

/** Numbers of a function, four hexadecimal digits each, as descriptions of functions have them. */
export interface DeviceIds {
  readonly vendor?: string;
  readonly device?: string;
  readonly subsystemVendor?: string;
  readonly subsystemDevice?: string;
  /** Two digits or more: class, subclass, programming interface. */
  readonly class?: string;
}

/** What pci.ids calls them; missing: it does not say. */
export interface NamesOfDevice {
  /** `NVIDIA Corporation`. */
  readonly vendor?: string;
  /** `GH100 [H100 SXM5 80GB]`. */
  readonly device?: string;
  /** Of the board, by the subsystem ids. */
  readonly subsystem?: string;
  /** `Display controller`. */
  readonly class?: string;
  /** `3D controller`. */
  readonly subclass?: string;
  /** `NVM Express`. */
  readonly programmingInterface?: string;
}

/** The names of vendors, devices, subsystems and classes. */
export class DeviceNames {
  readonly #names: readonly string[];
  readonly #depth: Uint8Array;
  readonly #first: Uint16Array;
  readonly #second: Uint16Array;
  /** Rows of depth 0 by id. */
  readonly #vendors = new Map<number, number>();
  readonly #classes = new Map<number, number>();
  /** Rows of depth 1 by id, of each row of depth 0 that somebody has asked for. */
  readonly #below = new Map<number, ReadonlyMap<number, number>>();

  /** @param bytes what the packer made, inflated. */
  constructor(bytes: Uint8Array) {
    const header = new DataView(bytes.buffer, bytes.byteOffset);
    const rows = header.getUint32(0, true);
    const firstClass = header.getUint32(4, true);
    const column = (index: number) => bytes.subarray(8 + index * rows, 8 + (index + 1) * rows);
    const [depth, low, high, secondLow, secondHigh] = [0, 1, 2, 3, 4].map(column) as [Uint8Array, ...Uint8Array[]];
    this.#depth = depth;
    this.#names = new TextDecoder().decode(bytes.subarray(8 + 5 * rows)).split("\n");
    this.#first = new Uint16Array(rows);
    this.#second = Uint16Array.from(secondLow!, (byte, row) => byte | (secondHigh![row]! << 8));
    const above = [0, 0];
    for (let row = 0; row < rows; row++) {
      const at = depth[row]!;
      const id = (low![row]! | (high![row]! << 8)) + (at < 2 ? above[at]! : 0);
      this.#first[row] = id;
      if (at < 2) above[at] = id & 0xffff;
      if (at > 0) continue;
      above[1] = 0;
      (row < firstClass ? this.#vendors : this.#classes).set(id & 0xffff, row);
    }
  }

  /** What pci.ids says of the ids that are given; a description of a function will do. */
  lookup(ids: DeviceIds): NamesOfDevice {
    const vendor = this.#vendors.get(number(ids.vendor));
    const device = this.#childOf(vendor, number(ids.device));
    const subsystem = this.#subsystemOf(device, number(ids.subsystemVendor), number(ids.subsystemDevice));
    const [base, sub, last] = [0, 2, 4].map((at) => number(ids.class?.slice(at, at + 2)));
    const baseClass = this.#classes.get(base!);
    const subclass = this.#childOf(baseClass, sub!);
    const rows = { vendor, device, subsystem, class: baseClass, subclass };
    const programmingInterface = this.#subsystemOf(subclass, last!, 0);
    const named = Object.entries({ ...rows, programmingInterface }).filter(([, row]) => row !== undefined);
    return Object.fromEntries(named.map(([name, row]) => [name, this.#names[row!]!]));
  }

  /**
   * Vendor and device in the words of lspci, with a number for a device that has no name; undefined where the vendor is
   * not known, or either id is missing.
   */
  label(ids: DeviceIds): string | undefined {
    const { vendor, device } = this.lookup({ vendor: ids.vendor ?? "", device: ids.device ?? "" });
    if (vendor === undefined || ids.device === undefined) return undefined;
    return `${vendor} ${device ?? `Device ${ids.device}`}`;
  }

  #childOf(row: number | undefined, id: number): number | undefined {
    if (row === undefined) return undefined;
    let children = this.#below.get(row);
    if (children === undefined) this.#below.set(row, (children = this.#childrenOf(row)));
    return children.get(id);
  }

  #childrenOf(parent: number): ReadonlyMap<number, number> {
    const children = new Map<number, number>();
    for (let row = parent + 1; row < this.#depth.length && this.#depth[row]! > 0; row++) {
      if (this.#depth[row] === 1) children.set(this.#first[row]!, row);
    }
    return children;
  }

  #subsystemOf(row: number | undefined, first: number, second: number): number | undefined {
    for (let at = (row ?? this.#depth.length) + 1; this.#depth[at] === 2; at++) {
      if (this.#first[at] === first && this.#second[at] === second) return at;
    }
    return undefined;
  }
}

/** NaN, which is nobody's id, for what is missing or no number. */
function number(digits: string | undefined): number {
  return digits !== undefined && /^[0-9a-f]{1,4}$/i.test(digits) ? parseInt(digits, 16) : NaN;
}

/** Unpacks what the packer made. */
export async function unpackNames(packed: Uint8Array<ArrayBuffer>): Promise<DeviceNames> {
  const inflated = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (;;) {
    const { done, value } = await inflated.read();
    if (done) return new DeviceNames(new Uint8Array(await new Blob(chunks).arrayBuffer()));
    chunks.push(value);
  }
}
