import type { Choice, MatrixView } from "../machine/protocol.js";

export interface MatrixProps {
  readonly view: MatrixView;
  readonly choice: Choice;
  /** Ids: provider and client. */
  readonly pair: readonly [number, number] | null;
  readonly onChoose: (choice: Choice) => void;
  readonly onPick: (provider: number, client: number) => void;
  /** In one sentence. */
  readonly reasonOf: (provider: number, client: number) => Promise<string>;
}

export function Matrix(_: MatrixProps) {
  return null;
}
