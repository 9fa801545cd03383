import fc from "fast-check";
import type {
  BarDescription,
  FunctionDescription,
  MachineDescription,
  SideLinkDescription,
  SystemDescription,
} from "../../src/index.js";

/** Everything that decides about peer-to-peer DMA, at random: small machines in which all of it meets. */

const hex = (value: number) => `0x${value.toString(16)}` as const;
const CONTROLS = [0, 0x04, 0x08, 0x0c, 0x1d, 0x20, 0x24];
const acs = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ acs: null }) },
  { weight: 1, arbitrary: fc.constant({}) },
  {
    weight: 4,
    arbitrary: fc.record({
      acs: fc.record(
        {
          capability: fc.constant(0x087f),
          control: fc.constantFrom(...CONTROLS),
          egressVector: fc.nat(255).map((bits) => [bits]),
        },
        { requiredKeys: ["capability", "control"] },
      ),
    }),
  },
);
const command = fc.constantFrom({ command: 6 }, { command: 6 }, { command: 6 }, { command: 4 }, {});
const exported = fc.constantFrom({}, {}, {}, { exported: "none" }, { exported: "direct" }, { exported: "driver" });
const flag = fc.constantFrom({}, { read: true }, { write: true }, { read: true, write: true }, { read: false });
const mask = fc.constantFrom({}, {}, { dmaMaskBits: 64 }, { dmaMaskBits: 32 }, { dmaMaskBits: 40 });

const PORTS = 3;
const BAR = 0x1_0000;
/** Above 4 GiB, where initiators that drive 32 bits do not reach. */
const HIGH = 0x40_0000_0000;

interface Leaf {
  readonly facts: Partial<FunctionDescription>;
  readonly bar: Partial<BarDescription>;
  readonly offset: number;
}

const leaf: fc.Arbitrary<Leaf> = fc.record({
  facts: fc.tuple(acs, command, mask).map((parts) => Object.assign({}, ...parts) as Partial<FunctionDescription>),
  bar: exported as fc.Arbitrary<Partial<BarDescription>>,
  offset: fc.constantFrom(0, 0, 0x1000_0000),
});
const port = fc.record({ facts: fc.tuple(acs, command), leaves: fc.array(leaf, { minLength: 0, maxLength: 2 }) });
const host = fc.record({
  identity: fc.constantFrom(
    { vendor: "8086", device: "2030" },
    { vendor: "8086", device: "2f00" },
    { vendor: "1af4", device: "0001" },
    {},
  ),
  /** A switch below the root port: functions hang below its ports; else below root ports of their own. */
  switched: fc.boolean(),
  above: fc.tuple(acs, command),
  ports: fc.array(port, { minLength: 1, maxLength: PORTS }),
  inbound: fc.constantFrom({}, { inbound: [] }, { inbound: [{ start: hex(0x900_0000), size: 0x1000 }] }),
});

type Host = typeof host extends fc.Arbitrary<infer T> ? T : never;

function functionsOf(hosts: readonly Host[]): FunctionDescription[] {
  const functions: FunctionDescription[] = [];
  let place = 0;
  hosts.forEach(({ identity, switched, above, ports }, number) => {
    const root = number * 0x40;
    const bdf = (bus: number, device: number) =>
      `0000:${(root + bus).toString(16).padStart(2, "0")}:${device.toString(16).padStart(2, "0")}.0`;
    functions.push({
      bdf: bdf(0, 0),
      kind: "host-bridge-function",
      class: "0600",
      parent: null,
      acs: null,
      command: 6,
      bars: [],
      ...identity,
    });
    const bridge = (
      name: string,
      kind: FunctionDescription["kind"],
      parent: string | null,
      secondary: number,
      last: number,
      facts: readonly object[],
      link: number,
    ) =>
      functions.push({
        bdf: name,
        kind: kind!,
        class: "0604",
        parent,
        bus: { secondary: root + secondary, subordinate: root + last },
        bars: [],
        link: { port: link },
        ...(Object.assign({}, ...facts) as object),
      });
    if (switched) {
      bridge(bdf(0, 1), "root-port", null, 1, 0x20, above, 0);
      bridge(bdf(1, 0), "upstream-port", bdf(0, 1), 2, 0x20, [{ acs: null, command: 6 }], 0);
    }
    ports.forEach(({ facts, leaves }, index) => {
      const bus = 3 + index;
      const name = switched ? bdf(2, index) : bdf(0, 1 + index);
      bridge(name, switched ? "downstream-port" : "root-port", switched ? bdf(1, 0) : null, bus, bus, facts, index + 1);
      leaves.forEach(({ facts, bar, offset }, device) => {
        const start = HIGH + place++ * BAR;
        functions.push({
          bdf: bdf(bus, device),
          kind: "endpoint",
          class: "0302",
          parent: name,
          bars: [{ index: 0, type: "mem64", start: hex(start), bus: hex(start - offset), size: BAR, ...bar }],
          ...facts,
        });
      });
    });
  });
  return functions;
}

/** Machines with at least two endpoints. */
export const machine: fc.Arbitrary<MachineDescription> = fc
  .record({
    hosts: fc.array(host, { minLength: 1, maxLength: 2 }),
    iommu: fc.constantFrom({}, { iommu: "off" }, { iommu: "passthrough" }, { iommu: "translating" }),
    cpu: fc.constantFrom(
      {},
      { cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 0x19 } },
      { cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 } },
      { cpu: { architecture: "ppc64", vendor: "POWER9" } },
    ),
    complete: fc.constantFrom({}, { complete: true }, { complete: "likely" }),
    links: fc.array(fc.record({ from: fc.nat(11), to: fc.nat(11), facts: flag }), { maxLength: 3 }),
    dma: mask,
  })
  .map(({ hosts, iommu, cpu, complete, links, dma }): MachineDescription => {
    const functions = functionsOf(hosts);
    const ends = functions.filter(({ kind }) => kind === "endpoint");
    const sideLinks = links.flatMap(({ from, to, facts }): SideLinkDescription[] => {
      const [a, b] = [ends[from], ends[to]];
      return a === undefined || b === undefined || a === b
        ? []
        : [{ kind: "nvlink", from: a.bdf, to: b.bdf, ...facts }];
    });
    const system = {
      ...iommu,
      ...cpu,
      ...complete,
      functions,
      hostBridges: hosts.map(({ inbound }, number) => ({
        root: `0000:${(number * 0x40).toString(16).padStart(2, "0")}`,
        ...inbound,
      })),
      ranges: [{ kind: "system-ram", start: "0x0", size: 0x800_0000 }],
      platformDevices: [{ name: "dma@9000000", regions: [{ start: hex(0x900_0000), size: 0x1000 }], ...dma }],
      sideLinks,
    };
    return { peerlane: 1, systems: [system as unknown as SystemDescription] };
  })
  .filter(({ systems: [system] }) => system!.functions.filter(({ kind }) => kind === "endpoint").length >= 2);

/** Addresses worth asking about: in each BAR, at its end, RAM, the platform device, nowhere. */
export function addressesOf({ systems: [system] }: MachineDescription): bigint[] {
  const bars = system!.functions.flatMap(({ bars }) => bars?.map(({ start }) => BigInt(start!)) ?? []);
  return [...bars.flatMap((start) => [start, start + BigInt(BAR) - 0x800n]), 0x1000n, 0x900_0000n, 0x7000_0000n];
}
