import { beforeAll, describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { precise } from "../../src/policy/precise.js";
import { isPacked, readBuffer, writeBuffer } from "../../src/topology/buffer/buffer.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { BufferError } from "../../src/topology/buffer/sections.js";
import { Topology } from "../../src/topology/topology.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames } from "../readers/fixtures.js";
import { acs, BDF, machineT } from "../vectors/machine.js";
import { seal } from "../forged/forgeries.js";
import { columnsOf, reduced } from "./columns-of.js";
import { documentsOf } from "./documents.js";

const tiny: MachineDescription = {
  peerlane: 1,
  systems: [
    {
      complete: true,
      functions: [
        { bdf: "0000:00:01.0", parent: null, command: 6, acs: { capability: 0x5f, control: 0x1d } },
        {
          bdf: "0000:01:00.0",
          parent: "0000:00:01.0",
          names: ["nvme0"],
          command: 6,
          bars: [{ index: 0, type: "mem64", start: "0x4000", bus: "0x4000", size: 0x1000 }],
        },
        { bdf: "0000:02:00.0" },
      ],
      ranges: [{ kind: "system-ram", name: "System RAM", start: "0x10000", size: 0x10000 }],
    },
  ],
};

function threeT(): MachineDescription {
  const machines = [machineT("L"), machineT("Z"), machineT("N")];
  const systems = machines.flatMap(({ systems }, index) => systems.map((each) => ({ ...each, name: `node${index}` })));
  return { peerlane: 1, systems };
}

describe("a buffer", () => {
  const topologies = new Map<string, Topology>();

  beforeAll(async () => {
    topologies.set("tiny", Topology.of(tiny));
    topologies.set("three T", Topology.of(threeT()));
    topologies.set("a fabric", Topology.fromColumns(columnsOf(reduced(threeT()))).topology);
    topologies.set("nothing", Topology.of({ peerlane: 1, systems: [{ functions: [] }] }));
    for (const name of captureNames().filter((_, index) => index % 4 === 1)) {
      const { machine } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
      topologies.set(name, Topology.of(machine));
    }
  });

  test("keeps what the precise model of ACS asks for, of a description and of columns", () => {
    const vector = { capability: 0x87f, control: 0x20, egressVector: [0b10] };
    const change = { DSP0: { ...acs(0x0c), link: { port: 1 } }, DSP1: { acs: vector }, A: { dmaMaskBits: 32 } };
    const machine = machineT("L", change);
    const whole = Topology.of(machine);
    const fabric = Topology.fromColumns(columnsOf(reduced(machine))).topology;
    const answers = (topology: Topology) => {
      const peers = new PeerDma(topology, precise(linux("6.1")));
      const ids = topology.functions();
      const verdicts = [BDF.A, BDF.B, BDF.E].flatMap((provider) =>
        [BDF.A, BDF.B, BDF.A1].map((client) => peers.can(provider, client)),
      );
      return { matrix: peers.matrix(ids), verdicts, mapping: peers.map(BDF.B, 0xf800_0000n, 1n) };
    };
    for (const topology of [whole, fabric]) {
      expect(answers(Topology.from(topology.toBuffer()))).toEqual(answers(topology));
    }
    expect(answers(whole).mapping).toMatchObject({ ok: false, code: "EGRESS_BLOCKED" });
    // Columns have no vectors.
    expect(answers(fabric).mapping).toMatchObject({ ok: false, code: "ACS_UNREADABLE" });
  });

  test("becomes the same topology, culprits, names and findings included", () => {
    expect(topologies.size).toBeGreaterThan(7);
    for (const [name, topology] of topologies) {
      const again = Topology.from(topology.toBuffer());
      const stride = topology.size > 40 ? 5 : 1;
      expect([name, documentsOf(again, stride)]).toEqual([name, documentsOf(topology, stride)]);
      expect(again.findings).toEqual(topology.findings);
      expect(again.describeMachine()).toEqual(topology.describeMachine());
      const ids = Array.from({ length: topology.size }, (_, index) => index + 1);
      expect(ids.map((id) => again.name(id))).toEqual(ids.map((id) => topology.name(id)));
    }
  });

  test("is the same when written again", () => {
    for (const topology of topologies.values()) {
      const buffer = topology.toBuffer();
      expect(Buffer.from(Topology.from(buffer).toBuffer()).equals(Buffer.from(buffer))).toBe(true);
    }
  });

  test("names its culprits", () => {
    const topology = Topology.of(machineT("N", { DSP0: { acs: { capability: 0x5f, control: 0x1d } } }));
    const peerDma = new PeerDma(Topology.from(topology.toBuffer()), linux("6.12"));
    expect(peerDma.can(BDF.A, BDF.B).culprits).toMatchObject([{ bdf: BDF.DSP0, bits: ["RR", "CR"] }]);
  });

  test("is the caller's to change, transfer and cut out of another", () => {
    const buffer = topologies.get("a fabric")!.toBuffer();
    const shifted = new Uint8Array(buffer.byteLength + 3);
    shifted.set(new Uint8Array(buffer), 3);
    const fromPart = Topology.from(shifted.subarray(3));
    const fromWhole = Topology.from(buffer);
    new Uint8Array(buffer).fill(0xff);
    structuredClone(buffer, { transfer: [buffer] });
    expect(buffer.byteLength).toBe(0);
    expect(documentsOf(fromWhole, 4)).toEqual(documentsOf(fromPart, 4));
  });

  test("is read from whatever holds its bytes", () => {
    const buffer = topologies.get("three T")!.toBuffer();
    const shared = new SharedArrayBuffer(buffer.byteLength + 8);
    const inShared = new Uint8Array(shared, 8);
    inShared.set(new Uint8Array(buffer));
    const whole = new SharedArrayBuffer(buffer.byteLength);
    new Uint8Array(whole).set(inShared);
    const holders = [whole, inShared, new DataView(buffer), new Float64Array(buffer), Buffer.from(buffer)];
    for (const held of holders) {
      const topology = Topology.from(held);
      expect(Buffer.from(topology.toBuffer()).equals(Buffer.from(buffer))).toBe(true);
    }
  });

  test("begins every section at a multiple of 64 bytes, and says what it is", () => {
    const buffer = topologies.get("three T")!.toBuffer();
    expect(new TextDecoder().decode(buffer.slice(0, 8))).toBe("peerlane");
    expect(buffer.byteLength % 64).toBe(0);
    for (const { offset } of readBuffer(buffer).all.values()) expect(offset % 64).toBe(0);
    expect(isPacked(new Uint8Array(buffer))).toBe(true);
    expect(isPacked(new TextEncoder().encode("peerlan"))).toBe(false);
  });

  test("is read again however its description was spelled", () => {
    const machine = structuredClone(tiny) as unknown as { systems: { functions: Record<string, unknown>[] }[] };
    const bars = [{ index: 0, type: "mem64", start: "0X0004000", size: "4096", dunno: [1] }];
    Object.assign(machine.systems[0]!.functions[1]!, { bars, vendor: "0x8086", dmaMaskBits: 128, note: "ours" });
    const topology = Topology.of(machine as never);
    const again = Topology.from(topology.toBuffer());
    expect(documentsOf(again)).toEqual(documentsOf(topology));
    expect(again.owners(0x4fffn)).toMatchObject({ answer: "one", owners: [{ name: "0000:01:00.0" }] });
  });

  test("of a closed topology there is none", () => {
    const topology = Topology.of(tiny);
    topology.close();
    expect(() => topology.toBuffer()).toThrow("this topology is closed");
  });
});

/** The error that a buffer is refused with. */
function refusal(data: unknown): BufferError {
  try {
    Topology.from(data as ArrayBuffer);
  } catch (error) {
    if (error instanceof BufferError) return error;
    throw error;
  }
  throw new Error("expected the buffer to be refused");
}

describe("damage", () => {
  const whole = new Uint8Array(Topology.of(tiny).toBuffer());
  const changed = (at: number, value: number) => {
    const bytes = whole.slice();
    bytes[at] = value;
    return bytes;
  };

  test("is found wherever the buffer is cut short", () => {
    const edges = [...readBuffer(whole).all.values()].flatMap(({ bytes, offset }) => [offset, offset + bytes.length]);
    for (const length of [...edges, 64, 127, whole.length - 1]) {
      if (length === whole.length) continue;
      const { message, section, offset } = refusal(whole.slice(0, length));
      expect([message, section, offset]).toEqual([
        `cut short: the header says ${whole.length} bytes, ${length} are here; read or transfer it whole`,
        null,
        length,
      ]);
    }
    expect(refusal(whole.slice(0, 63)).message).toMatch(/^cut short: the header alone has 64 bytes, 63 are here/);
    expect(refusal(whole.slice(0, 7)).message).toBe('not a packed topology: it begins with "peerlan"');
  });

  test("is found in whatever byte it is", () => {
    for (let at = 0; at < whole.length; at++) {
      expect(() => Topology.from(changed(at, whole[at]! ^ (1 << (at % 8))))).toThrow(BufferError);
    }
  });

  test("says what it is", () => {
    expect(refusal(changed(0, 0x50))).toMatchObject({
      message: 'not a packed topology: it begins with "Peerlane"',
      section: null,
      offset: 0,
    });
    expect(refusal(changed(8, 4))).toMatchObject({
      message: "of version 4, this peerlane reads 3: update peerlane",
      section: null,
      offset: 8,
    });
    expect(refusal(changed(8, 1)).message).toBe("of version 1, this peerlane reads 3: write it anew from its source");
    expect(refusal(changed(whole.length - 100, whole[whole.length - 100]! ^ 1))).toMatchObject({
      message: "damaged: its checksum is another; read or transfer it again",
      section: null,
      offset: 24,
    });
    const longer = new Uint8Array(whole.length + 64);
    longer.set(whole);
    expect(refusal(longer).message).toBe(
      `expected ${whole.length} bytes as the header says, got ${whole.length + 64}: it is not this buffer alone`,
    );
  });

  test.each<[unknown, string]>([
    [null, "null"],
    [undefined, "undefined"],
    ["peerlane", "string"],
    [[1, 2], "an object of Array"],
    [{ byteLength: 64 }, "an object of Object"],
    [Object.create(null), "an object of no class"],
  ])("is none where there are no bytes: %o", (data, got) => {
    const message = `expected an ArrayBuffer or a view of one, got ${got}`;
    expect(() => Topology.from(data as ArrayBuffer)).toThrow(new TypeError(message));
  });
});

/** A buffer with one section changed, and sealed again. */
function forged(topology: Topology, change: (sections: Map<string, Uint8Array>) => void): ArrayBuffer {
  const sections = new Map(
    Array.from(readBuffer(topology.toBuffer()).all, ([name, { bytes }]) => [name, bytes.slice()] as const),
  );
  change(sections);
  return writeBuffer(sections);
}

/** In the machine, where it first stands. */
function replaceText(sections: Map<string, Uint8Array>, text: string, other: string): void {
  const machine = new TextDecoder().decode(sections.get("machine"));
  if (!machine.includes(text)) throw new Error(`the machine has no ${text}`);
  sections.set("machine", new TextEncoder().encode(machine.replace(text, other)));
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe("a forged buffer", () => {
  const described = Topology.of(tiny);
  const fabric = Topology.fromColumns(columnsOf(reduced(machineT()))).topology;

  test.each<[string, Topology, (sections: Map<string, Uint8Array>) => void, string, string]>([
    ["a section missing", described, (all) => all.delete("hosts.id"), "hosts.id", "section hosts.id is missing"],
    [
      "a section of the core missing",
      described,
      (all) => all.delete("core.keys"),
      "core.keys",
      "section core.keys: is missing",
    ],
    [
      "too few rows",
      described,
      (all) => all.set("nodes.source", new Uint8Array(4)),
      "nodes.source",
      "expected 24 bytes, got 4",
    ],
    [
      "no JSON",
      described,
      (all) => all.set("machine", Uint8Array.of(0x7b)),
      "machine",
      "section machine: expected JSON",
    ],
    [
      "no machine",
      described,
      (all) => all.set("machine", encode({})),
      "machine",
      "section machine: $.systems: expected a value, got nothing",
    ],
    [
      "no functions",
      described,
      (all) => all.set("machine", encode({ systems: [{ functions: [null] }] })),
      "machine",
      "$.systems[0].functions[0]: expected object, got null",
    ],
    [
      "no name",
      described,
      (all) => all.set("machine", encode({ systems: [{ functions: [{ bdf: "x" }] }] })),
      "machine",
      'expected a function\'s name, dddd:bb:dd.f, got "x"',
    ],
    [
      "too many systems",
      described,
      (all) => all.set("machine", encode({ systems: [{ functions: [] }, { name: "b", functions: [] }] })),
      "machine",
      "expected 1 systems, got 2",
    ],
    [
      "a function that is none",
      described,
      (all) => (all.get("nodes.source")![8] = 9),
      "nodes.source",
      "expected at most 3, got 9 in row 2",
    ],
    [
      "a function that is a host bridge",
      described,
      (all) => (all.get("nodes.source")![8] = 0),
      "nodes.source",
      "row 2: expected a function exactly where no host bridge is",
    ],
    [
      "a host bridge elsewhere",
      described,
      (all) => (all.get("hosts.id")![0] = 2),
      "hosts.id",
      "row 0: node 2 is not host bridge 0",
    ],
    [
      "two systems of one name",
      described,
      (all) => all.set("machine", encode({ systems: [{ functions: [] }, { functions: [] }] })),
      "machine",
      "two systems without a name: give each a name of its own",
    ],
    [
      "an address that is none",
      described,
      (all) => replaceText(all, '"0x4000"', '"0x400g"'),
      "machine",
      '$.systems[0].functions[1].bars[0].start: expected an address or size such as "0xf9000000", got "0x400g"',
    ],
    [
      "a register that is none",
      described,
      (all) => replaceText(all, '"control":29', '"cOntrol":29'),
      "machine",
      "$.systems[0].functions[0].acs.control: expected a value, got nothing",
    ],
    [
      "a BAR of a host bridge",
      described,
      (all) => (all.get("core.owners")![0] = 1),
      "core.owners",
      "holds numbers that no topology has",
    ],
    [
      "a setting of the kernel that is none",
      fabric,
      (all) => all.set("systems.facts", encode([{ kernel: { p2pdma: {} } }])),
      "systems.facts",
      "$[0].kernel.p2pdma: expected boolean, got an object",
    ],
    [
      "a field that nobody knows",
      fabric,
      (all) => all.set("systems.facts", encode([{ kernal: {} }])),
      "systems.facts",
      "$[0].kernal: no such field",
    ],
    ["no finding", described, (all) => all.set("findings", encode([1])), "findings", "expected an array of findings"],
    [
      "an openness of no kind",
      described,
      (all) => (all.get("systems.open")![0] = 9),
      "systems.open",
      "expected at most 3, got 9 in row 0",
    ],
    [
      "no such kind",
      fabric,
      (all) => (all.get("nodes.kind")![3] = 14),
      "nodes.kind",
      "expected at most 13, got 14 in row 3",
    ],
    [
      "no such physical function",
      fabric,
      (all) => all.get("nodes.physicalFunction")!.fill(0x7f, 8, 12),
      "nodes.physicalFunction",
      "expected at most 26, got 2139062143 in row 2",
    ],
    [
      "a host bridge as physical function",
      fabric,
      (all) => (all.get("nodes.physicalFunction")![8] = 1),
      "nodes.physicalFunction",
      "expected a function in row 2, got a host bridge",
    ],
    [
      "ranges before others",
      fabric,
      (all) => (all.get("ranges.first")![4] = 200),
      "ranges.first",
      "is less than the one before",
    ],
    ["no such range", fabric, (all) => (all.get("ranges.list")![0] = 99), "ranges.list", "got 99 in row 0"],
    [
      "no facts",
      fabric,
      (all) => all.set("systems.facts", encode([null])),
      "systems.facts",
      "section systems.facts: $[0]: expected object, got null",
    ],
    [
      "no such facts",
      fabric,
      (all) => (all.get("systems.row")![0] = 1),
      "systems.row",
      "expected at most 0, got 1 in row 0",
    ],
    [
      "too few names",
      fabric,
      (all) => all.set("systems.names", encode([])),
      "systems.names",
      "expected the names of 1 systems",
    ],
  ])("with %s is refused, naming the section", (_, topology, change, section, message) => {
    const error = refusal(forged(topology, change));
    expect(error.message).toContain(message);
    expect(error.section).toBe(section);
    if (!message.includes("missing")) expect(error.offset).toBeGreaterThanOrEqual(64);
  });

  test("with a directory that leads out of it is refused", () => {
    const sections = readBuffer(described.toBuffer()).all;
    const bytes = new Uint8Array(described.toBuffer());
    const row = 64 * (1 + [...sections.keys()].indexOf("findings"));
    for (const [at, value] of [
      [row + 48, 1],
      [row + 48 + 4, 1],
      [row + 56 + 3, 1],
      [row + 56 + 7, 0xff],
      [row, 0],
      [12, 0xff],
      [13, 0xff],
    ] as const) {
      const changed = bytes.slice();
      changed[at] = value;
      seal(changed);
      const { section } = refusal(changed);
      expect(section === "directory" || section === "findings").toBe(true);
    }
  });
});
