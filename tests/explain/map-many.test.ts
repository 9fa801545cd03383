import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CODE_NUMBERS,
  DIRECTIONS,
  linux,
  NO_ADDRESS,
  NO_DISTANCE,
  PeerDma,
  ROUTES,
  Topology,
  TRANSLATIONS,
  type MapRequests,
} from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

/** Rows that one at a time have to be answered alike. */
interface Row {
  readonly initiator: number;
  readonly address: bigint;
  readonly size: bigint;
  readonly direction: number;
}

function columnsOf(rows: readonly Row[]): MapRequests {
  return {
    initiator: Uint32Array.from(rows, ({ initiator }) => initiator),
    address: BigUint64Array.from(rows, ({ address }) => address),
    size: BigUint64Array.from(rows, ({ size }) => size),
    direction: Uint8Array.from(rows, ({ direction }) => direction),
  };
}

/** Rows whose answer in columns is not that of the same request alone. */
function differences(peerDma: PeerDma, rows: readonly Row[]): string[] {
  const { topology } = peerDma;
  const many = peerDma.mapMany(columnsOf(rows));
  return rows.flatMap(({ initiator, address, size, direction }, row) => {
    const one = peerDma.map(initiator, address, size, DIRECTIONS[direction]!);
    const distance = many.distance![row]!;
    const inColumns = [
      ROUTES[many.route[row]!],
      CODE_NUMBERS[many.code[row]!],
      distance === NO_DISTANCE ? null : distance,
      one.ok ? many.dmaAddress![row] : NO_ADDRESS,
      one.ok ? TRANSLATIONS[many.translation![row]!] : null,
      many.owner![row],
    ];
    const alone = [
      one.route,
      one.ok ? null : one.code,
      one.distance,
      one.ok ? (one.dmaAddress ?? NO_ADDRESS) : NO_ADDRESS,
      one.ok ? one.translation : null,
      many.owner![row] === 0 ? 0 : one.owner?.id,
    ];
    const same = inColumns.every((value, index) => value === alone[index]);
    const at = `${topology.name(initiator)} 0x${address.toString(16)} ${size}`;
    return same ? [] : [`${at}: ${inColumns.join(" ")}, alone ${alone.join(" ")}`];
  });
}

async function captured(capture: string): Promise<PeerDma> {
  const { machine } = await read([{ name: capture, bytes: captureFile(capture, "snapshot.tar.gz") }]);
  return new PeerDma(Topology.of(machine), linux("6.12"));
}

