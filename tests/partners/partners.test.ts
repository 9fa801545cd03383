import { afterAll, describe, expect, test } from "vitest";
import {
  linux,
  PeerDma,
  Topology,
  type FunctionDescription,
  type MachineDescription,
  type SystemDescription,
} from "../../src/index.js";
import { bestPartners, settingsOf, type Partner, type Partners } from "../../src/partners/index.js";
import { read } from "../../src/readers/index.js";
import { captureFile, captureNames, CAPTURES } from "../readers/fixtures.js";

const open: Topology[] = [];
afterAll(() => open.forEach((topology) => topology.close()));

function machine(functions: readonly FunctionDescription[], rest: Partial<SystemDescription> = {}): PeerDma {
  const cpu = { architecture: "x86", vendor: "GenuineIntel", family: 6 };
  const description: MachineDescription = { peerlane: 1, systems: [{ complete: true, cpu, functions, ...rest }] };
  const topology = Topology.of(description);
  open.push(topology);
  return new PeerDma(topology, linux("6.12"));
}

const plain = { command: 6, acs: null, bars: [] } as const;
const port = (bdf: string, secondary: number, subordinate = secondary, rest: Partial<FunctionDescription> = {}) =>
  ({
    ...plain,
    bdf,
    kind: "root-port",
    class: "060400",
    vendor: "8086",
    device: "1234",
    bus: { secondary, subordinate },
    ...rest,
  }) as FunctionDescription;
const gpu = (bdf: string, rest: Partial<FunctionDescription> = {}): FunctionDescription => {
  return { ...plain, bdf, kind: "endpoint", class: "030200", vendor: "10de", ...rest };
};
const nic = (bdf: string, name?: string, rest: Partial<FunctionDescription> = {}): FunctionDescription => {
  return {
    ...plain,
    bdf,
    kind: "endpoint",
    class: "020700",
    vendor: "15b3",
    ...(name === undefined ? {} : { names: [name] }),
    ...rest,
  };
};

/**
 *     00:01.0 - 01:00.0 +- 02:00.0 - 03:00.0 GPU        80:01.0 - 81:00.0 GPU
 *                       +- 02:01.0 - 04:00.0 GPU        80:02.0 - 82:00.0 NIC mlx5_2
 *                       +- 02:02.0 - 05:00.0 NIC mlx5_0
 *                       '- 02:03.0 - 06:00.0 NIC mlx5_1
 */
function twoSockets(
  change: (each: FunctionDescription) => FunctionDescription = (each) => each,
): FunctionDescription[] {
  const switchPort = (bdf: string, secondary: number) => port(bdf, secondary, secondary, { kind: "downstream-port" });
  return [
    port("0000:00:01.0", 1, 6),
    port("0000:01:00.0", 2, 6, { kind: "upstream-port" }),
    switchPort("0000:02:00.0", 3),
    switchPort("0000:02:01.0", 4),
    switchPort("0000:02:02.0", 5),
    switchPort("0000:02:03.0", 6),
    gpu("0000:03:00.0", { numaNode: 0 }),
    gpu("0000:04:00.0", { numaNode: 0 }),
    nic("0000:05:00.0", "mlx5_0", { numaNode: 0 }),
    nic("0000:06:00.0", "mlx5_1", { numaNode: 0 }),
    port("0000:80:01.0", 0x81),
    port("0000:80:02.0", 0x82),
    gpu("0000:81:00.0", { numaNode: 1 }),
    nic("0000:82:00.0", "mlx5_2", { numaNode: 1 }),
  ].map(change);
}

const GPUS = ["0000:03:00.0", "0000:04:00.0", "0000:81:00.0"];
const NICS = ["0000:05:00.0", "0000:06:00.0", "0000:82:00.0"];

const named = ({ topology }: PeerDma, found: readonly Partners[]) =>
  found.map(({ device, partners }) => [device, ...partners.map(({ id }) => id)].map((id) => topology.name(id)));

