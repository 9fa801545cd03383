// What is asked of a fabric: the kernels, their mixes, the questions and the right answers.

import { ADDRESS_MIXES, PAIR_MIXES, drawAddresses, drawMembers, drawPairs, drawRequests } from "./questions.mjs";
import { commonAnswers, mapAnswers, matrixAnswers, ownerAnswers } from "./reference.mjs";
import { wide } from "./segments.mjs";

export const KERNELS = ["commonUpstream", "owner", "map", "matrix", "build"];

/** Tasks of one kernel: `size` is the number of functions, of a matrix the number of its rows. */
export function* tasksOf(kernel, fabric, { quick }) {
  const { size } = fabric;
  // Enough that the answers of the last round have left the caches where the fabric does not fit in them.
  const rows = quick ? 4096 : Math.min(5e5, Math.max(1e5, size));
  if (kernel === "commonUpstream") {
    for (const mix of PAIR_MIXES) {
      const questions = drawPairs(fabric, mix, rows);
      yield { kernel, size, mix, rows, questions, expected: commonAnswers(fabric, questions) };
    }
  } else if (kernel === "owner" || kernel === "map") {
    const [draw, answers] = kernel === "owner" ? [drawAddresses, ownerAnswers] : [drawRequests, mapAnswers];
    for (const mix of ADDRESS_MIXES) {
      const questions = draw(fabric, mix, rows);
      questions.wideAddress = wide(questions.address);
      if (kernel === "map") questions.wideSize = wide(questions.size);
      yield { kernel, size, mix, rows, questions, expected: answers(fabric, questions) };
    }
  } else if (kernel === "matrix") {
    for (const count of quick ? [64] : [64, 512, 2048]) {
      if (count > fabric.endpoints.length) continue;
      const members = drawMembers(fabric, count);
      for (const mix of ["shuffled", "in order of ids"]) {
        if (mix !== "shuffled") members.sort();
        const expected = matrixAnswers(fabric, members);
        yield { kernel, size: count, mix, rows: count ** 2, questions: { members: members.slice() }, expected };
      }
    }
  } else {
    const { forest, segments } = fabric;
    const [segmentStart, segmentOwner] = [segments.starts.map((start) => start * segments.unit), segments.values];
    const questions = { input: buildInput(fabric), segments: segments.starts };
    const ordered = { a: fabric.endpoints.subarray(0, -1), b: fabric.endpoints.subarray(1) };
    const neighbour = size > 1e6 ? [] : commonAnswers(fabric, ordered).common;
    const expected = { id: forest.ids, segmentStart, segmentOwner, neighbour };
    yield { kernel, size, mix: "-", rows: size, questions, expected };
  }
}

/** The columns as the native build takes them. */
function buildInput({ columns, forest, segments, barStarts, barSizes }) {
  const { hostBridges, functions, bars } = columns;
  const [redirects, unreadable] = [1, 2].map((mark) =>
    Uint8Array.from(forest.functionIds, (id) => Number(forest.marks[id] === mark)),
  );
  const displacements = wide(segments.displacements, segments.unit);
  return [
    functions.parent,
    hostBridges.system.length,
    redirects,
    unreadable,
    functions.dmaMaskBits,
    bars.function,
    wide(barStarts),
    wide(barSizes),
    hostBridges.system,
    displacements,
  ];
}
