/**
 * Unpacks bzip2.
 *
 *     "BZh" level      level '1'-'9': blocks of up to level * 100 000 symbols
 *     block*           48 bits 314159265359 (pi), then as unpackBlock() reads it
 *     end              48 bits 177245385090 (the root of pi), 32 bits checksum of the stream
 *     … and perhaps another stream
 *
 * Inside a block the bytes went through four steps, undone here in reverse: runs of four and more shortened,
 * Burrows-Wheeler transform, move to front with runs of zeros shortened, Huffman codes with up to six tables
 * that take turns every 50 symbols.
 */

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const SYMBOLS_PER_LEVEL = 100_000;
const SYMBOLS_PER_TABLE_TURN = 50;
const LONGEST_CODE = 20;

/** Damage in a bzip2 stream, or more output than was allowed. */
export class Bzip2Error extends Error {
  override readonly name = "Bzip2Error";
}

/** The unpacked bytes of all streams in `packed`; throws {@link Bzip2Error} on damage or beyond `limit` bytes. */
export function bunzip2(packed: Uint8Array, limit: number): Uint8Array {
  const bits = new BitReader(packed);
  const output = new Output(limit);
  do unpackStream(bits, output);
  while (bits.atNextStream());
  return output.bytes();
}

function unpackStream(bits: BitReader, output: Output): void {
  const level = bits.read(32) - 0x425a6830;
  if (level < 1 || level > 9) throw new Bzip2Error("it does not start with BZh1 to BZh9");
  const symbols = new Uint32Array(level * SYMBOLS_PER_LEVEL);
  let streamChecksum = 0;
  for (;;) {
    const magic = bits.read(24) * 0x1000000 + bits.read(24);
    const checksum = bits.read(32);
    if (magic === END_MAGIC) {
      if (checksum !== streamChecksum) throw new Bzip2Error("the checksum of the stream is wrong");
      bits.skipToByte();
      return;
    }
    if (magic !== BLOCK_MAGIC) throw new Bzip2Error("a block starts with neither of the two block marks");
    output.startBlock();
    unpackBlock(bits, symbols, output);
    if (output.blockChecksum() !== checksum) throw new Bzip2Error("the checksum of a block is wrong");
    streamChecksum = (((streamChecksum << 1) | (streamChecksum >>> 31)) ^ checksum) >>> 0;
  }
}

function unpackBlock(bits: BitReader, symbols: Uint32Array, output: Output): void {
  if (bits.read(1) === 1) throw new Bzip2Error("it has a randomised block, which bzip2 has not written since 0.9.5");
  const origin = bits.read(24);
  const alphabet = readAlphabet(bits);
  const tableCount = bits.read(3);
  if (tableCount < 2 || tableCount > 6) throw new Bzip2Error(`a block has ${tableCount} code tables instead of 2 to 6`);
  const turns = readTurns(bits, tableCount);
  const tables = Array.from({ length: tableCount }, () => readTable(bits, alphabet.length + 2));
  const count = readSymbols(bits, alphabet, turns, tables, symbols);
  if (origin >= count) throw new Bzip2Error("a block's origin lies outside the block");
  undoTransform(symbols, count, origin, output);
}

/** The byte values that occur: 16 bits say which groups of 16 do, then 16 bits for each such group. */
function readAlphabet(bits: BitReader): Uint8Array {
  const groups = bits.read(16);
  const values: number[] = [];
  for (let group = 0; group < 16; group++) {
    if (((groups >> (15 - group)) & 1) === 0) continue;
    const members = bits.read(16);
    for (let member = 0; member < 16; member++) {
      if (((members >> (15 - member)) & 1) === 1) values.push(group * 16 + member);
    }
  }
  if (values.length === 0) throw new Bzip2Error("a block uses no byte values");
  return Uint8Array.from(values);
}

/** Which table each run of 50 symbols uses: positions in a move-to-front list, in unary. */
function readTurns(bits: BitReader, tableCount: number): Uint8Array {
  const turns = new Uint8Array(bits.read(15));
  const recent = Uint8Array.from({ length: tableCount }, (_, table) => table);
  for (let turn = 0; turn < turns.length; turn++) {
    let position = 0;
    while (bits.read(1) === 1) {
      if (++position >= tableCount) throw new Bzip2Error("a block names a code table that it does not have");
    }
    turns[turn] = moveToFront(recent, position);
  }
  return turns;
}

/** Canonical Huffman codes: the codes of one length follow one another in the order of `symbols`. */
interface CodeTable {
  readonly symbols: Uint16Array;
  /** By length: the first code, how many there are, and where the first one's symbol stands. */
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly index: Int32Array;
}

function readTable(bits: BitReader, symbolCount: number): CodeTable {
  const lengths = new Uint8Array(symbolCount);
  const count = new Int32Array(LONGEST_CODE + 1);
  let length = bits.read(5);
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (;;) {
      if (length < 1 || length > LONGEST_CODE) throw new Bzip2Error(`a code is ${length} bits long instead of 1 to 20`);
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
    count[length]!++;
  }
  const first = new Int32Array(LONGEST_CODE + 1);
  const index = new Int32Array(LONGEST_CODE + 1);
  for (let bitCount = 1; bitCount <= LONGEST_CODE; bitCount++) {
    first[bitCount] = (first[bitCount - 1]! + count[bitCount - 1]!) << 1;
    index[bitCount] = index[bitCount - 1]! + count[bitCount - 1]!;
  }
  const next = index.slice();
  const symbols = new Uint16Array(symbolCount);
  for (let symbol = 0; symbol < symbolCount; symbol++) symbols[next[lengths[symbol]!]!++] = symbol;
  return { symbols, first, count, index };
}

