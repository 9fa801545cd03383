import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  CODE_NUMBERS,
  DIRECTIONS,
  linux,
  NO_ADDRESS,
  PeerDma,
  ROUTES,
  Topology,
  TopologyError,
  TRANSLATIONS,
  type Direction,
  type FunctionDescription,
  type MachineDescription,
  type SideLinkDescription,
  type SystemDescription,
} from "../../src/index.js";
import { readJson } from "../../src/readers/json.js";
import { read } from "../../src/readers/read.js";
import { captureFile } from "../readers/fixtures.js";
import { columnsOf, reduced } from "../topology/columns-of.js";

const [A, B, C] = ["0000:03:00.0", "0000:04:00.0", "0000:05:00.0"];
const PLAIN = { command: 6, acs: null, bars: [] };
const BAR = { A: 0x10_0000_0000n, B: 0x20_0000_0000n };
const SIZE = 0x10_0000;

/** What PCIe says of A and B: they are below one switch. */
const PCIE = {
  "bus-address": { acs: null },
  "through-host-bridge": { acs: { capability: 0x5f, control: 0x1d }, cpu: { vendor: "AuthenticAMD", family: 25 } },
  no: { acs: { capability: 0x5f, control: 0x1d } },
  unknown: { acs: undefined },
  "yes, either way": { acs: undefined, cpu: { vendor: "AuthenticAMD", family: 25 } },
} as const satisfies Record<string, { acs: FunctionDescription["acs"]; cpu?: object }>;

/** A, B below one switch, C below a root port of its own; A and B have a BAR each. */
function system(pcie: keyof typeof PCIE, more: Partial<SystemDescription> = {}): SystemDescription {
  const { acs, cpu = { vendor: "GenuineIntel", family: 6 } } = { cpu: undefined, ...PCIE[pcie] };
  const bar = (start: bigint) => [
    { index: 0, type: "mem64", start: `0x${start.toString(16)}`, bus: `0x${start.toString(16)}`, size: SIZE } as const,
  ];
  const port = { ...PLAIN, kind: "downstream-port" as const, parent: "0000:01:00.0" };
  return {
    complete: true,
    kernel: { p2pdma: true },
    iommu: "off",
    cpu: { architecture: "x86", ...cpu },
    functions: [
      { ...PLAIN, bdf: "0000:00:00.0", class: "0600", vendor: "8086", device: "29c0", parent: null },
      { ...PLAIN, bdf: "0000:00:01.0", kind: "root-port", parent: null, bus: { secondary: 1, subordinate: 4 } },
      { ...PLAIN, bdf: "0000:00:02.0", kind: "root-port", parent: null, bus: { secondary: 5, subordinate: 5 } },
      {
        ...PLAIN,
        bdf: "0000:01:00.0",
        kind: "upstream-port",
        parent: "0000:00:01.0",
        bus: { secondary: 2, subordinate: 4 },
      },
      {
        ...port,
        bdf: "0000:02:00.0",
        bus: { secondary: 3, subordinate: 3 },
        ...(acs === undefined ? { acs: undefined } : { acs }),
      } as FunctionDescription,
      { ...port, bdf: "0000:02:01.0", bus: { secondary: 4, subordinate: 4 } },
      { ...PLAIN, bdf: A!, kind: "endpoint", parent: "0000:02:00.0", bars: bar(BAR.A) },
      { ...PLAIN, bdf: B!, kind: "endpoint", parent: "0000:02:01.0", bars: bar(BAR.B) },
      { ...PLAIN, bdf: C!, kind: "endpoint", parent: "0000:00:02.0" },
    ],
    ranges: [{ kind: "system-ram", start: "0x100000", size: 0x100000 }],
    ...more,
  };
}

function machine(pcie: keyof typeof PCIE, more: Partial<SystemDescription> = {}): MachineDescription {
  return { peerlane: 1, systems: [system(pcie, more)] };
}

