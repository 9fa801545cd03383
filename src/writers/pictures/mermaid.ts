import type { Topology } from "../../topology/topology.js";
import { PLAIN_STYLE, shorten } from "../style.js";
import { MOST_DRAWN, pictureOf, type PictureOptions } from "./picture-of.js";
import {
  amount,
  MOST_SIDE_LABELS,
  type PictureBox,
  type PictureDevice,
  type PictureHub,
  type Picture,
  type PicturePort,
} from "./picture.js";

/** GitHub's limits (mermaid's `maxTextSize` and `maxEdges`): what is beyond is shown as an error instead of a picture. */
const MOST_CHARACTERS = 50_000;
const MOST_EDGES = 500;

/**
 * The picture of a machine as a mermaid flowchart, which GitHub draws in a fence of that name, within GitHub's limits: as
 * much of it as fits, and it says what is left out.
 *
 * @throws RangeError as {@link pictureOf} does.
 */
export function pictureMermaid(topology: Topology, options: PictureOptions = {}): string {
  for (let most = options.most ?? MOST_DRAWN; ; most = Math.floor(most / 2)) {
    const chart = chartOf(pictureOf(topology, { ...options, most }));
    const edges = chart.match(/^ +\w+ -[-.]/gm)?.length ?? 0;
    if (most === 0 || (chart.length <= MOST_CHARACTERS && edges <= MOST_EDGES)) return chart;
  }
}

/** All of a picture: NUMA nodes, host bridges and switches are subgraphs; ports are nodes in them. */
export function chartOf(picture: Picture): string {
  const { title, facts, groups, sideLinks, outside, legend } = picture;
  const chart = new Chart();
  // Mermaid stacks what is not connected from the bottom up.
  for (const [index, { numaNode, hubs }] of [...groups.entries()].reverse()) {
    // Its title would be behind the switches: host bridges say where they are.
    const near = numaNode === null ? "" : `, NUMA node ${numaNode}`;
    chart.subgraph(`group${index}`, [" "], 1, () => {
      chart.lines.push("    direction LR");
      for (const hub of hubs) chart.box({ ...hub, name: hub.name + near }, 2);
    });
  }
  // Where they are many, mermaid takes the tree apart for them: then the devices alone say what they have.
  for (const { kind, from, to, count, oneWay } of sideLinks.length <= MOST_SIDE_LABELS ? sideLinks : []) {
    chart.edges.push(`  ${from} -. ${text([`${kind} x${count}`])} .-${oneWay ? ">" : ""} ${to}`);
  }
  if (outside.names.length > 0) {
    const more = outside.more > 0 ? [`and ${amount(outside.more, "other")}`] : [];
    chart.lines.push(`  outside[${text(["outside PCI", ...outside.names, ...more])}]`);
  }
  return [
    ...[title, facts.join(", "), ...legend].map((line) => `%% ${shorten(line.replace(UNSAFE, " "), 200, PLAIN_STYLE)}`),
    CONFIGURATION,
    "flowchart LR",
    ...chart.lines,
    ...chart.edges,
    ...CLASSES.filter(([name]) => chart.classes.has(name)).map(
      ([name, look]) => `  classDef ${name} ${look}\n  class ${chart.classes.get(name)!.join(",")} ${name}`,
    ),
  ].join("\n");
}

/** Lines are as long as these are. */
const CONFIGURATION = '%%{init: {"flowchart": {"wrappingWidth": 320}}}%%';

const CLASSES: readonly (readonly [name: string, look: string])[] = [
  ["redirects", "stroke:#d1242f,stroke-width:2px"],
  ["unknown", "stroke-dasharray:5 4"],
  ["device", "stroke-width:2px"],
];

class Chart {
  readonly lines: string[] = [];
  readonly edges: string[] = [];
  /** Keys by class. */
  readonly classes = new Map<string, string[]>();

