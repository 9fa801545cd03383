import { contradictions } from "../../src/letters/contradictions.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { read } from "../../src/readers/read.js";
import { ReadError } from "../../src/readers/reading.js";
import { isPacked } from "../../src/topology/buffer/buffer.js";
import { cpuOf } from "../../src/topology/cpu.js";
import type { MachineDescription } from "../../src/topology/description.js";
import type { Finding } from "../../src/topology/finding.js";
import { Topology } from "../../src/topology/topology.js";
import { formatJson } from "../../src/writers/json.js";
import { redactedMachine } from "../../src/writers/snapshot/redacted-machine.js";
import { factsOf, pictureOf } from "../../src/writers/pictures/picture-of.js";
import { layOut } from "../../src/writers/pictures/svg-layout.js";
import { ownerAt } from "./address.js";
import { choose } from "./choice.js";
import { matrixOf } from "./matrix.js";
import { labelled } from "./labelled.js";
import { madeUp } from "./made-up.js";
import { outlineOf } from "./outline.js";
import { askPair, reasonFor } from "./pair.js";
import type {
  Asked,
  Choice,
  MachineWorker,
  MatrixView,
  Opened,
  OpenedSystem,
  OutlineRow,
  OwnerAnswer,
  PictureView,
  Settings,
  Wanted,
} from "./protocol.js";
import { reportOf } from "./report.js";
import { differences, machineFor, policyFor } from "./settled.js";

/** What a session needs of the place that it runs in. */
export interface Surroundings {
  /** Bytes of a machine that comes with the page, by its name. */
  readonly shipped: (name: string) => Promise<{ readonly name: string; readonly bytes: Uint8Array }>;
  readonly onProgress: (what: string) => void;
}

/** More functions than these take too much memory to be described, drawn and changed in a page. */
const MOST_FUNCTIONS = 100_000;

/** A machine as the sources have it. */
interface Source {
  readonly machine: MachineDescription;
  readonly topology: Topology;
}

/** A machine as settings would have it. */
interface Settled extends Source {
  /** What tells it from others. */
  readonly edits: string;
}

/** One machine at a time, and what is asked about it. The page has it in a worker; nothing here knows of either. */
export class Session implements Promised<MachineWorker> {
  #source: Source | null = null;
  #settled: Settled | null = null;

  constructor(private readonly surroundings: Surroundings) {}

  /** @throws ReadError, TopologyError; then the machine that was open before still is. */
  async open(wanted: Wanted): Promise<Opened> {
    const { machine, findings } = await this.#read(wanted);
    const count = machine.systems.reduce((sum, { functions }) => sum + functions.length, 0);
    if (count > MOST_FUNCTIONS) throw new RangeError(tooMany(count));
    this.surroundings.onProgress(`packing ${count.toLocaleString("en-US")} functions`);
    const named = await labelled(machine);
    const topology = Topology.of(named);
    this.close();
    this.#source = { machine: named, topology };
    return {
      systems: topology.systems.map((_, system) => systemOf(topology, system)),
      findings: sentences([...findings, ...topology.findings, ...contradictions(topology)]),
    };
  }

