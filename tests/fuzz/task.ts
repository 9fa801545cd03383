/** What the thread is asked to do. */
export interface Task {
  readonly name: string;
  readonly seed: number;
  readonly executions: number;
  readonly milliseconds: number;
  /** How many inputs were begun; then the length of the present one, and the input itself. */
  readonly present: SharedArrayBuffer;
}

/** What it says. */
export type Report =
  | { readonly kind: "found"; readonly error: string; readonly bytes: Uint8Array }
  | {
      readonly kind: "done";
      readonly executions: number;
      readonly corpus: number;
      readonly blocks: number;
      readonly slowest: { readonly milliseconds: number; readonly bytes: Uint8Array };
    };

export const HEAD_BYTES = 8;
