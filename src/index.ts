/**
 * peerlane: may these two PCI Express functions do peer-to-peer DMA?
 *
 * A {@link MachineDescription} is the document; a {@link Topology} is its index; a {@link Policy} is a stance, such as
 * Linux's; {@link PeerDma} joins the two and answers. Readers and writers are entries of their own.
 *
 * @packageDocumentation
 */
export { Topology } from "./topology/topology.js";
export type { FabricTopology, HostAttachment, SideLink, TopologyOptions } from "./topology/topology.js";
export type { PlatformDevice } from "./topology/platform-names.js";
export { OWNER_ANSWERS } from "./topology/answers.js";
export type { Common, CommonColumns, Owner, OwnerColumns, Ownership, OwnerQueries, Ref } from "./topology/answers.js";
export {
  ACS_ABSENT,
  COMMAND_UNKNOWN,
  FUNCTION_KINDS,
  NO_ROW,
  SRIOV_UNKNOWN,
  type Addresses,
  type FabricColumns,
  type SystemFacts,
} from "./topology/fabric/columns.js";
export { BufferError } from "./topology/buffer/sections.js";
export { TopologyError } from "./topology/errors.js";
export type { Problem, ProblemCode } from "./topology/errors.js";
export type { Finding, FindingCode } from "./topology/finding.js";
export type * from "./topology/description.js";
export { canonicalBdf, compareBdf, formatBdf, parseBdf, type Bdf } from "./topology/bdf.js";
export { formatHex, formatSize, parseAddress, type Hex, type Size } from "./topology/address.js";
export { linux, NEWEST_KERNEL } from "./policy/linux.js";
export { both } from "./policy/both.js";
export { defaultPolicy, POLICY_NAMES, policyNamed } from "./policy/named.js";
export { power, type PowerOptions } from "./policy/power.js";
export { precise } from "./policy/precise.js";
export { formatCpu, parseCpu } from "./topology/cpu.js";
export { decidePlatform, type PlatformOutcome, type PlatformQuestion } from "./policy/platform.js";
export type { Direction, HostBridge, Judgement, Missing, Outcome, Policy, Question } from "./policy/policy.js";
export { PeerDma, UNKNOWN_DISTANCE, type Matrix } from "./explain/peer-dma.js";
export type { DecisionColumns } from "./explain/can-many.js";
export type { MapColumns, MapRequests } from "./explain/map-many.js";
export { ANSWERS, CODE_NUMBERS, ROUTES } from "./explain/ruling.js";
export {
  DIRECTIONS,
  EXPORTS,
  MATRIX_LIMIT,
  NO_ADDRESS,
  NO_BAR,
  NO_DISTANCE,
  PATHS,
  RELATIONS,
  TRANSLATIONS,
} from "./core.js";
export { reservedFromIova, type BusRange } from "./explain/reserved-iova.js";
export { CODES, type Code } from "./explain/codes.js";
export { FAULT_CODES, faultAddress, type FaultAddress, type FaultCode, type FaultReading } from "./explain/fault.js";
export type { Culprit, Hint, Link, Mapping, Memory, Route, Translation, Verdict } from "./explain/verdict.js";
