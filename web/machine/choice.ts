import { MATRIX_LIMIT } from "../../src/core.js";
import { talksToPeers } from "../../src/topology/class-code.js";
import { DEVICE_GROUPS, isManagementDisplay } from "../../src/topology/device-groups.js";
import type { Topology } from "../../src/topology/topology.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import type { Choice } from "./protocol.js";

/** Nobody finds a pair among more, and all pairs of these are answered at once. */
const ROOM = Math.min(1024, MATRIX_LIMIT);

export interface Chosen {
  readonly ids: Uint32Array;
  /** For which there is no room. */
  readonly left: number;
}

/** The functions of a system that a matrix has, in the order of their names. */
export function choose(topology: Topology, system: number, choice: Choice): Chosen {
  const functions = topology.functions(system);
  const of = (belongs: (description: FunctionDescription) => boolean) =>
    functions.filter((id) => belongs(topology.describe(id)!));
  const wanted = choice === "talking" ? talking(of, functions) : of(DEVICE_GROUPS[choice]!);
  return { ids: wanted.slice(0, ROOM), left: Math.max(0, wanted.length - ROOM) };
}

/**
 * Those that people ask about: virtual functions are their guests' affair, and displays of management controllers are
 * nobody's. Where the source shows no such device, all that may be one.
 */
function talking(of: (belongs: (description: FunctionDescription) => boolean) => Uint32Array, all: Uint32Array) {
  const devices = of(
    (description) =>
      talksToPeers(description) &&
      typeof description.physicalFunction !== "string" &&
      !isManagementDisplay(description),
  );
  if (devices.length > 1) return devices;
  const ends = of(DEVICE_GROUPS["endpoint"]!);
  return ends.length > 1 ? ends : all;
}