describe("the nearest partners", () => {
  test("those that tie are all named; refused ones are ranked by hops, last", () => {
    const peer = machine(twoSockets());
    const found = bestPartners(peer, GPUS, { among: NICS });
    expect(named(peer, found)).toEqual([
      [GPUS[0], NICS[0], NICS[1]],
      [GPUS[1], NICS[0], NICS[1]],
      [GPUS[2], NICS[2]],
    ]);
    expect(found[0]!.partners[0]).toEqual({
      id: peer.topology.id(NICS[0]!),
      answer: "yes",
      route: "bus-address",
      standing: "direct",
      distance: 4,
      letter: null,
      sameNode: true,
      bandwidth: null,
    });
    expect(found[2]!.partners[0]).toMatchObject({ answer: "no", standing: "refused", distance: 4, sameNode: true });
  });

  test("one for each: as many as can be have one, and all together rank best", () => {
    const peer = machine(twoSockets());
    expect(named(peer, bestPartners(peer, GPUS, { among: NICS, share: 1 }))).toEqual([
      [GPUS[0], NICS[0]],
      [GPUS[1], NICS[1]],
      [GPUS[2], NICS[2]],
    ]);
    const one = bestPartners(peer, GPUS, { among: [NICS[0]!], share: 1 });
    expect(named(peer, one)).toEqual([[GPUS[0], NICS[0]], [GPUS[1]], [GPUS[2]]]);
    expect(one.map(({ nearest }) => nearest)).toEqual([true, false, false]);
    expect(named(peer, bestPartners(peer, GPUS, { among: [NICS[0]!], share: 2 }))[1]).toEqual([GPUS[1], NICS[0]]);
  });

  test("whose nearest another one has is told", () => {
    const peer = machine(twoSockets());
    const found = bestPartners(peer, [GPUS[0]!, GPUS[1]!], { among: [NICS[0]!, NICS[2]!], share: 1 });
    expect(found.map(({ partners }) => partners[0]!.standing)).toEqual(["direct", "refused"]);
    expect(found.map(({ nearest }) => nearest)).toEqual([true, false]);
  });

  test("NUMA nodes decide between as many hops, and links between those", () => {
    const link = (maxSpeed: number, width: number) => ({ speed: 2.5, width, maxSpeed, maxWidth: 16 });
    const functions = [
      port("0000:00:01.0", 1, 1, { link: link(32, 16) }),
      port("0000:00:02.0", 2, 2, { link: link(32, 8) }),
      port("0000:00:03.0", 3, 3, { link: link(16, 16) }),
      port("0000:00:04.0", 4, 4, { link: link(32, 16) }),
      gpu("0000:01:00.0", { link: link(32, 16), numaNode: 0 }),
      nic("0000:02:00.0", "mlx5_0", { link: link(32, 8), numaNode: 0 }),
      nic("0000:03:00.0", "mlx5_1", { link: link(32, 16), numaNode: 0 }),
      nic("0000:04:00.0", "mlx5_2", { link: link(32, 16), numaNode: 1 }),
    ];
    const peer = machine(functions, { cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25 } });
    const [found] = bestPartners(peer, ["0000:01:00.0"], { among: ["0000:02:00.0", "0000:03:00.0", "0000:04:00.0"] });
    // Idle links are slow: what both ends are capable of counts, with the lanes that there are; half of them at twice
    // the speed are as good.
    const rate = ((32e9 * 8) / 8) * (128 / 130);
    expect(found!.partners.map(({ bandwidth, sameNode }) => [bandwidth, sameNode])).toEqual([
      [rate, true],
      [rate, true],
    ]);
    const narrow = machine(
      functions.map((each) => (each.bdf === "0000:00:03.0" ? { ...each, link: link(8, 16) } : each)),
      { cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25 } },
    );
    const [other] = bestPartners(narrow, ["0000:01:00.0"], { among: ["0000:02:00.0", "0000:03:00.0"] });
    expect(named(narrow, [other!])).toEqual([["0000:01:00.0", "0000:02:00.0"]]);
  });

  test("what is unknown ranks after what is allowed and before what is refused, and is a contender", () => {
    const unread = twoSockets(
      (each) => (each.bdf === "0000:02:02.0" ? { ...each, acs: undefined } : each) as FunctionDescription,
    );
    const peer = machine(unread);
    const [found] = bestPartners(peer, [GPUS[0]!], { among: NICS });
    expect(named(peer, [found!])).toEqual([[GPUS[0], NICS[1]]]);
    expect(found!.contenders.map(({ id }) => peer.topology.name(id))).toEqual([NICS[0]]);
    const [unknown] = bestPartners(peer, [GPUS[0]!], { among: [NICS[0]!, NICS[2]!] });
    expect(unknown!.partners.map(({ answer }) => answer)).toEqual(["unknown"]);
  });

  test("nobody is a partner of itself, nor of a device in another system", () => {
    const cpu = { architecture: "x86", vendor: "AuthenticAMD", family: 25 };
    const systems = ["a", "b"].map((name) => ({ name, complete: true, cpu, functions: twoSockets() }) as const);
    const topology = Topology.of({ peerlane: 1, systems });
    open.push(topology);
    const peer = new PeerDma(topology, linux("6.12"));
    const found = bestPartners(peer, ["a/0000:03:00.0", "b/0000:03:00.0"], {
      among: ["a/0000:05:00.0", "a/0000:03:00.0"],
    });
    expect(named(peer, found)).toEqual([["a/0000:03:00.0", "a/0000:05:00.0"], ["b/0000:03:00.0"]]);
    expect(settingsOf(topology, found)).toBeNull();
  });

  test.each([
    [() => bestPartners({} as PeerDma, [], { among: [] }), /expected a PeerDma/],
    [() => bestPartners(machine(twoSockets()), GPUS, undefined as never), /expected options/],
    [() => bestPartners(machine(twoSockets()), 5 as never, { among: [] }), /devices: expected a list/],
    [() => bestPartners(machine(twoSockets()), [GPUS[0]!, GPUS[0]!], { among: [] }), /each function once/],
    [() => bestPartners(machine(twoSockets()), GPUS, { among: NICS, share: 0 }), /share: expected/],
    [() => bestPartners(machine(twoSockets()), GPUS, { among: NICS, memory: "both" as never }), /memory: expected/],
    [() => bestPartners(machine(twoSockets()), ["nobody"], { among: NICS }), /nothing is named "nobody"/],
  ])("what is asked wrongly is told %#", (ask, message) => {
    expect(ask).toThrow(message);
  });
});

