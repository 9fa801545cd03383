import { synthesize } from "../../src/fabrics/index.js";
import type { FabricColumns } from "../../src/topology/fabric/columns.js";

// Values that programs hand over are damaged as values: bytes say which part becomes what, so that one mutator serves
// texts and values alike.

/** Of every kind there is. */
export const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  NaN,
  Infinity,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  -(2 ** 63),
  1e308,
  7n,
  "",
  "0",
  "x",
  "0x",
  "0xffffffffffffffff",
  "0x10000000000000000",
  "0x7fffffffffffffff",
  "0x80000000",
  "0000:00:00.0",
  "0000:00:01.0",
  "0000:ff:1f.7",
  "0000:00",
  "ffffffff:ff",
  "__proto__",
  "\u0000\ud800",
  [],
  [[]],
  {},
  { length: 3 },
  Symbol("x"),
  () => 0,
  new Date(0),
  new Uint8Array(3),
  new Map(),
  { value: 1, mask: 2 },
  { secondary: 1, subordinate: 255 },
  { index: 0, type: "mem64", start: "0xfffffffffffff000", size: 8192 },
];

/** Reads numbers from bytes; zeros at the end. */
class Choices {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  get left(): boolean {
    return this.#at < this.bytes.length;
  }

  below(bound: number): number {
    const [low = 0, high = 0] = this.bytes.subarray(this.#at, (this.#at += 2));
    return bound === 0 ? 0 : (low | (high << 8)) % bound;
  }
}

const MOST_EDITS = 8;

/** A copy of a value of arrays and plain objects, parts of which are replaced, left out, repeated or exchanged. */
export function edited(value: unknown, bytes: Uint8Array): unknown {
  const choices = new Choices(bytes);
  const whole = { value: structuredClone(value) };
  for (let edit = 0; edit < MOST_EDITS && choices.left; edit++) {
    const place = walk(whole, choices);
    const other = walk(whole, choices);
    const act = choices.below(6);
    if (act === 0) delete place.of[place.key];
    else if (act === 1 && Array.isArray(place.of)) place.of.push(structuredClone(place.of[Number(place.key)]));
    else if (act === 2) exchange(place, other);
    else place.of[place.key] = VALUES[choices.below(VALUES.length)];
  }
  return whole.value;
}

type Holder = Record<string, unknown>;

interface Place {
  readonly of: Holder | unknown[] extends infer Either ? Either & Holder : never;
  readonly key: string;
}

function walk(whole: Holder, choices: Choices): Place {
  let place: Place = { of: whole as Place["of"], key: "value" };
  for (;;) {
    const value = place.of[place.key];
    const keys = typeof value === "object" && value !== null && isPlain(value) ? Object.keys(value) : [];
    const choice = choices.below(keys.length + 1);
    if (choice === 0 && (place.of !== whole || keys.length === 0)) return place;
    if (keys.length === 0) return place;
    place = { of: value as Place["of"], key: keys[Math.max(0, choice - 1)]! };
  }
}

function isPlain(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

/** Unless one would hold itself. */
function exchange(one: Place, other: Place): void {
  const [first, second] = [one.of[one.key], other.of[other.key]];
  if (holds(first, other.of) || holds(second, one.of)) return;
  one.of[one.key] = second;
  other.of[other.key] = first;
}

function holds(value: unknown, part: unknown): boolean {
  if (value === part) return true;
  return typeof value === "object" && value !== null && Object.values(value).some((each) => holds(each, part));
}

const NUMBERS = [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const BIGINTS = [
  0n,
  1n,
  0xfffn,
  0x1000n,
  1n << 32n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
  (1n << 64n) - 4096n,
];

/** Columns of a fabric with some numbers changed, some columns shortened, exchanged, or of another kind. */
export function editedColumns(bytes: Uint8Array): FabricColumns {
  const choices = new Choices(bytes);
  const functions = 4 + choices.below(60);
  const acs = (["unknown", "redirect", "none"] as const)[choices.below(3)];
  const columns = synthesize({ functions, seed: choices.below(1000), ...(acs === "unknown" ? {} : { acs }) });
  const groups = ["hostBridges", "functions", "bars", "windows"] as const;
  const copy: Record<string, Record<string, unknown>> = {};
  for (const group of groups) copy[group] = { ...columns[group] };
  for (let edit = 0; edit < 2 * MOST_EDITS && choices.left; edit++) {
    const group = copy[groups[choices.below(groups.length)]!]!;
    const names = Object.keys(group);
    const name = names[choices.below(names.length)]!;
    const column = group[name];
    const act = choices.below(24);
    if (act === 0) delete group[name];
    else if (act === 1) group[name] = group[names[choices.below(names.length)]!];
    else if (act === 2) group[name] = VALUES[choices.below(VALUES.length)];
    else if (act === 3 && ArrayBuffer.isView(column)) group[name] = (column as Uint8Array).slice(1);
    else if (column instanceof BigUint64Array) {
      column[choices.below(column.length)] = BIGINTS[choices.below(BIGINTS.length)]!;
    } else if (ArrayBuffer.isView(column)) {
      const numbers = column as Uint32Array;
      const row = choices.below(numbers.length);
      numbers[row] =
        act % 2 === 0 ? choices.below(0xffff) % (numbers.length + 2) : NUMBERS[choices.below(NUMBERS.length)]!;
    }
  }
  return { ...(copy as unknown as FabricColumns), systems: columns.systems };
}
