import { examine } from "../../src/doctor/examine.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { ncclView } from "../../src/nccl/view.js";
import { ncclXml } from "../../src/nccl/xml.js";
import { linux } from "../../src/policy/linux.js";
import { precise } from "../../src/policy/precise.js";
import { Random } from "../../src/random.js";
import { TopologyError } from "../../src/topology/errors.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { listText } from "../../src/writers/list.js";
import { pictureDot } from "../../src/writers/pictures/dot.js";
import { pictureMermaid } from "../../src/writers/pictures/mermaid.js";
import { pictureOf } from "../../src/writers/pictures/picture-of.js";
import { pictureSvg } from "../../src/writers/pictures/svg.js";
import { reportMarkdown } from "../../src/writers/report.js";
import { redactedMachine } from "../../src/writers/snapshot/redacted-machine.js";
import { PLAIN_STYLE } from "../../src/writers/style.js";
import { treeText } from "../../src/writers/tree.js";
import { verdictText } from "../../src/writers/verdict.js";
import { tolerate } from "./own-error.js";

const MOST_FUNCTIONS = 2000;
const POLICIES = [linux("6.12"), linux("4.20"), precise(linux("6.1"))];

/** Asks a machine that a damaged source described, now this and now that. */
export function interrogateMachine(machine: MachineDescription, random: Random): void {
  let topology: Topology;
  try {
    topology = Topology.of(machine);
  } catch (error) {
    if (error instanceof TopologyError) return;
    throw error;
  }
  if (topology.size <= MOST_FUNCTIONS) interrogate(topology, random);
  if (random.below(32) === 0) redactedMachine(machine);
  topology.close();
}

/** Asks a topology of a source that is not trusted. Whatever it answers, it answers. */
export function interrogate(topology: Topology, random: Random): void {
  const peers = new PeerDma(topology, POLICIES[random.below(POLICIES.length)]!);
  const ids = [...topology.functions()];
  if (ids.length > 0) {
    const any = () => ids[random.below(ids.length)]!;
    const [provider, client] = [any(), any()];
    const verdict = peers.can(provider, client);
    if (random.below(8) === 0) verdictText(peers, verdict, PLAIN_STYLE);
    topology.common(provider, client);
    peers.matrix([provider, client]);
    const bar = topology.describe(any())?.bars?.find(({ start }) => typeof start === "string");
    if (bar !== undefined) {
      const start = BigInt(bar.start!);
      // A range that would end beyond 2^64 is refused in words.
      tolerate(() => void peers.map(client, start, 4096n));
      tolerate(() => void topology.owners(start, topology.systemOf(client), 4096n));
    }
  }
  if (random.below(64) === 0) write(topology, peers);
  if (random.below(256) === 0) void new Uint8Array(Topology.from(topology.toBuffer()).toBuffer());
}

function write(topology: Topology, peers: PeerDma): void {
  listText(topology, PLAIN_STYLE);
  treeText(topology, PLAIN_STYLE);
  tolerate(() => void reportMarkdown(peers));
  const picture = pictureOf(topology);
  pictureDot(picture);
  pictureMermaid(topology);
  pictureSvg(picture);
  for (const [ordinal] of topology.systems.entries()) {
    const { view } = ncclView(topology, ordinal);
    if (view !== null) ncclXml(view);
  }
  examine(peers);
}
