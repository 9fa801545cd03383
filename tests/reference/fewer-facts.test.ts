import fc from "fast-check";
import { describe, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import type { Policy } from "../../src/policy/policy.js";
import { precise } from "../../src/policy/precise.js";
import type {
  BarDescription,
  CpuDescription,
  FunctionDescription,
  SideLinkDescription,
  SystemDescription,
} from "../../src/topology/description.js";
import { knownBits, registerWord } from "../../src/topology/register.js";
import { Topology } from "../../src/topology/topology.js";
import { expectLess, expectLessOfMapping } from "./less.js";

// What a description leaves out may take an answer away, never give or change one. The machines here are whole, and
// their BARs do not overlap: which of two claims of one address is real is exactly what a missing fact would decide.

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Mutable<Omit<SystemDescription, "functions" | "sideLinks">> & {
  functions: Mutable<FunctionDescription>[];
  sideLinks: Mutable<SideLinkDescription>[];
};

/** What a random machine is drawn from: one entry per function. */
interface Sketch {
  /** Modulo what precedes it: two root buses, then the functions before. */
  readonly above: number;
  readonly control: number | null;
  /** Egress control vector: the ports that it keeps requests from. */
  readonly kept: number;
  readonly command: number;
  readonly bars: number;
  /** Beyond 4 GiB. */
  readonly high: boolean;
  readonly mask: number | undefined;
  readonly kind: "root-port" | "bridge" | undefined;
  readonly virtual: boolean;
}

const sketch: fc.Arbitrary<Sketch> = fc.record({
  above: fc.nat(100),
  control: fc.constantFrom(null, null, 0, 0x11, 0x04, 0x08, 0x20, 0x24, 0x28, 0x1d),
  kept: fc.nat(255),
  command: fc.constantFrom(0x6, 0x6, 0x6, 0x4),
  bars: fc.nat(2),
  high: fc.boolean(),
  mask: fc.constantFrom(undefined, undefined, 32),
  kind: fc.constantFrom("root-port" as const, "bridge" as const, undefined),
  virtual: fc.boolean(),
});

/** CPUs and host bridges that occur together: an id that gives another CPU away would make a machine that cannot be. */
const PLATFORMS: readonly { cpu: CpuDescription; ids: readonly string[] }[] = [
  {
    cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 },
    ids: ["8086:1234", "8086:2f00", "8086:2030", "8086:09a2"],
  },
  { cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 }, ids: ["1022:1450", "8086:1237"] },
  { cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 0x16 }, ids: ["1022:1536", "8086:1237"] },
  { cpu: { architecture: "x86", vendor: "HygonGenuine", family: 0x18 }, ids: ["1d94:1450", "8086:29c0"] },
];
const platform = fc
  .constantFrom(...PLATFORMS)
  .chain(({ cpu, ids }) =>
    fc.record({ cpu: fc.constant(cpu), ids: fc.tuple(fc.constantFrom(...ids), fc.constantFrom(...ids)) }),
  );

/** A side link, from one function of the machine to one some places further. */
const link = fc.record({
  from: fc.nat(100),
  step: fc.nat(100),
  oneWay: fc.boolean(),
  read: fc.boolean(),
  write: fc.boolean(),
});
type LinkSketch = typeof link extends fc.Arbitrary<infer Value> ? Value : never;

const machine = fc
  .record({
    sketches: fc.array(sketch, { minLength: 2, maxLength: 7 }),
    platform,
    iommu: fc.constantFrom("off" as const, "passthrough" as const, "translating" as const),
    offset: fc.constantFrom(0n, -0x1000_0000n),
    links: fc.array(link, { maxLength: 3 }),
  })
  .map(build);

const ROOTS = ["0000:00", "0000:80"];

