import { examine } from "../../src/doctor/examine.js";
import { linuxDmaMapResource } from "../../src/explain/linux/index.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { reservedFromIova } from "../../src/explain/reserved-iova.js";
import { ncclView } from "../../src/nccl/view.js";
import { ncclXml } from "../../src/nccl/xml.js";
import { linux } from "../../src/policy/linux.js";
import { power } from "../../src/policy/power.js";
import { precise } from "../../src/policy/precise.js";
import { Topology } from "../../src/topology/topology.js";
import { bestProvider, functionsWithMemory, mapScatterList } from "../../src/transfer/index.js";
import { commonText } from "../../src/writers/common.js";
import { formatJson } from "../../src/writers/json.js";
import { listDocument, listText } from "../../src/writers/list.js";
import { mappingDocument, mappingText } from "../../src/writers/mapping.js";
import { matrixDocument, matrixText } from "../../src/writers/matrix.js";
import { ownerDocument, ownerText } from "../../src/writers/owner.js";
import { pictureDot } from "../../src/writers/pictures/dot.js";
import { pictureMermaid } from "../../src/writers/pictures/mermaid.js";
import { pictureOf } from "../../src/writers/pictures/picture-of.js";
import { pictureSvg } from "../../src/writers/pictures/svg.js";
import { reportMarkdown } from "../../src/writers/report.js";
import { PLAIN_STYLE } from "../../src/writers/style.js";
import { treeDocument, treeText } from "../../src/writers/tree.js";
import { verdictDocument, verdictText } from "../../src/writers/verdict.js";
import { isOwnError } from "../fuzz/own-error.js";

/** How many calls were answered, and how many refused in words. */
export interface Count {
  answered: number;
  refused: number;
}

const POLICIES = [linux("6.12"), linux("4.20"), precise(linux("6.1")), power({ generation: 9 })];
const FEW = 6;
const PAIRS = 3;
const NODES = 24;

/**
 * Asks a topology of which nothing is certain whatever it can be asked, every fourth time by the same policy, and in turn
 * to write itself down in each way. Each call has to return, or to throw an error that the documentation promises:
 * anything else is thrown on.
 */
export function ask(topology: Topology, turn: number, count: Count): void {
  const attempt: Attempt = (what, action) => {
    try {
      const answer = action();
      count.answered++;
      return answer;
    } catch (error) {
      if (!isOwnError(error)) throw new Error(`${what}: ${String(error)}`, { cause: error });
      count.refused++;
      return undefined;
    }
  };
  const functions = attempt("functions", () => topology.functions()) ?? new Uint32Array(0);
  const few = spread(functions, FEW);
  const addresses = addressesOf(topology);
  askNodes(topology, attempt);
  askOwners(topology, attempt, addresses);
  const policy = POLICIES[turn % POLICIES.length]!;
  const peers = attempt("PeerDma", () => new PeerDma(topology, policy));
  if (peers === undefined) return;
  askPeers(peers, attempt, few, addresses);
  const [what, write] = WRITERS[Math.floor(turn / POLICIES.length) % WRITERS.length]!;
  attempt(what, () => write({ topology, peers, few, addresses }));
}

type Attempt = <T>(what: string, action: () => T) => T | undefined;

function askNodes(topology: Topology, attempt: Attempt): void {
  const all = Uint32Array.from({ length: topology.size }, (_, index) => index + 1);
  attempt("commonMany", () => topology.commonMany(all, all.toReversed()));
  attempt("findings", () => topology.findings.length);
  attempt("roots", () => topology.roots.map((_, root) => topology.belowRoot(root)));
  attempt("platformDevices", () => topology.platformDevices.map(({ name }) => topology.platformDevice(name)));
  attempt("inbound", () => topology.inbound.size);
  for (const id of spread(all, NODES)) {
    const name = attempt("name", () => topology.name(id));
    if (name !== undefined) attempt("id", () => topology.id(name));
    attempt("describe", () => topology.describe(id));
    attempt("registers", () => topology.registers(id));
    attempt("physicalFunction", () => topology.physicalFunction(id));
    attempt("isFunction", () => topology.isFunction(id));
    attempt("path", () => topology.path(id));
    attempt("parent", () => topology.parent(id));
    attempt("isKnown", () => topology.isKnown(id));
    attempt("hostBridge", () => topology.hostBridge(id));
    attempt("rootOrdinal", () => topology.rootOrdinal(id));
    attempt("systemOf", () => topology.systemOf(id));
    attempt("common", () => topology.common(id, all.length));
    attempt("commonId", () => topology.commonId(1, id));
  }
  attempt("sideLinks", () => topology.sideLinks.length);
  attempt("hostAttachments", () => topology.hostAttachments.length);
}

function askOwners(topology: Topology, attempt: Attempt, addresses: BigUint64Array): void {
  const size = BigUint64Array.from(addresses, () => 0x1001n);
  for (let system = 0; system < topology.systems.length; system++) {
    attempt("functions of", () => topology.functions(system));
    attempt("ownerMany", () => topology.ownerMany({ address: addresses, system }));
    attempt("ownerMany of ranges", () => topology.ownerMany({ address: addresses, size, system }));
    for (const address of addresses) attempt("owners", () => topology.owners(address, system, 17n));
    for (const address of addresses.subarray(0, 8)) attempt("ownerId", () => topology.ownerId(address, system));
  }
}

