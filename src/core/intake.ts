import { DIRECTIONS } from "./axes.js";
import type { Addresses } from "./columns.js";
import { CHUNK, type Instance } from "./instance.js";
import type { Exports } from "./wasm.js";
import type { Column } from "./window.js";

/** Takes rows of a caller's columns into the staging window of an instance, and refuses those that are no input. */
export class Intake {
  readonly #exports: Exports;
  readonly #staging: Instance["staging"];
  /** The bytes of the addresses, seen as doubles. */
  readonly #numbers: Float64Array;

  constructor(
    { exports, staging }: Instance,
    /** How many nodes and systems there are. */
    private readonly nodes: number,
    private readonly systemCount: number,
  ) {
    this.#exports = exports;
    this.#staging = staging;
    this.#numbers = new Float64Array(exports.memory.buffer, staging.address.at, CHUNK);
  }

  ids(ids: Uint32Array, first: number, rows: number, into: Column<Uint32Array>, name: string): void {
    into.values.set(rows === ids.length ? ids : ids.subarray(first, first + rows));
    const bad = this.#exports.firstBadId(rows, into.at, this.nodes);
    if (bad === rows) return;
    throw new RangeError(
      `${name}: expected ids from 1 to ${this.nodes}, got ${ids[first + bad]} in row ${first + bad}`,
    );
  }

  addresses(source: Addresses, first: number, rows: number, into: Column<BigUint64Array>, name: string): void {
    if (source instanceof BigUint64Array) {
      into.values.set(source.subarray(first, first + rows));
      return;
    }
    // The same bytes seen as doubles, which the core turns into addresses where they are.
    const numbers = into === this.#staging.address ? this.#numbers : this.#numbersOf(into);
    numbers.set(source.subarray(first, first + rows));
    const bad = this.#exports.convertMany(rows, into.at);
    if (bad === rows) return;
    throw new RangeError(
      `${name}: expected whole numbers from 0 to 2^53 - 1, got ${source[first + bad]} in row ${first + bad}`,
    );
  }

  #numbersOf({ at }: Column<BigUint64Array>): Float64Array {
    return new Float64Array(this.#exports.memory.buffer, at, CHUNK);
  }

  sizes(size: Addresses | bigint, first: number, rows: number): void {
    const window = this.#staging;
    if (typeof size === "bigint") window.size.values.fill(size, 0, rows);
    else this.addresses(size, first, rows, window.size, "size");
    const bad = this.#exports.firstBadSize(rows, window.address.at, window.size.at);
    if (bad === rows) return;
    const [bytes, start] = [window.size.values[bad]!, window.address.values[bad]!];
    throw new RangeError(
      `size: expected at least 1 byte within [0, 2^64), got ${bytes} bytes at ${start} in row ${first + bad}`,
    );
  }

  systems(systems: Uint32Array, first: number, rows: number): void {
    const { values } = this.#staging.left;
    for (let row = 0; row < rows; row++) {
      const system = systems[first + row]!;
      if (system >= this.systemCount) {
        throw new RangeError(
          `system: expected ordinals below ${this.systemCount}, got ${system} in row ${first + row}`,
        );
      }
      values[row] = system;
    }
  }

  directions(directions: Uint8Array, first: number, rows: number): void {
    const { values } = this.#staging.direction;
    for (let row = 0; row < rows; row++) {
      const direction = directions[first + row]!;
      if (direction >= DIRECTIONS.length) {
        throw new RangeError(
          `direction: expected rows of ${DIRECTIONS.join(", ")}, got ${direction} in row ${first + row}`,
        );
      }
      values[row] = direction;
    }
  }
}
