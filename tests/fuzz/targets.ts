import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../src/cli/program.js";
import { bootWith } from "../../src/edits/boot-with.js";
import { readGuestMap } from "../../src/nccl/guest-map.js";
import { lintTopology } from "../../src/nccl/lint.js";
import { Random } from "../../src/random.js";
import { readCpuinfo } from "../../src/readers/cpuinfo.js";
import { parseFaultLine } from "../../src/readers/fault-line.js";
import { readHwloc } from "../../src/readers/hwloc/hwloc.js";
import { readIomem } from "../../src/readers/iomem.js";
import { readJson } from "../../src/readers/json.js";
import { readLspci } from "../../src/readers/lspci/lspci.js";
import { readNccl } from "../../src/readers/nccl.js";
import { readRdmaTopo } from "../../src/readers/rdma-topo.js";
import { read } from "../../src/readers/read.js";
import type { Reading } from "../../src/readers/reading.js";
import { readListing } from "../../src/readers/sysfs/listing.js";
import { readSysfs } from "../../src/readers/sysfs/sysfs.js";
import { readTopoMatrix } from "../../src/readers/topo-matrix.js";
import { readBuffer, writeBuffer } from "../../src/topology/buffer/buffer.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { edited, editedColumns } from "./edited.js";
import { interrogate, interrogateMachine } from "./interrogate.js";
import { isOwnError } from "./own-error.js";
import * as seeds from "./seeds.js";
import { commandLine } from "./words.js";

/** Something that takes bytes from anybody. */
export interface Target {
  readonly seeds: () => Uint8Array[] | Promise<Uint8Array[]>;
  /** Fails for any error that is not one of ours. */
  readonly run: (bytes: Uint8Array) => void | Promise<void>;
  /** Inputs are no longer than that. */
  readonly longest?: number;
}

const UTF8 = new TextDecoder();

/** What is asked after reading depends on the input alone: a finding can be shown again. */
function randomOf(bytes: Uint8Array): Random {
  let hash = bytes.length;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + byte) | 0;
  return new Random(hash, 0);
}

function ofText(makeSeeds: Target["seeds"], readText: (text: string, source: string) => Reading | Reading[]): Target {
  return ofMachine(makeSeeds, (bytes) => {
    const readings = [readText(UTF8.decode(bytes), "fuzz")].flat();
    return { peerlane: 1, systems: readings.map(({ system }) => system) };
  });
}

/** Every so many machines that were read are asked: to build a topology takes longer than to read one. */
const ASKED = 48;

function ofMachine(makeSeeds: Target["seeds"], readMachine: (bytes: Uint8Array) => MachineDescription): Target {
  return {
    seeds: makeSeeds,
    run(bytes) {
      try {
        const machine = readMachine(bytes);
        const random = randomOf(bytes);
        if (random.below(ASKED) === 0) interrogateMachine(machine, random);
      } catch (error) {
        if (!isOwnError(error)) throw error;
      }
    },
  };
}

function ofMachineLater(
  makeSeeds: Target["seeds"],
  readMachine: (bytes: Uint8Array) => Promise<MachineDescription>,
): Target {
  return {
    seeds: makeSeeds,
    async run(bytes) {
      try {
        const machine = await readMachine(bytes);
        const random = randomOf(bytes);
        if (random.below(ASKED) === 0) interrogateMachine(machine, random);
      } catch (error) {
        if (!isOwnError(error)) throw error;
      }
    },
  };
}

const fromBytes = (bytes: Uint8Array) => read([{ name: "fuzz", bytes }]).then(({ machine }) => machine);
const rows = () =>
  Array.from({ length: 64 }, (_, index) => Uint8Array.from({ length: 24 }, (__, at) => index * 7 + at));

