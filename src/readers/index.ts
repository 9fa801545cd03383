/** Reads a machine from what Linux, lspci and other tools show of it. The entry `peerlane/readers`. */
export { read, type ReadResult, type Source } from "./read.js";
export { ReadError, type Reading } from "./reading.js";

export { readCpuinfo } from "./cpuinfo.js";
export { readHwloc } from "./hwloc/hwloc.js";
export { readIomem } from "./iomem.js";
export { readJson } from "./json.js";
export { readLspci } from "./lspci/lspci.js";
export { readNccl } from "./nccl.js";
export { readRdmaTopo } from "./rdma-topo.js";
export { readListing } from "./sysfs/listing.js";
export { readSysfs } from "./sysfs/sysfs.js";
export { readTopoMatrix } from "./topo-matrix.js";

export { readTar } from "./files/archive.js";
export { type EntryKind, type FileStore, FileTree, MemoryFiles } from "./files/file-tree.js";

export { mergeSystems, type Part } from "../topology/merge/merge.js";
export type { Finding, FindingCode } from "../topology/finding.js";
export type * from "../topology/description.js";
