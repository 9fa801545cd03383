import { DEVICE_KINDS, type DeviceKind } from "./devices.js";
import type { Count, CountByDevice } from "./options.js";
import type { Random } from "../random.js";

/** A {@link Count} that has been checked. */
export class Draw {
  readonly least: number;
  readonly most: number;
  readonly #inTurn: readonly number[] | null;

  private constructor(count: Count) {
    if (typeof count === "number") count = [count];
    this.#inTurn = "least" in count ? null : count;
    this.least = "least" in count ? count.least : Math.min(...count);
    this.most = "least" in count ? count.most : Math.max(...count);
  }

  /** The number for the thing of this ordinal. */
  take(random: Random, ordinal: number): number {
    if (this.#inTurn !== null) return this.#inTurn[ordinal % this.#inTurn.length]!;
    return this.least + random.below(this.most - this.least + 1);
  }

  /** The most that {@link take} gives the thing of this ordinal. */
  mostOf(ordinal: number): number {
    return this.#inTurn === null ? this.most : this.#inTurn[ordinal % this.#inTurn.length]!;
  }

  /** The least that {@link take} gives the thing of this ordinal. */
  leastOf(ordinal: number): number {
    return this.#inTurn === null ? this.least : this.#inTurn[ordinal % this.#inTurn.length]!;
  }

  /**
   * @throws TypeError for what is no {@link Count}; RangeError for numbers outside [least, most]. Both begin with the
   *   option's name.
   */
  static of(option: string, count: Count, least: number, most: number): Draw {
    if (Array.isArray(count)) {
      if (count.length === 0) throw new RangeError(`${option}: expected at least one number, got an empty list`);
      count.forEach((number: unknown, index) => whole(`${option}[${index}]`, number, least, most));
      return new Draw(count as readonly number[]);
    }
    if (typeof count === "object" && count !== null && "least" in count && "most" in count) {
      whole(`${option}.least`, count.least, least, most);
      whole(`${option}.most`, count.most, count.least, most);
      if (count.least !== Infinity && count.most === Infinity) {
        throw new RangeError(`${option}.most: expected a number that can be drawn, got Infinity`);
      }
      return new Draw(count);
    }
    if (typeof count !== "number") {
      throw new TypeError(`${option}: expected a number, a list of numbers or { least, most }, got ${shown(count)}`);
    }
    whole(option, count, least, most);
    return new Draw(count);
  }
}

/** A {@link CountByDevice} that has been checked: one for each kind of device. */
export type DrawByDevice = Readonly<Record<DeviceKind, Draw>>;

/** @throws as {@link Draw.of} does; TypeError also for what is no kind of device. */
export function drawByDevice(
  option: string,
  count: CountByDevice,
  defaults: Readonly<Record<DeviceKind, number>>,
  least: number,
  most: number,
): DrawByDevice {
  const byDevice = isByDevice(count) ? count : null;
  for (const kind of Object.keys(byDevice ?? {})) checkKind(option, kind);
  const draw = (kind: DeviceKind): Draw =>
    byDevice === null
      ? Draw.of(option, count as Count, least, most)
      : Draw.of(`${option}.${kind}`, byDevice[kind] ?? defaults[kind], least, most);
  return { gpu: draw("gpu"), nic: draw("nic"), nvme: draw("nvme"), accelerator: draw("accelerator") };
}

/** @throws TypeError, which begins with the option's name. */
export function checkKind(option: string, kind: unknown): asserts kind is DeviceKind {
  if (DEVICE_KINDS.includes(kind as DeviceKind)) return;
  throw new TypeError(`${option}: expected kinds of devices (${DEVICE_KINDS.join(", ")}), got ${shown(kind)}`);
}

/** @throws TypeError for what is no number; RangeError for one that is not whole or outside [least, most]. */
export function whole(option: string, value: unknown, least: number, most: number): void {
  if (typeof value !== "number") {
    throw new TypeError(`${option}: expected a number, got ${shown(value)}`);
  }
  const fits = Number.isInteger(value) || (value === Infinity && most === Infinity);
  if (!fits || value < least || value > most) {
    throw new RangeError(`${option}: expected a whole number from ${least} to ${most}, got ${value}`);
  }
}

/** A value of whatever kind, for messages. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}

function isByDevice(count: CountByDevice): count is Readonly<Partial<Record<DeviceKind, Count>>> {
  return typeof count === "object" && count !== null && !Array.isArray(count) && !("least" in count || "most" in count);
}
