import type { PeerDma } from "../../src/explain/peer-dma.js";
import { fixFor } from "../../src/fix/plan.js";
import { listed } from "../../src/topology/listed.js";
import { fixText } from "../../src/writers/fix.js";
import { markdown, reportMarkdown } from "../../src/writers/report.js";
import { PLAIN_STYLE } from "../../src/writers/style.js";
import { verdictText } from "../../src/writers/verdict.js";

const STYLE = { ...PLAIN_STYLE, width: 100 };

/**
 * Markdown for an issue: what is answered about a pair, where there is one, then the machine.
 *
 * @param real the machine with no bridge turned: what is to be done is to be done to that one.
 * @param differences from the machine of the sources, a phrase each: whoever reads of them must not take it for that one.
 */
export function reportOf(
  peer: PeerDma,
  real: PeerDma,
  system: number,
  pair: readonly [number, number] | null,
  differences: readonly string[],
): string {
  return [
    ...(differences.length === 0 ? [] : [whatIf(differences)]),
    ...(pair === null ? [] : [pairMarkdown(peer, real, ...pair)]),
    `${reportMarkdown(peer, { system })}\n`,
  ].join("\n\n");
}

const MOST_DIFFERENCES = 20;

function whatIf(differences: readonly string[]): string {
  return `> **What if:** not as it is, but with ${markdown(listed(differences, MOST_DIFFERENCES))}.`;
}

function pairMarkdown(peer: PeerDma, real: PeerDma, a: number, b: number): string {
  const { topology } = peer;
  const plan = fixFor(real, a, b);
  const texts = [
    verdictText(peer, peer.can(a, b), STYLE),
    verdictText(peer, peer.can(b, a), STYLE),
    ...(plan.status === "nothing" ? [] : [fixText(real, plan, STYLE)]),
  ];
  // Longer than any run of backticks in names that somebody gave to a device.
  const fence = "`".repeat(
    Math.max(3, ...texts.flatMap((text) => text.match(/`+/g) ?? []).map((run) => run.length + 1)),
  );
  return [
    `## May ${markdown(topology.name(a))} and ${markdown(topology.name(b))} reach each other?`,
    "",
    `${fence}text`,
    texts.join("\n\n"),
    fence,
  ].join("\n");
}
