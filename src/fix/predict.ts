import type { MachineDescription } from "../topology/description.js";
import type { Predict } from "./parameter.js";

export function predictor(machine: MachineDescription, kernel: string | undefined): Predict {
  void kernel;
  return () => new Map(machine.systems[0]!.functions.flatMap(({ bdf }) => [[bdf, { value: 0, mask: 0 }] as const]));
}
