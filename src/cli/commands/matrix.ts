import { Option } from "commander";
import { MATRIX_LIMIT } from "../../core.js";
import type { FunctionDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import { matrixDocument, matrixLines } from "../../writers/matrix.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError } from "../exit.js";
import { findFunction } from "../functions.js";

interface Own extends DirectionOption {
  readonly of: string;
}

/** Groups of functions by their class code (PCI Code and ID Assignment 1.1). */
const GROUPS: Readonly<Record<string, (description: FunctionDescription) => boolean>> = {
  all: () => true,
  endpoint: ({ class: code, bus }) => bus === undefined && code?.startsWith("06") !== true,
  bridge: ({ class: code, bus }) => bus !== undefined || code?.startsWith("0604") === true,
  gpu: ({ class: code }) => code?.startsWith("03") === true || code?.startsWith("1200") === true,
  accelerator: ({ class: code }) => code?.startsWith("12") === true,
  nic: ({ class: code }) => code?.startsWith("02") === true,
  nvme: ({ class: code }) => code?.startsWith("0108") === true,
  storage: ({ class: code }) => code?.startsWith("01") === true,
  memory: ({ class: code }) => code?.startsWith("05") === true,
};

export const matrix: Command<Own> = {
  name: "matrix",
  arguments: [],
  summary: "every ordered pair at a glance: rows own the memory, columns do the DMA",
  detail: "Exit code 0, whatever the pairs' answers.",
  options: () => [
    new Option("--of <list>", `${Object.keys(GROUPS).join(", ")}, functions; several separated by commas`).default(
      "all",
    ),
    directionOption(),
  ],
  ask({ topology, peerDma }, _words, { of, direction }) {
    const ids = select(topology, of);
    if (ids.length > MATRIX_LIMIT) {
      throw new UsageError(
        `a matrix has room for ${MATRIX_LIMIT} functions, these are ${ids.length}: choose with --of or --system`,
      );
    }
    const peer = peerDma(ids);
    const answers = peer.matrix(ids, direction);
    return {
      exit: EXIT.yes,
      document: () => matrixDocument(peer, answers),
      text: (style) => matrixLines(peer, answers, style),
    };
  },
};

/** The functions meant, each once, in the order of their names. */
function select(topology: Topology, list: string): number[] {
  const wanted = new Set<number>();
  for (const text of list.split(",").map((part) => part.trim())) {
    for (const id of selectOne(topology, text)) wanted.add(id);
  }
  return [...topology.functions()].filter((id) => wanted.has(id));
}

function selectOne(topology: Topology, text: string): number[] {
  if (text === "")
    throw new UsageError(`--of: expected ${Object.keys(GROUPS).join(", ")} or functions, got an empty entry`);
  const group = Object.hasOwn(GROUPS, text.toLowerCase()) ? GROUPS[text.toLowerCase()] : undefined;
  if (group !== undefined) return [...topology.functions()].filter((id) => group(topology.describe(id)!));
  try {
    return [findFunction(topology, text, "--of")];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}; groups are ${Object.keys(GROUPS).join(", ")}`);
  }
}
