import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import type { Topology } from "../../src/topology/topology.js";
import { commonDocument } from "../../src/writers/common.js";
import { listDocument } from "../../src/writers/list.js";
import { mappingDocument } from "../../src/writers/mapping.js";
import { matrixDocument } from "../../src/writers/matrix.js";
import { ownerDocument } from "../../src/writers/owner.js";
import { treeDocument } from "../../src/writers/tree.js";
import { verdictDocument } from "../../src/writers/verdict.js";

/** Everything that can be said of a topology: what two that are alike say alike. By name, whatever the ids. */
export function documentsOf(topology: Topology, stride = 1): unknown {
  const peerDma = new PeerDma(topology, linux("6.12"));
  const ids = [...topology.functions()];
  const some = ids.filter((_, index) => index % stride === 0);
  const pairs = some.flatMap((a) => some.map((b) => [a, b] as const));
  const addresses = some.flatMap((id) =>
    (topology.describe(id)!.bars ?? []).flatMap(({ start, size }) => {
      if (typeof start !== "string" || size === undefined) return [];
      const [first, bytes] = [BigInt(start), BigInt(size)];
      return [first - 1n, first, first + bytes - 1n, first + bytes].map((address) => ({ id, address }));
    }),
  );
  const systemOf = (id: number) => topology.systems[topology.systemOf(id)]!.name;
  return {
    list: listDocument(topology),
    tree: treeDocument(topology),
    common: pairs.map(([a, b]) => commonDocument(topology, a, b)),
    can: pairs.map(([a, b]) => verdictDocument(peerDma, peerDma.can(a, b))),
    matrix: matrixDocument(peerDma, peerDma.matrix(some)),
    owner: addresses
      .filter(({ address }) => address >= 0n)
      .map(({ id, address }) => ownerDocument(topology, address, 16n, systemOf(id))),
    map: addresses
      .filter(({ address }) => address >= 0n)
      .map(({ id, address }) => mappingDocument(peerDma, peerDma.map(id, address, 16n))),
  };
}
