/**
 * What the page asks of its worker, and what it is told. Plain data both ways.
 *
 *     page                              worker
 *     open(files) ------------------->  reads, merges, packs       <--- progress
 *     matrix(settings, of) ---------->  the machine as it is, and as the settings would have it
 *     outline(settings) ------------->  every function             <--- parts of it, so that no message is a long task
 *     picture(settings) ------------->  boxes in their places      <--- parts of it
 *     ask(settings, a, b) ----------->  both ways, the path, the culprits, the fix
 */
import type { CpuDescription, IommuMode } from "../../src/topology/description.js";
import type { FixDocument } from "../../src/writers/fix.js";
import type { OwnerDocument } from "../../src/writers/owner.js";
import type { Layout, PlacedGroup } from "../../src/writers/pictures/svg-layout.js";
import type { Picture } from "../../src/writers/pictures/picture.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";

/** What is to be opened. */
export type Wanted =
  | { readonly kind: "files"; readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[] }
  /** A machine that comes with the page. */
  | { readonly kind: "shipped"; readonly name: string }
  /** A machine that is made up, with about as many functions. */
  | { readonly kind: "made-up"; readonly functions: number };

/** What the page would have otherwise than the sources have it. Null: as they have it. */
export interface Settings {
  /** Place in `Opened.systems`. */
  readonly system: number;
  /** Whose rules: what Linux tests, or what the hardware does. */
  readonly rules: "linux" | "precise";
  /** A release of Linux such as `6.12`. */
  readonly kernel: string | null;
  /** As `--cpu` has it, such as `AuthenticAMD:25`. */
  readonly cpu: string | null;
  readonly iommu: IommuMode | null;
  /** By the name of a bridge within its system: whether it redirects. On sets RR and CR, off clears EC too. */
  readonly redirects: Readonly<Record<string, boolean>>;
}

/** A machine that was opened. */
export interface Opened {
  readonly systems: readonly OpenedSystem[];
  /** What was odd about the sources, a sentence each. */
  readonly findings: readonly string[];
}

export interface OpenedSystem {
  readonly name: string | null;
  readonly functions: number;
  /** Kernel, CPU and IOMMU as people say them. */
  readonly facts: readonly string[];
  readonly kernel: string | null;
  readonly cpu: CpuDescription | null;
  readonly iommu: IommuMode | null;
  /** Whether the sources show every function; null: they need not. */
  readonly complete: true | "likely" | null;
}

/** Which functions a matrix has: a group of `GROUP_NAMES`, or those that people ask about. */
export type Choice = "talking" | "gpu" | "nic" | "nvme" | "endpoint" | "all";

/** All ordered pairs: row (provider) by column (client). */
export interface MatrixView {
  /** By whose rules, in words; and what is guessed or taken for granted, a sentence each. */
  readonly rules: string;
  readonly granted: readonly string[];
  /** Of the functions, in the order of rows and columns. */
  readonly ids: Uint32Array;
  readonly heads: readonly MatrixHead[];
  readonly now: Cells;
  /** As the sources have it; null: the settings change nothing. */
  readonly before: Cells | null;
  readonly changes: Changes | null;
  /** What the pairs of two different functions come to: there may be a million, which the page need not look through. */
  readonly counts: readonly PairCount[];
  /** The pair that a person most likely came for, as ids of provider and client; null: there are not two functions. */
  readonly telltale: readonly [number, number] | null;
  /** Functions of the choice for which there is no room. */
  readonly left: number;
}

/** How many ordered pairs have an answer and a route: places in `ANSWERS` and `ROUTES`. */
export interface PairCount {
  readonly answer: number;
  readonly route: number;
  readonly pairs: number;
}

export interface MatrixHead {
  /** `dddd:bb:dd.f`. */
  readonly bdf: string;
  /** What the system or its maker calls it, or what it is; never empty. */
  readonly title: string;
  readonly what: "GPU" | "NIC" | "NVMe" | "other";
}

/** As `PeerDma.matrix()` has them. */
export interface Cells {
  readonly distance: Int32Array;
  /** Places in `ROUTES` and `ANSWERS`. */
  readonly route: Uint8Array;
  readonly answer: Uint8Array;
}

