import type { FunctionDescription, MachineDescription, SystemDescription } from "../topology/description.js";
import { Tree } from "./card.js";
import type { Edit } from "./edit.js";
import { findFunction, withSystem } from "./find.js";

/**
 * The machine without a device: all functions of the card that `ref` is on, and all that hangs below them.
 *
 * @param ref as {@link Edit}s name functions: `dddd:bb:dd.f`, `bb:dd.f` or another name, `system/` in front where needed.
 * @throws EditError, once made, for a function that there is not, and for what is part of a switch or the root complex.
 */
export function remove(ref: string): Edit {
  return (machine: MachineDescription) => {
    const { system, description } = findFunction(machine, ref);
    return withSystem(machine, system, without(system, new Tree(system).card(description).all));
  };
}

function without(system: SystemDescription, gone: ReadonlySet<FunctionDescription>): SystemDescription {
  const names = new Set([...gone].map(({ bdf }) => bdf));
  const { sideLinks, hostAttachments } = system;
  return {
    ...system,
    functions: system.functions.filter((each) => !gone.has(each)),
    ...(sideLinks && { sideLinks: sideLinks.filter(({ from, to }) => !names.has(from) && !names.has(to)) }),
    ...(hostAttachments && { hostAttachments: hostAttachments.filter((each) => !names.has(each.function)) }),
  };
}