describe.skipIf(CAPTURES === null)("on captured machines", () => {
  const SLOW = 250e6;

  /** The narrowest link by hand: captures of QEMU have either no link or one of x1 2.5 GT/s. */
  const compare = (a: readonly number[], b: readonly number[]) => {
    const at = a.findIndex((each, level) => each !== b[level]);
    return at === -1 ? 0 : a[at]! - b[at]!;
  };
  const keyOf = (partner: Partner) => [
    ["direct", "some-route", "through-host-bridge", "unknown", "refused"].indexOf(partner.standing),
    partner.distance === null ? Infinity : partner.distance,
    partner.sameNode === true ? 0 : partner.sameNode === null ? 1 : 2,
    -(partner.bandwidth ?? 0),
  ];

  test.each(captureNames())("%s: nobody beats a partner, pair by pair", async (name) => {
    const { machine: description } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
    const topology = Topology.of(description);
    open.push(topology);
    const peer = new PeerDma(topology, linux(description.systems[0]!.kernel!.release!));
    const ends = [...topology.functions()].filter((id) => topology.describe(id)!.bus === undefined);
    const found = bestPartners(peer, ends, { among: ends });
    expect(found.map(({ device }) => device)).toEqual(ends);
    for (const { device, partners } of found) {
      for (const partner of partners) {
        const verdict = peer.can(device, partner.id);
        expect([partner.answer, partner.route, partner.distance]).toEqual([
          verdict.answer,
          verdict.route,
          verdict.distance,
        ]);
        expect(partner.bandwidth === null || partner.bandwidth >= SLOW).toBe(true);
      }
      const others = ends
        .filter((id) => id !== device)
        .map((id) => bestPartners(peer, [device], { among: [id] })[0]!.partners[0]!);
      const best = others.map(keyOf).sort(compare)[0];
      const tied = others.filter((other) => compare(keyOf(other), best!) === 0).map(({ id }) => id);
      expect(partners.map(({ id }) => id)).toEqual(tied);
    }
  });

  /** Of all pairs together as of one: how many are refused, then unknown or worse, and so on. */
  const sumOf = (found: readonly (Partner | null)[]) => {
    const served = found.filter((each) => each !== null);
    const worse = (least: number) => served.filter((each) => keyOf(each)[0]! >= least).length;
    return [
      found.length - served.length,
      ...[4, 3, 2, 1].map(worse),
      served.filter(({ distance }) => distance === null).length,
      served.reduce((sum, { distance }) => sum + (distance ?? 0), 0),
      served.filter(({ sameNode }) => sameNode === false).length,
      served.filter(({ sameNode }) => sameNode !== true).length,
      served.reduce((sum, { bandwidth }) => sum - Math.round((bandwidth ?? 0) / 1e6), 0),
    ];
  };

  test.each(captureNames())("%s: partners are shared out as by trying everything", async (name) => {
    const { machine: description } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
    const topology = Topology.of(description);
    open.push(topology);
    const peer = new PeerDma(topology, linux(description.systems[0]!.kernel!.release!));
    const ends = [...topology.functions()].filter((id) => topology.describe(id)!.bus === undefined);
    const spread = ends.filter((_, at) => at % Math.ceil(ends.length / 9) === 0);
    const [devices, among] = [spread.slice(0, 5), spread.slice(-4)];
    const pairs = devices.map((device) =>
      among.map((id) => bestPartners(peer, [device], { among: [id] })[0]!.partners[0] ?? null),
    );
    for (const share of [1, 2]) {
      const tried = function* (row: number, taken: readonly (number | null)[]): Generator<readonly (number | null)[]> {
        if (row === devices.length) return void (yield taken);
        for (const column of among.keys()) {
          const isFull = taken.filter((other) => other === column).length === share;
          if (!isFull && pairs[row]![column] !== null) yield* tried(row + 1, [...taken, column]);
        }
        yield* tried(row + 1, [...taken, null]);
      };
      let least: number[] | null = null;
      for (const taken of tried(0, [])) {
        const sum = sumOf(taken.map((column, row) => (column === null ? null : pairs[row]![column]!)));
        if (least === null || compare(sum, least) < 0) least = sum;
      }
      const found = bestPartners(peer, devices, { among, share });
      expect(sumOf(found.map(({ partners }) => partners[0] ?? null))).toEqual(least);
      const used = found.flatMap(({ partners }) => partners.map(({ id }) => id));
      for (const id of used) expect(used.filter((other) => other === id).length).toBeLessThanOrEqual(share);
    }
  });
});