function build({
  sketches,
  platform,
  iommu,
  offset,
  links,
}: {
  sketches: Sketch[];
  platform: { cpu: CpuDescription; ids: [string, string] };
  iommu: NonNullable<SystemDescription["iommu"]>;
  offset: bigint;
  links: LinkSketch[];
}): Draft {
  const functions: Mutable<FunctionDescription>[] = ROOTS.map((root, index) => {
    const [vendor, device] = platform.ids[index]!.split(":") as [string, string];
    return {
      bdf: `${root}:00.0`,
      vendor,
      device,
      class: "0600",
      kind: "host-bridge-function",
      parent: null,
      physicalFunction: null,
      acs: null,
      command: 6,
      bars: [],
    };
  });
  const below = new Map<string, BarDescription[]>();
  sketches.forEach((sketch, index) => {
    const above = sketch.above % (2 + index);
    const parent = above < 2 ? null : functions[above]!;
    const bus = parent === null ? ROOTS[above]! : `0000:${(0x10 + above).toString(16)}`;
    const bars = barsOf(sketch, index, offset);
    const bdf = `${bus}:${(index + 1).toString(16).padStart(2, "0")}.0`;
    functions.push({
      bdf,
      parent: parent?.bdf ?? null,
      physicalFunction: null,
      vendor: "1234",
      device: "5678",
      acs: sketch.control === null ? null : { capability: 0x87f, control: sketch.control, egressVector: [sketch.kept] },
      link: { port: index },
      command: sketch.command,
      bars,
      ...(parent === null && sketch.kind === "root-port" ? { kind: "root-port" } : {}),
      ...(parent !== null && sketch.kind === "bridge" ? { kind: "downstream-port" } : {}),
      ...(sketch.mask === undefined ? {} : { dmaMaskBits: sketch.mask }),
    });
    if (sketch.virtual) functions.splice(functions.length - 1, 1, withVirtual(functions.at(-1)!));
    for (let at: FunctionDescription | undefined = parent ?? undefined; at !== undefined;) {
      below.set(at.bdf, [...(below.get(at.bdf) ?? []), ...bars]);
      const next: string | null | undefined = at.parent;
      at = functions.find(({ bdf }) => bdf === next);
    }
  });
  sketches.forEach((_, index) => {
    const bridge = functions[index + 2]!;
    const held = below.get(bridge.bdf);
    if (!functions.some(({ parent }) => parent === bridge.bdf)) return;
    bridge.bus = { secondary: 0x10 + index + 2, subordinate: 0x10 + index + 2 };
    // Around each BAR, with room for those of the virtual functions.
    bridge.windows = (held ?? []).map(({ start }) => ({
      kind: "mem",
      start: start!,
      end: `0x${(BigInt(start!) + 0xff_ffffn).toString(16)}`,
    }));
  });
  const virtual = functions.flatMap((each) => (each.sriov == null ? [] : virtualOf(each)));
  const window = {
    kind: "mem",
    start: "0x20000000",
    end: "0x7fffffffff",
    bus: `0x${(0x2000_0000n + offset).toString(16)}`,
  } as const;
  return {
    complete: true,
    cpu: platform.cpu,
    iommu,
    kernel: { p2pdma: true },
    functions: [...functions, ...virtual],
    sideLinks: links.map(({ from, step, ...flags }) => {
      const ends = [from % functions.length, (from + 1 + (step % (functions.length - 1))) % functions.length];
      const [first, second] = ends.map((at) => functions[at]!.bdf) as [string, string];
      return { kind: "nvlink", from: first, to: second, ...flags };
    }),
    hostBridges: ROOTS.map((root) => ({ root, windows: [window] })),
  };
}

function barsOf({ bars, high }: Sketch, index: number, offset: bigint): BarDescription[] {
  return Array.from({ length: bars }, (_, bar) => {
    const start = (high ? 0x40_0000_0000n : 0x4000_0000n) + BigInt(index * 4 + bar) * 0x100_0000n;
    return {
      index: bar,
      type: "mem32",
      start: `0x${start.toString(16)}`,
      bus: `0x${(start + offset).toString(16)}`,
      size: 0x10_0000,
    };
  });
}

/** A physical function with one virtual one, which decodes what its SR-IOV control says. */
function withVirtual(physical: Mutable<FunctionDescription>): Mutable<FunctionDescription> {
  const enabled = physical.command === 6;
  return { ...physical, sriov: { control: enabled ? 0x9 : 0x1, totalVfs: 1, numVfs: 1, firstOffset: 1, stride: 1 } };
}

function virtualOf(physical: FunctionDescription): Mutable<FunctionDescription>[] {
  const first = BigInt(physical.bars?.[0]?.start ?? "0x70000000");
  const start = `0x${(first + 0x80_0000n).toString(16)}` as const;
  if (physical.bars?.length === 0) return [];
  return [
    {
      bdf: physical.bdf.replace(/0$/, "1"),
      physicalFunction: physical.bdf,
      acs: null,
      command: 4,
      bars: [{ index: 0, type: "mem64", start, size: 0x1000 }],
    },
  ];
}

