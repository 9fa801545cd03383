// The fabric's columns as a forest in depth-first numbering, in plain typed arrays: what all contenders but ours are
// loaded with. Nothing of this is timed.

const REDIRECT = 0x4 | 0x8 | 0x20; // ACS control: request redirect, completion redirect, egress control
const ACS_ABSENT = 0xffffffff;
export const DEPTH_BITS = 6;

/**
 * Nodes by id: host bridges and functions depth first from 1, siblings in the order of rows; 0 above all.
 *
 * @returns parents, depths, states (depth | deepest redirect << 6 | deepest unreadable << 12 | DMA mask bits << 18),
 *   hosts (ordinal), marks (1 redirects, 2 unreadable), all by id; systemOfHost; ids by row.
 */
export function plantForest({ hostBridges, functions }) {
  const hostCount = hostBridges.system.length;
  const count = hostCount + functions.parent.length;
  const [firstChild, nextSibling] = [new Uint32Array(count + 1), new Uint32Array(count + 1)];
  const above = (row) => (row < hostCount ? 0 : functions.parent[row - hostCount] + 1);
  for (let row = count - 1; row >= 0; row--) {
    nextSibling[row + 1] = firstChild[above(row)];
    firstChild[above(row)] = row + 1;
  }
  const idOf = new Uint32Array(count + 1);
  const parents = new Uint32Array(count + 1);
  const states = new Uint32Array(count + 1);
  const hosts = new Uint32Array(count + 1);
  const marks = new Uint8Array(count + 1);
  for (let node = firstChild[0], id = 0; node !== 0;) {
    idOf[node] = ++id;
    const row = node - 1;
    const parent = idOf[above(row)];
    parents[id] = parent;
    if (parent === 0) {
      hosts[id] = row;
    } else {
      hosts[id] = hosts[parent];
      marks[id] = markOf(functions.acs?.[row - hostCount] ?? 0);
      states[id] = stateBelow(states[parent], marks[id], functions.dmaMaskBits?.[row - hostCount] ?? 0);
    }
    let next = firstChild[node];
    for (let at = node; next === 0 && at !== 0; at = above(at - 1)) next = nextSibling[at];
    node = next;
  }
  const depths = states.map((state) => state & 63);
  const ids = idOf.subarray(1);
  return {
    nodes: count,
    parents,
    depths,
    states,
    hosts,
    marks,
    systemOfHost: hostBridges.system,
    ids,
    hostIds: ids.subarray(0, hostCount),
    functionIds: ids.subarray(hostCount),
  };
}

const [REDIRECTS, UNREADABLE] = [1, 2];

function markOf(acs) {
  if (acs === 0) return UNREADABLE;
  return acs !== ACS_ABSENT && (acs & REDIRECT) !== 0 ? REDIRECTS : 0;
}

function stateBelow(state, mark, maskBits) {
  const depth = (state & 63) + 1;
  if (depth > 63) throw new RangeError("the contenders' records hold depths up to 63");
  const at = mark === REDIRECTS ? DEPTH_BITS : 2 * DEPTH_BITS;
  const kept = mark === 0 ? state : state & ~(63 << at);
  return (kept & 0x3ffc0) | (mark === 0 ? 0 : depth << at) | depth | (maskBits << (3 * DEPTH_BITS));
}