function peers(pcie: keyof typeof PCIE, links: readonly Partial<SideLinkDescription>[], more = {}): PeerDma {
  const sideLinks = links.map((link) => ({ kind: "nvlink", from: A!, to: B!, ...link }));
  return new PeerDma(Topology.of(machine(pcie, { sideLinks, ...more })), linux("6.12"));
}

/** A verdict in a word or two. */
function said(peerDma: PeerDma, provider: string, client: string, direction: Direction = "both"): string {
  const verdict = peerDma.can(provider, client, direction);
  return verdict.answer === "yes" ? verdict.route : verdict.code;
}

const FULL = { read: true, write: true };

describe("a side link and what PCIe says", () => {
  // By what the link carries: everything, nothing, or what is not shown.
  test.each([
    ["bus-address", "side-link", "bus-address", "unknown"],
    ["through-host-bridge", "side-link", "through-host-bridge", "unknown"],
    ["no", "side-link", "ACS_REDIRECT", "LINK_UNKNOWN"],
    ["unknown", "side-link", "ACS_UNREADABLE", "LINK_UNKNOWN"],
    ["yes, either way", "side-link", "unknown", "unknown"],
  ] as const)("PCIe %s: a link that carries %s, one that does not %s, one that may %s", (pcie, carries, not, may) => {
    expect(said(peers(pcie, [FULL]), A!, B!)).toBe(carries);
    expect(said(peers(pcie, [{ read: false, write: false }]), A!, B!)).toBe(not);
    expect(said(peers(pcie, [{}]), A!, B!)).toBe(may);
  });

  test.each([
    [{ read: true, write: false }, "read", "side-link"],
    [{ read: true, write: false }, "write", "ACS_REDIRECT"],
    [{ read: true, write: false }, "both", "ACS_REDIRECT"],
    [{ read: true }, "read", "side-link"],
    [{ read: true }, "write", "LINK_UNKNOWN"],
    [{ read: true }, "both", "LINK_UNKNOWN"],
    [{ read: false }, "both", "ACS_REDIRECT"],
    [{ write: true }, "write", "side-link"],
  ] as const)("that has %o: a request to %s is %s", (flags, direction, expected) => {
    expect(said(peers("no", [flags]), A!, B!, direction)).toBe(expected);
  });

  test("goes both ways, or one", () => {
    const both = peers("no", [FULL]);
    expect([said(both, A!, B!), said(both, B!, A!)]).toEqual(["side-link", "side-link"]);
    // Requests go from A to B: A is the client.
    const oneWay = peers("no", [{ ...FULL, oneWay: true }]);
    expect([said(oneWay, B!, A!), said(oneWay, A!, B!)]).toEqual(["side-link", "ACS_REDIRECT"]);
    expect(oneWay.can(A!, B!).link).toBeNull();
  });

  test("is no link to whom its ends are linked to, nor of a function to itself", () => {
    const chain = peers("no", [FULL, { ...FULL, from: B!, to: C! }]);
    expect(said(chain, A!, C!)).toBe("HOST_BRIDGE_NOT_ALLOWED");
    expect(said(chain, B!, C!)).toBe("side-link");
    expect(said(chain, A!, A!)).toBe("local");
  });

  test("changes neither distance nor common bridge, and PCIe's answer stands beside it", () => {
    const [linked, alone] = [peers("no", [FULL]).can(A!, B!), peers("no", []).can(A!, B!)];
    expect(linked).toMatchObject({ distance: 4, common: "0000:01:00.0", culprits: [], hints: [], missing: [] });
    expect(linked.pcie).toEqual(alone);
    expect(alone).toMatchObject({ link: null, pcie: null, code: "ACS_REDIRECT" });
  });

  test("that carries nothing is shown, and the answer is PCIe's own", () => {
    const { link, pcie, ...verdict } = peers("no", [{ read: false, write: true }]).can(A!, B!);
    expect(link).toMatchObject({ kind: "nvlink", read: false, write: true, count: 1 });
    expect(pcie).toBeNull();
    const { link: _, pcie: __, ...alone } = peers("no", []).can(A!, B!);
    expect(verdict).toEqual(alone);
  });

  test("names what is not known of it before what is not known of PCIe", () => {
    const verdict = peers("unknown", [{ kind: "xgmi", read: true }]).can(A!, B!);
    expect("missing" in verdict && verdict.missing.map(({ what }) => what)).toEqual([
      `whether the xgmi link from ${B} to ${A} carries writes`,
      "the ACS control word of 0000:02:00.0",
    ]);
    const refused = peers("no", [{}]).can(A!, B!);
    expect("missing" in refused && refused.missing.map(({ what }) => what)).toEqual([
      `whether the nvlink link from ${B} to ${A} carries reads and writes`,
    ]);
    // Should the link not carry it, these are at fault and this would help.
    expect(refused.culprits.map(({ bdf }) => bdf)).toEqual(["0000:02:00.0"]);
    expect(refused.hints).toHaveLength(1);
  });

  test("holds where the kernel has no peer-to-peer DMA: that is PCI's", () => {
    expect(said(peers("no", [FULL], { kernel: { p2pdma: false } }), A!, B!)).toBe("side-link");
  });

  test("has no part in the distance that Linux returns", () => {
    const linked = peers("no", [FULL, { ...FULL, to: C! }]);
    expect(linked.distanceMany(A!, [B!])).toBe(-1);
  });
});

