// Native C: the same structures and batches as ours, and the best others. Loads the fabric once, then asks in batches
// on the same kind of typed arrays as ours.

import { CLASSES, PATHS, RELATIONS } from "../rules.mjs";
import { answerNumber, codeNumber, refusal, routeNumber, verdictOf } from "../rules.mjs";
import { wide } from "../segments.mjs";

const WIDTH = CLASSES.length;
const PAIRS = ["across-systems", "common-bridge", "same-host-bridge", "across-host-bridges", "self"];

/** The contenders, given the kernels of the addon. */
export function nativeContenders(kernels) {
  const forest = (fabric) =>
    fabric.once("native forest", () => {
      const { parents, states, hosts, systemOfHost } = fabric.forest;
      kernels.loadForest(parents, states, hosts, systemOfHost);
      kernels.loadInlabels();
    });
  const ranges = (fabric) =>
    fabric.once("native ranges", () => {
      const { starts, values, displacements, spans, unit } = fabric.segments;
      kernels.loadRanges(wide(starts, unit), values, wide(displacements, unit), wide(spans, unit));
    });
  const policy = (fabric) =>
    fabric.once("native policy", () => {
      const number = (verdict) => routeNumber(verdict) | (codeNumber(verdict) << 8);
      const verdicts = new Uint16Array(RELATIONS.length * PATHS.length * WIDTH * WIDTH);
      each(RELATIONS, (relation, r) =>
        each(PATHS, (path, p) =>
          each(CLASSES, (owner, o) =>
            each(CLASSES, (initiator, i) => {
              const at = ((r * PATHS.length + p) * WIDTH + o) * WIDTH + i;
              verdicts[at] = number(verdictOf(relation, path, owner, initiator));
            }),
          ),
        ),
      );
      const refused = (code) => number(refusal(code));
      const { systemOfHost } = fabric.forest;
      kernels.loadPolicy(
        systemOfHost,
        fabric.classOfHost,
        verdicts,
        ...["NO_OWNER", "LEAVES_OWNER", "DMA_MASK"].map(refused),
      );
      kernels.loadMatrixPolicy(fabric.classOfHost, ...matrixTables());
    });

  const common = (name, kernel) => ({
    kernel: "commonUpstream",
    family: "native",
    name,
    start(fabric, { questions: { a, b }, rows }) {
      forest(fabric);
      const out = { common: new Uint32Array(rows) };
      return { out, run: () => kernel(a, b, out.common, rows) };
    },
  });
  const full = {
    kernel: "commonUpstream",
    family: "native",
    name: "C: range minimum, all answers",
    start(fabric, { questions: { a, b }, rows }) {
      forest(fabric);
      const out = { common: new Uint32Array(rows), distance: new Uint32Array(rows) };
      Object.assign(out, { relation: new Uint8Array(rows), path: new Uint8Array(rows) });
      return { out, run: () => kernels.commonFull(a, b, out.common, out.distance, out.relation, out.path, rows) };
    },
  };
  const owner = (name, kernel) => ({
    kernel: "owner",
    family: "native",
    name,
    start(fabric, { questions: { wideAddress, system }, rows }) {
      ranges(fabric);
      const out = { owner: new Uint32Array(rows) };
      return { out, run: () => kernel(wideAddress, system, out.owner, rows) };
    },
  });
  const map = (name, kernel) => ({
    kernel: "map",
    family: "native",
    name,
    start(fabric, { questions: { initiator, wideAddress, wideSize }, rows }) {
      forest(fabric);
      ranges(fabric);
      policy(fabric);
      const out = mapColumns(rows);
      const { route, code, owner, offset, common, distance, dmaAddress } = out;
      const columns = [route, code, owner, offset, common, distance, dmaAddress];
      return { out, run: () => kernel(initiator, wideAddress, wideSize, ...columns, rows) };
    },
  });
  const matrix = {
    kernel: "matrix",
    family: "native",
    name: "C: sorted minimum scan",
    start(fabric, { questions: { members }, rows }) {
      forest(fabric);
      policy(fabric);
      const out = { distance: new Int32Array(rows), route: new Uint8Array(rows), answer: new Uint8Array(rows) };
      return { out, run: () => kernels.matrix(members, out.distance, out.route, out.answer) };
    },
  };
  return [
    common("C: walk", kernels.commonWalk),
    common("C: walk, prefetch", kernels.commonWalkAhead),
    common("C: one-sided walk", kernels.commonClimb),
    common("C: Schieber-Vishkin", kernels.commonInlabel),
    common("C: range minimum 16", kernels.commonMinimum4),
    common("C: range minimum 32", kernels.commonMinimum5),
    common("C: range minimum 64", kernels.commonMinimum6),
    common("C: range minimum 32, branching", kernels.commonBranching5),
    common("C: range minimum 64, branching", kernels.commonBranching6),
    common("C: range minimum 32, prefetch", kernels.commonMinimumAhead5),
    common("C: range minimum 32, records like ours", kernels.commonRecords),
    common("C: range minimum 32, branching, prefetch", kernels.commonAhead5),
    common("C: range minimum 64, branching, prefetch", kernels.commonAhead6),
    full,
    owner("C: upper bound", kernels.ownerUpperBound),
    owner("C: binary search x16", kernels.ownerBinary),
    owner("C: tree x16", kernels.ownerTree16),
    owner("C: packed lines, one by one", kernels.ownerLines1),
    owner("C: packed lines x16", kernels.ownerLines16),
    owner("C: packed lines x32", kernels.ownerLines32),
    map("C: joined x16", kernels.mapMany16),
    map("C: joined x32", kernels.mapMany32),
    matrix,
    build(kernels),
  ];
}

const each = (list, tell) => list.forEach(tell);

export function mapColumns(rows) {
  const [common, distance, owner] = [new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows)];
  const [offset, dmaAddress] = [new BigUint64Array(rows), new BigUint64Array(rows)];
  return { route: new Uint8Array(rows), code: new Uint8Array(rows), owner, offset, common, distance, dmaAddress };
}

/** Route and answer of pairs: 64 bytes for each class of the provider, [relation][path][class of the client]. */
function matrixTables() {
  const [routes, answers] = [new Uint8Array(WIDTH * 64), new Uint8Array(WIDTH * 64)];
  each(CLASSES, (provider, o) =>
    each(PAIRS, (relation, r) =>
      each(PATHS, (path, p) =>
        each(CLASSES, (client, c) => {
          const verdict = verdictOf(relation, path, provider, client);
          const at = o * 64 + (r * PATHS.length + p) * WIDTH + c;
          routes[at] = routeNumber(verdict);
          answers[at] = answerNumber(verdict);
        }),
      ),
    ),
  );
  return [routes, answers];
}

function build(kernels) {
  return {
    kernel: "build",
    family: "native",
    name: "C: number, sort, flatten, pack",
    start(fabric, { questions: { input, segments } }) {
      const out = { id: new Uint32Array(fabric.forest.nodes) };
      const run = () => {
        kernels.build(...input, out.id);
        return out;
      };
      const check = () => {
        const [starts, values] = [new BigUint64Array(segments.length), new Uint32Array(segments.length)];
        kernels.builtSegments(starts, values);
        return { segmentStart: starts, segmentOwner: values };
      };
      return { out, run, check };
    },
  };
}
