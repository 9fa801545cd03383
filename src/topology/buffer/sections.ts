/** A buffer that is not, or not any more, what `Topology.toBuffer()` wrote. */
export class BufferError extends Error {
  override readonly name = "BufferError";
  constructor(
    message: string,
    /** The part of the buffer concerned; null: its header, or all of it. */
    readonly section: string | null,
    /** Bytes from the start of the buffer to where the trouble is. */
    readonly offset: number,
  ) {
    super(message);
  }
}

export interface Section {
  readonly bytes: Uint8Array;
  /** Of its first byte in the buffer. */
  readonly offset: number;
}

type Column = Uint8Array | Uint16Array | Uint32Array;

/** The named parts of a buffer. Whatever is read from them is a copy: the buffer stays the caller's. */
export class Sections {
  constructor(readonly all: ReadonlyMap<string, Section>) {}

  has(name: string): boolean {
    return this.all.has(name);
  }

  /** A section of exactly `count` numbers. */
  column<T extends Column>(name: string, Type: ColumnType<T>, count: number): T {
    const { bytes } = this.#section(name);
    const expected = count * Type.BYTES_PER_ELEMENT;
    if (bytes.length !== expected) throw this.error(name, `expected ${expected} bytes, got ${bytes.length}`);
    const column = new Type(count);
    new Uint8Array(column.buffer).set(bytes);
    return column;
  }

  json(name: string): unknown {
    const { bytes } = this.#section(name);
    try {
      return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch (error) {
      throw this.error(name, `expected JSON: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** @param at bytes from the start of the section. */
  error(name: string, message: string, at = 0): BufferError {
    return new BufferError(`section ${name}: ${message}`, name, (this.all.get(name)?.offset ?? 0) + at);
  }

  /** Throws unless every number of a column is at most `most`. */
  atMost(name: string, column: Column, most: number): void {
    for (let at = 0; at < column.length; at++) {
      if (column[at]! > most) {
        throw this.error(
          name,
          `expected at most ${most}, got ${column[at]} in row ${at}`,
          at * column.BYTES_PER_ELEMENT,
        );
      }
    }
  }

  /** Those whose name begins with `prefix`, by the rest of their names. */
  under(prefix: string): ReadonlyMap<string, Uint8Array> {
    const found = [...this.all].filter(([name]) => name.startsWith(prefix));
    return new Map(found.map(([name, { bytes }]) => [name.slice(prefix.length), bytes]));
  }

  #section(name: string): Section {
    const section = this.all.get(name);
    if (section === undefined) throw new BufferError(`section ${name} is missing`, name, 0);
    return section;
  }
}

interface ColumnType<T extends Column> {
  new (count: number): T;
  readonly BYTES_PER_ELEMENT: number;
}

export function columnBytes(column: Column): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}

export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