describe("several side links between two functions", () => {
  test("are counted, and the one with most bandwidth is shown, of those that carry the request", () => {
    const links = [
      { ...FULL, bandwidth: 25e9 },
      { ...FULL, bandwidth: 50e9, atomics: true },
      { ...FULL },
      { read: true, write: false, bandwidth: 900e9 },
    ];
    const verdict = peers("no", links).can(A!, B!);
    expect(verdict.link).toEqual({
      kind: "nvlink",
      bandwidth: 50e9,
      read: true,
      write: true,
      atomics: true,
      coherent: null,
      count: 3,
    });
    expect(peers("no", links).can(A!, B!, "read").link).toMatchObject({ bandwidth: 900e9, count: 4 });
  });

  test("do not share a request: one for reads and one for writes carry no request for both", () => {
    const peerDma = peers("no", [
      { read: true, write: false },
      { read: false, write: true },
    ]);
    expect(DIRECTIONS.map((direction) => said(peerDma, A!, B!, direction))).toEqual([
      "side-link",
      "side-link",
      "ACS_REDIRECT",
    ]);
  });

  test("are one that carries, whatever is not known of the others", () => {
    expect(said(peers("no", [{}, FULL, { read: false }]), A!, B!)).toBe("side-link");
    expect(said(peers("no", [{}, { read: false }]), A!, B!)).toBe("LINK_UNKNOWN");
  });
});

