import type { OwnerAnswer } from "../machine/protocol.js";

export interface AddressProps {
  /** What a link asks about; empty: nothing. */
  readonly initial: string;
  readonly ownerOf: (text: string) => Promise<OwnerAnswer>;
  readonly onAsk: (text: string) => void;
  readonly onShow: (bdf: string) => void;
}

export function Address(_: AddressProps) {
  return null;
}
