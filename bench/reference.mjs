// The answers that every contender's are compared with before it is timed: found the slow, plain way.

import { ACROSS_SYSTEMS, CLASSES, NO_ADDRESS, PATHS, RELATIONS, UNKNOWN } from "./rules.mjs";
import { answerNumber, codeNumber, refusal, routeNumber, verdictOf } from "./rules.mjs";
import { numbers } from "./segments.mjs";

/** The chain of a node up to its host bridge, itself included. */
function chain(forest, node) {
  const above = [];
  for (let at = node; at !== 0; at = forest.parents[at]) above.push(at);
  return above;
}

/** One pair in full. */
function pair(forest, a, b) {
  const [left, right] = [chain(forest, a), chain(forest, b)];
  const common = left.find((node) => right.includes(node)) ?? 0;
  const upTo = (list) => (common === 0 ? list : list.slice(0, list.indexOf(common)));
  // Host bridges stand at depth 0: where nothing is shared, neither of the two counts.
  const hops = upTo(left).length + upTo(right).length - (common === 0 ? 2 : 0);
  const atHost = common !== 0 && forest.parents[common] === 0;
  let relation = "common-bridge";
  if (a === b) relation = "self";
  else if (atHost) relation = "same-host-bridge";
  else if (common === 0) {
    const [one, other] = [a, b].map((node) => forest.systemOfHost[forest.hosts[node]]);
    relation = one === other ? "across-host-bridges" : "across-systems";
  }
  let path = "direct";
  if (common !== 0 && !atHost) {
    // The bridges on the way and the ends, the common one once.
    const way = [...upTo(left), ...upTo(right), common];
    if (way.some((node) => forest.marks[node] === 1)) path = "redirected";
    else if (way.some((node) => forest.marks[node] === 2)) path = "maybe";
  }
  return { common, distance: hops, relation, path };
}

const relationNumber = (relation) => (relation === "across-systems" ? ACROSS_SYSTEMS : RELATIONS.indexOf(relation));
const classOf = (fabric, node) => CLASSES[fabric.classOfHost[fabric.forest.hosts[node]]];

/** common, distance, relation, path of pairs. */
export function commonAnswers({ forest }, { a, b }) {
  const rows = a.length;
  const out = { common: new Uint32Array(rows), distance: new Uint32Array(rows) };
  Object.assign(out, { relation: new Uint8Array(rows), path: new Uint8Array(rows) });
  for (let row = 0; row < rows; row++) {
    const { common, distance, relation, path } = pair(forest, a[row], b[row]);
    out.common[row] = common;
    out.distance[row] = relation === "across-systems" ? UNKNOWN : distance;
    out.relation[row] = relationNumber(relation);
    out.path[row] = PATHS.indexOf(path);
  }
  return out;
}

const SAMPLE = 16;

/** The owners that the drawing knows; a few are looked for among all BARs to prove it right. */
export function ownerAnswers(fabric, { address, system, owner }) {
  const { columns, forest, barStarts: starts, barSizes: sizes } = fabric;
  for (let row = 0; row < address.length; row += Math.ceil(address.length / SAMPLE)) {
    let innermost = -1;
    for (let bar = 0; bar < starts.length; bar++) {
      if (address[row] < starts[bar] || address[row] >= starts[bar] + sizes[bar]) continue;
      const id = forest.functionIds[columns.bars.function[bar]];
      if (forest.systemOfHost[forest.hosts[id]] !== system[row]) continue;
      if (innermost < 0 || sizes[bar] < sizes[innermost]) innermost = bar;
    }
    const found = innermost < 0 ? 0 : forest.functionIds[columns.bars.function[innermost]];
    if (found !== owner[row]) throw new Error(`row ${row}: ${found} owns ${address[row]}, drawn for ${owner[row]}`);
  }
  return { owner };
}

/** route, code, owner, offset, common, distance, dmaAddress of requests. */
export function mapAnswers(fabric, requests) {
  const { forest, barSizes: sizes } = fabric;
  const { initiator, address, size, bar, offset } = requests;
  const { owner } = ownerAnswers(fabric, requests);
  const rows = address.length;
  const [route, code] = [new Uint8Array(rows), new Uint8Array(rows)];
  const [common, distance] = [new Uint32Array(rows), new Uint32Array(rows).fill(UNKNOWN)];
  const dmaAddress = new Float64Array(rows).fill(NO_ADDRESS);
  for (let row = 0; row < rows; row++) {
    const leaves = owner[row] !== 0 && size[row] > sizes[bar[row]] - offset[row];
    if (owner[row] === 0 || leaves) {
      const refused = refusal(leaves ? "LEAVES_OWNER" : "NO_OWNER");
      route[row] = routeNumber(refused);
      code[row] = codeNumber(refused);
      continue;
    }
    const found = pair(forest, owner[row], initiator[row]);
    const classes = [owner[row], initiator[row]].map((node) => classOf(fabric, node));
    const verdict = verdictOf(found.relation, found.path, ...classes);
    common[row] = found.common;
    distance[row] = found.distance;
    route[row] = routeNumber(verdict);
    code[row] = codeNumber(verdict);
    if (verdict.code !== null) continue;
    const maskBits = forest.states[initiator[row]] >>> 18;
    if (maskBits !== 0 && address[row] + size[row] > 2 ** maskBits) {
      route[row] = routeNumber(refusal("DMA_MASK"));
      code[row] = codeNumber(refusal("DMA_MASK"));
    } else dmaAddress[row] = address[row];
  }
  return { route, code, owner, offset, common, distance, dmaAddress };
}

/** distance, route, answer of all ordered pairs; row = provider. */
export function matrixAnswers(fabric, members) {
  const pairs = members.length ** 2;
  const out = { distance: new Int32Array(pairs), route: new Uint8Array(pairs), answer: new Uint8Array(pairs) };
  members.forEach((provider, row) => {
    members.forEach((client, column) => {
      const at = row * members.length + column;
      const { distance, relation, path } = pair(fabric.forest, provider, client);
      const verdict = verdictOf(relation, path, classOf(fabric, provider), classOf(fabric, client));
      out.distance[at] = verdict.answer === "no" ? -1 : distance;
      out.route[at] = routeNumber(verdict);
      out.answer[at] = answerNumber(verdict);
    });
  });
  return out;
}

/** Throws at the first row that differs. A column may be shorter than what is expected; addresses may be 64-bit. */
export function expectSame(what, expected, actual) {
  for (const [name, column] of Object.entries(actual)) {
    const right = expected[name];
    if (right === undefined || column.length > right.length) throw new Error(`${what}: column ${name} is not expected`);
    const plain = column instanceof BigUint64Array ? numbers(column) : column;
    const row = plain.findIndex((value, row) => value !== right[row]);
    if (row >= 0) throw new Error(`${what}: ${name} of row ${row} is ${plain[row]}, expected ${right[row]}`);
  }
}
