// The ABI: every export of the core. `base` is the address of a topology's header (layout.ts); where an instance's
// own memory begins is `heapBase()`. Constants are exported so that the other side has no copy of the layout.

export { numberForest, packForest, commonUpstream, ancestors } from "./forest";
export { SWEEP_BYTES, flatten, treeLevels, treeBytes, plantTree, segmentAt } from "./ranges";
export { claimIn, claimedAlike, decide, decideMany, request } from "./route";
export * from "./layout";

export function heapBase(): usize {
  return __heap_base;
}
