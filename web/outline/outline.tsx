import type { OutlineRow } from "../machine/protocol.js";

export interface OutlineProps {
  readonly rows: readonly OutlineRow[];
  readonly chosen: readonly string[];
  readonly path: readonly string[];
  readonly culprits: readonly string[];
  readonly shown: { readonly bdf: string } | null;
  readonly onPick: (bdf: string) => void;
  /** Turns the redirection of a bridge on or off. */
  readonly onTurn: (bdf: string, redirects: boolean) => void;
}

export function Outline(_: OutlineProps) {
  return null;
}
