import type { ComparedSystem, SystemDiffDocument } from "./diff.js";
import { systemDocument, systemLines } from "./diff.js";
import { paragraph, type Style } from "./style.js";

/** A machine, and what it would be after some edits. */
export interface EditedMachine {
  /** The edits in their order, each in a few words. */
  readonly edits: readonly string[];
  /** What else is to be said, a sentence each: room for BARs, what a boot leaves open. */
  readonly remarks: readonly string[];
  /** Each with `isEdit`. */
  readonly systems: readonly ComparedSystem[];
}

/** Whether verdicts would change. `unknown`: none that is known would, but some would no longer be known. */
export type WhatIfWord = "unchanged" | "changed" | "unknown";

/** What the edits come to, in one word. */
export function whatIfWord(edited: EditedMachine): WhatIfWord {
  if (edited.systems.some(({ diff }) => [...diff.verdicts].some(({ certain }) => certain))) return "changed";
  return changedVerdicts(edited) > 0 ? "unknown" : "unchanged";
}

/** How many ordered pairs would have another verdict, those of which less or more would be known among them. */
export function changedVerdicts({ systems }: EditedMachine): number {
  return systems.reduce((sum, { diff }) => sum + diff.verdicts.length, 0);
}

/** What edits change, as `whatif --json` prints it. */
export interface WhatIfDocument {
  /** Version of this format. */
  readonly peerlaneWhatIf: 1;
  readonly result: WhatIfWord;
  readonly edits: readonly string[];
  readonly remarks: readonly string[];
  /** As in `diff --json`: `old` is the machine as it is, `new` what it would be. */
  readonly systems: readonly SystemDiffDocument[];
}

/** What edits change, for scripts. */
export function whatIfDocument(edited: EditedMachine): WhatIfDocument {
  const { edits, remarks, systems } = edited;
  return { peerlaneWhatIf: 1, result: whatIfWord(edited), edits, remarks, systems: systems.map(systemDocument) };
}

/** What edits change, for people: the verdicts, then the facts. */
export function* whatIfLines(edited: EditedMachine, style: Style): Generator<string> {
  const { edits, remarks, systems } = edited;
  yield* paragraph("", headline(edited, style), style, 0);
  for (const edit of edits) yield* paragraph("  if", edit, style);
  for (const remark of remarks) yield* paragraph("  note", remark, style);
  for (const system of systems) {
    if (systems.length > 1) yield* ["", style.strong(`system ${system.name ?? ""}`)];
    yield* systemLines(system, style);
  }
}

function headline(edited: EditedMachine, style: Style): string {
  const pairs = edited.systems.reduce((sum, { diff }) => sum + diff.verdicts.compared, 0);
  const changed = changedVerdicts(edited);
  switch (whatIfWord(edited)) {
    case "unchanged":
      return `${style.strong("NO VERDICT CHANGES")} of ${pairs} ordered pairs`;
    case "changed":
      return `${style.strong("CHANGES")}: ${changed} of ${pairs} ordered pairs get another verdict`;
    case "unknown":
      return `${style.doubtful("UNKNOWN")}: of ${changed} of ${pairs} ordered pairs the verdict would not be known, or not the reason`;
  }
}
