import { isGpuClass, isNetworkClass } from "../topology/class-code.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";
import { findFunction } from "./functions.js";

/** Groups of functions by their class code (PCI Code and ID Assignment 1.1). */
const GROUPS: Readonly<Record<string, (description: FunctionDescription) => boolean>> = {
  all: () => true,
  endpoint: ({ class: code, bus }) => bus === undefined && code?.startsWith("06") !== true,
  bridge: ({ class: code, bus }) => bus !== undefined || code?.startsWith("0604") === true,
  gpu: ({ class: code }) => isGpuClass(code),
  accelerator: ({ class: code }) => code?.startsWith("12") === true,
  nic: ({ class: code }) => isNetworkClass(code),
  nvme: ({ class: code }) => code?.startsWith("0108") === true,
  storage: ({ class: code }) => code?.startsWith("01") === true,
  memory: ({ class: code }) => code?.startsWith("05") === true,
};

/** Their names, for people. */
export const GROUP_NAMES = Object.keys(GROUPS).join(", ");

/** The functions meant by `--of`, each once, in the order of their names. */
export function select(topology: Topology, list: string): number[] {
  const wanted = new Set<number>();
  for (const text of list.split(",").map((part) => part.trim())) {
    for (const id of selectOne(topology, text)) wanted.add(id);
  }
  return [...topology.functions()].filter((id) => wanted.has(id));
}

/** Why a list, of groups alone, means no function of a machine: a sentence; null: it means some, or is told otherwise. */
export function whyNone(topology: Topology, list: string): string | null {
  const groups = list.split(",").map((part) => part.trim().toLowerCase());
  const byClass = groups.filter((group) => Object.hasOwn(GROUPS, group) && group !== "all" && group !== "endpoint");
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

function selectOne(topology: Topology, text: string): number[] {
  if (text === "") throw new UsageError(`--of: expected ${GROUP_NAMES} or functions, got an empty entry`);
  const group = Object.hasOwn(GROUPS, text.toLowerCase()) ? GROUPS[text.toLowerCase()] : undefined;
  if (group !== undefined) return [...topology.functions()].filter((id) => group(topology.describe(id)!));
  try {
    return [findFunction(topology, text, "--of")];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${error.message}; groups are ${GROUP_NAMES}`);
  }
}