  async outline(settings: Settings): Promise<readonly OutlineRow[]> {
    return outlineOf(this.#settle(settings).topology, settings);
  }

  async picture(settings: Settings): Promise<PictureView> {
    const picture = pictureOf(this.#settle(settings).topology, { system: settings.system, most: Infinity });
    const { title, legend, sideLinks } = picture;
    return { title, legend, sideLinks, layout: layOut(picture) };
  }

  async matrix(settings: Settings, of: Choice): Promise<MatrixView> {
    const peer = this.#peer(settings);
    const source = this.#open();
    const own = { system: settings.system, rules: "linux", kernel: null } as const;
    const isOther = differences(settings, source.machine.systems[settings.system]!).length > 0;
    const before = isOther ? peerOf(source, own) : null;
    return matrixOf(peer, before, choose(peer.topology, settings.system, of));
  }

  async reason(settings: Settings, provider: number, client: number): Promise<string> {
    return reasonFor(this.#peer(settings), provider, client);
  }

  async ask(settings: Settings, a: number, b: number): Promise<Asked> {
    const peer = this.#peer(settings);
    return this.#withReal(settings, peer, (real) => askPair(peer, real, a, b));
  }

  async owner(settings: Settings, text: string): Promise<OwnerAnswer> {
    return ownerAt(this.#settle(settings).topology, settings.system, text);
  }

  async report(settings: Settings, pair: readonly [number, number] | null): Promise<string> {
    const { system } = settings;
    const { systems } = this.#open().machine;
    const topology = Topology.of(redactedMachine(this.#settle(settings).machine));
    try {
      const peer = peerOf({ topology }, settings);
      const apart = differences(settings, systems[system]!);
      return this.#withReal(settings, peer, (real) => reportOf(peer, real, system, pair, apart), redactedMachine);
    } finally {
      topology.close();
    }
  }

  async redacted(): Promise<string> {
    return `${formatJson(redactedMachine(this.#open().machine))}\n`;
  }

  /** Frees the memory of what is open. */
  close(): void {
    this.#settled?.topology.close();
    this.#source?.topology.close();
    this.#settled = this.#source = null;
  }

  async #read(wanted: Wanted): Promise<{ machine: MachineDescription; findings: readonly Finding[] }> {
    if (wanted.kind === "made-up") {
      this.surroundings.onProgress(`making up ${wanted.functions.toLocaleString("en-US")} functions`);
      return { machine: madeUp(wanted.functions), findings: [] };
    }
    const files = wanted.kind === "files" ? wanted.files : [await this.surroundings.shipped(wanted.name)];
    const packed = files.find(({ bytes }) => isPacked(bytes));
    if (packed !== undefined) return { machine: unpacked(packed, files.length), findings: [] };
    this.surroundings.onProgress(`reading ${files.map(({ name }) => name).join(", ")}`);
    return read(files);
  }

  #open(): Source {
    if (this.#source === null) throw new RangeError("no machine is open: open one first");
    return this.#source;
  }

  #peer(settings: Settings): PeerDma {
    return peerOf(this.#settle(settings), settings);
  }

  /** Uses the machine as the settings have it but for the bridges that they turn: nobody can boot with a what-if. */
  #withReal<Result>(
    settings: Settings,
    turned: PeerDma,
    use: (real: PeerDma) => Result,
    written: (machine: MachineDescription) => MachineDescription = (machine) => machine,
  ): Result {
    if (Object.keys(settings.redirects).length === 0) return use(turned);
    const topology = Topology.of(written(machineFor({ ...settings, redirects: {} }, this.#open().machine)));
    try {
      return use(peerOf({ topology }, settings));
    } finally {
      topology.close();
    }
  }

  /** The machine as the settings have it; the last one that they changed is kept. */
  #settle(settings: Settings): Source {
    const source = this.#open();
    const { system, kernel, cpu, iommu, redirects } = settings;
    if (source.machine.systems[system] === undefined) {
      throw new RangeError(`expected a system below ${source.machine.systems.length}, got ${system}`);
    }
    const edits = JSON.stringify([system, kernel, cpu, iommu, redirects]);
    if (this.#settled?.edits === edits) return this.#settled;
    const machine = machineFor(settings, source.machine);
    if (machine === source.machine) return source;
    const settled = { machine, topology: Topology.of(machine), edits };
    this.#settled?.topology.close();
    this.#settled = settled;
    return settled;
  }
}

/** The same methods, whose answers come later. */
type Promised<Methods extends { readonly [Name in keyof Methods]: (...args: never) => unknown }> = {
  [Name in keyof Methods]: (...args: Parameters<Methods[Name]>) => Promise<ReturnType<Methods[Name]>>;
};

function peerOf(
  { topology }: Pick<Source, "topology">,
  settings: Pick<Settings, "system" | "rules" | "kernel">,
): PeerDma {
  return new PeerDma(topology, policyFor(settings, topology.systems[settings.system]!));
}

function tooMany(count: number): string {
  return (
    `${count.toLocaleString("en-US")} functions: a page has room for ${MOST_FUNCTIONS.toLocaleString("en-US")}. ` +
    "The command line has room for all of them, and takes one machine out of many: npx peerlane --system NAME"
  );
}

function unpacked({ name, bytes }: { readonly name: string; readonly bytes: Uint8Array }, files: number) {
  if (files > 1) throw new ReadError("a packed topology is whole and cannot be combined with other sources", name);
  const topology = Topology.from(bytes);
  try {
    const count = topology.functions().length;
    if (count > MOST_FUNCTIONS) throw new RangeError(tooMany(count));
    return topology.describeMachine();
  } finally {
    topology.close();
  }
}

function systemOf(topology: Topology, ordinal: number): OpenedSystem {
  const system = topology.systems[ordinal]!;
  const { name, kernel, iommu, complete } = system;
  return {
    name: name ?? null,
    functions: topology.functions(ordinal).length,
    facts: factsOf(topology, ordinal),
    kernel: kernel?.release ?? null,
    cpu: cpuOf(system)?.cpu ?? null,
    iommu: iommu ?? null,
    complete: complete === false || complete === undefined ? null : complete,
  };
}

/** More than these nobody reads. */
const MOST_FINDINGS = 200;

function sentences(findings: readonly Finding[]): string[] {
  const texts = [...new Set(findings.map(({ source, message }) => (source ? `${source}: ${message}` : message)))];
  const more = texts.length - MOST_FINDINGS;
  return more > 0 ? [...texts.slice(0, MOST_FINDINGS), `and ${more} more`] : texts;
}
