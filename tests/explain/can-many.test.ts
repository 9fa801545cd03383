import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  CODE_NUMBERS,
  DIRECTIONS,
  linux,
  NO_DISTANCE,
  PeerDma,
  ROUTES,
  Topology,
  type FunctionDescription,
  type SystemDescription,
} from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

/** All ordered pairs of a topology's functions. */
function pairsOf(topology: Topology) {
  const ids = topology.functions();
  const count = ids.length;
  return {
    providers: Uint32Array.from({ length: count ** 2 }, (_, row) => ids[Math.floor(row / count)]!),
    clients: Uint32Array.from({ length: count ** 2 }, (_, row) => ids[row % count]!),
  };
}

/** Pairs whose answer in columns is not that of the same pair alone, and the codes that there were. */
function compare(peerDma: PeerDma) {
  const { topology } = peerDma;
  const { providers, clients } = pairsOf(topology);
  const differences: string[] = [];
  const said = new Set<string>();
  for (const direction of DIRECTIONS) {
    const { answer, route, code, common, distance } = peerDma.canMany(providers, clients, direction);
    providers.forEach((provider, row) => {
      const one = peerDma.can(provider, clients[row]!, direction);
      const bridge = common[row]!;
      const inColumns = [
        ANSWERS[answer[row]!],
        ROUTES[route[row]!],
        CODE_NUMBERS[code[row]!],
        distance[row] === NO_DISTANCE ? null : distance[row],
        bridge === topology.commonId(provider, clients[row]!),
      ];
      const alone = [one.answer, one.route, one.answer === "yes" ? null : one.code, one.distance, true];
      said.add(`${one.answer} ${one.answer === "yes" ? one.route : one.code}`);
      if (inColumns.every((value, index) => value === alone[index])) return;
      differences.push(`${one.provider} ${one.client} ${direction}: ${inColumns.join(" ")}, alone ${alone.join(" ")}`);
    });
  }
  return { differences, said };
}

async function captured(capture: string, file = "snapshot.tar.gz"): Promise<PeerDma> {
  const { machine } = await read([{ name: capture, bytes: captureFile(capture, file) }]);
  return new PeerDma(Topology.of(machine), linux("6.12"));
}

describe("pairs in columns", () => {
  for (const capture of captureNames()) {
    test.each(["snapshot.tar.gz", "lspci.txt.gz"])(`${capture}, %s: are answered as one at a time`, async (file) => {
      const { differences, said } = compare(await captured(capture, file));
      expect(differences).toEqual([]);
      expect(said.size).toBeGreaterThan(0);
    });
  }

  test("of random machines are answered as one at a time, whatever the answer", () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(machine, kernel, (systems, release) => {
        const topology = Topology.of({ peerlane: 1, systems });
        const { differences, said } = compare(new PeerDma(topology, linux(release)));
        topology.close();
        expect(differences).toEqual([]);
        for (const each of said) seen.add(each);
      }),
      { seed: 20180402, numRuns: 120 },
    );
    expect([...seen].sort()).toEqual([
      "no ACS_REDIRECT",
      "no DIFFERENT_SYSTEM",
      "no HOST_BRIDGE_NOT_ALLOWED",
      "no NOT_SUPPORTED",
      "no P2PDMA_NOT_BUILT",
      "unknown ACS_UNREADABLE",
      "unknown HOST_BRIDGE_UNKNOWN",
      "unknown PARENT_UNKNOWN",
      "yes bus-address",
      "yes local",
      "yes through-host-bridge",
      "yes unknown",
    ]);
  });

  test("fill only the columns there are, up to the last pair, and both ways where no direction is given", async () => {
    const peerDma = await captured("gpu-server-intel");
    const [provider, client] = [...peerDma.topology.functions()].slice(-2) as [number, number];
    const into = {
      answer: new Uint8Array(2).fill(9),
      route: new Uint8Array(2).fill(9),
      code: new Uint8Array(2).fill(9),
    };
    const [providers, clients] = [Uint32Array.of(provider), Uint32Array.of(client)];
    expect(peerDma.canMany(providers, clients, undefined, into)).toBe(into);
    const { answer, route } = peerDma.can(provider, client);
    expect([ANSWERS[into.answer[0]!], ROUTES[into.route[0]!]]).toEqual([answer, route]);
    expect([into.answer[1], into.route[1], into.code[1]]).toEqual([9, 9, 9]);
    expect(peerDma.canMany(new Uint32Array(), new Uint32Array()).answer).toHaveLength(0);
  });

  test("name what is wrong with them", async () => {
    const peerDma = await captured("gpu-server-intel");
    const { size, roots } = peerDma.topology;
    const [id] = peerDma.topology.functions() as unknown as [number];
    const good = Uint32Array.of(id, id);
    for (const wrong of [0, size + 1, 0xffffffff]) {
      const message = `expected ids from 1 to ${size}, got ${wrong} in row 1`;
      expect(() => peerDma.canMany(Uint32Array.of(id, wrong), good)).toThrow(new RangeError(`providers: ${message}`));
      expect(() => peerDma.canMany(good, Uint32Array.of(id, wrong))).toThrow(new RangeError(`clients: ${message}`));
    }
    const host = roots[0]!.id;
    const message = `expected functions, got the host bridge ${host} in row 1`;
    expect(() => peerDma.canMany(Uint32Array.of(id, host), good)).toThrow(new RangeError(`providers: ${message}`));
    expect(() => peerDma.canMany(good, Uint32Array.of(id, host))).toThrow(new RangeError(`clients: ${message}`));
    expect(() => peerDma.can(host, id)).toThrow("expected a function, got the host bridge");
    expect(() => peerDma.canMany([id] as never, good)).toThrow(
      new TypeError("providers: expected a Uint32Array, got Array"),
    );
    expect(() => peerDma.canMany(good, good.subarray(1))).toThrow(
      new RangeError("clients: expected at least 2 rows, got 1"),
    );
    expect(() => peerDma.canMany(good, good, "up" as never)).toThrow(
      /expected a direction \(read, write, both\), got up/,
    );
    const short = { answer: new Uint8Array(2), route: new Uint8Array(1), code: new Uint8Array(2) };
    expect(() => peerDma.canMany(good, good, "both", short)).toThrow(
      new RangeError("into.route: expected at least 2 rows, got 1"),
    );
    const wide = { ...short, route: new Uint8Array(2), distance: new Int32Array(2) as never };
    expect(() => peerDma.canMany(good, good, "both", wide)).toThrow(
      new TypeError("into.distance: expected a Uint32Array, got Int32Array"),
    );
  });
});

