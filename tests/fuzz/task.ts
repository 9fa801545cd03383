import type { FuzzResult } from "./fuzz.js";

/** What the thread is asked to do. */
export interface Task {
  readonly name: string;
  readonly seed: number;
  readonly executions: number;
  readonly milliseconds: number;
  /** What is mutated; null: the seeds, and whatever of them reaches blocks of the program that nothing reached before. */
  readonly corpus: readonly Uint8Array[] | null;
  /** How many inputs were begun; then the length of the present one, and the input itself. */
  readonly present: SharedArrayBuffer;
}

/** What it says. */
export type Report =
  { readonly kind: "found"; readonly error: string; readonly bytes: Uint8Array } | ({ readonly kind: "done" } & Done);

export interface Done extends FuzzResult {
  /** Blocks of the program that were reached; null: not counted. */
  readonly blocks: number | null;
}

export const HEAD_BYTES = 8;