function readSymbol(bits: BitReader, table: CodeTable): number {
  let code = 0;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    code = (code << 1) | bits.read(1);
    const place = code - table.first[length]!;
    if (place >= 0 && place < table.count[length]!) return table.symbols[table.index[length]! + place]!;
  }
  throw new Bzip2Error("a code stands for no symbol");
}

/**
 * Undoes the Huffman codes and the moves to the front into `symbols` and returns their number. Symbols 0 and 1 are
 * the digits of a run length of the front value, in bijective base 2, lowest first; the last symbol ends the block.
 */
function readSymbols(
  bits: BitReader,
  alphabet: Uint8Array,
  turns: Uint8Array,
  tables: readonly CodeTable[],
  symbols: Uint32Array,
): number {
  const recent = alphabet.slice();
  const endOfBlock = alphabet.length + 1;
  let count = 0;
  let run = 0;
  let digit = 1;
  for (let read = 0; ; read++) {
    const turn = turns[Math.floor(read / SYMBOLS_PER_TABLE_TURN)];
    if (turn === undefined) throw new Bzip2Error("a block has more symbols than it announces");
    const symbol = readSymbol(bits, tables[turn]!);
    if (symbol < 2) {
      run += digit << symbol;
      digit *= 2;
      if (count + run > symbols.length) throw new Bzip2Error("a block is longer than its level allows");
      continue;
    }
    symbols.fill(recent[0]!, count, count + run);
    count += run;
    run = 0;
    digit = 1;
    if (symbol === endOfBlock) return count;
    if (count >= symbols.length) throw new Bzip2Error("a block is longer than its level allows");
    symbols[count++] = moveToFront(recent, symbol - 1);
  }
}

/**
 * Undoes the Burrows-Wheeler transform: the upper 24 bits of `symbols[i]` become the place of the byte that follows.
 */
function undoTransform(symbols: Uint32Array, count: number, origin: number, output: Output): void {
  const places = new Uint32Array(256);
  for (let i = 0; i < count; i++) places[symbols[i]!]!++;
  let before = 0;
  for (let value = 0; value < 256; value++) {
    const occurrences = places[value]!;
    places[value] = before;
    before += occurrences;
  }
  for (let i = 0; i < count; i++) {
    const value = symbols[i]! & 0xff;
    symbols[places[value]!++]! |= i << 8;
  }
  let at = symbols[origin]! >>> 8;
  for (let i = 0; i < count; i++) {
    const symbol = symbols[at]!;
    output.push(symbol & 0xff);
    at = symbol >>> 8;
  }
}

function moveToFront(recent: Uint8Array, position: number): number {
  const value = recent[position]!;
  recent.copyWithin(1, 0, position);
  recent[0] = value;
  return value;
}

/** Bits from the highest of each byte down. */
class BitReader {
  readonly #bytes: Uint8Array;
  #next = 0;
  #held = 0;
  #heldBits = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The next `count` bits, at most 32. */
  read(count: number): number {
    if (count > 16) return (this.read(count - 16) * 0x10000 + this.read(16)) >>> 0;
    while (this.#heldBits < count) {
      const byte = this.#bytes[this.#next++];
      if (byte === undefined) throw new Bzip2Error("it ends in the middle");
      this.#held = ((this.#held << 8) | byte) & 0xffffff;
      this.#heldBits += 8;
    }
    this.#heldBits -= count;
    return (this.#held >>> this.#heldBits) & ((1 << count) - 1);
  }

  skipToByte(): void {
    this.#heldBits -= this.#heldBits % 8;
  }

  /** Whether another stream follows; what else follows a stream is padding, as the bzip2 tool takes it. */
  atNextStream(): boolean {
    const at = this.#next - this.#heldBits / 8;
    return this.#bytes[at] === 0x42 && this.#bytes[at + 1] === 0x5a && this.#bytes[at + 2] === 0x68;
  }
}

/** Undoes the first step (a byte after four equal ones says how many more of them follow) and keeps the checksum. */
class Output {
  readonly #limit: number;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  #checksum = 0;
  #previous = -1;
  #equal = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  startBlock(): void {
    this.#checksum = 0xffffffff;
    this.#previous = -1;
    this.#equal = 0;
  }

  push(byte: number): void {
    if (this.#equal === 4) {
      for (let i = 0; i < byte; i++) this.#write(this.#previous);
      this.#equal = 0;
      this.#previous = -1;
      return;
    }
    this.#equal = byte === this.#previous ? this.#equal + 1 : 1;
    this.#previous = byte;
    this.#write(byte);
  }

  blockChecksum(): number {
    return ~this.#checksum >>> 0;
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #write(byte: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length++] = byte;
    this.#checksum = (this.#checksum << 8) ^ CHECKSUMS[(this.#checksum >>> 24) ^ byte]!;
  }

  #grow(): void {
    if (this.#length >= this.#limit) throw new Bzip2Error(`it unpacks to more than ${this.#limit} bytes`);
    const grown = new Uint8Array(Math.min(this.#length * 2, this.#limit));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** CRC-32 with the polynomial 04c11db7, highest bit first, of every byte. */
const CHECKSUMS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let checksum = byte << 24;
  for (let bit = 0; bit < 8; bit++) checksum = checksum & 0x80000000 ? (checksum << 1) ^ 0x04c11db7 : checksum << 1;
  return checksum;
});
