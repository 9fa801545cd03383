import type { MachineDescription } from "../topology/description.js";
import { Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";

/** More functions than these take too long to be described and packed again. */
const MOST_RESTATED = 100_000;

/**
 * A topology of what another one says, with something else put into it. Ids stay.
 *
 * @param option for the sake of which, as it was typed.
 * @throws UsageError where the topology is large.
 */
export function restated(
  topology: Topology,
  option: string,
  change: (machine: MachineDescription) => MachineDescription,
): Topology {
  const count = topology.functions().length;
  if (count > MOST_RESTATED) {
    throw new UsageError(
      `${option} changes what the source says, which can be done for ${MOST_RESTATED} functions at most, these are ` +
        `${count}: choose one machine with --system, or put it into the source`,
    );
  }
  return Topology.of(change(topology.describeMachine()));
}
