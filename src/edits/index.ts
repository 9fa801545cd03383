/**
 * What if: a machine with other ACS bits, devices in other slots, other kernels and parameters. An edit is a function on
 * the description; what it changes tells {@link whatIf}, or a comparison of the two machines.
 *
 * @packageDocumentation
 */
export { bootWith, type BootOptions } from "./boot-with.js";
export { compose, type Edit } from "./edit.js";
export { withCpu, withIommu, withP2pdma } from "./environment.js";
export { EditError, type EditCode } from "./error.js";
export { firmwareAcs } from "./firmware-acs.js";
export { move, type Move } from "./move.js";
export { remove } from "./remove.js";
export { resizeBar } from "./resize-bar.js";
export { setAcs, type AcsChange } from "./set-acs.js";
export { whatIf, type WhatIf, type WhatIfOptions } from "./what-if.js";
export * from "../changes/index.js";
export { bootProblems, type BootProblem, type BootProblemCode } from "../boot/problems.js";
