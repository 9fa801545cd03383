import type { LspciLine } from "./lines.js";

/** Bytes of one function's configuration space, from the hexadecimal lines below its header. */
export interface HexDump {
  readonly bytes: Uint8Array;
  /** What is wrong with the first line that does not go on where the line before it ended. */
  readonly gap?: { readonly message: string; readonly line: number };
}

/**
 * Joins lines of the form `40: 01 50 03 c8 …`, sixteen bytes each, the offset in two digits or, from 100 on, three.
 * Bytes past a gap are dropped: a capability list that leads there is then cut off, not misread.
 */
export function readHexDump(lines: readonly LspciLine[]): HexDump {
  const bytes = new Uint8Array(lines.length * BYTES_PER_LINE);
  let length = 0;
  for (const { text, number } of lines) {
    const colon = text.indexOf(":");
    const offset = parseInt(text.slice(0, colon), 16);
    if (offset !== length) {
      const message = `expected offset ${length.toString(16)} of the hex dump, came ${offset.toString(16)}`;
      return { bytes: bytes.slice(0, length), gap: { message, line: number } };
    }
    for (let at = colon + 2; at < text.length; at += 3) {
      bytes[length++] = (digit(text.charCodeAt(at)) << 4) | digit(text.charCodeAt(at + 1));
    }
  }
  return { bytes: bytes.slice(0, length) };
}

const BYTES_PER_LINE = 16;

/**
 * The value of a hexadecimal digit, by its character: `0`-`9` are 0x30 to 0x39, letters of either case 0x.1 to 0x.6.
 */
function digit(character: number): number {
  return character < 0x40 ? character & 0xf : (character & 0xf) + 9;
}
