import { verdictChanges, type VerdictChangeCount } from "../../src/changes/verdicts.js";
import type { Matrix, PeerDma } from "../../src/explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../../src/explain/ruling.js";
import { isGpuClass, isNetworkClass } from "../../src/topology/class-code.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { nameOf } from "../../src/writers/describe.js";
import { policyDocument, policyText } from "../../src/writers/policy.js";
import { answerText } from "../../src/writers/verdict.js";
import type { Chosen } from "./choice.js";
import type { Cells, Changes, MatrixHead, MatrixView, PairCount } from "./protocol.js";
import { telltalePair } from "./telltale.js";

/**
 * All ordered pairs of some functions.
 *
 * @param before the machine as the sources have it; null: that is what is asked about.
 */
export function matrixOf(peer: PeerDma, before: PeerDma | null, { ids, left }: Chosen): MatrixView {
  const { topology } = peer;
  const policy = policyDocument(peer, ids);
  const heads = Array.from(ids, (id) => headOf(topology.describe(id)!));
  const now = cellsOf(peer.matrix(ids));
  return {
    rules: policyText(policy),
    granted: [...policy.inferred, ...policy.assumed],
    ids,
    heads,
    now,
    before: before === null ? null : cellsOf(before.matrix(ids)),
    changes: before === null ? null : changesBetween(before, peer, ids),
    counts: countsOf(now, ids.length),
    telltale: telltalePair({ ids, heads, now }),
    left,
  };
}

function countsOf({ answer, route }: Cells, count: number): PairCount[] {
  const pairs = new Uint32Array(ANSWERS.length * ROUTES.length);
  const kindAt = (at: number) => answer[at]! * ROUTES.length + route[at]!;
  for (let at = 0; at < answer.length; at++) pairs[kindAt(at)]!++;
  // A function and itself are no pair.
  for (let at = 0; at < answer.length; at += count + 1) pairs[kindAt(at)]!--;
  return Array.from(pairs, (each, at) => ({
    answer: Math.floor(at / ROUTES.length),
    route: at % ROUTES.length,
    pairs: each,
  })).filter((each) => each.pairs > 0);
}

function headOf(description: FunctionDescription): MatrixHead {
  const { bdf, class: code } = description;
  const what = isGpuClass(code) ? "GPU" : isNetworkClass(code) ? "NIC" : code?.startsWith("0108") ? "NVMe" : "other";
  return { bdf, title: nameOf(description), what };
}

function cellsOf({ distance, route, answer }: Matrix): Cells {
  return { distance, route, answer };
}

function changesBetween(before: PeerDma, after: PeerDma, ids: Uint32Array): Changes {
  const changes = verdictChanges(before, after, { same: Array.from(ids, (id) => [id, id] as const) });
  let certain = 0;
  for (const change of changes) if (change.certain) certain++;
  return {
    certain,
    learned: changes.length - certain,
    pairs: changes.compared,
    alike: changes.counts().map(alikeText),
  };
}

/** `12 pairs: refused (ACS_REDIRECT) → direct, below the common bridge`. */
function alikeText({ was, is, pairs }: VerdictChangeCount): string {
  const [then, now] = [answerText(was), answerText(is)];
  const change = then === now ? `${now}, by another number of hops` : `${then} → ${now}`;
  return `${pairs.toLocaleString("en-US")} ${pairs === 1 ? "pair" : "pairs"}: ${change}`;
}