describe("an address whose owner is linked to the initiator", () => {
  const addresses = [{ start: `0x${BAR.A.toString(16)}`, size: SIZE / 2, link: "0x5000" }] as const;

  test("is reached over the link, at no PCI bus address", () => {
    const mapping = peers("no", [FULL]).map(B!, BAR.A, 4096);
    expect(mapping).toMatchObject({
      ok: true,
      route: "side-link",
      dmaAddress: null,
      translation: "link",
      linkAddress: null,
      missing: [],
      distance: 4,
    });
    expect(mapping.pcie).toMatchObject({ ok: false, code: "ACS_REDIRECT" });
    expect(peers("bus-address", [FULL]).map(B!, BAR.A, 4096).pcie).toMatchObject({ ok: true, dmaAddress: BAR.A });
  });

  test.each([
    ["within the range", BAR.A + 0x10n, 4096n, 0x5010n],
    ["up to its end", BAR.A, BigInt(SIZE / 2), 0x5000n],
    ["beyond its end", BAR.A + 1n, BigInt(SIZE / 2), null],
    ["behind it", BAR.A + BigInt(SIZE / 2), 1n, null],
  ] as const)("has the address that the platform gives it on the link: %s", (_, address, size, expected) => {
    const mapping = peers("no", [{ ...FULL, addresses }]).map(B!, address, size);
    expect(mapping.ok && mapping.linkAddress).toBe(expected);
  });

  test("has no address on the link that is known where two are given", () => {
    const twice = [...addresses, { ...addresses[0], link: "0x9000" }] as const;
    const mapping = peers("no", [{ ...FULL, addresses: twice }]).map(B!, BAR.A, 1);
    expect(mapping.ok && mapping.linkAddress).toBeNull();
  });

  test.each([
    ["memory decode is off", { [A!]: { command: 4, physicalFunction: null } }, "MEMORY_DECODE_OFF"],
    ["whether memory is decoded is not known", { [A!]: { command: undefined } }, "MEMORY_DECODE_UNKNOWN"],
    ["the initiator does not drive the address", { [B!]: { dmaMaskBits: 32 } }, "DMA_MASK"],
  ] as const)("is reached though %s, which matters to PCIe alone", (_, change, code) => {
    const functions = system("bus-address").functions.map((each) => ({
      ...each,
      ...(change as Record<string, Partial<FunctionDescription>>)[each.bdf],
    }));
    const mapping = peers("bus-address", [FULL], { functions }).map(B!, BAR.A, 4096);
    expect(mapping).toMatchObject({ ok: true, route: "side-link", pcie: { ok: false, code } });
  });

  test.each([
    ["beyond the end of the owner", BAR.A, BigInt(SIZE) + 1n, "LEAVES_OWNER"],
    ["that nobody owns", BAR.A + BigInt(SIZE), 1n, "OWNER_UNKNOWN"],
    ["of RAM", 0x100000n, 4096n, "system-memory"],
  ] as const)("is answered as without links for a range %s", (_, address, size, expected) => {
    const mapping = peers("no", [FULL]).map(B!, address, size);
    expect(mapping.ok ? mapping.route : mapping.code).toBe(expected);
    expect(mapping).toEqual(peers("no", []).map(B!, address, size));
  });

  test.each(Object.keys(PCIE) as (keyof typeof PCIE)[])(
    "is not known where the link may carry the request, since one address is asked for: PCIe %s",
    (pcie) => {
      const mapping = peers(pcie, [{ read: true }]).map(B!, BAR.A, 4096);
      expect(mapping).toMatchObject({ ok: false, route: "unknown", code: "LINK_UNKNOWN", link: { count: 1 } });
      expect(mapping.missing[0]!.what).toBe(`whether the nvlink link from ${B} to ${A} carries writes`);
      expect(!mapping.ok && mapping.message).toMatch(`${B} to ${A}: whether the side link`);
    },
  );
});

