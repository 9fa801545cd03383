// Packs pci.ids (https://pci-ids.ucw.cz) for device-names.ts, which says what the result looks like.
//
//   npm run pack:names -- FILE [DIRECTORY]      into src/names, or another directory

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";

const [file, directory = import.meta.dirname] = process.argv.slice(2);
if (file === undefined) throw new Error("expected the path of a pci.ids, such as /usr/share/misc/pci.ids");
const text = readFileSync(file, "utf8");

const edition = { version: field("Version"), date: field("Date").split(" ")[0] };
const { rows, classes } = parse(text);
const packed = deflateRawSync(pack(rows, classes), { level: 9 });
writeFileSync(join(directory, "pci.ids.bin"), packed);
writeFileSync(join(directory, "edition.json"), `${JSON.stringify(edition, null, 2)}\n`);
console.log(`pci.ids ${edition.version}: ${rows.length} names, ${text.length} bytes packed into ${packed.length}`);

function field(name) {
  const value = new RegExp(`^#\\s*${name}:\\s*(\\S.*)$`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`${file}: expected a comment "${name}: …", as pci.ids begins with`);
  return value;
}

/** Every line that is no comment: how many tabs it begins with, its one or two ids, its name. */
function parse(text) {
  const rows = [];
  let classes = null;
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^(\t{0,2})(C )?([0-9a-f]{2}|[0-9a-f]{4})(?: ([0-9a-f]{4}))?  (.+)$/.exec(line);
    if (match === null) throw new Error(`${file}:${index + 1}: not a line of pci.ids: ${line}`);
    const [, tabs, isClass, first, second = "0", name] = match;
    if (isClass !== undefined) classes ??= rows.length;
    rows.push({ depth: tabs.length, first: parseInt(first, 16), second: parseInt(second, 16), name });
  }
  return { rows, classes: classes ?? rows.length };
}

function pack(rows, classes) {
  const count = rows.length;
  const columns = new Uint8Array(8 + 5 * count);
  const header = new DataView(columns.buffer);
  header.setUint32(0, count, true);
  header.setUint32(4, classes, true);
  const above = [0, 0];
  rows.forEach(({ depth, first, second }, row) => {
    const id = depth === 2 ? first : first - above[depth];
    if (depth < 2) above[depth] = first;
    if (depth === 0) above[1] = 0;
    const bytes = [depth, id & 0xff, (id >> 8) & 0xff, second & 0xff, second >> 8];
    for (const [column, byte] of bytes.entries()) columns[8 + column * count + row] = byte;
  });
  return Buffer.concat([columns, Buffer.from(rows.map(({ name }) => name).join("\n"))]);
}
