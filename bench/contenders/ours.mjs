// peerlane as its users call it: copies into and out of the core are part of the time.

import { Topology } from "../../dist/index.js";
import { mapColumns } from "./native.mjs";

const ours = (kernel, name, start, more) => ({ kernel, family: "ours", name: `peerlane: ${name}`, start, ...more });

function allAnswers(rows) {
  const [common, distance] = [new Uint32Array(rows), new Uint32Array(rows)];
  return { common, distance, relation: new Uint8Array(rows), path: new Uint8Array(rows) };
}

const common = [
  ours("commonUpstream", "commonMany, common alone", ({ topology }, { questions: { a, b }, rows }) => {
    const out = { common: new Uint32Array(rows) };
    return { out, run: () => topology.commonMany(a, b, out) };
  }),
  ours("commonUpstream", "commonMany, all answers", ({ topology }, { questions: { a, b }, rows }) => {
    const out = allAnswers(rows);
    return { out, run: () => topology.commonMany(a, b, out) };
  }),
  ours("commonUpstream", "commonMany, all answers, allocating", ({ topology }, { questions: { a, b } }) => {
    let out;
    return { run: () => (out = topology.commonMany(a, b)), check: () => out };
  }),
  ours("commonUpstream", "commonId", ({ topology }, { questions: { a, b }, rows }) => {
    const out = { common: new Uint32Array(rows) };
    const run = () => {
      for (let row = 0; row < rows; row++) out.common[row] = topology.commonId(a[row], b[row]);
    };
    return { out, run };
  }),
];

const owner = [
  ours("owner", "ownerMany, BigUint64Array", ({ topology }, { questions: { wideAddress, system }, rows }) => {
    const out = { owner: new Uint32Array(rows) };
    const queries = { address: wideAddress, system };
    return { out, run: () => topology.ownerMany(queries, out) };
  }),
  ours("owner", "ownerMany, Float64Array", ({ topology }, { questions: { address, system }, rows }) => {
    const out = { owner: new Uint32Array(rows) };
    const queries = { address, system };
    return { out, run: () => topology.ownerMany(queries, out) };
  }),
  ours(
    "owner",
    "ownerId, number",
    ({ topology }, { questions: { address, system }, rows }) => {
      const out = { owner: new Uint32Array(rows) };
      const run = () => {
        for (let row = 0; row < rows; row++) out.owner[row] = topology.ownerId(address[row], system[row]);
      };
      return { out, run };
    },
    { share: 1 / 4 },
  ),
  ours(
    "owner",
    "ownerId, bigint",
    ({ topology }, { questions: { wideAddress, system }, rows }) => {
      const out = { owner: new Uint32Array(rows) };
      const run = () => {
        for (let row = 0; row < rows; row++) out.owner[row] = topology.ownerId(wideAddress[row], system[row]);
      };
      return { out, run };
    },
    { share: 1 / 4 },
  ),
];

const map = [
  ours("map", "mapMany, BigUint64Array", ({ peerDma }, { questions: { initiator, wideAddress, wideSize }, rows }) => {
    const out = mapColumns(rows);
    const requests = { initiator, address: wideAddress, size: wideSize };
    return { out, run: () => peerDma.mapMany(requests, out) };
  }),
  ours("map", "mapMany, Float64Array", ({ peerDma }, { questions: { initiator, address, size }, rows }) => {
    const out = mapColumns(rows);
    const requests = { initiator, address, size };
    return { out, run: () => peerDma.mapMany(requests, out) };
  }),
];

const matrix = ours("matrix", "matrix", ({ peerDma }, { questions: { members } }) => {
  let out;
  const check = () => ({ distance: out.distance, route: out.route, answer: out.answer });
  return { run: () => (out = peerDma.matrix(members)), check };
});

/** Ids of all nodes in the order of rows, from what `fromColumns` returns. */
function idsOf({ forest }, { hostBridges, functions }) {
  const id = new Uint32Array(forest.nodes);
  id.set(hostBridges);
  id.set(functions, hostBridges.length);
  return { id };
}

function fromColumns(name, columnsOf) {
  return ours("build", name, (fabric) => {
    const columns = columnsOf(fabric);
    let last;
    const run = () => {
      last = Topology.fromColumns(columns);
      last.topology.close();
    };
    return { run, check: () => idsOf(fabric, last) };
  });
}

// Only up to here: the buffer is as large again as the topology.
const BUFFER_UP_TO = 1e6;

/** What each endpoint shares with the next. */
function neighbours(topology, { endpoints }) {
  return { neighbour: topology.commonMany(endpoints.subarray(0, -1), endpoints.subarray(1)).common };
}

function toBuffer(fabric) {
  let buffer;
  const check = () => {
    const topology = Topology.from(buffer);
    const found = neighbours(topology, fabric);
    topology.close();
    return found;
  };
  return { run: () => (buffer = fabric.topology.toBuffer()), check };
}

function fromBuffer(fabric) {
  const buffer = fabric.topology.toBuffer();
  let last = null;
  const run = () => {
    last?.close();
    last = Topology.from(buffer);
  };
  return { run, check: () => neighbours(last, fabric) };
}

const build = [
  fromColumns("Topology.fromColumns", ({ columns }) => columns),
  fromColumns("Topology.fromColumns, no BARs", ({ columns }) => ({ ...columns, bars: undefined, windows: undefined })),
  ours("build", "toBuffer", toBuffer, { most: BUFFER_UP_TO }),
  ours("build", "Topology.from", fromBuffer, { most: BUFFER_UP_TO }),
];

export const ourContenders = [...common, ...owner, ...map, matrix, ...build];
