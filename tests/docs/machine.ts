import type { MachineDescription } from "../../src/index.js";

/** The least that is a machine. */
export const anyMachine: MachineDescription = {
  peerlane: 1,
  systems: [{ functions: [{ bdf: "0000:00:01.0", kind: "root-port", parent: null }] }],
};
