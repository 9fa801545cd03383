// The ABI: every export of the core. `base` is the address of a topology's header (layout.ts); where an instance's
// own memory begins is `heapBase()`. Constants are exported so that the other side has no copy of the layout.

export { ancestors, commonMany, commonOf, walkMany } from "./forest";
export { matrixRow, sortedKeys } from "./matrix";
export { minimaBytes, numberForest, packForest, placeNodes, plantMinima } from "./number";
export { displace, packRanges } from "./arrange";
export { SWEEP_BYTES, flatten } from "./flatten";
export { packLeaves, plantTree, treeBytes } from "./leaves";
export {
  claimIn,
  claimOver,
  claimants,
  claimedAlike,
  convertMany,
  displaceMany,
  firstBadId,
  firstBadSize,
  ownerMany,
  ownerOf,
  ownerOfNumber,
} from "./ranges";
export { decideMany } from "./pairs";
export { requestMany } from "./requests";
export { checkHosts, checkKeys, checkLeaves, checkOwners, checkRanges, checkRecords, checkSystems } from "./check";
export * from "./layout";

export function heapBase(): usize {
  return __heap_base;
}
