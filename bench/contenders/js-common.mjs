// Common upstream in plain JavaScript: what one would write without peerlane, from the naive to the best.

const OBJECTS_UP_TO = 1e6;

const common = (name, start, more) => ({ kernel: "commonUpstream", family: "js", name, start, ...more });

function walkTyped(fabric, { questions: { a, b }, rows }) {
  const { parents } = fabric.forest;
  const out = new Uint32Array(rows);
  const run = () => {
    for (let row = 0; row < rows; row++) {
      let left = a[row];
      let right = b[row];
      while (left !== right) {
        if (left > right) left = parents[left];
        else right = parents[right];
      }
      out[row] = left;
    }
  };
  return { out: { common: out }, run };
}

function walkByDepth(fabric, { questions: { a, b }, rows }) {
  const { parents, depths } = fabric.forest;
  const out = new Uint32Array(rows);
  const run = () => {
    for (let row = 0; row < rows; row++) {
      let left = a[row];
      let right = b[row];
      let leftDepth = depths[left];
      let rightDepth = depths[right];
      for (; leftDepth > rightDepth; leftDepth--) left = parents[left];
      for (; rightDepth > leftDepth; rightDepth--) right = parents[right];
      while (left !== right) {
        left = parents[left];
        right = parents[right];
      }
      out[row] = left;
    }
  };
  return { out: { common: out }, run };
}

/** A node as an object, as most programs hold a tree. Not in memory in the order of the tree. */
function objectsOf(fabric) {
  return fabric.once("objects", () => {
    const { parents, depths, nodes } = fabric.forest;
    const objects = [{ id: 0, depth: -1, parent: null }];
    for (let id = 1; id <= nodes; id++) {
      objects.push({ id, depth: depths[id], parent: parents[id] === 0 ? null : objects[parents[id]] });
    }
    return objects;
  });
}

function walkObjects(fabric, { questions: { a, b }, rows }) {
  const objects = objectsOf(fabric);
  const [lefts, rights] = [a, b].map((ids) => Array.from(ids.subarray(0, rows), (id) => objects[id]));
  const out = new Uint32Array(rows);
  const run = () => {
    for (let row = 0; row < rows; row++) {
      let left = lefts[row];
      let right = rights[row];
      while (left.depth > right.depth) left = left.parent;
      while (right.depth > left.depth) right = right.parent;
      while (left !== right) {
        left = left.parent;
        right = right.parent;
      }
      out[row] = left === null ? 0 : left.id;
    }
  };
  return { out: { common: out }, run };
}

function setOfAncestors(fabric, { questions: { a, b }, rows }) {
  const objects = objectsOf(fabric);
  const out = new Uint32Array(rows);
  const run = () => {
    for (let row = 0; row < rows; row++) {
      const above = new Set();
      for (let node = objects[a[row]]; node !== null; node = node.parent) above.add(node);
      let node = objects[b[row]];
      while (node !== null && !above.has(node)) node = node.parent;
      out[row] = node === null ? 0 : node.id;
    }
  };
  return { out: { common: out }, run };
}

const SHIFT = 6;
const MASK = 2 ** SHIFT - 1;

/** Prefix and suffix minima of blocks of 64 parents, and a sparse table over the blocks. */
export function minimaOf(fabric) {
  return fabric.once("minima", () => {
    const { parents, nodes } = fabric.forest;
    const [prefix, suffix] = [parents.slice(), parents.slice()];
    for (let id = 1; id <= nodes; id++) if ((id & MASK) !== 0) prefix[id] = Math.min(prefix[id], prefix[id - 1]);
    for (let id = nodes - 1; id >= 0; id--) if ((id & MASK) !== MASK) suffix[id] = Math.min(suffix[id], suffix[id + 1]);
    const blocks = (nodes >>> SHIFT) + 1;
    const rows = 32 - Math.clz32(blocks);
    const table = new Uint32Array(rows * blocks);
    for (let block = 0; block < blocks; block++) table[block] = suffix[block << SHIFT];
    for (let row = 1; row < rows; row++) {
      const half = 2 ** (row - 1);
      for (let block = 0; block + 2 * half <= blocks; block++) {
        const before = (row - 1) * blocks + block;
        table[row * blocks + block] = Math.min(table[before], table[before + half]);
      }
    }
    return { prefix, suffix, table, blocks };
  });
}

/** The least parent in (a, b]: the common upstream. */
export function leastParent(parents, minima, a, b) {
  const { prefix, suffix, table, blocks } = minima;
  if (a === b) return a;
  const first = a < b ? a + 1 : b + 1;
  const last = a < b ? b : a;
  const firstBlock = first >>> SHIFT;
  const lastBlock = last >>> SHIFT;
  let least;
  if (firstBlock === lastBlock) {
    least = parents[first];
    for (let id = first + 1; id <= last; id++) if (parents[id] < least) least = parents[id];
    return least;
  }
  least = suffix[first] < prefix[last] ? suffix[first] : prefix[last];
  const between = lastBlock - firstBlock - 1;
  if (between > 0) {
    const row = 31 - Math.clz32(between);
    const left = table[row * blocks + firstBlock + 1];
    const right = table[row * blocks + lastBlock - (1 << row)];
    if (left < least) least = left;
    if (right < least) least = right;
  }
  return least;
}

function rangeMinimum(fabric, { questions: { a, b }, rows }) {
  const { parents } = fabric.forest;
  const minima = minimaOf(fabric);
  const out = new Uint32Array(rows);
  const run = () => {
    for (let row = 0; row < rows; row++) out[row] = leastParent(parents, minima, a[row], b[row]);
  };
  return { out: { common: out }, run };
}

export const commonContenders = [
  common("JS: walk on typed arrays", walkTyped),
  common("JS: walk by depth on typed arrays", walkByDepth),
  common("JS: walk on objects", walkObjects, { most: OBJECTS_UP_TO, share: 1 / 4 }),
  common("JS: objects and a Set", setOfAncestors, { most: OBJECTS_UP_TO, share: 1 / 16 }),
  common("JS: range minimum on typed arrays", rangeMinimum),
];
