import type { PeerDma } from "../../src/explain/peer-dma.js";
import type { Verdict } from "../../src/explain/verdict.js";
import { fixFor } from "../../src/fix/plan.js";
import type { Topology } from "../../src/topology/topology.js";
import { nameOf } from "../../src/writers/describe.js";
import { fixDocument, fixText } from "../../src/writers/fix.js";
import { missingText } from "../../src/writers/policy.js";
import { answerText, marksOf, verdictDocument, verdictText } from "../../src/writers/verdict.js";
import type { Asked, Way } from "./protocol.js";
import { linesOf, PAGE_STYLE } from "./styled.js";

/**
 * Two functions, both ways, and what to do about them.
 *
 * @param real the machine with no bridge turned: what is to be done is to be done to that one.
 */
export function askPair(peer: PeerDma, real: PeerDma, a: number, b: number): Asked {
  const plan = fixFor(real, a, b);
  return {
    ways: [wayOf(peer, a, b), wayOf(peer, b, a)],
    fix:
      plan.status === "nothing"
        ? null
        : { document: fixDocument(real, plan), text: linesOf(fixText(real, plan, PAGE_STYLE)) },
  };
}

function wayOf(peer: PeerDma, provider: number, client: number): Way {
  const verdict = peer.can(provider, client);
  const path = pathBetween(peer.topology, provider, client);
  const names = path.map((id) => placeName(peer.topology, id));
  const marks = marksOf(peer, [provider, client], verdict.culprits);
  return {
    document: verdictDocument(peer, verdict),
    text: linesOf(verdictText(peer, verdict, PAGE_STYLE)),
    path: names,
    culprits: [...marks.keys()].filter((name) => names.includes(name)),
  };
}

/** From the provider up to the bridge that both share, or to both their host bridges, and down to the client. */
function pathBetween(topology: Topology, provider: number, client: number): number[] {
  const [up, down] = [[...topology.path(provider)], [...topology.path(client)].reverse()];
  const shared = new Set(down);
  const turn = up.findIndex((id) => shared.has(id));
  return turn === -1 ? [...up, ...down] : [...up.slice(0, turn), ...down.slice(down.indexOf(up[turn]!))];
}

/** What outline and picture call it. */
export function placeName(topology: Topology, id: number): string {
  return topology.isFunction(id) ? topology.registers(id)!.bdf : topology.roots[topology.rootOrdinal(id)]!.root.bus;
}

/** Why a pair is answered as it is, in one sentence. */
export function reasonFor(peer: PeerDma, provider: number, client: number): string {
  const { topology } = peer;
  const called = (id: number) => nameOf(topology.describe(id)!);
  if (provider === client) return `${called(provider)} itself`;
  const verdict = peer.can(provider, client);
  return `${called(client)} to the memory of ${called(provider)}: ${answerText(verdict)}${becauseOf(verdict)}`;
}

function becauseOf(verdict: Verdict): string {
  const { answer, culprits, common, distance } = verdict;
  if (answer === "unknown") {
    const [first] = verdict.missing;
    return first === undefined ? "" : `; to know: ${missingText(first)}`;
  }
  if (answer === "no") {
    const named = culprits.map(({ bdf, bits }) => (bits.length === 0 ? bdf : `${bdf} (${bits.join(" ")})`));
    return named.length === 0 ? "" : `: ${named.join(", ")}`;
  }
  const below = typeof common === "string" && common !== "unknown" ? ` ${common}` : "";
  return `${verdict.route === "bus-address" ? below : ""}${distance === null ? "" : `, ${distance} hops`}`;
}
