/** Why a machine cannot be changed like that. */
export type EditErrorCode =
  | "NO_SUCH_FUNCTION" // nothing is named like that
  | "AMBIGUOUS" // several functions or systems are
  | "NO_SUCH_SYSTEM"
  | "NOT_SHOWN" // the description does not show what would be changed
  | "NO_ACS" // the function has no such capability
  | "NO_ACS_BIT" // its capability lacks the bit
  | "FIXED" // it cannot be taken out of where it is
  | "NO_PLACE" // nothing can be plugged in there
  | "OCCUPIED" // something is there already
  | "BELOW_ITSELF" // it would hang below what hangs below it
  | "NO_SUCH_BAR" // no memory BAR of that index
  | "BAD_SIZE"; // no size of a BAR, or none that this one can take

/** A change that cannot be made. The message says of what, why, and what can be. */
export class EditError extends RangeError {
  override readonly name = "EditError";
  constructor(
    /** Stable: scripts may compare it. */
    readonly code: EditErrorCode,
    message: string,
  ) {
    super(message);
  }
}
