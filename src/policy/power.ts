import { cpuOf, formatCpu } from "../topology/cpu.js";
import type { HostBridge, Judgement, Outcome, Policy, Question } from "./policy.js";

/** Generations of POWER that are told apart. */
export const POWER_GENERATIONS = [8, 9, 10] as const;

/** What is known of a POWER machine beyond its description. */
export interface PowerOptions {
  /** Of the CPUs; missing: any, of which none is taken to have more than all have. */
  readonly generation?: (typeof POWER_GENERATIONS)[number];
  /** What the firmware of a POWER9 was told to let pass from host bridge to host bridge, as the initiator sees it. */
  readonly firmware?: {
    /** Loads: the initiator reads. */
    readonly load: boolean;
    /** Stores: the initiator writes. */
    readonly store: boolean;
  };
}

const PHB = "host bridge of POWER";

/**
 * What a POWER machine carries, whatever its kernel thinks of it (docs/semantics.md, POWER): below a switch requests
 * turn around as everywhere; a host bridge (PHB) passes none on, neither to another of its root ports nor to another host
 * bridge, unless the firmware of a POWER9 was told to.
 *
 * @throws RangeError for a generation that is not known, or firmware that does so on anything but a POWER9.
 */
export function power({ generation, firmware }: PowerOptions = {}): Policy {
  if (generation !== undefined && !POWER_GENERATIONS.includes(generation)) {
    throw new RangeError(`expected generation ${POWER_GENERATIONS.join(", ")} of POWER, got ${String(generation)}`);
  }
  if (firmware !== undefined && generation !== 9) {
    throw new RangeError(
      `expected generation 9 with firmware, which lets requests pass on POWER9 alone, got ${String(generation)}`,
    );
  }
  const { load = false, store = false } = firmware ?? {};
  const name = `power${generation ?? ""}${load ? "+load" : ""}${store ? "+store" : ""}`;
  return {
    name,
    throughHostDistance: 0,
    judge: (host) => judge(host, generation, { load, store }),
    decide: (question) => decide(question, { load, store }),
  };
}

interface Passes {
  readonly load: boolean;
  readonly store: boolean;
}

function decide({ relation, path, direction }: Question, { load, store }: Passes): Outcome {
  switch (relation) {
    case "self":
    case "common-bridge":
      return path === "direct" ? "bus-address" : "redirect-refused";
    case "same-host-bridge":
      return "host-refused";
    case "across-host-bridges":
      return (direction === "read" ? load : store) ? "through-host-bridge" : "host-refused";
  }
}

function judge({ system }: HostBridge, generation: PowerOptions["generation"], { load, store }: Passes): Judgement {
  const cpu = cpuOf(system)?.cpu;
  const machine = `POWER${generation ?? ""}`;
  const strange = cpu !== undefined && (!isPower(cpu.architecture) || cpu.vendor?.startsWith(machine) === false);
  const assumed = [
    ...(load || store ? [`the firmware was told to let ${passed(load, store)} pass between these host bridges`] : []),
    ...(strange ? [`the machine is a ${machine}, though its CPU is ${formatCpu(cpu) ?? "another"}`] : []),
  ];
  return {
    classes: [PHB],
    because: because(machine, load, store),
    missing: [],
    ...(assumed.length === 0 ? {} : { assumed }),
    ...(generation === 9 && !(load && store) ? { remedy: FIRMWARE_REMEDY } : {}),
  };
}

function because(machine: string, load: boolean, store: boolean): string {
  if (!load && !store) return `a host bridge of ${machine} passes no request on to another root port or host bridge`;
  const held = load && store ? "" : `, but no ${passed(!load, !store)}`;
  return `firmware of ${machine} lets ${passed(load, store)} pass between host bridges${held}, and nothing between root ports`;
}

function passed(load: boolean, store: boolean): string {
  return load && store ? "loads and stores" : load ? "loads" : "stores";
}

const FIRMWARE_REMEDY =
  "firmware of POWER9 can be told to let requests pass between host bridges (OPAL, by way of Linux 4.14 to 5.2): " +
  "the policy power9+load+store is for machines where it was";

function isPower(architecture: string | undefined): boolean {
  return architecture === undefined || architecture.startsWith("ppc");
}