describe("in columns", () => {
  const flag = fc.constantFrom(true, false, undefined);
  const sketch = fc.record({
    from: fc.nat(1000),
    step: fc.nat(1000),
    oneWay: fc.boolean(),
    read: flag,
    write: flag,
  });

  function linked(
    machine: MachineDescription,
    sketches: readonly (typeof sketch extends fc.Arbitrary<infer V> ? V : never)[],
  ) {
    const [only] = machine.systems;
    const { functions } = only!;
    const sideLinks = sketches.map(({ from, step, oneWay, read, write }): SideLinkDescription => {
      const ends = [from, from + 1 + (step % (functions.length - 1))].map(
        (at) => functions[at % functions.length]!.bdf,
      );
      const flags = { ...(read === undefined ? {} : { read }), ...(write === undefined ? {} : { write }) };
      return { kind: "xgmi", from: ends[0]!, to: ends[1]!, oneWay, ...flags };
    });
    return new PeerDma(Topology.of({ ...machine, systems: [{ ...only!, sideLinks }] }), linux("6.12"));
  }

  const cases = ["gpu-server-intel", "acs-iommu-amd", "sriov-intel"].map(async (name) => {
    const { machine } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
    return machine;
  });
  const run = (check: (peerDma: PeerDma, direction: Direction) => void) =>
    Promise.all(
      cases.map(async (machine) =>
        fc.assert(
          fc.property(
            fc.constant(await machine),
            fc.array(sketch, { minLength: 1, maxLength: 40 }),
            fc.constantFrom(...DIRECTIONS),
            (described, sketches, direction) => check(linked(described, sketches), direction),
          ),
          { numRuns: 15 },
        ),
      ),
    );

  test("pairs and matrices are answered as one at a time; the matrix has Linux's distances", async () => {
    await run((peerDma, direction) => {
      const ids = [...peerDma.topology.functions()].slice(-12);
      const pairs = ids.flatMap((provider) => ids.map((client) => [provider, client] as const));
      const [providers, clients] = [0, 1].map((end) => Uint32Array.from(pairs, (pair) => pair[end]!));
      const many = peerDma.canMany(providers!, clients!, direction);
      const matrix = peerDma.matrix(ids, direction);
      const verdicts = pairs.map(([provider, client]) => peerDma.can(provider, client, direction));
      const alone = verdicts.map((verdict) => [verdict.answer, verdict.route, "code" in verdict ? verdict.code : null]);
      expect(
        pairs.map((_, row) => [ANSWERS[many.answer[row]!], ROUTES[many.route[row]!], CODE_NUMBERS[many.code[row]!]]),
      ).toEqual(alone);
      expect(pairs.map((_, row) => [ANSWERS[matrix.answer[row]!], ROUTES[matrix.route[row]!]])).toEqual(
        alone.map(([answer, route]) => [answer, route]),
      );
      const bare = new PeerDma(withoutLinks(peerDma.topology), peerDma.policy);
      expect(matrix.distance).toEqual(bare.matrix(ids, direction).distance);
    });
  });

  test("mapping requests are answered as one at a time, whichever columns there are", async () => {
    await run((peerDma, direction) => {
      const { topology } = peerDma;
      const ids = [...topology.functions()];
      const rows = ids.flatMap((id) =>
        (topology.describe(id)!.bars ?? []).flatMap(({ start, size }) =>
          typeof start !== "string" || size === undefined
            ? []
            : ids.slice(-9).flatMap((initiator) => [
                { initiator, address: BigInt(start), size: BigInt(size) },
                { initiator, address: BigInt(start) + BigInt(size) - 1n, size: 2n },
              ]),
        ),
      );
      const requests = {
        initiator: Uint32Array.from(rows, ({ initiator }) => initiator),
        address: BigUint64Array.from(rows, ({ address }) => address),
        size: BigUint64Array.from(rows, ({ size }) => size),
        direction,
      };
      const many = peerDma.mapMany(requests);
      const few = {
        route: new Uint8Array(rows.length),
        code: new Uint8Array(rows.length),
        dmaAddress: new Float64Array(rows.length),
      };
      peerDma.mapMany({ ...requests, direction: new Uint8Array(rows.length).fill(DIRECTIONS.indexOf(direction)) }, few);
      expect([few.route, few.code]).toEqual([many.route, many.code]);
      rows.forEach(({ initiator, address, size }, row) => {
        const one = peerDma.map(initiator, address, size, direction);
        const dma = one.ok ? one.dmaAddress : null;
        expect([
          ROUTES[many.route[row]!],
          CODE_NUMBERS[many.code[row]!],
          many.dmaAddress[row],
          one.ok ? TRANSLATIONS[many.translation[row]!] : null,
          few.dmaAddress[row],
        ]).toEqual([
          one.route,
          one.ok ? null : one.code,
          dma ?? NO_ADDRESS,
          one.ok ? one.translation : null,
          dma === null ? NaN : Number(dma),
        ]);
      });
    });
  });

  test("a function that a matrix names twice is linked in both rows", () => {
    const { route } = peers("no", [FULL]).matrix([A!, B!, A!]);
    expect(Array.from(route, (row) => ROUTES[row]!)).toEqual([
      "local",
      "side-link",
      "local",
      "side-link",
      "local",
      "side-link",
      "local",
      "side-link",
      "local",
    ]);
  });
});

