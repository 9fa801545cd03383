import type { Link } from "../explain/verdict.js";
import type { SideLinkDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";

/** A side link at one of its ends, as `list` shows it. Null: not shown. */
export interface LinkEntry {
  readonly kind: string;
  /** Name of the function at the other end. */
  readonly peer: string;
  /** Which requests it takes, as this end sees it: those it issues, those it receives, or both. */
  readonly requests: "out" | "in" | "both";
  /** Bytes per second in each direction. */
  readonly bandwidth: number | null;
  readonly read: boolean | null;
  readonly write: boolean | null;
  readonly atomics: boolean | null;
  readonly coherent: boolean | null;
}

/** What a function has beside PCIe. */
export interface Extras {
  readonly links: readonly LinkEntry[];
  /** Kinds of its attachments to the host. */
  readonly attachments: readonly string[];
}

const NOTHING: Extras = { links: [], attachments: [] };
const extras = new WeakMap<Topology, ReadonlyMap<number, Extras>>();

/** The side links and host attachments of a function, by its id. */
export function extrasOf(topology: Topology, id: number): Extras {
  let known = extras.get(topology);
  if (known === undefined) extras.set(topology, (known = collect(topology)));
  return known.get(id) ?? NOTHING;
}

function collect(topology: Topology): ReadonlyMap<number, Extras> {
  const found = new Map<number, { links: LinkEntry[]; attachments: string[] }>();
  const at = (id: number) => {
    let own = found.get(id);
    if (own === undefined) found.set(id, (own = { links: [], attachments: [] }));
    return own;
  };
  for (const { from, to, description } of topology.sideLinks) {
    at(from).links.push(linkEntry(description, topology.name(to), "out"));
    at(to).links.push(linkEntry(description, topology.name(from), "in"));
  }
  for (const { function: id, kind } of topology.hostAttachments) at(id).attachments.push(kind);
  return found;
}

function linkEntry(description: SideLinkDescription, peer: string, requests: "out" | "in"): LinkEntry {
  const { kind, oneWay, bandwidth, read, write, atomics, coherent } = description;
  return {
    kind,
    peer,
    requests: oneWay === true ? requests : "both",
    bandwidth: bandwidth ?? null,
    read: read ?? null,
    write: write ?? null,
    atomics: atomics ?? null,
    coherent: coherent ?? null,
  };
}

/** What a function has beside PCIe, in a word or two each: `nvlink x6`, `cxl to the host`. */
export function extrasText({ links, attachments }: Extras): string[] {
  const counts = new Map<string, number>();
  for (const { kind } of links) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [
    ...Array.from(counts, ([kind, count]) => `${kind} x${count}`),
    ...attachments.map((kind) => `${kind} to host`),
  ];
}

/** How a function is attached to the host, as `can` says it; empty for one that is so by PCIe alone. */
export function attachmentText(topology: Topology, id: number): string[] {
  return extrasOf(topology, id).attachments.map(
    (kind) => `${topology.name(id)} is attached to the host by ${kind}: no route between devices follows`,
  );
}

/** `2 nvlink links of 25 GB/s each way; reads, writes, atomics`. */
export function linkText({ kind, bandwidth, count, read, write, atomics, coherent }: Link): string {
  const links = count === 1 ? `1 ${kind} link` : `${count} ${kind} links`;
  const rate = bandwidth === null ? "" : ` of ${count === 1 ? "" : "up to "}${formatBandwidth(bandwidth)} each way`;
  const flags = [
    flagText("reads", read),
    flagText("writes", write),
    flagText("atomics", atomics),
    coherent === true ? "coherent" : "",
  ];
  return `${links}${rate}; ${flags.filter((text) => text !== "").join(", ")}`;
}

function flagText(what: string, flag: boolean | null): string {
  return flag === null ? `${what} not shown` : flag ? what : `no ${what}`;
}

/** Bytes per second in decimal units, as makers of links count: `25 GB/s`. */
export function formatBandwidth(bytesPerSecond: number): string {
  const units = ["B/s", "kB/s", "MB/s", "GB/s", "TB/s", "PB/s"];
  let value = bytesPerSecond;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}
