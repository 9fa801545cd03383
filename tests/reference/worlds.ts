import fc from "fast-check";
import type { CpuDescription, FunctionDescription, MachineDescription } from "../../src/topology/description.js";
import { HOSTS, nameOf, type Above } from "./forests.js";

// Machines that leave facts open, every completion of what is not known, the doubt about a release included, and the rules
// of linux-p2pdma (0, B, C, E) run plainly on one completion.

// The machine as it is sketched ──────────────────────────────────────────────────────────────────────────────────────

export interface Sketch {
  /** Modulo what there is: two host bridges, then the functions before. */
  readonly above: number;
  /** ACS control word; null: no ACS; undefined: not shown. */
  readonly control: number | null | undefined;
  readonly decodes: boolean | undefined;
  /** Bits that it drives as an initiator; undefined: all, as far as anybody knows. */
  readonly bits: number | undefined;
}

export interface Machine {
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
export const machines = fc.record<Machine>({
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

export const BAR = 0x1_0000n;
const FIRST = 0x40_8000_0000n;
export function aboveOf(sketches: readonly Sketch[]): Above[] {
  return sketches.map(({ above }, index) => HOSTS[above % (2 + index)] ?? (above % (2 + index)) - 2);
}

export function startOf(node: number): bigint {
  return FIRST + BigInt(node) * BAR;
}

export function describeMachine({ sketches, ids, cpu, iommu, offset }: Machine): MachineDescription {
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
export interface World {
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
  /** What a way through the host bridge adds to the distance. */
  readonly hostDistance: number;
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
            hostDistance: now >= 502 && now < 504 ? 0x1000 : 0,
            accepts: (id, same) => listed(id) === "any" || (listed(id) === "same" && same),
          };
        }
      }
    }
  }
}

export function* worldsOf(machine: Machine): Generator<World> {
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

export type Way = "bus-address" | "through-host-bridge" | null;

function chain({ up }: World, node: number): number[] {
  return up[node] === null ? [node] : [node, ...chain({ up } as World, up[node]!)];
}

/** B: the way of a pair, and the common bridge. */
export function decide(world: World, provider: number, client: number): { way: Way; common: number | undefined } {
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

/** B1: from each up to the common bridge; without one, past the top of both. */
export function distance(world: World, provider: number, client: number): number {
  const [left, right] = [chain(world, provider), chain(world, client)];
  const common = left.find((node) => right.includes(node));
  return common === undefined ? left.length + right.length : left.indexOf(common) + right.indexOf(common);
}

export const OPEN = "unknown";

/** What a mapping comes to, as text; `refused: why`. */
export function map(world: World, client: number, provider: number, offset: bigint, size: bigint): string {
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
