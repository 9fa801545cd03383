// The report as one standalone SVG: ns per question over size, both logarithmic, a panel for each kernel and mix and a
// line for each contender, labelled at its end. Readable on light and dark ground.

import { grouped, origin, short, titleOf } from "./table.mjs";

const PANEL = { width: 700, height: 380, left: 52, right: 336, top: 40, bottom: 40 };
const COLUMNS = 2;
const HEAD = 56;
const LABEL_HEIGHT = 13;
const FAMILIES = { ours: "peerlane", native: "native C", js: "plain JavaScript", npm: "npm packages" };

const STYLE = `
  :root { --ground: #fff; --text: #222; --faint: #d8d8d8; --floor: #8a8a8a;
    --ours: #0062b8; --native: #222; --js: #b35400; --npm: #00785a; }
  @media (prefers-color-scheme: dark) { :root { --ground: #16181c; --text: #ddd; --faint: #3a3d42; --floor: #8f949c;
    --ours: #5ab4ff; --native: #e8e8e8; --js: #f0a05a; --npm: #4fd0a5; } }
  .ground { fill: var(--ground) } text { fill: var(--text); font: 11px system-ui, sans-serif }
  .title { font-size: 13px; font-weight: 600 } .number { font-variant-numeric: tabular-nums } .end { text-anchor: end }
  .middle { text-anchor: middle } .grid { stroke: var(--faint); stroke-width: 1 } .line { fill: none; stroke-width: 1.2 }
  .ours { --own: var(--ours) } .native { --own: var(--native) } .js { --own: var(--js) } .npm { --own: var(--npm) }
  .line, .leader { stroke: var(--own) } .dot, .name { fill: var(--own) } .leader { stroke-width: 0.5; opacity: 0.6 }
  .ours .line { stroke-width: 2.6 } .ours .name { font-weight: 600 }
  .floor { stroke: var(--floor); stroke-width: 1.5; stroke-dasharray: 5 4; fill: none } .floor-name { fill: var(--floor) }
`;

const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** @returns the SVG, without anything to load from elsewhere. */
export function plot({ rows, floors, machine }) {
  const panels = [...grouped(rows, titleOf)];
  const height = HEAD + Math.ceil(panels.length / COLUMNS) * PANEL.height;
  const width = COLUMNS * PANEL.width;
  const about = origin(machine);
  const legend = Object.entries(FAMILIES).map(([family, name], index) => {
    const x = PANEL.left + index * 140;
    return `<g class="${family}"><path class="line" d="M${x} 40h24"/><text class="name" x="${x + 30}" y="44">${name}</text></g>`;
  });
  const drawn = panels.map(([title, own], index) => {
    const x = (index % COLUMNS) * PANEL.width;
    const y = HEAD + Math.floor(index / COLUMNS) * PANEL.height;
    const { kernel } = own[0];
    const floor = floors.filter((row) => row.kernel === kernel);
    return `<g transform="translate(${x} ${y})">${panel(title, own, floor)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="name">
<title id="name">ns per question over size: ${escaped(about)}</title>
<style>${STYLE}</style>
<rect class="ground" width="${width}" height="${height}"/>
<text class="title" x="${PANEL.left}" y="22">ns per question over size, medians; ${escaped(about)}</text>
${legend.join("\n")}
<path class="floor" d="M${PANEL.left + 560} 40h24"/><text x="${PANEL.left + 590}" y="44">floor: one line from memory</text>
${drawn.join("\n")}
</svg>
`;
}

function panel(title, rows, floor) {
  const all = [...rows, ...floor];
  const inner = { width: PANEL.width - PANEL.left - PANEL.right, height: PANEL.height - PANEL.top - PANEL.bottom };
  const x = scale(
    all.map(({ size }) => size),
    PANEL.left,
    inner.width,
  );
  const y = scale(
    all.map(({ ns }) => ns),
    PANEL.top + inner.height,
    -inner.height,
  );
  const point = ({ size, ns }) => `${x.at(size).toFixed(1)} ${y.at(ns).toFixed(1)}`;
  const bySize = (list) => list.toSorted((a, b) => a.size - b.size);
  const grid = [
    ...y.ticks.map((ns) => {
      const at = y.at(ns).toFixed(1);
      const line = `<path class="grid" d="M${PANEL.left} ${at}h${inner.width}"/>`;
      return `${line}<text class="number end" x="${PANEL.left - 6}" y="${Number(at) + 4}">${ns}</text>`;
    }),
    ...x.ticks.map((size) => {
      const at = x.at(size).toFixed(1);
      const base = PANEL.top + inner.height;
      const line = `<path class="grid" d="M${at} ${PANEL.top}v${inner.height}"/>`;
      return `${line}<text class="number middle" x="${at}" y="${base + 16}">${size.toLocaleString("en")}</text>`;
    }),
  ];
  const contenders = [...grouped(rows, ({ contender }) => contender)].map(([name, own]) => ({
    name,
    own: bySize(own),
  }));
  const labels = spread(
    contenders.map(({ name, own }) => ({ name, own, wanted: y.at(own.at(-1).ns) })),
    PANEL.top,
    PANEL.top + inner.height,
  );
  const edge = PANEL.left + inner.width;
  const lines = labels.map(({ name, own, place }) => {
    const { family, size, ns } = own.at(-1);
    const dots = own.map(
      (row) => `<circle class="dot" r="1.8" cx="${x.at(row.size).toFixed(1)}" cy="${y.at(row.ns).toFixed(1)}"/>`,
    );
    const leader = `<path class="leader" fill="none" d="M${point({ size, ns })}L${edge + 8} ${place.toFixed(1)}"/>`;
    const label = `<text class="name" x="${edge + 12}" y="${(place + 4).toFixed(1)}">${escaped(name)} ${short(ns)}</text>`;
    return `<g class="${family}"><path class="line" d="M${own.map(point).join("L")}"/>${dots.join("")}${leader}${label}</g>`;
  });
  const bottom = floor.length === 0 ? "" : `<path class="floor" d="M${bySize(floor).map(point).join("L")}"/>`;
  return [`<text class="title" x="${PANEL.left}" y="24">${escaped(title)}</text>`, ...grid, bottom, ...lines].join(
    "\n",
  );
}

/** A logarithmic axis with ticks at the powers of ten, and at more where that would be too few. */
function scale(values, from, length) {
  const low = Math.floor(Math.log10(Math.min(...values)) * 4) / 4;
  const high = Math.max(low + 0.5, Math.ceil(Math.log10(Math.max(...values)) * 4) / 4);
  const at = (value) => from + ((Math.log10(value) - low) / (high - low)) * length;
  const steps = high - low > 2 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const step of steps) {
      const tick = Number((step * 10 ** power).toPrecision(1));
      if (Math.log10(tick) >= low - 1e-9 && Math.log10(tick) <= high + 1e-9) ticks.push(tick);
    }
  }
  return { at, ticks };
}

/** Labels as near as can be to where they want to stand, none upon another. */
function spread(labels, top, bottom) {
  const sorted = labels.toSorted((a, b) => a.wanted - b.wanted);
  sorted.forEach((label, index) => {
    const least = index === 0 ? top : sorted[index - 1].place + LABEL_HEIGHT;
    label.place = Math.max(label.wanted, least);
  });
  sorted.toReversed().forEach((label, index, list) => {
    const most = index === 0 ? bottom : list[index - 1].place - LABEL_HEIGHT;
    label.place = Math.min(label.place, most);
  });
  return sorted;
}
