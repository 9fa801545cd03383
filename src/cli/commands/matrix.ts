import { Option } from "commander";
import { MATRIX_LIMIT } from "../../core.js";
import { matrixDocument, matrixLines } from "../../writers/matrix.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError } from "../exit.js";
import { GROUP_NAMES, select } from "../of.js";

interface Own extends DirectionOption {
  readonly of: string;
}

export const matrix: Command<Own> = {
  name: "matrix",
  arguments: [],
  summary: "every ordered pair at a glance: rows own the memory, columns do the DMA",
  detail: "Exit code 0, whatever the pairs' answers.",
  options: () => [
    new Option("--of <list>", `${GROUP_NAMES}, functions; several separated by commas`).default("all"),
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
