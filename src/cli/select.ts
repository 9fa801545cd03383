import { MATRIX_LIMIT } from "../core.js";
import { talksToPeers } from "../topology/class-code.js";
import { DEVICE_GROUPS, isManagementDisplay } from "../topology/device-groups.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";
import { findFunction } from "./functions.js";

/** Their names, for people. */
export const GROUP_NAMES = Object.keys(DEVICE_GROUPS).join(", ");

/** The functions meant by `--of`, each once, in the order of their names. */
export function select(topology: Topology, list: string): number[] {
  const wanted = new Set<number>();
  for (const text of list.split(",").map((part) => part.trim())) {
    for (const id of selectOne(topology, text)) wanted.add(id);
  }
  return [...topology.functions()].filter((id) => wanted.has(id));
}

/** All functions of a system, or where there is no room for all pairs those that people ask about. */
export function comparable(topology: Topology, system: number): readonly number[] {
  const ids = [...topology.functions(system)];
  if (ids.length <= MATRIX_LIMIT) return ids;
  const talking = ids.filter((id) => talksToPeers(topology.describe(id)!));
  if (talking.length <= MATRIX_LIMIT) return talking;
  throw new UsageError(
    `the pairs of ${MATRIX_LIMIT} functions can be compared, and ${talking.length} of ${ids.length} are devices that ` +
      "talk to each other: choose with --of or --system",
  );
}

/** What groups leave out where partners are looked for. */
export interface Devices {
  readonly ids: readonly number[];
  /** What was left out, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * The same for devices that are to work together: a group then has no virtual functions, which are their guests' affair,
 * and no displays of management controllers. Whoever is named is taken.
 */
export function selectDevices(topology: Topology, list: string, option: string): Devices {
  const wanted = new Set<number>();
  const [virtual, management] = [new Set<number>(), new Set<number>()];
  for (const text of list.split(",").map((part) => part.trim())) {
    const isGroup = groupOf(text) !== undefined;
    for (const id of selectOne(topology, text, option)) {
      const description = topology.describe(id)!;
      if (isGroup && typeof description.physicalFunction === "string") virtual.add(id);
      else if (isGroup && isManagementDisplay(description)) management.add(id);
      else wanted.add(id);
    }
  }
  const left = (ids: ReadonlySet<number>, what: string) => {
    const out = [...ids].filter((id) => !wanted.has(id));
    if (out.length === 0) return [];
    return [
      `${option}: ${what} left out, ${out.length} in all, such as ${topology.name(out[0]!)}; whoever is named is taken`,
    ];
  };
  return {
    ids: [...topology.functions()].filter((id) => wanted.has(id)),
    notes: [...left(virtual, "virtual functions"), ...left(management, "displays of management controllers")],
  };
}

/** Whether an entry of `--of` names a group, rather than a function. */
export function isGroup(text: string): boolean {
  return groupOf(text.trim()) !== undefined;
}

function groupOf(text: string): ((description: FunctionDescription) => boolean) | undefined {
  return DEVICE_GROUPS[groupNamed(text) ?? ""];
}

/** `gpu` and `GPUs` alike. */
function groupNamed(text: string): string | undefined {
  const name = text.toLowerCase();
  return [name, name.replace(/s$/, "")].find((each) => Object.hasOwn(DEVICE_GROUPS, each));
}

/** Why a list, of groups alone, means no function of a machine: a sentence; null: it means some, or is told otherwise. */
export function whyNone(topology: Topology, list: string): string | null {
  const groups = list.split(",").flatMap((part) => groupNamed(part.trim()) ?? []);
  const byClass = groups.filter((group) => group !== "all" && group !== "endpoint");
  if (byClass.length === 0 || select(topology, list).length > 0) return null;
  const functions = topology.functions();
  const unclassed = [...functions].filter((id) => topology.describe(id)!.class === undefined).length;
  if (unclassed === 0)
    return `no functions to compare: none of the ${functions.length} is one of ${byClass.join(", ")}`;
  return (
    `no functions to compare: the source shows no class of ${unclassed} of ${functions.length} functions, so that nothing ` +
    `tells which of them are ${byClass.join(", ")}. Add a source that does, as in -i tree.txt -i lspci-nn.txt, or give the ` +
    "functions themselves to --of"
  );
}

function selectOne(topology: Topology, text: string, option = "--of"): number[] {
  if (text === "") throw new UsageError(`${option}: expected ${GROUP_NAMES} or functions, got an empty entry`);
  const group = groupOf(text);
  if (group !== undefined) return [...topology.functions()].filter((id) => group(topology.describe(id)!));
  try {
    return [findFunction(topology, text, option)];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}; groups are ${GROUP_NAMES}`);
  }
}

/** Those of a list that may be compared with what they become: none would compare nothing, and look like no change. */
export function selectSome(topology: Topology, list: string): number[] {
  const ids = select(topology, list);
  if (ids.length > 1) return ids;
  throw new UsageError(
    `--of ${list}: ${ids.length === 0 ? (whyNone(topology, list) ?? "no functions") : "one function alone"}; a pair takes two`,
  );
}
