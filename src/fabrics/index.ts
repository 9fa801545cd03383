/**
 * Fabrics that are made up, to try things and to measure: machines of any number and size as columns.
 *
 * @packageDocumentation
 */
export { synthesize } from "./synthesize.js";
export { shapes, type Shape, type ShapeName, type ShapeOptions } from "./shapes.js";
export type { AcsState, Count, CountByDevice, SynthesizeOptions } from "./options.js";
export type { DeviceKind } from "./devices.js";