function withoutLinks(topology: Topology): Topology {
  const { systems, ...rest } = topology.describeMachine();
  return Topology.of({ ...rest, systems: systems.map(({ sideLinks: _, ...system }) => system) });
}

describe("taking side links away", () => {
  test("never allows more", () => {
    const rank = { no: 0, unknown: 1, yes: 2 };
    for (const pcie of Object.keys(PCIE) as (keyof typeof PCIE)[]) {
      for (const flags of [FULL, {}, { read: false }, { write: true }]) {
        const [linked, alone] = [peers(pcie, [flags]), peers(pcie, [])];
        for (const direction of DIRECTIONS) {
          const [most, least] = [linked, alone].map((peerDma) => rank[peerDma.can(A!, B!, direction).answer]);
          expect(least, `${pcie} ${JSON.stringify(flags)} ${direction}`).toBeLessThanOrEqual(most!);
        }
      }
    }
  });
});

describe("a link or attachment that cannot be", () => {
  test.each([
    [
      "names nobody",
      { to: "0000:77:00.0" },
      "FUNCTION_MISSING",
      /nvlink link from 0000:03:00.0 to 0000:77:00.0 names 0000:77:00.0: add that function/,
    ],
    ["has one end twice", { to: A }, "LINK_TO_ITSELF", /expected two functions, got one twice/],
    ["has an end of no name", { from: "3:0.0" }, "BAD_NAME", /expected dddd:bb:dd.f, got "3:0.0"/],
    [
      "attaches a device to the host, whatever the case of its kind",
      { kind: "CXL" },
      "LINK_IS_ATTACHMENT",
      /CXL attaches a device to the host, which leads to no other device: list it in hostAttachments/,
    ],
    ["has less than no bandwidth", { bandwidth: -1 }, "BAD_NUMBER", /0 or more bytes per second, got -1/],
    [
      "has an address that is none",
      { addresses: [{ start: "0x", size: 1, link: "0x0" }] },
      "BAD_NUMBER",
      /expected an address or size/,
    ],
    [
      "has addresses that end beyond 2^64",
      { addresses: [{ start: "0x0", size: 4096, link: "0xffffffffffffffff" }] },
      "RANGE_WRAPS",
      /4096 bytes at 0xffffffffffffffff end beyond/,
    ],
  ] as const)("is a fault where it %s", (_, link, code, message) => {
    const faults = problems(() => peers("no", [link as Partial<SideLinkDescription>]));
    expect(faults).toEqual([
      { code, message: expect.stringMatching(message), functions: expect.arrayContaining([expect.any(String)]) },
    ]);
  });

  test.each(["capi", "opencapi", "cxl", "c2c"])("is a fault where it is of kind %s, in columns too", (kind) => {
    const sideLinks = [{ kind, from: A!, to: B!, read: true, write: true }];
    const expected = [expect.objectContaining({ code: "LINK_IS_ATTACHMENT", functions: [A, B] })];
    expect(problems(() => Topology.of(machine("no", { sideLinks })))).toEqual(expected);
    const columns = columnsOf(reduced(machine("no")));
    const systems = columns.systems.map((facts) => ({ ...facts, sideLinks }));
    expect(problems(() => Topology.fromColumns({ ...columns, systems }))).toEqual(expected);
  });

  test("is a fault in columns too, and an attachment of nobody is one", () => {
    const hostAttachments = [{ kind: "cxl", function: "0000:77:00.0" }];
    const expected = [expect.objectContaining({ code: "FUNCTION_MISSING", functions: ["0000:77:00.0"] })];
    expect(problems(() => Topology.of(machine("no", { hostAttachments })))).toEqual(expected);
    const columns = columnsOf(reduced(machine("no")));
    const systems = columns.systems.map((facts) => ({ ...facts, hostAttachments }));
    expect(problems(() => Topology.fromColumns({ ...columns, systems }))).toEqual(expected);
  });

  function problems(make: () => unknown): unknown {
    try {
      make();
    } catch (error) {
      if (error instanceof TopologyError) return error.problems;
      throw error;
    }
    return [];
  }
});

