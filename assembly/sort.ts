// Sorting by address: least significant digit first, so that equal keys keep their order.

const WORD: usize = 4;
const KEY: usize = 8;

const DIGIT_BITS: u64 = 11;
const DIGITS: usize = 1 << 11;
/** Below this many rows, counting digits costs more than moving rows. */
const FEW: u32 = 48;

const counts = memory.data(8192);

/**
 * Sorts `count` rows by key (u64).
 *
 *   keys, rows            u64 and u32 per row, sorted in place
 *   spareKeys, spareRows  scratch, the same
 */
export function sortRows(count: u32, keys: usize, rows: usize, spareKeys: usize, spareRows: usize): void {
  if (count <= FEW) {
    insertRows(count, keys, rows);
    return;
  }
  let differing: u64 = 0;
  let sorted = true;
  const first = load<u64>(keys);
  for (let row: usize = 1; row < <usize>count; row++) {
    const key = load<u64>(keys + row * KEY);
    differing |= key ^ first;
    if (key < load<u64>(keys + row * KEY - KEY)) sorted = false;
  }
  if (sorted) return;
  let fromKeys = keys;
  let fromRows = rows;
  let toKeys = spareKeys;
  let toRows = spareRows;
  // The lowest bits are the same in all page addresses, and the highest in all addresses that there are.
  const end = 64 - clz(differing);
  for (let shift = ctz(differing); shift < end; shift += DIGIT_BITS) {
    if (((differing >> shift) & (DIGITS - 1)) == 0) continue;
    memory.fill(counts, 0, DIGITS * WORD);
    for (let row: usize = 0; row < <usize>count; row++) {
      const slot = counts + digitOf(load<u64>(fromKeys + row * KEY), shift);
      store<u32>(slot, load<u32>(slot) + 1);
    }
    let place: u32 = 0;
    for (let digit: usize = 0; digit < DIGITS * WORD; digit += WORD) {
      const many = load<u32>(counts + digit);
      store<u32>(counts + digit, place);
      place += many;
    }
    for (let row: usize = 0; row < <usize>count; row++) {
      const key = load<u64>(fromKeys + row * KEY);
      const slot = counts + digitOf(key, shift);
      const to = <usize>load<u32>(slot);
      store<u32>(slot, <u32>to + 1);
      store<u64>(toKeys + to * KEY, key);
      store<u32>(toRows + to * WORD, load<u32>(fromRows + row * WORD));
    }
    const swapKeys = fromKeys;
    const swapRows = fromRows;
    fromKeys = toKeys;
    fromRows = toRows;
    toKeys = swapKeys;
    toRows = swapRows;
  }
  if (fromKeys == keys) return;
  memory.copy(keys, fromKeys, <usize>count * KEY);
  memory.copy(rows, fromRows, <usize>count * WORD);
}

function digitOf(key: u64, shift: u64): usize {
  return <usize>((key >> shift) & (DIGITS - 1)) * WORD;
}

function insertRows(count: u32, keys: usize, rows: usize): void {
  for (let row: usize = 1; row < <usize>count; row++) {
    const key = load<u64>(keys + row * KEY);
    const source = load<u32>(rows + row * WORD);
    let place = row;
    for (; place > 0 && load<u64>(keys + place * KEY - KEY) > key; place--) {
      store<u64>(keys + place * KEY, load<u64>(keys + place * KEY - KEY));
      store<u32>(rows + place * WORD, load<u32>(rows + place * WORD - WORD));
    }
    store<u64>(keys + place * KEY, key);
    store<u32>(rows + place * WORD, source);
  }
}