describe("requests in columns", () => {
  for (const capture of captureNames()) {
    test(`${capture}: are answered as one at a time`, async () => {
      const peerDma = await captured(capture);
      const ids = [...peerDma.topology.functions()];
      const starts = ids.flatMap((id) =>
        (peerDma.topology.describe(id)!.bars ?? []).flatMap(({ start, size, type }) =>
          typeof start === "string" && type !== "io" ? [{ start: BigInt(start), size: BigInt(size ?? 1) }] : [],
        ),
      );
      const rows = starts.flatMap(({ start, size }, index): Row[] => {
        const initiator = (step: number) => ids[(index * 7 + step) % ids.length]!;
        return [
          { initiator: initiator(0), address: start, size, direction: 2 },
          { initiator: initiator(1), address: start + size - 1n, size: 1n, direction: 0 },
          { initiator: initiator(2), address: start + size - 1n, size: 2n, direction: 1 },
          { initiator: initiator(3), address: start + size, size: 1n, direction: 2 },
        ];
      });
      rows.push({ initiator: ids[0]!, address: 0x1000n, size: 4096n, direction: 2 });
      rows.push({ initiator: ids[0]!, address: (1n << 64n) - 1n, size: 1n, direction: 2 });
      expect(rows.length).toBeGreaterThan(2);
      expect(differences(peerDma, rows)).toEqual([]);
    });
  }

  test("anywhere in a machine are answered as one at a time", async () => {
    const peerDma = await captured("gpu-server-intel");
    const ids = peerDma.topology.functions();
    const row = fc.record({
      initiator: fc.nat(ids.length - 1).map((index) => ids[index]!),
      address: fc.oneof(fc.bigInt(0n, (1n << 33n) - 1n), fc.bigInt(0x80_0000_0000n, 0x90_0000_0000n)),
      size: fc.bigInt(1n, 1n << 25n),
      direction: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 40 }), (rows) => {
        expect(differences(peerDma, rows)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test("take doubles, one size and one direction, and fill only the columns there are", async () => {
    const peerDma = await captured("gpu-server-intel");
    // One that is reached above 4 GiB.
    const ids = [...peerDma.topology.functions()];
    const bars = ids.flatMap((id) => peerDma.topology.describe(id)?.bars ?? []);
    const starts = bars.flatMap(({ start }) => (typeof start === "string" ? [BigInt(start)] : []));
    const [initiator, address] = ids
      .flatMap((id) => starts.map((start) => [id, Number(start)] as const))
      .find(([id, start]) => {
        const mapping = peerDma.map(id, BigInt(start), 4096, "read");
        return mapping.ok && mapping.dmaAddress !== null && mapping.dmaAddress > 2n ** 32n;
      })!;
    const into = { route: new Uint8Array(3), code: new Uint8Array(3), dmaAddress: new Float64Array(3).fill(7) };
    const requests = {
      initiator: Uint32Array.of(initiator, initiator),
      address: Float64Array.of(address, 2 ** 53 - 4096),
      size: 4096,
      direction: "read",
    } as const;
    expect(peerDma.mapMany(requests, into)).toBe(into);
    const [first, second] = [0, 1].map((row) =>
      peerDma.map(initiator, BigInt(requests.address[row]!), requests.size, "read"),
    );
    expect(ROUTES[into.route[0]!]).toBe(first!.route);
    expect(ROUTES[into.route[1]!]).toBe(second!.route);
    expect(second!.ok).toBe(false);
    expect(into.dmaAddress[1]).toBeNaN();
    expect(first!.ok && first!.dmaAddress !== null ? Number(first!.dmaAddress) : NaN).toEqual(into.dmaAddress[0]);
    expect(into.dmaAddress[0]).toBeGreaterThan(2 ** 32);
    // One row more than was asked for.
    expect([into.route[2], into.code[2], into.dmaAddress[2]]).toEqual([0, 0, 7]);
  });

  test("name what is wrong with them", async () => {
    const peerDma = await captured("gpu-server-intel");
    const [id] = peerDma.topology.functions();
    const good: MapRequests = { initiator: Uint32Array.of(id!, id!), address: new BigUint64Array(2), size: 1 };
    const asking = (change: object) => () => peerDma.mapMany({ ...good, ...change });
    const { size } = peerDma.topology;
    expect(asking({ initiator: Uint32Array.of(id!, 0) })).toThrow(
      new RangeError(`initiator: expected ids from 1 to ${size}, got 0 in row 1`),
    );
    const [root] = peerDma.topology.roots;
    expect(asking({ initiator: Uint32Array.of(id!, root!.id) })).toThrow(
      new RangeError(`initiator: expected functions, got the host bridge ${root!.id} in row 1`),
    );
    expect(() => peerDma.map(root!.id, 0n, 1)).toThrow("expected a function, got the host bridge");
    expect(() => peerDma.mapMany(undefined as never)).toThrow(TypeError);
    expect(() => peerDma.mapMany({} as never)).toThrow(
      new TypeError("initiator: expected a Uint32Array, got undefined"),
    );
    expect(asking({ initiator: [id] })).toThrow(new TypeError("initiator: expected a Uint32Array, got Array"));
    expect(asking({ address: Float64Array.of(0, -1) })).toThrow(
      new RangeError("address: expected whole numbers from 0 to 2^53 - 1, got -1 in row 1"),
    );
    expect(asking({ address: new BigUint64Array(1) })).toThrow(
      new RangeError("address: expected at least 2 rows, got 1"),
    );
    expect(asking({ address: new BigUint64Array(3) })).toThrow(new RangeError("address: expected 2 rows, got 3"));
    expect(asking({ size: 0 })).toThrow(new RangeError("expected a size of at least 1 byte and less than 2^64, got 0"));
    expect(asking({ size: -1n })).toThrow(
      new RangeError("expected a size of at least 1 byte and less than 2^64, got -1"),
    );
    expect(asking({ size: BigUint64Array.of(1n, 0n) })).toThrow(
      new RangeError("size: expected at least 1 byte within [0, 2^64), got 0 bytes at 0 in row 1"),
    );
    expect(asking({ size: 0.5 })).toThrow(new RangeError("expected the size as a whole number of bytes, got 0.5"));
    expect(asking({ address: BigUint64Array.of(0n, (1n << 64n) - 1n), size: 2 })).toThrow(/got 2 bytes at .* in row 1/);
    expect(asking({ direction: Uint8Array.of(0, 3) })).toThrow(/expected rows of read, write, both, got 3 in row 1/);
    expect(asking({ direction: "up" })).toThrow(/expected a direction \(read, write, both\), got up/);
    expect(() => peerDma.mapMany(good, { route: new Uint8Array(1), code: new Uint8Array(2) })).toThrow(
      new RangeError("into.route: expected at least 2 rows, got 1"),
    );
  });
});
