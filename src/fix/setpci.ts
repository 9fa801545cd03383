/*
 * setpci writes a word of the ACS extended capability, whose control word is at offset 6, under a mask:
 *
 *     setpci -s 0000:40:01.1 ECAP_ACS+6.w=0000:000c
 *                                         │    └ the bits that change: RR CR
 *                                         └ their new values
 */

/** A command that changes ACS bits of one function until its next reset. */
export interface TemporaryCommand {
  /** `dddd:bb:dd.f`. */
  readonly bdf: string;
  /** What a shell runs, as root. */
  readonly command: string;
  /** The same that puts the bits back; null: what they were is not known. */
  readonly undo: string | null;
}

/**
 * The command for the bits of one function that have to change.
 *
 * @param now the control word, as far as `known` tells.
 */
export function temporaryCommand(
  bdf: string,
  { clear, set }: { readonly clear: number; readonly set: number },
  now: { readonly value: number; readonly mask: number },
): TemporaryCommand {
  const mask = clear | set;
  const known = (mask & ~now.mask) === 0;
  return {
    bdf,
    command: setpci(bdf, set, mask),
    undo: known ? setpci(bdf, now.value & mask, mask) : null,
  };
}

function setpci(bdf: string, value: number, mask: number): string {
  return `setpci -s ${bdf} ECAP_ACS+6.w=${hexWord(value)}:${hexWord(mask)}`;
}

/** Four hexadecimal digits, as setpci reads and prints a word. */
export function hexWord(value: number): string {
  return value.toString(16).padStart(4, "0");
}
