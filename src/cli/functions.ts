import type { Ref, Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";
import { editsBetween } from "./spelling.js";

const SUGGESTIONS = 3;

/**
 * The function a person means; an error names those that are spelled nearly so.
 *
 * @param others what else there is to be named, behind the advice where nothing is spelled nearly so.
 */
export function findFunction(topology: Topology, text: string, argument: string, others = ""): number {
  const id = find(topology, text, argument, others);
  if (topology.isFunction(id)) return id;
  throw new UsageError(
    `${argument}: ${topology.name(id)} is a host bridge; expected a function such as ${example(topology)}`,
  );
}

/** The same, or the name of a device outside PCI. */
export function findParty(topology: Topology, text: string, argument: string): Ref {
  try {
    return topology.platformDevice(text)?.name ?? findFunction(topology, text, argument, outsideAdvice(topology));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${argument}: ${error.message}`);
    throw error;
  }
}

/** Some of the devices outside PCI, and how many there are beside. */
function outsideAdvice({ platformDevices }: Topology): string {
  const some = platformDevices.slice(0, SUGGESTIONS).map(({ name }) => `"${name}"`);
  if (some.length === 0) return "";
  const more = platformDevices.length > some.length ? ` and ${platformDevices.length - some.length} more` : "";
  return `; outside PCI it has ${some.join(", ")}${more}`;
}

function find(topology: Topology, text: string, argument: string, others: string): number {
  const [, number] = /^#(\d+)$/.exec(text) ?? [];
  try {
    return topology.id(number === undefined ? text : Number(number));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    if (number !== undefined) {
      throw new UsageError(`${argument}: no function has the id ${number}: ids are those that \`list --json\` shows`);
    }
    if (topology.isPlatformDevice(text)) {
      throw new UsageError(
        `${argument}: ${text} is a device outside PCI; can and map take one, and owner its addresses`,
      );
    }
    const [, nodes, remedy] = /names (\d+) nodes: (.*)$/.exec(error.message) ?? [];
    // Within one system nothing but its id tells a function from its namesakes.
    if (nodes !== undefined && (remedy === "ask by id" || topology.systems.length === 1)) {
      throw new UsageError(
        `${argument}: "${text}" names ${nodes} functions: write '#ID' in quotes, with an id that \`list --json\` shows`,
      );
    }
    if (!error.message.startsWith("nothing is named")) throw new UsageError(`${argument}: ${error.message}`);
    throw new UsageError(`${argument}: the source has no function named "${text}": ${advice(topology, text, others)}`);
  }
}

/** Above this many functions nobody wants to wait for what else a person may have meant. */
const MOST_COMPARED = 100_000;

function advice(topology: Topology, text: string, others: string): string {
  const near = topology.size > MOST_COMPARED ? [] : nearest(text, spellings(topology));
  if (near.length > 0) return `did you mean ${near.join(" or ")}?`;
  const count = topology.functions().length;
  const functions =
    count === 0
      ? "it shows no functions at all; give the output of lspci as well, with another -i"
      : `it has ${count} functions, such as ${example(topology)}; \`peerlane list\` shows them`;
  return functions + others;
}

function example(topology: Topology): string {
  const [first] = topology.functions();
  return first === undefined ? "0000:41:00.0" : topology.name(first);
}

function spellings(topology: Topology): string[] {
  const all = [...topology.functions()].flatMap((id) => [topology.name(id), ...(topology.describe(id)!.names ?? [])]);
  return [...new Set([...all, ...topology.platformDevices.map(({ name }) => name)])];
}

/** What differs in few letters, the nearest first. */
function nearest(text: string, candidates: readonly string[]): string[] {
  const wanted = text.toLowerCase();
  // Two digits away from a function there are always others.
  const limit = wanted.includes(":") || wanted.length <= 6 ? 1 : 2;
  return candidates
    .map((candidate) => ({
      candidate,
      edits: Math.min(...shapes(candidate).map((shape) => editsBetween(wanted, shape, limit))),
    }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits)
    .slice(0, SUGGESTIONS)
    .map(({ candidate }) => candidate);
}

/** People leave the segment 0000 out. */
function shapes(candidate: string): string[] {
  const lower = candidate.toLowerCase();
  return lower.startsWith("0000:") ? [lower, lower.slice(5)] : [lower];
}
