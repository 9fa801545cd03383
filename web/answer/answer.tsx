import type { Asked } from "../machine/protocol.js";

export interface AnswerProps {
  readonly asked: Asked;
  /** Whether a bridge redirects; null: not shown, or none. Of the machine as the settings have it. */
  readonly redirects: (bdf: string) => boolean | null;
  /** Turns the redirection of a bridge on or off. */
  readonly onTurn: (bdf: string, redirects: boolean) => void;
  /** Brings a function into sight. */
  readonly onShow: (bdf: string) => void;
}

export function Answer(_: AnswerProps) {
  return null;
}