const kernel = fc.constantFrom("6.12", "6.12", "5.4", "5.0", "4.19");

/** What a random function is: on the root bus or on that of a bridge before it, which may not be shown. */
const sketch = fc.record({
  above: fc.nat(20),
  acs: fc.constantFrom(null, null, undefined, { capability: 0x7f, control: 0x1d }, { capability: 0x7f, control: 0 }),
  isShown: fc.integer({ min: 0, max: 7 }).map((number) => number > 0),
});

const system = fc
  .record({
    sketches: fc.array(sketch, { minLength: 1, maxLength: 6 }),
    cpu: fc.constantFrom(
      undefined,
      { architecture: "x86", vendor: "GenuineIntel", family: 6 },
      { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 },
    ),
    host: fc.constantFrom(undefined, "1237", "2f00"),
    kernel: fc.constantFrom(undefined, { p2pdma: true }),
    second: fc.boolean(),
  })
  .map(({ sketches, cpu, host, kernel, second }): SystemDescription => {
    const hex = (number: number) => number.toString(16).padStart(2, "0");
    const functions = sketches.map(({ above, acs }, index): FunctionDescription => {
      const at = above % (index + 2);
      const bus = at === 0 ? "00" : at === 1 ? (second ? "80" : "00") : hex(at - 1);
      const register = acs === undefined ? {} : { acs };
      const buses = { secondary: index + 1, subordinate: index + 1 };
      return { bdf: `0000:${bus}:${hex(index + 1)}.0`, kind: "pci-bridge", bus: buses, ...register };
    });
    const hosts = ["00", "80"].map((bus): FunctionDescription => {
      const ids = { vendor: "8086", device: host!, class: "0600" };
      return { bdf: `0000:${bus}:00.0`, kind: "host-bridge-function", acs: null, ...ids };
    });
    return {
      functions: [...(host === undefined ? [] : hosts), ...functions.filter((_, index) => sketches[index]!.isShown)],
      hostBridges: [{ root: "0000:00" }, { root: "0000:80" }],
      ...(cpu === undefined ? {} : { cpu }),
      ...(kernel === undefined ? {} : { kernel }),
    };
  });

const machine = fc
  .array(system, { minLength: 1, maxLength: 2 })
  .map((systems) => systems.map((each, index) => ({ ...each, name: `machine${index}` })));
