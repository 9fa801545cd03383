import type { Room } from "../topology/free-space.js";
import { formatBytes } from "./describe.js";
import {
  certain,
  systemDocument,
  systemLines,
  type ComparedSystem,
  type DiffWord,
  type SystemDiffDocument,
} from "./diff.js";
import { paragraph, type Style } from "./style.js";

/** A machine before and after changes that nobody has made. */
export interface WhatIf {
  /** What is changed, in the order in which it is. */
  readonly edits: readonly AppliedEdit[];
  readonly systems: readonly ComparedSystem[];
  /** Whether the functions in question were chosen. */
  readonly isChosen: boolean;
}

/** A change, and what came of it beside verdicts. */
export interface AppliedEdit {
  /** As it was asked for. */
  readonly edit: string;
  /** What there is to know about it; null: nothing. */
  readonly effect: string | null;
}

/** What would change, as `whatif --json` prints it. */
export interface WhatIfDocument {
  /** Version of this format. */
  readonly peerlaneWhatIf: 1;
  readonly result: DiffWord;
  /** Ordered pairs that would get another verdict. */
  readonly changed: number;
  /** Ordered pairs of which the description does not tell whether they would. */
  readonly cannotTell: number;
  readonly edits: readonly AppliedEdit[];
  /** As `diff --json` has them: `old` is the machine as it is, `new` as it would be. */
  readonly systems: readonly SystemDiffDocument[];
}

/** How many ordered pairs would get another verdict, as `--quiet` prints it. */
export function whatIfCount({ systems }: WhatIf): number {
  return systems.reduce((sum, { diff }) => sum + certain(diff.verdicts), 0);
}

/** Whether a verdict would change. `unknown`: none is known to, but of some pairs that cannot be told. */
export function whatIfWord(asked: WhatIf): DiffWord {
  if (whatIfCount(asked) > 0) return "different";
  return cannotTell(asked) > 0 ? "unknown" : "same";
}

function cannotTell({ systems }: WhatIf): number {
  return systems.reduce(
    (sum, { diff: { verdicts } }) => sum + verdicts.length - certain(verdicts) + verdicts.unknown,
    0,
  );
}

/** What would change, for scripts. */
export function whatIfDocument(asked: WhatIf): WhatIfDocument {
  return {
    peerlaneWhatIf: 1,
    result: whatIfWord(asked),
    changed: whatIfCount(asked),
    cannotTell: cannotTell(asked),
    edits: asked.edits,
    systems: asked.systems.map(systemDocument),
  };
}

/** What would change, for people: verdicts first. */
export function* whatIfLines(asked: WhatIf, style: Style): Generator<string> {
  yield* paragraph("", headline(asked, style), style, 0);
  for (const { edit, effect } of asked.edits) {
    if (effect !== null) yield* paragraph("", `${edit}: ${effect}`, style, 2);
  }
  for (const system of asked.systems) {
    if (asked.systems.length > 1) yield* ["", style.strong(`system ${system.name ?? ""}`)];
    yield* systemLines(system, style, {
      before: "not known before",
      after: "not known thereafter",
      tellsHow: false,
      namesAll: asked.isChosen,
      firmware: "what the firmware leaves in ACS control words (--firmware-acs)",
    });
  }
}

function headline(asked: WhatIf, style: Style): string {
  const pairs = asked.systems.reduce((sum, { diff }) => sum + diff.verdicts.compared, 0);
  const open = cannotTell(asked);
  const doubt = open === 0 ? "" : `; of ${open} the description does not tell`;
  switch (whatIfWord(asked)) {
    case "different":
      return `${style.strong("CHANGES")}: ${whatIfCount(asked)} of ${pairs} ordered pairs would get another verdict${doubt}`;
    case "same":
      return `${style.strong("NOTHING CHANGES")}: all ${pairs} ordered pairs would keep their verdict`;
    case "unknown":
      return `${style.doubtful("UNKNOWN")}: no ordered pair of ${pairs} is known to get another verdict${doubt}`;
  }
}

/** What comes of a BAR of another size. */
export function roomText({ answer, narrow, missing }: Room): string {
  const [first] = narrow;
  const narrowest =
    first === undefined
      ? ""
      : `the ${first.kind} window of ${first.bridge} ` +
        `${first.size === 0n ? "is closed" : `has ${formatBytes(first.size)}`} and needs ${formatBytes(first.needed)}, ` +
        `${formatBytes(first.needed - first.size)} more`;
  switch (answer) {
    case "now":
      return "there is room for it in the window above";
    case "by-growing":
      return `there is room once windows have grown: ${narrowest}`;
    case "by-rearranging":
      return `there is room only where others move, which takes the firmware; until then it is unassigned${first === undefined ? "" : `: ${narrowest}`}`;
    case "no":
      return `there is no room, so that it is unassigned: ${narrowest}`;
    case "unknown":
      return `whether there is room is not known without ${missing.join(", ")}${first === undefined ? "" : `; ${narrowest}`}`;
  }
}
