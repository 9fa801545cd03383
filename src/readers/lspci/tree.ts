import { formatBdf, type Bdf } from "../../topology/bdf.js";
import type { FunctionDescription } from "../../topology/description.js";
import { ReadError } from "../reading.js";
import type { LspciLine } from "./lines.js";
import { labelAndIds } from "./names.js";

/*
 * `lspci -t`: a bus in brackets, then its functions; a function before brackets is the bridge to that bus.
 *
 *     -+-[0000:20]-+-00.0  Advanced Micro Devices, Inc. [AMD] Device 14a4
 *      |           \-03.1-[21-23]--+-00.0  Mellanox Technologies MT2910 Family [ConnectX-7]
 *      |           |               \-01.0-[22]--
 *      \-[0000:00]---01.1-[01]----00.0  NVIDIA Corporation AD102GL
 *                  ▲               ▲
 *                  └ branches of the same bus stand in the same column
 */

interface Bus {
  readonly segment: number;
  readonly number: number;
  /** The bridge to it; null: a root bus. */
  readonly bridge: string | null;
  /** How many buses it is below the trunk, itself included. */
  readonly depth: number;
}

/** A segment has no more buses. */
const DEEPEST = 256;

/** What a tree drawing says: every function with its parent, bridges with their bus numbers. */
export interface TreeReading {
  readonly functions: readonly FunctionDescription[];
  /** Lines of which the branch has no trunk, as where a mail program wrapped the drawing. */
  readonly strays: readonly LspciLine[];
}

const TOKEN = /-*(?:\[(?:([0-9a-f]{4,8}):)?([0-9a-f]{2})(?:-([0-9a-f]{2}))?\]|([01][0-9a-f])\.([0-7])|([+\\]))/iy;

/**
 * Reads drawings, each of which begins with a line of its own.
 *
 * @throws ReadError where buses nest deeper than a segment has any.
 */
export function readTree(lines: readonly LspciLine[], source: string): TreeReading {
  const functions: FunctionDescription[] = [];
  const strays: LspciLine[] = [];
  // The bus that branches in a column; null: the trunk from which the root buses branch.
  const trunks = new Map<number, Bus | null>();

  for (const line of lines) {
    const text = line.text;
    let position = /^[ |\t]*/.exec(text)![0].length;
    const beginsDrawing = text[position] === "-";
    if (beginsDrawing) trunks.clear();
    let bus = beginsDrawing ? null : trunks.get(position);
    if (bus === undefined) {
      strays.push(line);
      continue;
    }
    let bridge: number | null = null;
    for (;;) {
      TOKEN.lastIndex = position;
      const token: RegExpExecArray | null = TOKEN.exec(text);
      if (token === null) break;
      position = TOKEN.lastIndex;
      const [, segment, first, last, device, func, branch] = token;
      if (branch !== undefined) {
        trunks.set(position - 1, bus);
      } else if (device !== undefined) {
        if (bus === null) break;
        const slot: Bdf = {
          segment: bus.segment,
          bus: bus.number,
          device: parseInt(device, 16),
          function: Number(func),
        };
        bridge = functions.push({ bdf: formatBdf(slot), parent: bus.bridge }) - 1;
      } else {
        const secondary = parseInt(first!, 16);
        const below: FunctionDescription | null = bridge === null ? null : functions[bridge]!;
        if (below !== null) {
          const subordinate = last === undefined ? secondary : parseInt(last, 16);
          functions[bridge!] = { ...below, bus: { secondary, subordinate } };
        }
        const depth: number = (bus?.depth ?? 0) + 1;
        if (depth > DEEPEST) {
          const message = `expected a drawing of at most ${DEEPEST} buses below one another, as a segment has, this has more`;
          throw new ReadError(message, source, line.number);
        }
        bus = {
          depth,
          segment: segment === undefined ? (bus?.segment ?? 0) : parseInt(segment, 16),
          number: secondary,
          bridge: below?.bdf ?? bus?.bridge ?? null,
        };
        bridge = null;
      }
    }
    // With -v, two spaces and a name follow the last function of the line.
    const name = text.slice(position).trim();
    if (bridge !== null && name !== "") functions[bridge] = { ...functions[bridge]!, ...labelAndIds(name) };
  }
  return { functions, strays };
}