/** What the settings change. */
export interface Changes {
  /** Ordered pairs that get another verdict, for certain. */
  readonly certain: number;
  /** Ordered pairs of which one side is unknown: a fact was added, or lost. */
  readonly learned: number;
  readonly pairs: number;
  /** `12 pairs: refused (ACS_REDIRECT) -> bus-address`, the most first. */
  readonly alike: readonly string[];
}

/** A function as a line of the outline. */
export interface OutlineRow {
  readonly id: number;
  /** `dddd:bb:dd.f`; of a host bridge `dddd:bb`. Boxes and ports of the picture have the same name. */
  readonly bdf: string;
  readonly depth: number;
  /** What the system calls it; empty: nothing. */
  readonly alias: string;
  /** `GPU`, `root port`, `host bridge`. */
  readonly what: string;
  /** Who made it, and what; empty: not shown. */
  readonly label: string;
  /** Sizes of its memory BARs, and its link; empty: none, or not shown. */
  readonly memory: string;
  readonly link: string;
  readonly isBridge: boolean;
  /** Null: it is no host bridge's or port's business, or it has none. */
  readonly acs: AcsState | null;
}

/** Whether a bridge redirects. */
export interface AcsState {
  /** `unknown`: not shown. */
  readonly redirects: boolean | "unknown";
  /** Bits that are set, such as `RR CR`. */
  readonly bits: string;
  /** Whether a switch of the page can turn it: its ACS is shown and it has bits to redirect with. */
  readonly canTurn: boolean;
  /** Whether the settings have turned it. */
  readonly turned: boolean;
}

/** Boxes in their places, and what is to be said of them. */
export interface PictureView {
  readonly title: string;
  readonly legend: readonly string[];
  readonly layout: Layout;
  readonly sideLinks: Picture["sideLinks"];
}

/** A run of text and how it is to look. */
export interface Span {
  readonly text: string;
  readonly look: "good" | "doubtful" | "bad" | "strong" | "faint" | "plain";
}
export type Line = readonly Span[];

/** A pair of functions, both ways. */
export interface Asked {
  /** DMA by the second to the memory of the first, and the other way round. */
  readonly ways: readonly [Way, Way];
  /** Null: nothing is to be done, or nothing can be. */
  readonly fix: { readonly document: FixDocument; readonly text: readonly Line[] } | null;
}

export interface Way {
  readonly document: VerdictDocument;
  /** As the command line says it. */
  readonly text: readonly Line[];
  /** Names (see OutlineRow.bdf) from the provider up to where the ways meet, and down to the client. */
  readonly path: readonly string[];
  /** Names of those at fault that stand on it. */
  readonly culprits: readonly string[];
}

/** Whose an address is. */
export interface OwnerAnswer {
  readonly document: OwnerDocument;
  readonly text: readonly Line[];
  /** Its name in outline and picture; null: nobody's, or no function's. */
  readonly bdf: string | null;
}

/** What the worker does. Every method may fail with a sentence for people. */
export interface MachineWorker {
  open(wanted: Wanted): Opened;
  outline(settings: Settings): readonly OutlineRow[];
  picture(settings: Settings): PictureView;
  matrix(settings: Settings, of: Choice): MatrixView;
  /** In one sentence. */
  reason(settings: Settings, provider: number, client: number): string;
  ask(settings: Settings, a: number, b: number): Asked;
  /** An address as people write it, or a line of a kernel's log that reports a fault. */
  owner(settings: Settings, text: string): OwnerAnswer;
  /** Markdown with a mermaid picture, for an issue; about a pair where there is one. What names one machine is not in it. */
  report(settings: Settings, pair: readonly [number, number] | null): string;
  /** The machine as its sources show it, as JSON without serial numbers: what the settings change is for a link to say. */
  redacted(): string;
}

/** From the page: a call. From the worker: how far it is, parts of the answer, then the answer or what is wrong. */
export interface Call {
  readonly call: number;
  readonly method: keyof MachineWorker;
  readonly args: readonly unknown[];
}
export type Told =
  | { readonly call: number; readonly kind: "progress"; readonly what: string }
  | { readonly call: number; readonly kind: "rows"; readonly rows: readonly OutlineRow[] }
  | { readonly call: number; readonly kind: "boxes"; readonly group: PlacedGroup }
  | { readonly call: number; readonly kind: "done"; readonly value: unknown }
  | { readonly call: number; readonly kind: "failed"; readonly message: string };