describe("a topology file of NCCL", () => {
  const pair = (bus: string, gpu: string, nic: string, number: number) =>
    `<pci busid="0000:${bus}:00.0" class="0x060400" vendor="0x1000" device="0xc010">` +
    `<pci busid="0000:${gpu}:00.0" class="0x030200"><gpu dev="${number}"/></pci>` +
    `<pci busid="0000:${nic}:00.0" class="0x020000"><nic><net name="mlx5_${number}" dev="${number}"/></nic></pci></pci>`;
  const node = (numa: number, inside: string) =>
    `<cpu numaid="${numa}" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="106">${inside}</cpu>`;
  const file = `<system version="1">${node(0, pair("10", "11", "12", 0) + pair("20", "21", "22", 1))}${node(1, pair("80", "81", "82", 2))}</system>`;

  test("shows no tree, and its letters say who is nearest; the answer stays unknown", async () => {
    const { machine: description } = await read([{ name: "topo.xml", bytes: new TextEncoder().encode(file) }]);
    const topology = Topology.of(description);
    open.push(topology);
    const peer = new PeerDma(topology, linux("6.12"));
    const [gpus, nics] = [
      ["0000:11:00.0", "0000:21:00.0", "0000:81:00.0"],
      ["0000:82:00.0", "0000:22:00.0", "0000:12:00.0"],
    ];
    const found = bestPartners(peer, gpus, { among: nics });
    expect(
      found.map(({ partners }) =>
        partners.map(({ id, letter, answer, distance }) => [topology.name(id), letter, answer, distance]),
      ),
    ).toEqual([
      [["0000:12:00.0", "PIX", "unknown", null]],
      [["0000:22:00.0", "PIX", "unknown", null]],
      [["0000:82:00.0", "PIX", "unknown", null]],
    ]);
    const [far] = bestPartners(peer, gpus.slice(0, 1), { among: nics.slice(0, 2) });
    expect(far!.partners.map(({ id, letter }) => [topology.name(id), letter])).toEqual([["0000:22:00.0", "PHB"]]);
  });
});

