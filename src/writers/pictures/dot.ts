import { escapeXml } from "./names.js";
import {
  amount,
  MOST_SIDE_LABELS,
  type PictureBox,
  type PictureDevice,
  type PictureGroup,
  type PictureHub,
  type Picture,
  type PicturePort,
} from "./picture.js";

/**
 * The picture for Graphviz: `dot -Tpng`. NUMA nodes are clusters; a hub is a table whose rows are its ports, and edges
 * run from the row to what hangs below it.
 */
export function pictureDot(picture: Picture): string {
  const isLabelled = picture.sideLinks.length <= MOST_SIDE_LABELS;
  const lines = [
    "digraph peerlane {",
    `  graph [rankdir=LR, ranksep=0.9, nodesep=0.15, fontname="Helvetica", fontsize=12, labelloc=t, labeljust=l, label=${heading(picture)}]`,
    '  node [shape=plain, fontname="Helvetica", fontsize=11]',
    '  edge [arrowhead=none, color="#555555", fontname="Helvetica", fontsize=9]',
    // Graphviz stacks them from the bottom up.
    ...picture.groups
      .map((group, index) => cluster(group, index))
      .reverse()
      .flat(),
    ...picture.sideLinks.map(({ kind, from, to, count, oneWay }) => {
      const ways = oneWay ? ", arrowhead=normal" : "";
      return `  ${from}:e -> ${to}:e [${isLabelled ? `label=${quoted(`${kind} x${count}`)}, ` : ""}style=dashed, color="#1a7f37", constraint=false${ways}]`;
    }),
    ...outside(picture),
    "}",
  ];
  return lines.join("\n");
}

function heading({ title, facts, legend }: Picture): string {
  const notes = legend.map((text) => `<br align="left"/><font point-size="10">${html(text)}</font>`).join("");
  return `<<b>${html(title)}</b><br align="left"/>${html(facts.join(", "))}${notes}<br align="left"/>>`;
}

function cluster({ numaNode, hubs }: PictureGroup, index: number): string[] {
  const boxes = hubs.flatMap((hub) => box(hub, null));
  if (numaNode === null) return boxes;
  return [
    `  subgraph cluster_${index} {`,
    `    label="NUMA node ${numaNode}"; style=rounded; color="#888888"`,
    ...boxes.map((line) => `  ${line}`),
    "  }",
  ];
}

/** A box, all below it, and the edge to it. */
function box(it: PictureBox, above: string | null): string[] {
  const edge = above === null ? [] : [edgeTo(it, above)];
  if (it.shape === "device") return [`  ${it.key} [label=<${deviceTable(it)}>]`, ...edge];
  return [
    `  ${it.key} [label=<${hubTable(it)}>]`,
    ...edge,
    ...it.below.flatMap((each) => box(each, it.key)),
    ...it.ports.flatMap((port) => port.below.flatMap((each) => box(each, `${it.key}:${port.key}:e`))),
  ];
}

function edgeTo({ key, link }: PictureBox, above: string): string {
  if (link === null) return `  ${above} -> ${key}:w`;
  const degraded = link.most === null ? "" : ', color="#b35900", fontcolor="#b35900"';
  const text = link.most === null ? link.now : `${link.now}\nof ${link.most}`;
  return `  ${above} -> ${key}:w [label=${quoted(text)}${degraded}]`;
}

const LOOKS: Readonly<Record<PictureBox["shape"], string>> = {
  "host-bridge": 'bgcolor="#e8eef7"',
  "not-shown": 'style="dashed"',
  switch: 'bgcolor="#f3eefb"',
  bridge: 'bgcolor="#f6f6f6"',
  grouping: 'style="dotted"',
  device: 'bgcolor="#ffffff"',
};

function table(shape: PictureBox["shape"], rows: readonly string[]): string {
  const cells = rows.join("");
  return `<table border="1" cellborder="0" cellspacing="0" cellpadding="3" ${LOOKS[shape]}>${cells}</table>`;
}

function hubTable(hub: PictureHub): string {
  const name =
    hub.shape === "bridge" || hub.shape === "switch" ? `${hub.name}  ${hub.what}` : `${hub.what} ${hub.name}`;
  return table(hub.shape, [
    row(`<b>${html(name)}</b>${mark(hub.acs)}${others(hub.others)}`),
    ...hub.ports.map((port) => row(portText(port), port.key)),
  ]);
}

function portText(port: PicturePort): string {
  return `${html(port.name)}  ${html(port.what)}${mark(port.acs)}${others(port.others)}`;
}

function deviceTable({ shape, alias, name, what, memory, label, extras }: PictureDevice): string {
  const second = [what, memory, ...extras].filter((text) => text !== "").join("  ");
  return table(shape, [
    row(alias === "" ? `<b>${html(name)}</b>` : `<b>${html(alias)}</b>  ${html(name)}`),
    row(html(second)),
    ...(label === "" ? [] : [row(`<font color="#555555">${html(label)}</font>`)]),
  ]);
}

function row(content: string, port?: string): string {
  return `<tr><td align="left"${port === undefined ? "" : ` port="${port}"`}>${content}</td></tr>`;
}

function mark(acs: string): string {
  return acs === "" ? "" : `  <font color="${acs === "ACS ?" ? "#7a5c00" : "#b3261e"}"><b>${html(acs)}</b></font>`;
}

function others(number: number): string {
  return number === 0 ? "" : `  <font color="#555555">and ${amount(number, "other")}</font>`;
}

function outside({ outside: { names, more } }: Picture): string[] {
  if (names.length === 0) return [];
  const rows = [row("<b>outside PCI</b>"), ...names.map((name) => row(html(name)))];
  if (more > 0) rows.push(row(`and ${amount(more, "other")}`));
  return [`  outside [label=<${table("device", rows)}>]`];
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** Graphviz's HTML-like labels are XML. An empty one is no text to it. */
function html(text: string): string {
  return text === "" ? " " : escapeXml(text).replaceAll("  ", " &#160;");
}
