import { describe, expect, test } from "vitest";
import { Random } from "../../src/random.js";
import { BufferError } from "../../src/topology/buffer/sections.js";
import { Topology } from "../../src/topology/topology.js";
import { ask, type Count } from "./ask.js";
import { changedBytes, changedJson, changedWords, movedDirectory, movedSections, type Forgery } from "./forgeries.js";
import { TOPOLOGIES } from "./machines.js";

// A buffer that is damaged is refused; one that was forged, with a checksum that is right, is refused, or makes a topology
// of which every call answers or is refused in words. All forgeries with PEERLANE_LONG=1, else some of them.

const LONG = process.env["PEERLANE_LONG"] === "1";
const WHOLE = Object.entries(TOPOLOGIES).map(([name, make]) => [name, new Uint8Array(make().toBuffer())] as const);

function from(bytes: Uint8Array): Topology | null {
  try {
    return Topology.from(bytes);
  } catch (error) {
    if (error instanceof BufferError) return null;
    throw error;
  }
}

describe.each(WHOLE.filter(([, { length }]) => LONG || length < 10_000))("a buffer %s", (_, whole) => {
  test("is refused with any bit of it turned, and with any byte of it another", () => {
    const bytes = whole.slice();
    const changes = [1, 2, 4, 8, 16, 32, 64, 128, 0xff];
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (const change of changes) {
        bytes[at] = whole[at]! ^ change;
        if (from(bytes) === null) refused++;
      }
      bytes[at] = whole[at]!;
    }
    expect(refused).toBe(changes.length * whole.length);
    expect(from(bytes)).not.toBeNull();
  });
});

interface Outcome extends Count {
  tried: number;
  refusedWhole: number;
  believed: number;
}

/** How many forgeries of a kind are tried unless all are: fewer of what takes longer to ask. */
const SOME = 120;
const some = (bytes: number) => Math.ceil(Math.min(1, 5000 / bytes) * SOME);

describe.each(WHOLE)("a forged buffer %s is refused, or answers:", (name, whole) => {
  const others = WHOLE.filter(([other]) => other !== name).map(([, bytes]) => bytes);
  const step = (values: number) => (LONG ? 1 : Math.ceil((whole.length * values) / some(whole.length)) | 1);
  const every = LONG ? 1 : whole.length > 10_000 ? 401 : 31;
  const random = new Random(whole.length, 0);

  test.each<[kind: string, forgeries: () => Iterable<Forgery>, every: number]>([
    ["a byte", () => changedBytes(whole, whole.length % 7, step(8), random), 1],
    ["a word", () => changedWords(whole, whole.length % 3, step(4)), 1],
    ["sections", () => movedSections(whole, others), every],
    ["the directory", () => movedDirectory(whole), every],
    ["what is JSON", () => changedJson(whole), every],
  ])("%s", { timeout: 7_200_000 }, (kind, forgeries, nth) => {
    const outcome: Outcome = { tried: 0, refusedWhole: 0, believed: 0, answered: 0, refused: 0 };
    const faults = new Map<string, string>();
    let at = 0;
    for (const { what, bytes } of forgeries()) {
      if (at++ % nth !== 0) continue;
      outcome.tried++;
      try {
        const topology = from(bytes);
        if (topology === null) outcome.refusedWhole++;
        else ask(topology, outcome.believed++, outcome);
      } catch (error) {
        const { stack } = ((error as Error).cause ?? error) as Error;
        if (!faults.has(String(error))) faults.set(String(error), `${what}: ${stack}`);
      }
    }
    expect([...faults].slice(0, 8)).toEqual([]);
    expect(outcome.tried).toBeGreaterThan(0);
    expect(outcome.refusedWhole + outcome.believed).toBe(outcome.tried);
    if (LONG) console.log(`${name}, ${kind}: ${JSON.stringify(outcome)}`);
  });
});
