import type { Wanted } from "../machine/protocol.js";

export interface OpenPanelProps {
  /** What the worker is doing; null: nothing. */
  readonly progress: string | null;
  /** Why the last attempt failed; null: it did not. */
  readonly problem: string | null;
  /** What a link asks about, in words; null: the page was not opened by one. */
  readonly question: string | null;
  readonly onOpen: (wanted: Wanted, title: string) => void;
}

export function OpenPanel(_: OpenPanelProps) {
  return null;
}
