import { Option } from "commander";
import { MATRIX_LIMIT } from "../../core.js";
import { DIALECTS, type Dialect } from "../../letters/dialect.js";
import { dialectOf } from "../../letters/views.js";
import {
  comparisonDocument,
  comparisonLines,
  comparisonWord,
  lettersDocument,
  lettersLines,
} from "../../writers/letters.js";
import { matrixDocument, matrixLines } from "../../writers/matrix.js";
import { policyDocument, policyText } from "../../writers/policy.js";
import type { Answer, Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError } from "../exit.js";
import { compareWith, machineClaims, viewsOf, type CompareOptions } from "../letters.js";
import type { Machine } from "../machine.js";
import type { SharedOptions } from "../options.js";
import { GROUP_NAMES, select, whyNone } from "../select.js";

interface Own extends DirectionOption {
  readonly of: string;
  readonly legend?: Dialect;
  readonly compare?: string;
  readonly name: readonly string[];
}

const DETAIL = `Exit code 0, whatever the pairs' answers. With --compare: 0 nothing differs (some cells may not be comparable), 1 some do, or the CPUs or NUMA nodes near a device, 3 none can be compared.

  peerlane matrix --legend nvidia -i lspci.txt
  peerlane matrix --compare topo-m.txt -i lspci.txt --name GPU0=41:00.0`;

export const matrix: Command<Own> = {
  name: "matrix",
  arguments: [],
  summary: "every ordered pair at a glance: rows own the memory, columns do the DMA",
  detail: DETAIL,
  options: () => [
    new Option("--of <list>", `${GROUP_NAMES}, functions; several separated by commas`).default("all"),
    directionOption(),
    new Option("--legend <dialect>", "letters in place of hops: those of nvidia-smi, of NCCL, of Linux").choices(
      DIALECTS,
    ),
    new Option(
      "--compare <file>",
      "hold what another tool says against the machine: nvidia-smi topo -m, an NCCL or RCCL topology, or any description",
    ),
    new Option("--name <theirs=ours>", "with --compare: which device there is which function here; repeatable")
      .argParser((value: string, before: readonly string[]) => [...before, value])
      .default([], "told by address, name or order"),
  ],
  async ask(machine, _words, options) {
    const { compare, name } = options;
    if (compare !== undefined) return comparison(machine, { ...options, compare });
    if (name.length > 0) throw new UsageError("--name goes with --compare");
    return options.legend === undefined ? hops(machine, options) : letters(machine, options, options.legend);
  },
};

function hops(machine: Machine, { of, direction }: Own): Answer {
  const ids = selected(machine, of);
  const peer = machine.peerDma(ids);
  const answers = peer.matrix(ids, direction);
  const [view] = viewsOf(machine);
  return {
    exit: EXIT.yes,
    document: () => matrixDocument(peer, answers),
    text: (style) =>
      ids.length === 0 && view !== undefined
        ? `no functions to compare; what ${view.tool} says of them shows --legend ${dialectOf(view)}`
        : (whyNone(machine.topology, of) ?? matrixLines(peer, answers, style)),
  };
}

function letters(machine: Machine, { of, direction }: Own, dialect: Dialect): Answer {
  if (machine.topology.functions().length > 0) selected(machine, of);
  const claims = machineClaims(machine, dialect, { of, direction });
  const ids = claims.devices.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const peer = machine.peerDma(ids);
  const isKernels = dialect === "kernel" && ids.length > 0;
  return {
    exit: EXIT.yes,
    document: () => ({
      ...(ids.length > 0 ? matrixDocument(peer, peer.matrix(ids, direction)) : {}),
      ...lettersDocument(claims),
    }),
    text: (style) =>
      (claims.devices.length === 0 ? whyNone(machine.topology, of) : null) ??
      lettersLines(claims, style, isKernels ? policyText(policyDocument(peer, ids)) : ""),
  };
}

function selected({ topology }: Machine, of: string): number[] {
  const ids = select(topology, of);
  if (ids.length <= MATRIX_LIMIT) return ids;
  throw new UsageError(
    `a matrix has room for ${MATRIX_LIMIT} functions, these are ${ids.length}: choose with --of or --system`,
  );
}

async function comparison(machine: Machine, options: SharedOptions & CompareOptions): Promise<Answer> {
  const compared = await compareWith(machine, options);
  const word = comparisonWord(compared);
  return {
    exit: word === "different" ? EXIT.no : word === "unknown" ? EXIT.unknown : EXIT.yes,
    document: () => comparisonDocument(compared),
    text: (style) =>
      comparisonLines(compared, style, { file: options.compare, none: whyNone(machine.topology, options.of) ?? "" }),
    word: () => word,
  };
}