/** Ways of knowing less. `at` picks a function. */
const DROPS: Record<string, (system: Draft, at: number) => void> = {
  ACS: (system, at) => delete pick(system, at).acs,
  "some bits of ACS": (system, at) => {
    const each = pick(system, at);
    if (!each.acs) return;
    const { value, mask } = knownBits(each.acs.control);
    const unknown = [0x04, 0x08, 0x20, 0x0c, 0x2c][at % 5]!;
    each.acs = { ...each.acs, control: registerWord(value, mask & ~unknown) };
  },
  "egress vector": (system, at) => {
    const each = pick(system, at);
    if (each.acs) each.acs = withoutField(each.acs, "egressVector");
  },
  "port number": (system, at) => {
    const each = pick(system, at);
    if (each.link) each.link = withoutField(each.link, "port");
  },
  parent: (system, at) => delete pick(system, at).parent,
  "bus numbers": (system, at) => delete pick(system, at).bus,
  "parents and bus numbers of a bus": (system, at) => {
    const bus = pick(system, at).bdf.slice(0, 7);
    for (const each of system.functions) {
      if (each.bdf.startsWith(bus)) delete each.parent;
      if (each.bus !== undefined && bus === `0000:${each.bus.secondary.toString(16)}`) delete each.bus;
    }
  },
  command: (system, at) => delete pick(system, at).command,
  "half of command": (system, at) => {
    const { command } = pick(system, at);
    if (typeof command === "number") pick(system, at).command = { value: command, mask: 0x4 };
  },
  BARs: (system, at) => delete pick(system, at).bars,
  "BAR sizes": (system, at) => changeBars(system, at, ({ size: _, ...bar }) => bar),
  "BAR starts": (system, at) => changeBars(system, at, ({ start: _, ...bar }) => bar),
  "bus addresses": (system, at) => changeBars(system, at, ({ bus: _, ...bar }) => bar),
  windows: (system, at) => delete pick(system, at).windows,
  ids: (system, at) => {
    delete pick(system, at).vendor;
    delete pick(system, at).device;
  },
  class: (system, at) => delete pick(system, at).class,
  kind: (system, at) => delete pick(system, at).kind,
  "physical function": (system, at) => delete pick(system, at).physicalFunction,
  "SR-IOV": (system, at) => delete pick(system, at).sriov,
  "reads of a side link": (system, at) => delete system.sideLinks[at % system.sideLinks.length]?.read,
  "writes of a side link": (system, at) => delete system.sideLinks[at % system.sideLinks.length]?.write,
  CPU: (system) => delete system.cpu,
  "CPU family": (system) => system.cpu && (system.cpu = withoutField(system.cpu, "family")),
  "CPU vendor": (system) => system.cpu && (system.cpu = withoutField(system.cpu, "vendor")),
  architecture: (system) => system.cpu && (system.cpu = withoutField(system.cpu, "architecture")),
  IOMMU: (system) => delete system.iommu,
  kernel: (system) => delete system.kernel,
  completeness: (system) => delete system.complete,
  "host bridges": (system) => delete system.hostBridges,
};

function pick(system: Draft, at: number): Mutable<FunctionDescription> {
  return system.functions[at % system.functions.length]!;
}

function changeBars(system: Draft, at: number, change: (bar: BarDescription) => BarDescription): void {
  const each = pick(system, at);
  if (each.bars !== undefined) each.bars = each.bars.map(change);
}

function withoutField<T extends object>(value: T, field: keyof T): T {
  const { [field]: _, ...rest } = value;
  return rest as T;
}

const drops = fc.array(fc.tuple(fc.constantFrom(...Object.keys(DROPS)), fc.nat(20)), { minLength: 1, maxLength: 6 });

function less(system: Draft, dropped: readonly (readonly [string, number])[]): Draft {
  const draft = structuredClone(system);
  for (const [name, at] of dropped) DROPS[name]!(draft, at);
  return draft;
}

const POLICIES: Record<string, Policy> = { "Linux's paths": linux("6.1"), "precise paths": precise(linux("6.1")) };
const peersUnder = (policy: Policy) => (system: SystemDescription) =>
  new PeerDma(Topology.of({ peerlane: 1, systems: [system] }), policy);

const SEEDS = [1, 20180402, 0x9e3779b9];
const RUNS = process.env["PEERLANE_LONG"] === "1" ? 5000 : 150;

const CASES = SEEDS.flatMap((seed) => Object.keys(POLICIES).map((name) => [name, seed] as const));

describe.each(CASES)("taking facts away, %s, seed %i", (name, seed) => {
  const peers = peersUnder(POLICIES[name]!);

  test("can() never says more", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(machine, drops, (system, dropped) => {
        const full = peers(system);
        const got = peers(less(system, dropped));
        for (const { bdf: provider } of system.functions) {
          for (const { bdf: client } of system.functions)
            expectLess(full.can(provider, client), got.can(provider, client));
        }
      }),
      { seed, numRuns: RUNS },
    );
  });

  test("map() never says more", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(machine, drops, (system, dropped) => {
        const full = peers(system);
        const got = peers(less(system, dropped));
        for (const { bars = [] } of system.functions) {
          for (const { start, size } of bars) {
            const first = BigInt(start!);
            const end = first + BigInt(size!);
            for (const { bdf } of system.functions) {
              for (const [address, bytes] of [
                [first, end - first],
                [end - 1n, 1n],
                [end - 1n, 2n],
                [end, 1n],
                [first - 1n, 1n],
              ] as const) {
                expectLessOfMapping(full.map(bdf, address, bytes), got.map(bdf, address, bytes));
              }
            }
          }
        }
      }),
      { seed, numRuns: RUNS },
    );
  });
});
