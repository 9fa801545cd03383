import type { PeerDma } from "../explain/peer-dma.js";
import type { Missing } from "../policy/policy.js";
import type { SystemDescription } from "../topology/description.js";
import type { SideLink, Topology } from "../topology/topology.js";
import type { DiagnosisId, Severity } from "./ids.js";

/** Something about a machine that keeps peer-to-peer DMA from working, or from working well: one for each cause. */
export interface Diagnosis {
  readonly id: DiagnosisId;
  /** At most that of the id. */
  readonly severity: Severity;
  /** Of the system, where there are several. */
  readonly system?: string;
  /** Names of those that it is about, in their order. */
  readonly functions: readonly string[];
  /** How many pairs of devices it costs, where it is about pairs. */
  readonly pairs?: number;
  /** Facts of the source, each a sentence without a full stop that says which register or line it rests on. */
  readonly evidence: readonly string[];
  /** What comes of it: a sentence without a full stop. */
  readonly consequence: string;
  /** What to do, a command where there is one: a sentence without a full stop. */
  readonly remedy: string;
  /** What would have to be shown to be sure. */
  readonly missing?: readonly Missing[];
}

/** One system of a topology, as checks look at it. */
export interface Patient {
  /** Whose rules decide. */
  readonly peer: PeerDma;
  readonly topology: Topology;
  /** Its facts; its functions become objects where they are looked at, so that checks take them from the topology. */
  readonly system: SystemDescription;
  /** Its place in `topology.systems`. */
  readonly ordinal: number;
  /** Places in `topology.roots` of its host bridges and of what stands for those that are not shown. */
  readonly roots: readonly number[];
  /** Links between its functions beside PCIe. */
  readonly sideLinks: readonly SideLink[];
  /** Those that do DMA with each other (talkers.ts), by segment, bus, device and function. */
  readonly talkers: Uint32Array;
  /** Whether the talkers were named by whoever asks, rather than found by what they are. */
  readonly chosen: boolean;
}

/** A fact that a check lacks. */
export interface Unseen extends Missing {
  /**
   * True where verdicts stay what they are whatever it is, or where they take it for granted: whoever waits for this
   * check alone has to know.
   */
  readonly minor?: true;
}

/** One thing to look for. Whatever it looks at, its time is linear in the functions of the system. */
export interface Check {
  /** What it may find. */
  readonly ids: readonly DiagnosisId[];
  run(patient: Patient): Iterable<Diagnosis>;
  /** What it could not look at; missing: nothing. */
  unknown?(patient: Patient): Iterable<Unseen>;
}
