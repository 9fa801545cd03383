import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_ADDRESS, TRANSLATIONS, type Build } from "../../src/core.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { ANSWERS, CODE_NUMBERS, ROUTES } from "../../src/explain/ruling.js";
import { linux } from "../../src/policy/linux.js";
import { Topology } from "../../src/topology/topology.js";
import { columnsOf, reduced } from "../topology/columns-of.js";
import { nameOf } from "./forests.js";
import {
  aboveOf,
  decide,
  describeMachine,
  machines,
  map,
  OPEN,
  startOf,
  worldsOf,
  type Machine,
  type World,
} from "./worlds.js";

// Who may, and at which DMA address: all four calls, both builds, the topology as described, from its buffer, and from
// columns, against what every completion of what is not known comes to.

/** In each BAR; the last reaches beyond its end. */
const REQUESTS = [
  [0n, 1n],
  [0xfff0n, 0x10n],
  [0xfff1n, 0x10n],
] as const;

const DECISION = new Set(["ACS_REDIRECT", "HOST_BRIDGE_NOT_ALLOWED", "P2PDMA_NOT_BUILT", "NOT_SUPPORTED"]);

/** Whether what is said holds in one completion. Of refusals whose reasons differ any may be named, or none said at all. */
function agrees(said: string, outcome: string): boolean {
  if (said === OPEN || said === outcome) return true;
  if (outcome === OPEN) return false;
  if (said.startsWith("refused") || outcome.startsWith("refused"))
    return said.startsWith("refused") === outcome.startsWith("refused");
  const [way, translation, address] = outcome.split(" ");
  const [saidWay, saidTranslation, saidAddress] = said.split(" ");
  return (
    saidWay === way &&
    (saidTranslation === "unknown" || saidTranslation === translation) &&
    (saidAddress === "null" || saidAddress === address)
  );
}

const seen = new Map<string, number>();
const count = (what: string) => seen.set(what, (seen.get(what) ?? 0) + 1);

function compare(build: Build, machine: Machine): void {
  const description = describeMachine(machine);
  const whole = Topology.of(description, { build });
  const buffer = Topology.from(whole.toBuffer(), { build });
  const columns = Topology.fromColumns(columnsOf(reduced(description)), { build }).topology;
  const worlds = [...worldsOf(machine)];
  for (const topology of [whole, buffer, columns]) {
    compareTopology(topology, machine, worlds);
    topology.close();
  }
}

function compareTopology(topology: Topology, machine: Machine, worlds: readonly World[]): void {
  const peers = new PeerDma(topology, linux(machine.release));
  const nodes = [...machine.sketches.keys()];
  const ids = nodes.map((node) => topology.id(nameOf(aboveOf(machine.sketches)[node]!, node)));
  const matrix = peers.matrix(ids);
  const pairs = nodes.flatMap((provider) => nodes.map((client) => [provider, client] as const));
  const many = peers.canMany(
    Uint32Array.from(pairs, ([provider]) => ids[provider]!),
    Uint32Array.from(pairs, ([, client]) => ids[client]!),
  );
  const requests = pairs.flatMap(([provider, client]) =>
    REQUESTS.map(([offset, size]) => ({ provider, client, offset, size })),
  );
  const mapped = peers.mapMany({
    initiator: Uint32Array.from(requests, ({ client }) => ids[client]!),
    address: BigUint64Array.from(requests, ({ provider, offset }) => startOf(provider) + offset),
    size: BigUint64Array.from(requests, ({ size }) => size),
  });
  pairs.forEach(([provider, client], row) => {
    const ways = new Set(worlds.map((world) => decide(world, provider, client).way));
    const verdict = peers.can(ids[provider]!, ids[client]!);
    const code = verdict.answer === "yes" ? null : verdict.code;
    const [only] = ways;
    const answer = !ways.has(null) ? "yes" : ways.size === 1 ? "no" : "unknown";
    const way = ways.size > 1 ? "unknown" : (only ?? "not-supported");
    const route = answer === "unknown" ? "unknown" : way === "bus-address" && provider === client ? "local" : way;
    count(`can: ${answer} ${route}`);
    const want = { can: [answer, route], matrix: [answer, route], canMany: [answer, route, code] };
    const got = {
      can: [verdict.answer, verdict.route],
      matrix: [ANSWERS[matrix.answer[row]!], ROUTES[matrix.route[row]!]],
      canMany: [ANSWERS[many.answer[row]!], ROUTES[many.route[row]!], CODE_NUMBERS[many.code[row]!]],
    };
    if (JSON.stringify(got) !== JSON.stringify(want)) expect({ provider, client, ...got }).toEqual(want);
  });
  requests.forEach(({ provider, client, offset, size }, row) => {
    const outcomes = new Set(worlds.map((world) => map(world, client, provider, offset, size)));
    const mapping = peers.map(ids[client]!, startOf(provider) + offset, size);
    const route = mapping.route === "local" ? "bus-address" : mapping.route;
    const said = mapping.ok
      ? `${route} ${mapping.translation} ${mapping.dmaAddress}`
      : mapping.route === "unknown"
        ? OPEN
        : `refused: ${DECISION.has(mapping.code) ? "the decision" : mapping.code}`;
    const agreed = [...outcomes].every((each) => agrees(said, each));
    // Where two ways are open, both of which come to the same refusal, it is not looked whether they do.
    const ways = new Set(worlds.map((world) => decide(world, provider, client).way));
    const needless = said === OPEN && outcomes.size === 1 && !outcomes.has(OPEN) && ways.size === 1;
    count(`map: ${said.startsWith("refused") ? said : said.split(" ").slice(0, 2).join(" ")}`);
    const column = mapped.dmaAddress[row] as bigint;
    const inColumns = [
      ROUTES[mapped.route[row]!],
      CODE_NUMBERS[mapped.code[row]!],
      TRANSLATIONS[mapped.translation[row]!],
      column === NO_ADDRESS ? null : column,
    ];
    expect(inColumns).toEqual([
      mapping.route,
      mapping.ok ? null : mapping.code,
      mapping.ok ? mapping.translation : inColumns[2],
      mapping.ok ? mapping.dmaAddress : null,
    ]);
    if (!agreed || needless)
      expect({ provider, client, offset, size, said }).toEqual({ provider, client, offset, size, said: [...outcomes] });
  });
}

describe.each(["simd", "scalar"] as const)("the joined decision on the %s build", (build) => {
  test("is what all completions agree on, address included, in all calls alike", { timeout: 7_200_000 }, () => {
    seen.clear();
    const numRuns = process.env["PEERLANE_LONG"] === "1" ? 20_000 : 250;
    fc.assert(
      fc.property(machines, (machine) => compare(build, machine)),
      { seed: 11, numRuns },
    );
    const met = (what: string) => expect(seen.get(what) ?? 0, what).toBeGreaterThan(20);
    for (const said of ["yes local", "yes bus-address", "yes through-host-bridge", "yes unknown"]) met(`can: ${said}`);
    for (const said of ["no not-supported", "unknown unknown"]) met(`can: ${said}`);
    for (const way of ["bus-address", "through-host-bridge"]) met(`map: ${way} none`);
    for (const said of ["bus-address bus-offset", "through-host-bridge iommu", "unknown"]) met(`map: ${said}`);
    for (const why of ["LEAVES_OWNER", "MEMORY_DECODE_OFF", "DMA_MASK", "the decision"]) met(`map: refused: ${why}`);
    if (process.env["PEERLANE_LONG"] === "1") console.log(seen);
  });
});
