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

const build = ours("build", "Topology.fromColumns", (fabric) => {
  let ids = null;
  const run = () => {
    const { topology, hostBridges, functions } = Topology.fromColumns(fabric.columns);
    ids = [hostBridges, functions];
    topology.close();
  };
  const check = () => {
    const id = new Uint32Array(fabric.forest.nodes);
    id.set(ids[0]);
    id.set(ids[1], ids[0].length);
    return { id };
  };
  return { run, check };
});

export const ourContenders = [...common, ...owner, ...map, matrix, build];
