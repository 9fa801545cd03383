/**
 * Whole transfers: scatter lists, buffers that several devices share, the choice of whose memory to use. Everything here
 * is a function of a `PeerDma`.
 *
 * @packageDocumentation
 */
export { attach } from "./attach.js";
export type { AttachOptions, Attachment, Exported, Importer, ImporterAnswer } from "./attach.js";
export { bestProvider, functionsWithMemory } from "./best-provider.js";
export type { BestProvider, ProviderOptions } from "./best-provider.js";
export { ATTACH_CODES, ERRNOS, type AttachCode, type Errno } from "./codes.js";
export type { ExportFault } from "./export-rules.js";
export { mapScatterList } from "./scatter-list.js";
export type { ScatterMapping, ScatterOptions, Segment, SegmentColumns } from "./scatter-list.js";
export type { DmaSpan, DmaSpanColumns } from "./spans.js";
