import { synthesize } from "../../src/fabrics/synthesize.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

/** Any whose rules are certain. */
const KERNEL = { release: "6.12.117" };

/** One machine with so many functions: GPUs, NICs and NVMe drives below switches, of whose ports one in eight redirects. */
export function madeUp(functions: number): MachineDescription {
  const columns = synthesize({ systems: 1, hostBridges: Infinity, functions, acs: 0.125 });
  const { topology } = Topology.fromColumns(columns);
  try {
    const machine = topology.describeMachine();
    // It is the only one: the name would say nothing.
    return { ...machine, systems: machine.systems.map(({ name: _, ...system }) => ({ ...system, kernel: KERNEL })) };
  } finally {
    topology.close();
  }
}
