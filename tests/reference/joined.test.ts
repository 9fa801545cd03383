import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Build } from "../../src/core.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { ANSWERS, CODE_NUMBERS, ROUTES } from "../../src/explain/ruling.js";
import { NO_ADDRESS, TRANSLATIONS } from "../../src/core.js";
import { linux } from "../../src/policy/linux.js";
import type { CpuDescription, FunctionDescription, MachineDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { columnsOf, reduced } from "../topology/columns-of.js";
import { HOSTS, nameOf, type Above } from "./forests.js";

// Who may, and at which DMA address, of machines that leave facts open: against the rules of linux-p2pdma (0, B, C, E)
// run plainly on every completion of what is not known, the doubt about a release included. All four calls, both builds,
// the topology as described, from its buffer, and from columns.

// The machine as it is sketched ──────────────────────────────────────────────────────────────────────────────────────

interface Sketch {
  /** Modulo what there is: two host bridges, then the functions before. */
  readonly above: number;
  /** ACS control word; null: no ACS; undefined: not shown. */
  readonly control: number | null | undefined;
  readonly decodes: boolean | undefined;
  /** Bits that it drives as an initiator; undefined: all, as far as anybody knows. */
  readonly bits: number | undefined;
}

interface Machine {
  readonly sketches: readonly Sketch[];
  readonly ids: readonly [string, string];
  readonly cpu: CpuDescription | undefined;
  readonly iommu: "off" | "passthrough" | "translating" | undefined;
  /** CPU physical minus bus address; undefined: bus addresses are not shown. */
  readonly offset: bigint | undefined;
  readonly release: string;
}

const RELEASES = [
  "4.19",
  "4.20",
  "5.1",
  "5.2.0",
  "5.3",
  "5.4",
  "5.6",
  "5.7",
  "5.8",
  "5.9",
  "5.10",
  "5.17",
  "5.18",
  "6.1",
];
const IDS = ["1022:1450", "1022:15d0", "8086:3c00", "8086:2f01", "8086:2030", "8086:09a2", "8086:1234", "1022:14e8"];
const machines = fc.record<Machine>({
  sketches: fc.array(
    fc.record<Sketch>({
      above: fc.nat(999),
      control: fc.constantFrom<number | null | undefined>(null, null, 0, 0x53, 0x04, 0x08, 0x20, undefined),
      decodes: fc.constantFrom<boolean | undefined>(true, true, true, true, false, undefined),
      bits: fc.constantFrom<number | undefined>(undefined, undefined, 64, 40, 32, 16),
    }),
    { minLength: 2, maxLength: 4 },
  ),
  ids: fc.tuple(fc.constantFrom(...IDS), fc.constantFrom(...IDS)),
  cpu: fc.constantFrom<CpuDescription | undefined>(
    undefined,
    { architecture: "x86", vendor: "GenuineIntel", family: 6 },
    { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 },
    { architecture: "x86", vendor: "AuthenticAMD", family: 0x16 },
    { architecture: "x86", vendor: "HygonGenuine", family: 0x18 },
  ),
  iommu: fc.constantFrom("off" as const, "passthrough" as const, "translating" as const, undefined),
  offset: fc.constantFrom<bigint | undefined>(0n, 0x38_0000_0000n, undefined),
  release: fc.constantFrom(...RELEASES, "6.12", "7.3"),
});

const BAR = 0x1_0000n;
const FIRST = 0x40_8000_0000n;
/** In each BAR; the last reaches beyond its end. */
const REQUESTS = [
  [0n, 1n],
  [0xfff0n, 0x10n],
  [0xfff1n, 0x10n],
] as const;

function aboveOf(sketches: readonly Sketch[]): Above[] {
  return sketches.map(({ above }, index) => HOSTS[above % (2 + index)] ?? (above % (2 + index)) - 2);
}

function startOf(node: number): bigint {
  return FIRST + BigInt(node) * BAR;
}

function describeMachine({ sketches, ids, cpu, iommu, offset }: Machine): MachineDescription {
  const forest = aboveOf(sketches);
  const names = forest.map(nameOf);
  const plain = { physicalFunction: null, bars: [] };
  const hosts = HOSTS.map((root, host): FunctionDescription => {
    const [vendor, device] = ids[host]!.split(":") as [string, string];
    return { ...plain, bdf: `${root}:00.0`, vendor, device, class: "060000", parent: null, acs: null };
  });
  const functions = sketches.map(({ control, decodes, bits }, node): FunctionDescription => {
    const above = forest[node]!;
    const start = startOf(node);
    const bus = offset === undefined ? {} : { bus: `0x${(start - offset).toString(16)}` as const };
    return {
      ...plain,
      bdf: names[node]!,
      parent: typeof above === "string" ? null : names[above]!,
      ...(control === undefined ? {} : { acs: control === null ? null : { capability: 0x7f, control } }),
      ...(decodes === undefined ? {} : { command: decodes ? 6 : 4 }),
      ...(bits === undefined ? {} : { dmaMaskBits: bits }),
      bars: [{ index: 0, type: "mem64", start: `0x${start.toString(16)}`, size: Number(BAR), ...bus }],
    };
  });
  const facts = { ...(cpu === undefined ? {} : { cpu }), ...(iommu === undefined ? {} : { iommu }) };
  const system = { ...facts, complete: true, allAddresses: true, functions: [...hosts, ...functions] };
  return { peerlane: 1, systems: [system] };
}

// Completions ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** One way in which all that is open may turn out. */
interface World {
  readonly up: readonly (number | null)[];
  readonly host: readonly string[];
  readonly redirects: readonly boolean[];
  readonly decodes: readonly boolean[];
  readonly bits: readonly number[];
  readonly zen: boolean;
  readonly iommu: "off" | "passthrough" | "translating";
  readonly offset: bigint | null;
  readonly rules: Rules;
}

/** What a release does. */
interface Rules {
  readonly exists: boolean;
  readonly redirectIsFatal: boolean;
  readonly testsCpu: boolean;
  readonly iommuVoidsList: boolean;
  readonly accepts: (id: string, same: boolean) => boolean;
}

/** Sections 0 and C1. A release at which a change is only placed "about" may be before it or after. */
function* rulesOf(release: string): Generator<Rules> {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  const now = major * 100 + minor;
  const about = (since: number) => (now === since ? [false, true] : [now > since]);
  for (const testsCpu of about(509)) {
    for (const amdRowsGone of about(509)) {
      for (const skylake of about(507)) {
        for (const iceLake of about(518)) {
          const listed = (id: string): "no" | "same" | "any" => {
            if (id === "1022:1450") return now >= 502 && !amdRowsGone ? "any" : "no";
            if (id === "1022:15d0" || id === "1022:1630") return now >= 508 && !amdRowsGone ? "any" : "no";
            if (/^8086:(3c0|2f0)[01]$/.test(id)) return now >= 504 ? "same" : "no";
            if (/^8086:20(3[0-3]|20)$/.test(id)) return skylake ? "any" : "no";
            return id === "8086:09a2" && iceLake ? "any" : "no";
          };
          yield {
            exists: now >= 420,
            redirectIsFatal: now < 504,
            testsCpu,
            iommuVoidsList: now < 504,
            accepts: (id, same) => listed(id) === "any" || (listed(id) === "same" && same),
          };
        }
      }
    }
  }
}

function* worldsOf(machine: Machine): Generator<World> {
  const { sketches, cpu, ids } = machine;
  const forest = aboveOf(sketches);
  // Host bridges that are part of a CPU tell which that is: the first of them does.
  const telling = ids.find((id) => id !== "8086:1234");
  const isZen = cpu === undefined ? telling?.startsWith("1022") : cpu.vendor === "AuthenticAMD" && cpu.family! >= 0x17;
  const zens = isZen === undefined ? [false, true] : [isZen];
  const iommus = machine.iommu === undefined ? (["off", "passthrough", "translating"] as const) : [machine.iommu];
  const redirects = ({ control }: Sketch) =>
    control === undefined ? [false, true] : [control !== null && (control & 0x2c) !== 0];
  const decodes = ({ decodes }: Sketch) => (decodes === undefined ? [false, true] : [decodes]);
  const up = forest.map((above) => (typeof above === "string" ? null : above));
  const top = (node: number): number => (up[node] === null ? node : top(up[node]!));
  const host = forest.map((_, node) => ids[HOSTS.indexOf(forest[top(node)] as (typeof HOSTS)[number])]!);
  const roots = forest.map((_, node) => String(forest[top(node)]));
  const bits = sketches.map(({ bits = 64 }) => bits);
  for (const rules of rulesOf(machine.release)) {
    for (const zen of zens) {
      for (const iommu of iommus) {
        for (const redirecting of choices(sketches.map(redirects))) {
          for (const decoding of choices(sketches.map(decodes))) {
            const named = host.map((id, node) => `${roots[node]} ${id}`);
            const offset = machine.offset ?? null;
            yield { up, host: named, redirects: redirecting, decodes: decoding, bits, zen, iommu, offset, rules };
          }
        }
      }
    }
  }
}

function* choices<T>(places: readonly (readonly T[])[]): Generator<T[]> {
  const [first, ...rest] = places;
  if (first === undefined) return yield [];
  for (const others of choices(rest)) for (const choice of first) yield [choice, ...others];
}

// The rules ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type Way = "bus-address" | "through-host-bridge" | null;

function chain({ up }: World, node: number): number[] {
  return up[node] === null ? [node] : [node, ...chain({ up } as World, up[node]!)];
}

/** B: the way of a pair, and the common bridge. */
function decide(world: World, provider: number, client: number): { way: Way; common: number | undefined } {
  const { rules } = world;
  const [left, right] = [chain(world, provider), chain(world, client)];
  const common = left.find((node) => right.includes(node));
  if (!rules.exists) return { way: null, common };
  const upTo = (nodes: number[]) => (common === undefined ? nodes : nodes.slice(0, nodes.indexOf(common)));
  const looked = common === undefined ? [] : [...upTo(left), common, ...upTo(right)];
  const redirected = looked.some((node) => world.redirects[node]);
  if (common !== undefined && !redirected) return { way: "bus-address", common };
  if (common !== undefined && rules.redirectIsFatal) return { way: null, common };
  if (rules.testsCpu && world.zen) return { way: "through-host-bridge", common };
  if (rules.iommuVoidsList && world.iommu !== "off") return { way: null, common };
  const [a, b] = [world.host[provider]!, world.host[client]!];
  const takes = [a, b].every((host) => rules.accepts(host.split(" ")[1]!, a === b));
  return { way: takes ? "through-host-bridge" : null, common };
}

const OPEN = "unknown";

/** What a mapping comes to, as text; `refused: why`. */
function map(world: World, client: number, provider: number, offset: bigint, size: bigint): string {
  if (offset + size > BAR) return "refused: LEAVES_OWNER";
  const { way, common } = decide(world, provider, client);
  if (way === null) return "refused: the decision";
  // E5: the request comes down to the owner from where it turns around.
  const down = chain(world, provider);
  const turns = way === "bus-address" ? down.indexOf(common!) : down.length;
  // The bridge where it turns sends it on by its windows, if it is not the owner itself.
  if (down.slice(0, Math.max(turns, 1)).some((node) => !world.decodes[node])) return "refused: MEMORY_DECODE_OFF";
  const reach = 1n << BigInt(world.bits[client]!);
  const cpu = startOf(provider) + offset;
  if (way === "through-host-bridge" && world.iommu === "translating") {
    return size > reach ? "refused: DMA_MASK" : `${way} iommu null`;
  }
  // Where a bus address is not known, nor is whether fewer than all bits reach it.
  if (way === "bus-address" && world.offset === null) return reach < 1n << 64n ? OPEN : `${way} unknown null`;
  const address = way === "bus-address" ? cpu - world.offset! : cpu;
  if (address + size > reach) return "refused: DMA_MASK";
  return `${way} ${address === cpu ? "none" : "bus-offset"} ${address}`;
}

// Both against one another ───────────────────────────────────────────────────────────────────────────────────────────

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
      { seed: build === "simd" ? 11 : 12, numRuns },
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
