import type { FunctionDescription, MachineDescription } from "../../src/topology/description.js";

/**
 * The machine with its makers' names of functions of which the source shows numbers alone. The names are loaded only where
 * there is such a function.
 */
export async function labelled(machine: MachineDescription): Promise<MachineDescription> {
  if (!machine.systems.some(({ functions }) => functions.some(isNameless))) return machine;
  const { loadNames } = await import("../../src/names/index.js");
  const names = await loadNames();
  const added = (description: FunctionDescription): FunctionDescription => {
    const label = isNameless(description) ? names.label(description) : undefined;
    return label === undefined ? description : { ...description, label };
  };
  return {
    ...machine,
    systems: machine.systems.map((system) => ({ ...system, functions: system.functions.map(added) })),
  };
}

function isNameless({ label, vendor, device }: FunctionDescription): boolean {
  return label === undefined && vendor !== undefined && device !== undefined;
}