/** Machines as they are described. */
export const MACHINES = (await seeds.jsonSeeds()).map((bytes) => JSON.parse(UTF8.decode(bytes)) as MachineDescription);
const COMMAND_LINES = [
  "quiet pci=config_acs=xx100x1@0000:00:01.0;10x@pci:8086:* iommu=pt intel_iommu=on,sm_on",
  'BOOT_IMAGE=/vmlinuz "pci=disable_acs_redir=0000:01:00.0;pci:10de:20b5:*,noaer" amd_iommu=off -- init',
];

/** Where command lines of the fuzzer find their sources. */
function sourceFiles(): string[] {
  const folder = mkdtempSync(join(tmpdir(), "peerlane-fuzz-"));
  const contents = [seeds.lspciSeeds()[0]!, ...MACHINES.slice(0, 2).map((machine) => JSON.stringify(machine))];
  return contents.map((content, index) => {
    const path = join(folder, `source-${index}`);
    writeFileSync(path, content);
    return path;
  });
}

let files: string[] | undefined;

/** Runs the command line within this process; what it prints is thrown away. */
async function runCommand(bytes: Uint8Array): Promise<void> {
  files ??= sourceFiles();
  const written = { out: process.stdout.write, err: process.stderr.write, code: process.exitCode };
  let said = "";
  const swallow = (data: unknown, ...rest: unknown[]): boolean => {
    said += String(data).slice(0, 2000);
    for (const each of rest) if (typeof each === "function") (each as () => void)();
    return true;
  };
  process.stdout.write = swallow as typeof process.stdout.write;
  process.stderr.write = swallow as typeof process.stderr.write;
  const words = commandLine(randomOf(bytes), files);
  try {
    await run(words);
    const code = process.exitCode;
    if (/internal error/.test(said) || typeof code !== "number" || code < 0 || code > 3) {
      throw new Error(`peerlane ${words.map((word) => JSON.stringify(word)).join(" ")}: exit ${code}, ${said}`);
    }
  } finally {
    process.stdout.write = written.out;
    process.stderr.write = written.err;
    process.exitCode = written.code;
  }
}

