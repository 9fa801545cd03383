import type { FabricColumns } from "../topology/fabric/columns.js";
import { build } from "./build.js";
import { walkMachines } from "./machines.js";
import type { SynthesizeOptions } from "./options.js";
import { planOf } from "./plan.js";

/**
 * Makes up machines as real ones are built: host bridges, root ports, switches, endpoints with several functions,
 * physical functions with virtual ones; bus numbers as an enumerator gives them, at most 256 in a segment; BARs and
 * windows as firmware places them, each system in a CPU physical address space of its own.
 *
 * Rows of functions are in depth-first order, those of BARs in the order of their functions. The same options make the
 * same columns, byte for byte. Systems are named `s0`, `s1`, ….
 *
 * @throws TypeError for an option of the wrong kind, RangeError for a value that cannot be: where one host bridge may
 *   need more than 256 buses, one system addresses beyond 2^63, all of it more than 2^27 functions or 2^26 BARs, for
 *   which no topology has room, or more memory than there is. The message begins with the option's name, or names what
 *   to lower.
 */
export function synthesize(options: SynthesizeOptions = {}): FabricColumns {
  const plan = planOf(options);
  return build((rows) => walkMachines(plan, rows), plan.functions, plan.facts);
}
