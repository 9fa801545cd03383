import { verdictChanges, type VerdictChanges } from "../changes/verdicts.js";
import { PeerDma } from "../explain/peer-dma.js";
import { defaultPolicy } from "../policy/named.js";
import type { Direction, Policy } from "../policy/policy.js";
import { Topology } from "../topology/topology.js";
import type { Edit } from "./edit.js";

/** About which functions is asked, and by whose rules. */
export interface WhatIfOptions {
  /** Whose rules decide then; missing: those that decide now or, with another kernel, that kernel's. */
  readonly policy?: Policy;
  /** Ids of the functions whose pairs matter; missing: all. */
  readonly of?: Iterable<number>;
  /** As the client sees it. */
  readonly direction?: Direction;
}

/** What an edit would come to. */
export interface WhatIf {
  /** The machine that would then be; to be closed by whoever asked. */
  readonly after: PeerDma;
  /** By functions that keep their names. */
  readonly changes: VerdictChanges;
}

/**
 * Which verdicts an edit would change. Nothing is changed: to ask on, ask `after`, or the same machine with another edit.
 * Takes some milliseconds for a machine of a few hundred functions.
 *
 * @param before whose topology may have one system or several; columns of millions of functions are too much for it.
 * @throws EditError where the machine cannot be changed that way; RangeError for more functions than `MATRIX_LIMIT`.
 */
export function whatIf(before: PeerDma, edit: Edit, { policy, of, direction }: WhatIfOptions = {}): WhatIf {
  const machine = before.topology.describeMachine();
  const changed = edit(machine);
  const [was, is] = [machine, changed].map(({ systems }) => systems[0]?.kernel?.release);
  const rules = policy ?? (was === is ? before.policy : defaultPolicy(changed.systems[0]!));
  const after = new PeerDma(Topology.of(changed), rules);
  const changes = verdictChanges(before, after, {
    ...(of === undefined ? {} : { of }),
    ...(direction === undefined ? {} : { direction }),
  });
  return { after, changes };
}