  /** A box, all below it, and the edges between them. */
  box(box: PictureBox, level: number): void {
    if (box.shape === "device") {
      this.#node(box.key, deviceLines(box), level);
      this.#class("device", box.key);
      return;
    }
    if (box.ports.length > 0) this.#subgraphOf(box, level);
    else {
      this.#node(box.key, hubLines(box), level);
      if (box.shape === "not-shown" || box.shape === "grouping") this.#class("unknown", box.key);
      this.#mark(box);
    }
    for (const each of box.below) this.#hang(box.key, each, level);
    for (const port of box.ports) for (const each of port.below) this.#hang(port.key, each, level);
  }

  subgraph(key: string, title: readonly string[], level: number, content: () => void): void {
    this.#line(level, `subgraph ${key}[${text(title)}]`);
    content();
    this.#line(level, "end");
  }

  #subgraphOf(hub: PictureHub, level: number): void {
    const isFunction = hub.shape === "switch";
    const needsNode = isFunction || hub.below.length > 0;
    const key = needsNode ? `${hub.key}_box` : hub.key;
    const title = isFunction ? [" "] : [hubLines(hub).join(", ")];
    this.subgraph(key, title, level, () => {
      if (needsNode) {
        this.#node(hub.key, isFunction ? hubLines(hub) : [hub.name], level + 1);
        this.#mark(hub);
      }
      for (const port of hub.ports) {
        this.#node(port.key, portLines(port), level + 1);
        this.#mark(port);
        if (isFunction) this.edges.push(`  ${hub.key} --- ${port.key}`);
      }
    });
  }

  #hang(above: string, box: PictureBox, level: number): void {
    this.box(box, level);
    const { link } = box;
    const label = link === null ? "" : `|${text(link.most === null ? [link.now] : [link.now, `of ${link.most}`])}|`;
    this.edges.push(`  ${above} ---${label} ${box.key}`);
  }

  #node(key: string, lines: readonly string[], level: number): void {
    this.#line(level, `${key}[${text(lines)}]`);
  }

  #mark({ key, acs }: PictureHub | PicturePort): void {
    if (acs === "ACS ?") this.#class("unknown", key);
    else if (acs !== "") this.#class("redirects", key);
  }

  #class(name: string, key: string): void {
    const keys = this.classes.get(name);
    if (keys === undefined) this.classes.set(name, [key]);
    else keys.push(key);
  }

  #line(level: number, content: string): void {
    this.lines.push("  ".repeat(level) + content);
  }
}

function hubLines({ shape, name, what, acs, others }: PictureHub): string[] {
  const own = shape === "bridge" || shape === "switch" ? `${name} ${what}` : `${what} ${name}`;
  return [own, ...marks(acs, others)];
}

function portLines({ name, what, acs, others }: PicturePort): string[] {
  return [name, [what, ...marks(acs, others)].join(", ")];
}

function marks(acs: string, others: number): string[] {
  const parts = [acs, others === 0 ? "" : `and ${amount(others, "other")}`].filter((part) => part !== "");
  return parts.length === 0 ? [] : [parts.join(", ")];
}

function deviceLines({ alias, name, what, memory, label, extras }: PictureDevice): string[] {
  const second = [what, memory, ...extras].filter((part) => part !== "").join(" ");
  return [alias === "" ? name : `${alias} ${name}`, second, label].filter((line) => line !== "");
}

/** A quoted label: what means something to mermaid, to HTML or to Markdown is written as its number. */
function text(lines: readonly string[]): string {
  return `"${lines.map(escaped).join("<br>")}"`;
}

/** What means something to mermaid, to HTML or to Markdown. */
const UNSAFE = /[^\p{L}\p{N} ,.:;()?+/=-]/gu;

/** A label is a line or two, not a page. */
const LONGEST = 80;

function escaped(whole: string): string {
  const line = shorten(whole, LONGEST, PLAIN_STYLE);
  const number = (mark: string) => `#${mark.codePointAt(0)};`;
  return (
    line
      .replace(UNSAFE, number)
      // At its beginning these would begin a list.
      .replace(/^(?:[+-]|\d+[.)])/, (begin) => begin.slice(0, -1) + number(begin.at(-1)!))
  );
}
