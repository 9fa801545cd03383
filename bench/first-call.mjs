// The very first batch of a process, when nothing has been compiled for speed yet, and the same batch once it has.
//
//   node bench/first-call.mjs SIZE      prints JSON: [{ call, size, rows, first, later }], ns per question

import { weave } from "./fabric.mjs";
import { drawPairs, drawRequests } from "./questions.mjs";
import { wide } from "./segments.mjs";
import { quantile } from "./stopwatch.mjs";

const ROWS = 20_000;
const LATER = 51;

const size = Number(process.argv[2]);
const fabric = weave(size);
const { topology, peerDma } = fabric;
const { a, b } = drawPairs(fabric, "same-system", ROWS);
const { initiator, address, system, size: length } = drawRequests(fabric, "random", ROWS);
const [wideAddress, wideSize] = [wide(address), wide(length)];

const calls = {
  commonMany: () => topology.commonMany(a, b),
  ownerMany: () => topology.ownerMany({ address: wideAddress, system }),
  mapMany: () => peerDma.mapMany({ initiator, address: wideAddress, size: wideSize }),
};
const results = Object.entries(calls).map(([call, run]) => {
  const times = Array.from({ length: 2 * LATER }, () => {
    const began = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - began) / ROWS;
  });
  const later = times.slice(LATER).sort((x, y) => x - y);
  return { call, size, rows: ROWS, first: times[0], later: quantile(later, 0.5) };
});
console.log(JSON.stringify(results));
