import type { RegisterWord } from "../topology/description.js";

/** An ACS control word that has to change. */
export interface ControlChange {
  /** Id of the function in the topology that was asked. */
  readonly id: number;
  /** `dddd:bb:dd.f`. */
  readonly bdf: string;
  /** The capability word: which of the bits there are. */
  readonly capability: number;
  /** The control word now. */
  readonly now: RegisterWord;
  /** Bits that have to be clear and are not, or are not known to be. */
  readonly clear: number;
  /** Bits that have to be set and are not, or are not known to be. */
  readonly set: number;
  /** The control word with just that. */
  readonly wanted: RegisterWord;
  /** Why this function, a sentence without a full stop. */
  readonly why: string;
}
