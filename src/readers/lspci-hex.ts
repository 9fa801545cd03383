import type { LspciLine } from "./lspci-lines.js";

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
  const bytes: number[] = [];
  for (const { text, number } of lines) {
    const [offset, ...values] = text.split(/:? /).map((digits) => parseInt(digits, 16));
    if (offset !== bytes.length) {
      const message = `expected offset ${bytes.length.toString(16)} of the hex dump, came ${offset!.toString(16)}`;
      return { bytes: Uint8Array.from(bytes), gap: { message, line: number } };
    }
    bytes.push(...values);
  }
  return { bytes: Uint8Array.from(bytes) };
}