const SERVER = readJson(
  readFileSync(new URL("../../examples/nvlink-server.json", import.meta.url), "utf8"),
  "nvlink-server.json",
);

describe("the example of a server with NVLink", () => {
  const peerDma = new PeerDma(Topology.of(SERVER), linux("6.12"));

  test("reaches over a link whom PCIe refuses, and nobody else", () => {
    expect(peerDma.topology.findings).toEqual([]);
    expect(said(peerDma, "GPU0", "GPU3")).toBe("side-link");
    expect(peerDma.can("GPU0", "GPU3").link).toMatchObject({ kind: "nvlink", bandwidth: 25e9, count: 2 });
    expect(said(peerDma, "GPU0", "GPU5")).toBe("HOST_BRIDGE_NOT_ALLOWED");
    expect(said(peerDma, "GPU0", "mlx5_0")).toBe("ACS_REDIRECT");
  });

  test("survives its buffer and its columns", () => {
    const gpus = Array.from({ length: 8 }, (_, index) => peerDma.topology.name(peerDma.topology.id(`GPU${index}`)));
    const columns = columnsOf(reduced(SERVER));
    const systems = SERVER.systems.map(({ functions: _, hostBridges: __, ...facts }) => facts);
    const { topology: fabric } = Topology.fromColumns({ ...columns, systems });
    const routes = (topology: Topology) => [...new PeerDma(topology, linux("6.12")).matrix(gpus).route];
    const expected = routes(peerDma.topology);
    expect(expected.filter((route) => ROUTES[route] === "side-link")).toHaveLength(32);
    for (const topology of [Topology.from(peerDma.topology.toBuffer()), fabric, Topology.from(fabric.toBuffer())]) {
      expect(routes(topology)).toEqual(expected);
      expect(topology.hostAttachments).toEqual([{ function: topology.id("0000:90:00.0"), kind: "cxl" }]);
    }
  });

  test("answers alike without its attachment to the host: that is no route", () => {
    const [server] = SERVER.systems;
    const { hostAttachments, ...others } = server!;
    expect(hostAttachments).toEqual([{ kind: "cxl", function: "0000:90:00.0" }]);
    const bare = new PeerDma(Topology.of({ ...SERVER, systems: [others] }), linux("6.12"));
    for (const { bdf } of server!.functions) {
      expect(peerDma.can("0000:90:00.0", bdf)).toEqual(bare.can("0000:90:00.0", bdf));
      expect(peerDma.can(bdf, "0000:90:00.0")).toEqual(bare.can(bdf, "0000:90:00.0"));
    }
  });

  test("has in a system of its own the links of that system", () => {
    const twin = { ...SERVER, systems: ["left", "right"].map((name) => ({ ...SERVER.systems[0]!, name })) };
    const both = new PeerDma(Topology.of(twin), linux("6.12"));
    expect(said(both, "right/0000:03:00.0", "right/0000:04:00.0")).toBe("side-link");
    expect(said(both, "left/0000:03:00.0", "right/0000:04:00.0")).toBe("DIFFERENT_SYSTEM");
  });
});