describe("settings", () => {
  test("for GPUs whose partners are network adapters", () => {
    const peer = machine(twoSockets());
    const found = bestPartners(peer, GPUS, { among: NICS, share: 1 });
    expect(settingsOf(peer.topology, found)).toEqual({
      ranks: GPUS.map((bdf, number) => ({
        device: peer.topology.id(bdf),
        cudaOrdinal: number,
        rdma: [`mlx5_${number}`],
        variables: { NCCL_IB_HCA: `=mlx5_${number}`, UCX_NET_DEVICES: `mlx5_${number}:1` },
      })),
      variables: {
        CUDA_DEVICE_ORDER: "PCI_BUS_ID",
        NCCL_IB_HCA: "=mlx5_0,mlx5_1,mlx5_2",
        NVSHMEM_ENABLE_NIC_PE_MAPPING: "1",
        NVSHMEM_HCA_PE_MAPPING: "mlx5_0:1:1,mlx5_1:1:1,mlx5_2:1:1",
      },
      sglang: { 0: "mlx5_0", 1: "mlx5_1", 2: "mlx5_2" },
      notes: [
        "CUDA numbers GPUs by bus only where CUDA_DEVICE_ORDER=PCI_BUS_ID is set",
        "for 1 of 3 devices these are the nearest, and refused: data then goes by system memory",
        "whether the ports of the adapters are up is not looked at",
      ],
    });
  });

  test("ties go to UCX and sglang as they are; NVSHMEM takes one adapter a process", () => {
    const peer = machine(twoSockets());
    const settings = settingsOf(peer.topology, bestPartners(peer, GPUS, { among: NICS }))!;
    expect(settings.ranks[0]!.variables["UCX_NET_DEVICES"]).toBe("mlx5_0:1,mlx5_1:1");
    expect(settings.sglang).toEqual({ 0: "mlx5_0,mlx5_1", 1: "mlx5_0,mlx5_1", 2: "mlx5_2" });
    expect(settings.variables).not.toHaveProperty("NVSHMEM_HCA_PE_MAPPING");
  });

  test("no number of CUDA's where the description may not be whole, or for a GPU that another driver has", () => {
    const part = machine(twoSockets(), { complete: false });
    const found = bestPartners(part, GPUS, { among: NICS });
    expect(settingsOf(part.topology, found)!.ranks.map(({ cudaOrdinal }) => cudaOrdinal)).toEqual([null, null, null]);
    expect(settingsOf(part.topology, found)!.sglang).toBeNull();
    const passed = machine(twoSockets((each) => (each.bdf === GPUS[0] ? { ...each, driver: "vfio-pci" } : each)));
    const others = bestPartners(passed, GPUS, { among: NICS });
    expect(settingsOf(passed.topology, others)!.ranks.map(({ cudaOrdinal }) => cudaOrdinal)).toEqual([null, 0, 1]);
  });

  test("adapters without an RDMA name are named, and left out", () => {
    const peer = machine(twoSockets((each) => (each.bdf === NICS[2] ? { ...each, names: ["ens1f0"] } : each)));
    const settings = settingsOf(peer.topology, bestPartners(peer, GPUS, { among: NICS }))!;
    expect(settings.variables["NCCL_IB_HCA"]).toBe("=mlx5_0,mlx5_1");
    expect(settings.sglang).toBeNull();
    expect(settings.notes[0]).toContain("the source shows no RDMA name of 0000:82:00.0");
  });

  test("of other devices there are none", () => {
    const peer = machine(twoSockets());
    expect(settingsOf(peer.topology, bestPartners(peer, NICS, { among: GPUS }))).toBeNull();
  });
});
