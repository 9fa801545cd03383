import { bootProblems, type BootProblem, type BootProblemCode } from "../../boot/problems.js";
import type { Check, Diagnosis } from "../check.js";
import type { DiagnosisId, Severity } from "../ids.js";

/** The kernel command line: parameters that do not do what whoever wrote them wants. One diagnosis for each. */
export const commandLine: Check = {
  ids: [
    "KERNEL_OPTION_UNKNOWN",
    "ACS_OVERRIDE_ON",
    "PARAMETER_NOT_TAKEN",
    "PARAMETER_NAMES_NOTHING",
    "PARAMETER_WITHOUT_EFFECT",
    "PARAMETER_SIDE_EFFECT",
  ],
  *run({ system }) {
    for (const problem of bootProblems(system)) yield diagnose(problem);
  },
  *unknown({ system }) {
    if (system.kernel?.commandLine !== undefined) return;
    yield { what: "the kernel's command line", where: "/proc/cmdline", minor: true };
  },
};

function diagnose({ code, parameter, text, functions }: BootProblem): Diagnosis {
  const { id, severity, remedy } = MEANINGS[code];
  return {
    id,
    severity: severity ?? "warning",
    functions,
    evidence: [`the kernel's command line has: ${parameter}`],
    consequence: text,
    remedy,
  };
}

interface Meaning {
  readonly id: DiagnosisId;
  /** Missing: a warning. */
  readonly severity?: Severity;
  readonly remedy: string;
}

const CORRECT = "correct it, in quotes where a shell or boot loader would take the `;`, and boot again";
const BY_FIX = "take it out; `peerlane fix A B` shows the parameter that this kernel has";
const UPDATE = "update the kernel, or take what `peerlane fix A B` shows";

const MEANINGS: Readonly<Record<BootProblemCode, Meaning>> = {
  UNKNOWN_PCI_OPTION: { id: "KERNEL_OPTION_UNKNOWN", remedy: BY_FIX },
  ACS_OVERRIDE: { id: "ACS_OVERRIDE_ON", remedy: BY_FIX },
  ACS_PARAMETER_TOO_NEW: { id: "PARAMETER_NOT_TAKEN", remedy: UPDATE },
  COMMA_FOR_SEMICOLON: { id: "PARAMETER_NOT_TAKEN", remedy: CORRECT },
  ACS_PARAMETER_REPEATED: { id: "PARAMETER_NOT_TAKEN", remedy: CORRECT },
  BAD_ACS_FLAGS: { id: "PARAMETER_NOT_TAKEN", remedy: CORRECT },
  BAD_DEVICE: { id: "PARAMETER_NOT_TAKEN", remedy: CORRECT },
  SEVERAL_DEVICES: { id: "PARAMETER_NOT_TAKEN", remedy: UPDATE },
  NO_SUCH_DEVICE: {
    id: "PARAMETER_NAMES_NOTHING",
    remedy: "name the function as `peerlane list` does, or take it out",
  },
  NO_ACS_CAPABILITY: {
    id: "PARAMETER_NAMES_NOTHING",
    severity: "note",
    remedy: "take it out; `peerlane fix A B` names the functions that redirect",
  },
  ACS_PARAMETER_WITHOUT_EFFECT: {
    id: "PARAMETER_WITHOUT_EFFECT",
    remedy: "see what the kernel's log says of it: `dmesg | grep -i -e acs -e 'PCI: Unknown'`",
  },
  OTHER_BITS_SET: { id: "PARAMETER_SIDE_EFFECT", remedy: UPDATE },
  NO_EXTENDED_SPACE: { id: "PARAMETER_SIDE_EFFECT", remedy: "take it out" },
  HOST_WINDOWS_IGNORED: {
    id: "PARAMETER_SIDE_EFFECT",
    severity: "note",
    remedy: "take it out, unless the firmware is known to be wrong",
  },
};