/** Every reader, every way of building a topology, and the command line. */
export const TARGETS: Readonly<Record<string, Target>> = {
  lspci: ofText(seeds.lspciSeeds, readLspci),
  "lspci-records": ofText(seeds.recordSeeds, readLspci),
  listing: ofText(seeds.listingSeeds, readListing),
  iomem: ofText(seeds.iomemSeeds, readIomem),
  "topo-matrix": ofText(seeds.topoMatrixSeeds, readTopoMatrix),
  cpuinfo: ofText(seeds.cpuinfoSeeds, (text) => ({
    system: { functions: [], cpu: readCpuinfo(text) },
    findings: [],
  })),
  hwloc: ofText(seeds.hwlocSeeds, readHwloc),
  nccl: ofText(seeds.ncclSeeds, (text, source) => {
    lintTopology(text);
    return [...readNccl(text, source)];
  }),
  "rdma-topo": ofMachineLater(seeds.rdmaTopoSeeds, async (bytes) => {
    const { system } = await readRdmaTopo(UTF8.decode(bytes), "fuzz");
    return { peerlane: 1, systems: [system] };
  }),
  sysfs: ofMachineLater(seeds.treeSeeds, async (bytes) => {
    const { system } = await readSysfs(seeds.treeOf(bytes), "fuzz");
    return { peerlane: 1, systems: [system] };
  }),
  archive: ofMachineLater(seeds.archiveSeeds, fromBytes),
  /** Whatever a paste may be, recognised by its content; of two sources, and of real machines. */
  read: ofMachineLater(
    async () => [
      ...seeds.lspciSeeds().slice(0, 12),
      ...seeds.recordSeeds(),
      ...seeds.iomemSeeds().slice(0, 3),
      ...seeds.hwlocSeeds().slice(0, 2),
      ...(await seeds.ncclSeeds()),
      ...seeds.realSeeds(),
    ],
    async (bytes) => {
      const middle = bytes.length >> 1;
      const halves = [bytes.subarray(0, middle), bytes.subarray(middle)];
      const sources = randomOf(bytes).below(8) === 0 ? halves : [bytes];
      const { machine } = await read(sources.map((each, index) => ({ name: `fuzz${index}`, bytes: each })));
      return machine;
    },
  ),
  json: ofMachine(seeds.jsonSeeds, (bytes) => readJson(UTF8.decode(bytes), "fuzz")),
  /** Values of JavaScript that no schema has seen. */
  description: {
    seeds: rows,
    run(bytes) {
      try {
        const machine = edited(MACHINES[(bytes[0] ?? 0) % MACHINES.length], bytes) as MachineDescription;
        interrogateMachine(machine, randomOf(bytes));
      } catch (error) {
        if (!isOwnError(error)) throw error;
      }
    },
  },
  columns: {
    seeds: rows,
    run(bytes) {
      try {
        const { topology } = Topology.fromColumns(editedColumns(bytes));
        interrogate(topology, randomOf(bytes));
        topology.close();
      } catch (error) {
        if (!isOwnError(error)) throw error;
      }
    },
  },
  buffer: {
    seeds: seeds.bufferSeeds,
    longest: 1 << 16,
    run(bytes) {
      try {
        const topology = Topology.from(bytes);
        interrogate(topology, randomOf(bytes));
        topology.close();
      } catch (error) {
        if (!isOwnError(error)) throw error;
      }
    },
  },
  /** With a checksum that is right, whatever was done to the sections. */
  "forged-buffer": {
    seeds: rows,
    run(bytes) {
      const topology = forged(bytes);
      try {
        interrogate(Topology.from(topology), randomOf(bytes));
      } catch (error) {
        if (!isOwnError(error)) throw error;
      }
    },
  },
  boot: ofMachine(
    () => COMMAND_LINES.map(seeds.bytesOf),
    (bytes) => bootWith(UTF8.decode(bytes), { kernel: "6.12" })(MACHINES[bytes.length % MACHINES.length]!),
  ),
  lines: {
    seeds: () =>
      [
        "DMAR: [DMA Write] Request device [01:00.0] fault addr 0xfe001000 [fault reason 05] PTE Write",
        "AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:01:00.0 domain=0x0000 address=0xfe001000 flags=0x0020]",
        "0000:81:00.0 0000:01:00.0 0\n0000:82:00.0 0000:02:00.0 1 # second\n",
      ].map(seeds.bytesOf),
    run(bytes) {
      const text = UTF8.decode(bytes);
      parseFaultLine(text);
      try {
        readGuestMap(text, "fuzz");
      } catch (error) {
        if (!isOwnError(error)) throw error;
      }
    },
  },
  "command-line": { seeds: rows, run: runCommand },
};

const PACKED = (await seeds.bufferSeeds()).map((bytes) => readBuffer(bytes).all);

function forged(bytes: Uint8Array): ArrayBuffer {
  const [first = 0] = bytes;
  const all = new Map(Array.from(PACKED[first % PACKED.length]!, ([name, section]) => [name, section.bytes.slice()]));
  const names = [...all.keys()];
  for (let at = 1; at + 5 < bytes.length; at += 6) {
    const [which, low, high, act, value, other] = bytes.subarray(at, at + 6) as unknown as number[];
    const name = names[which! % names.length]!;
    const section = all.get(name)!;
    const place = (low! | (high! << 8)) % Math.max(1, section.length);
    if (act! % 16 === 0) all.set(name, section.slice(0, place));
    else if (act! % 16 === 1) all.set(name, all.get(names[other! % names.length]!)!.slice());
    else if (act! % 16 < 5) section.fill(value! % 2 === 0 ? 0xff : 0, place & ~3, (place & ~3) + 4);
    else if (act! % 16 < 8) section[place & ~3] = value!;
    else section[place] = value!;
  }
  return writeBuffer(all);
}
