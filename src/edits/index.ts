/**
 * What if: changes of a machine, thought through and not made, and what differs thereafter.
 *
 * @packageDocumentation
 */
export { compose, type Edit } from "./edit.js";
export { bootWith, type BootOptions } from "./boot-with.js";
export { withEnvironment, type Environment } from "./environment.js";
export { EditError, type EditErrorCode } from "./errors.js";
export { move, moved, remove, type Moved } from "./move.js";
export type { FunctionName } from "./place.js";
export { rebooted, type Reboot } from "./rebooted.js";
export { barRoom, resizeBar } from "./resize-bar.js";
export { clearRedirects, setAcs, type AcsBit, type AcsChange } from "./set-acs.js";
export * from "../changes/index.js";
