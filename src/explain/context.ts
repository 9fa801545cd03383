import type { Judgement, Policy } from "../policy/policy.js";
import type { Topology } from "../topology/topology.js";

/** What a decision's numbers are explained with. */
export interface Context {
  readonly topology: Topology;
  readonly policy: Policy;
  /** What the policy makes of a root of the topology, by its ordinal. */
  judgement(root: number): Judgement;
}
