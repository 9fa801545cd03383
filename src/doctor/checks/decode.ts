import { bit, COMMAND_MASTER, COMMAND_MEMORY, decodesMemory, type Known } from "../../topology/register.js";
import type { FunctionDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import type { Check, Diagnosis, Patient } from "../check.js";
import { nearestAbove } from "../above.js";
import type { DiagnosisId, Severity } from "../ids.js";
import { enumerated } from "../wording.js";

/**
 * Devices that do not answer, or do not ask: memory decode or bus mastering off, of their own or of a bridge above them,
 * and those that are powered down. One that no driver has switched on is idle, which is worth a note.
 */
export const decode: Check = {
  ids: ["MEMORY_DECODE_OFF", "BUS_MASTER_OFF", "DEVICE_ASLEEP"],
  *run(patient) {
    const { topology, talkers } = patient;
    const awake = talkers.filter((id) => !isAsleep(topology.registers(id)!));
    yield* asleep(patient);
    const deaf = awake.filter(
      (id) => ownState(topology, id, COMMAND_MEMORY) === "off" && hasMemory(topology.describe(id)!),
    );
    // What is switched off altogether has one fault, not two.
    const isDeaf = new Set(deaf);
    const mute = awake.filter((id) => ownState(topology, id, COMMAND_MASTER) === "off" && !isDeaf.has(id));
    yield* ownFaults(topology, deaf, OWN_DECODE);
    yield* ownFaults(topology, mute, OWN_MASTERING);
    yield* bridges(topology, awake);
  },
};

const isAsleep = ({ powerState }: FunctionDescription) => powerState === "D3hot" || powerState === "D3cold";

function* asleep({ topology, talkers }: Patient): Generator<Diagnosis> {
  const ids = Array.from(talkers).filter((id) => isAsleep(topology.registers(id)!));
  const [first] = ids;
  if (first === undefined) return;
  const names = ids.map((id) => topology.name(id));
  yield {
    id: "DEVICE_ASLEEP",
    severity: "note",
    functions: names,
    evidence: [`power state D3: ${enumerated(names)}`],
    consequence: "they neither answer nor send requests before their drivers wake them",
    remedy: `keep them awake, as with \`echo on | sudo tee /sys/bus/pci/devices/${plainName(topology, first)}/power/control\``,
  };
}

/** What is wrong with a device itself. */
interface OwnFault {
  readonly id: DiagnosisId;
  readonly what: string;
  readonly command: string;
  /** Whether that of virtual functions is up to their physical one. */
  readonly isPhysical: boolean;
  readonly consequence: string;
}

const OWN_DECODE: OwnFault = {
  id: "MEMORY_DECODE_OFF",
  what: "memory space enable is off (Command bit 1, Mem- in lspci; of a virtual function, VF enable or VF MSE of its physical one)",
  command: "0002:0002",
  isPhysical: true,
  consequence: "nobody answers at its BARs: what peers write there is lost, and what they read is all ones",
};

const OWN_MASTERING: OwnFault = {
  id: "BUS_MASTER_OFF",
  what: "bus master enable is off (Command bit 2, BusMaster- in lspci)",
  command: "0004:0004",
  isPhysical: false,
  consequence: "it sends no requests: it can be reached by peers, and reaches none",
};

/** One error for each device that is in use, and one note for all that are idle for one reason. */
function* ownFaults(topology: Topology, ids: Iterable<number>, fault: OwnFault): Generator<Diagnosis> {
  const idle = new Map<string, number[]>();
  for (const id of ids) {
    const description = topology.registers(id)!;
    const reason = idleness(description);
    if (reason === null) {
      yield ownFault(topology, [id], "error", `its driver ${description.driver!} is bound`, fault);
    } else {
      const others = idle.get(reason);
      if (others === undefined) idle.set(reason, [id]);
      else others.push(id);
    }
  }
  for (const [reason, others] of idle) yield ownFault(topology, others, "note", reason, fault);
}

function ownFault(
  topology: Topology,
  ids: readonly number[],
  severity: Severity,
  driver: string,
  { id, what, command, isPhysical, consequence }: OwnFault,
): Diagnosis {
  const names = ids.map((each) => topology.name(each));
  const [first] = ids;
  return {
    id,
    severity,
    functions: names,
    evidence: [`${enumerated(names)}: ${what}`, driver],
    consequence: severity === "error" ? consequence : `while that is so, ${consequence}`,
    remedy:
      isPhysical && isVirtual(topology.registers(first!)!)
        ? `switch it on at the physical function, \`${sriovFile(topology, first!)}\``
        : `bind its driver, or \`sudo setpci -s ${plainName(topology, first!)} COMMAND=${command}\``,
  };
}

const isVirtual = ({ physicalFunction }: FunctionDescription) => typeof physicalFunction === "string";

function sriovFile(topology: Topology, id: number): string {
  return `echo N | sudo tee /sys/bus/pci/devices/${topology.registers(id)!.physicalFunction!}/sriov_numvfs`;
}

/** Bridges that cut off devices which are switched on themselves: one diagnosis for each bridge. */
function* bridges(topology: Topology, awake: Iterable<number>): Generator<Diagnosis> {
  for (const { id, what, mask, command, consequence } of BRIDGE_FAULTS) {
    const cutOff = new Map<number, number[]>();
    const nearest = nearestAbove(topology, (bridge) => bit(topology.registers(bridge)!.command, mask) === "off");
    for (const device of awake) {
      if (ownState(topology, device, mask) !== "on") continue;
      if (mask === COMMAND_MEMORY && !hasMemory(topology.describe(device)!)) continue;
      const bridge = nearest(device);
      if (bridge === null) continue;
      const others = cutOff.get(bridge);
      if (others === undefined) cutOff.set(bridge, [device]);
      else others.push(device);
    }
    for (const [bridge, devices] of cutOff) {
      const name = topology.name(bridge);
      const names = devices.map((device) => topology.name(device));
      yield {
        id,
        severity: devices.some((device) => idleness(topology.registers(device)!) === null) ? "error" : "note",
        functions: [name, ...names],
        evidence: [`${name}: ${what}`, `switched on below it: ${enumerated(names)}`],
        consequence,
        remedy: `\`sudo setpci -s ${plainName(topology, bridge)} COMMAND=${command}\`, and find out what switched it off`,
      };
    }
  }
}

function ownState(topology: Topology, id: number, mask: number): Known {
  const description = topology.registers(id)!;
  if (mask === COMMAND_MASTER) return bit(description.command, mask);
  return decodesMemory(description, topology.physicalFunction(id));
}

const BRIDGE_FAULTS = [
  {
    id: "MEMORY_DECODE_OFF",
    mask: COMMAND_MEMORY,
    what: "memory space enable of the bridge is off (Command bit 1, Mem- in lspci)",
    command: "0002:0002",
    consequence: "it forwards no requests to the BARs below it: what peers write there is lost",
  },
  {
    id: "BUS_MASTER_OFF",
    mask: COMMAND_MASTER,
    what: "bus master enable of the bridge is off (Command bit 2, BusMaster- in lspci)",
    command: "0004:0004",
    consequence: "it forwards no requests upwards (PCIe 6.0 7.5.1.1.3): what is below it reaches nobody above",
  },
] as const;

/** Drivers that hold a device for somebody else, and switch it on once that one opens it. */
const HOLDERS = ["vfio-pci", "pci-stub", "xen-pciback", "uio_pci_generic", "igb_uio"];

/** Why nobody would have switched a device on; null: it has a driver that should have. */
function idleness({ driver }: FunctionDescription): string | null {
  if (driver === undefined) return "no driver is shown, so that it may be idle";
  if (driver === null) return "no driver is bound, so that it is idle";
  return HOLDERS.includes(driver) ? `${driver} holds it until somebody opens it` : null;
}

function hasMemory({ bars = [] }: FunctionDescription): boolean {
  return bars.some(({ type, index = 0, start }) => index < 6 && type !== "io" && type !== "rom" && start != null);
}

/** As the kernel calls it, without the system. */
function plainName(topology: Topology, id: number): string {
  return topology.describe(id)!.bdf;
}
