/** Why a machine cannot be changed that way. Stable: scripts may compare it. */
export type EditCode =
  | "EDIT_NOT_FOUND" // names no function of the machine, or several
  | "EDIT_NO_ACS" // no ACS capability there, or one that the source does not show
  | "EDIT_NO_BIT" // the capability lacks the bit that is to be set
  | "EDIT_NOT_MOVABLE" // part of a switch or of the root complex, or its place is not shown
  | "EDIT_NO_SUCH_PORT" // nothing can be plugged in there
  | "EDIT_PORT_TAKEN" // a port leads to one device, and there is one
  | "EDIT_BAR"; // no such memory BAR, or a size that it cannot take

/** A machine cannot be changed that way; nothing of it has been. */
export class EditError extends Error {
  override readonly name = "EditError";
  constructor(
    readonly code: EditCode,
    /** What was expected, what is there, and what to do. */
    message: string,
    /** Functions concerned. */
    readonly functions: readonly string[],
  ) {
    super(message);
  }
}
