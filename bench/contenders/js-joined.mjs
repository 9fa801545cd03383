// Requests, matrices and the building of it all in plain JavaScript.

import { plantForest } from "../forest.mjs";
import { CLASSES, NO, NO_ADDRESS, PATHS, RELATIONS, UNKNOWN } from "../rules.mjs";
import { answerNumber, codeNumber, refusal, routeNumber, verdictOf } from "../rules.mjs";
import { layOut } from "../segments.mjs";
import { leastParent, minimaOf } from "./js-common.mjs";
import { lastNotGreater } from "./js-owner.mjs";

const [SELF, COMMON_BRIDGE, SAME_HOST, ACROSS_HOSTS] = RELATIONS.keys();
const [DIRECT, REDIRECTED, MAYBE] = PATHS.keys();

/** [relation][path][class of the owner's][of the initiator's], across systems as the last relation */
const table = [...RELATIONS, "across-systems"].flatMap((relation) =>
  PATHS.flatMap((path) => CLASSES.flatMap((owner) => CLASSES.map((other) => verdictOf(relation, path, owner, other)))),
);
const [routes, codes, answers] = [routeNumber, codeNumber, answerNumber].map((number) =>
  Uint8Array.from(table, number),
);

/** Relation and path of two nodes whose common upstream is known. */
function judge({ forest, classOfHost }, a, b, common) {
  const { depths, states, hosts, systemOfHost } = forest;
  let relation = SAME_HOST;
  let path = DIRECT;
  const depth = depths[common];
  if (common === 0) {
    const sameSystem = systemOfHost[hosts[a]] === systemOfHost[hosts[b]];
    relation = sameSystem ? ACROSS_HOSTS : RELATIONS.length;
  } else if (depth > 0) {
    relation = a === b ? SELF : COMMON_BRIDGE;
    if (((states[a] >>> 6) & 63) >= depth || ((states[b] >>> 6) & 63) >= depth) path = REDIRECTED;
    else if (((states[a] >>> 12) & 63) >= depth || ((states[b] >>> 12) & 63) >= depth) path = MAYBE;
  }
  const classes = classOfHost[hosts[a]] * CLASSES.length + classOfHost[hosts[b]];
  return (relation * PATHS.length + path) * CLASSES.length ** 2 + classes;
}

const NOT_SUPPORTED = routeNumber(refusal("NO_OWNER"));
const [NO_OWNER, LEAVES_OWNER, DMA_MASK] = ["NO_OWNER", "LEAVES_OWNER", "DMA_MASK"].map((code) => codeNumber({ code }));

const map = {
  kernel: "map",
  family: "js",
  name: "JS: binary search, range minimum, table",
  start(fabric, { questions: { initiator, address, size }, rows }) {
    const { parents, depths, states, hosts, systemOfHost } = fabric.forest;
    const { starts, values, displacements, spans, unit } = fabric.segments;
    const minima = minimaOf(fabric);
    const [route, code] = [new Uint8Array(rows), new Uint8Array(rows)];
    const [owner, common, distance] = [new Uint32Array(rows), new Uint32Array(rows), new Uint32Array(rows)];
    const [offset, dmaAddress] = [new Float64Array(rows), new Float64Array(rows)];
    const run = () => {
      for (let row = 0; row < rows; row++) {
        const from = initiator[row];
        const system = systemOfHost[hosts[from]];
        const place = Math.floor(address[row] / unit);
        const at = place < spans[system] ? lastNotGreater(starts, displacements[system] + place) : 0;
        const to = place < spans[system] ? values[at] : 0;
        owner[row] = to;
        common[row] = 0;
        distance[row] = UNKNOWN;
        route[row] = NOT_SUPPORTED;
        dmaAddress[row] = NO_ADDRESS;
        offset[row] = 0;
        if (to === 0) {
          code[row] = NO_OWNER;
          continue;
        }
        // Within a unit apart: a place and its fraction do not fit into one number where there are many systems.
        offset[row] = (displacements[system] + place - starts[at]) * unit + (address[row] - place * unit);
        if (size[row] > (starts[at + 1] - starts[at]) * unit - offset[row]) {
          code[row] = LEAVES_OWNER;
          continue;
        }
        const meet = leastParent(parents, minima, to, from);
        const verdict = judge(fabric, to, from, meet);
        common[row] = meet;
        distance[row] = depths[to] + depths[from] - 2 * depths[meet];
        route[row] = routes[verdict];
        code[row] = codes[verdict];
        if (codes[verdict] !== 0) continue;
        const maskBits = states[from] >>> 18;
        if (maskBits !== 0 && address[row] + size[row] > 2 ** maskBits) {
          route[row] = NOT_SUPPORTED;
          code[row] = DMA_MASK;
        } else dmaAddress[row] = address[row];
      }
    };
    return { out: { route, code, owner, offset, common, distance, dmaAddress }, run };
  },
};

function matrix(name, commonOf) {
  return {
    kernel: "matrix",
    family: "js",
    name,
    start(fabric, { questions: { members }, rows }) {
      const { depths } = fabric.forest;
      const [distance, route, answer] = [new Int32Array(rows), new Uint8Array(rows), new Uint8Array(rows)];
      const common = commonOf(fabric);
      const run = () => {
        let at = 0;
        for (const provider of members) {
          for (const client of members) {
            const meet = common(provider, client);
            const verdict = judge(fabric, provider, client, meet);
            const hops = depths[provider] + depths[client] - 2 * depths[meet];
            answer[at] = answers[verdict];
            route[at] = routes[verdict];
            distance[at++] = answers[verdict] === NO ? -1 : hops;
          }
        }
      };
      return { out: { distance, route, answer }, run };
    },
  };
}

const walk = ({ forest: { parents } }) => {
  return (a, b) => {
    while (a !== b) {
      if (a > b) a = parents[a];
      else b = parents[b];
    }
    return a;
  };
};
const minimum = (fabric) => {
  const minima = minimaOf(fabric);
  return (a, b) => leastParent(fabric.forest.parents, minima, a, b);
};

const build = {
  kernel: "build",
  family: "js",
  name: "JS: number, sort, flatten on typed arrays",
  // Beyond that it takes ten seconds a time.
  most: 1e6,
  start(fabric) {
    const out = { id: null };
    let segments;
    const run = () => {
      const forest = plantForest(fabric.columns);
      segments = layOut(fabric.columns, forest);
      out.id = forest.ids;
    };
    const check = () => ({ id: out.id, segmentOwner: segments.values });
    return { out: {}, run, check };
  },
};

export const joinedContenders = [
  map,
  matrix("JS: walk for each pair", walk),
  matrix("JS: range minimum for each pair", minimum),
  build,
];