function askPeers(peers: PeerDma, attempt: Attempt, few: Uint32Array, addresses: BigUint64Array): void {
  attempt("matrix", () => peers.matrix(few));
  const [left, right] = [new Uint32Array(few.length ** 2), new Uint32Array(few.length ** 2)];
  for (let row = 0; row < left.length; row++) {
    left[row] = few[Math.floor(row / few.length)]!;
    right[row] = few[row % few.length]!;
  }
  attempt("canMany", () => peers.canMany(left, right));
  attempt("distanceMany", () => peers.distanceMany(few[0] ?? 1, [...few]));
  for (const provider of few.subarray(0, PAIRS)) {
    for (const client of few.subarray(0, PAIRS)) attempt("can", () => peers.can(provider, client));
  }
  const initiator = Uint32Array.from(addresses, (_, row) => few[row % few.length] ?? 1);
  attempt("mapMany", () => peers.mapMany({ initiator, address: addresses, size: 0x11n }));
  addresses.forEach((address, row) => attempt("map", () => peers.map(initiator[row]!, address, 0x11n)));
}

interface Asked {
  readonly topology: Topology;
  readonly peers: PeerDma;
  readonly few: Uint32Array;
  readonly addresses: BigUint64Array;
}

const WRITERS: readonly (readonly [what: string, write: (asked: Asked) => unknown])[] = [
  ["a buffer of it", ({ topology }) => Topology.from(topology.toBuffer()).toBuffer()],
  ["describeMachine", ({ topology }) => formatJson(topology.describeMachine())],
  ["its description anew", ({ topology }) => Topology.of(topology.describeMachine())],
  ["list", ({ topology }) => [formatJson(listDocument(topology)), listText(topology, PLAIN_STYLE)]],
  ["tree", ({ topology }) => [formatJson(treeDocument(topology)), treeText(topology, PLAIN_STYLE)]],
  ["mermaid", ({ topology }) => pictureMermaid(topology)],
  ["dot", ({ topology }) => pictureDot(pictureOf(topology))],
  ["svg", ({ topology }) => pictureSvg(pictureOf(topology))],
  ["nccl", ({ topology }) => topology.systems.map((_, system) => ncclOf(topology, system))],
  ["report", ({ peers }) => reportMarkdown(peers)],
  ["doctor", ({ peers }) => examine(peers)],
  [
    "matrix",
    ({ peers, few }) => {
      const matrix = peers.matrix(few);
      return [formatJson(matrixDocument(peers, matrix)), matrixText(peers, matrix, PLAIN_STYLE)];
    },
  ],
  ["common", ({ topology, few }) => each(few, (id) => commonText(topology, id, few.at(-1)!, PLAIN_STYLE))],
  [
    "verdict",
    ({ peers, few }) =>
      each(few, (id) => {
        const verdict = peers.can(id, few.at(-1)!);
        return [formatJson(verdictDocument(peers, verdict)), verdictText(peers, verdict, PLAIN_STYLE)];
      }),
  ],
  [
    "mapping",
    ({ peers, few, addresses }) =>
      each(addresses, (address, row) => {
        const mapping = peers.map(few[row % few.length] ?? 1, address, 0x11n);
        return [formatJson(mappingDocument(peers, mapping)), mappingText(peers, mapping, PLAIN_STYLE)];
      }),
  ],
  [
    "owner",
    ({ topology, addresses }) =>
      each(addresses, (address) => {
        const document = ownerDocument(topology, address, 0x11n, 0);
        return [formatJson(document), ownerText(topology, document, PLAIN_STYLE)];
      }),
  ],
  [
    "what Linux maps",
    ({ topology, few, addresses }) =>
      each(addresses, (address, row) =>
        linuxDmaMapResource(topology, "6.12", few[row % few.length] ?? 1, address, 0x11n),
      ),
  ],
  ["reserved IOVAs", ({ topology, few }) => each(few, (id) => reservedFromIova(topology, id))],
  ["the best provider", ({ peers, few }) => bestProvider(peers, few, { among: functionsWithMemory(peers.topology) })],
  [
    "a scatter list",
    ({ peers, few, addresses }) => {
      const segments = Array.from(addresses, (address) => ({ address, size: 0x11n }));
      return each(few, (id) => mapScatterList(peers, id, segments));
    },
  ],
];

function ncclOf(topology: Topology, system: number): string | null {
  const { view } = ncclView(topology, system);
  return view === null ? null : ncclXml(view);
}

/** Does each, and fails of those that fail with the first: after all the others, if only in words. */
function each<T>(values: Iterable<T>, action: (value: T, row: number) => unknown): void {
  let refused: unknown = null;
  for (const [row, value] of [...values].entries()) {
    try {
      action(value, row);
    } catch (error) {
      if (!isOwnError(error)) throw error;
      refused ??= error;
    }
  }
  if (refused !== null) throw refused;
}

/** Up to `most` of them, the first and the last included. */
function spread(ids: Uint32Array, most: number): Uint32Array {
  const step = Math.max(1, (ids.length - 1) / (most - 1));
  return ids.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

/** Around the ends of the core's first ranges, and of the space. */
function addressesOf({ core }: Topology): BigUint64Array {
  const ends = Array.from({ length: Math.min(core.rangeCount, FEW) }, (_, range) => {
    const { start, size } = core.range(range);
    return [start - 1n, start, start + size - 1n, start + size];
  });
  const edges = [0n, (1n << 63n) - 1n, 1n << 63n, (1n << 64n) - 0x11n, (1n << 64n) - 1n];
  return BigUint64Array.from([...ends.flat(), ...edges], (address) => BigInt.asUintN(64, address));
}
