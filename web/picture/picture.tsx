import type { PictureView } from "../machine/protocol.js";

export interface PictureProps {
  readonly view: PictureView;
  /** Names of boxes and ports: what is chosen, the ways between them, and who is at fault. */
  readonly chosen: readonly string[];
  readonly path: readonly string[];
  readonly culprits: readonly string[];
  /** What to bring into sight; a new object each time. */
  readonly shown: { readonly bdf: string } | null;
  readonly onPick: (bdf: string) => void;
}

export function Picture(_: PictureProps) {
  return null;
}
