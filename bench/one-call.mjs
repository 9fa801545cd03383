// One question at a time, as users ask it, on the captured GPU server (64 functions): peerlane beside the plain
// JavaScript that one would write instead. Ratios within one run mean something, absolute numbers do not.
//
//   npm run bench:calls

import Benchmark from "benchmark";
import { readFileSync } from "node:fs";
import { linux, PeerDma, Topology } from "../dist/index.js";
import { read } from "../dist/readers.js";

const QUESTIONS = 256;

const capture = new URL("../tests/fixtures/qemu/gpu-server-intel/snapshot.tar.gz", import.meta.url);
const { machine } = await read([{ name: "snapshot.tar.gz", bytes: readFileSync(capture) }]);
const topology = Topology.of(machine);
const peerDma = new PeerDma(topology, linux("6.12"));
const functions = [...topology.functions()];

// A seeded generator, so that every run asks the same.
let state = 1;
const random = (below) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const pairs = Array.from({ length: QUESTIONS }, () => [0, 0].map(() => functions[random(functions.length)]));
const bars = functions.flatMap((id) =>
  (topology.describe(id).bars ?? [])
    .filter(({ start, size, type }) => typeof start === "string" && size !== undefined && type !== "io")
    .map(({ start, size }) => ({ id, start: BigInt(start), size: BigInt(size) })),
);
const addresses = Array.from({ length: QUESTIONS }, () => {
  const { start, size } = bars[random(bars.length)];
  return start + BigInt(random(Number(size)));
});

/** The chain of objects that a plain program would walk. */
const nodes = new Map();
const nodeOf = (id) => {
  if (!nodes.has(id)) nodes.set(id, { id, parent: topology.parent(id) === null ? null : nodeOf(topology.parent(id)) });
  return nodes.get(id);
};
const objects = new Map(functions.map((id) => [id, nodeOf(id)]));
function commonOfObjects(a, b) {
  const above = new Set();
  for (let node = objects.get(a); node !== null; node = node.parent) above.add(node);
  let node = objects.get(b);
  while (node !== null && !above.has(node)) node = node.parent;
  return node?.id ?? null;
}

// What is timed has to be right: host bridges are nodes of the plain chains and not bridges.
for (const [a, b] of pairs) {
  const { bridge } = topology.common(a, b);
  const plain = commonOfObjects(a, b);
  if (bridge !== (plain === null || topology.describe(plain) === null ? null : plain)) throw new Error(`${a} ${b}`);
}
for (const address of addresses) {
  const plain = bars.find(({ start, size }) => address >= start && address < start + size);
  if (topology.owners(address).owners[0].id !== plain.id) throw new Error(address.toString(16));
}

let sink = 0;
const suite = new Benchmark.Suite();
const each = (name, list, ask) => suite.add(name, () => list.forEach((entry) => (sink += Number(ask(entry) !== null))));
each("common upstream    peerlane", pairs, ([a, b]) => topology.common(a, b).bridge);
each("common upstream    objects and a Set", pairs, ([a, b]) => commonOfObjects(a, b));
each("address to owner   peerlane", addresses, (address) => topology.owners(address).owners[0].id);
each("address to owner   linear scan", addresses, (address) => {
  return bars.find(({ start, size }) => address >= start && address < start + size).id;
});
each("verdict            peerlane", pairs, ([a, b]) => peerDma.can(a, b).answer);
each("mapping            peerlane", addresses, (address) => peerDma.map(functions[7], address, 1n).ok);

console.log(`Node ${process.version}, ${functions.length} functions, ${bars.length} BARs; ns per question`);
suite.on("error", ({ target }) => {
  console.error(target.error);
  process.exitCode = 1;
});
suite.on("cycle", ({ target }) => {
  const ns = (target.stats.mean * 1e9) / QUESTIONS;
  console.log(
    `${target.name.padEnd(40)} ${ns.toFixed(0).padStart(8)}  ±${target.stats.rme.toFixed(1)} %, ${target.stats.sample.length} samples`,
  );
});
suite.run();
if (sink === 0) throw new Error("nothing was asked");
