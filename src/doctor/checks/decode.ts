import { bit, COMMAND_MASTER, COMMAND_MEMORY, decodesMemory, type Known } from "../../topology/register.js";
import type { FunctionDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import type { Check, Diagnosis, Patient } from "../check.js";
import { nearestAbove } from "../above.js";
import { enumerated } from "../wording.js";

/**
 * Devices that do not answer, or do not ask: memory decode or bus mastering off, of their own or of a bridge above them,
 * and those that are powered down. One that no driver has switched on is idle, which is worth a note.
 */
export const decode: Check = {
  ids: ["MEMORY_DECODE_OFF", "BUS_MASTER_OFF", "DEVICE_ASLEEP"],
  *run(patient) {
    const { topology, talkers } = patient;
    const running: number[] = [];
    for (const id of talkers) {
      const description = topology.describe(id)!;
      const { powerState } = description;
      if (powerState === "D3hot" || powerState === "D3cold") yield asleep(topology, id, powerState);
      else {
        const decodes = decodesMemory(description, topology.physicalFunction(id));
        if (decodes === "off" && hasMemory(description)) yield ownDecode(topology, id, description);
        const masters = bit(description.command, COMMAND_MASTER);
        // What is switched off altogether has one fault, not two.
        if (masters === "off" && !(decodes === "off" && hasMemory(description))) {
          yield ownMastering(topology, id, description);
        }
        running.push(id);
      }
    }
    yield* bridges(patient, running);
  },
};

function asleep(topology: Topology, id: number, state: string): Diagnosis {
  const name = topology.name(id);
  return {
    id: "DEVICE_ASLEEP",
    severity: "note",
    functions: [name],
    evidence: [`${name}: power state ${state}`],
    consequence: "it neither answers nor sends requests before its driver wakes it",
    remedy: `keep it awake: \`echo on | sudo tee /sys/bus/pci/devices/${plainName(topology, id)}/power/control\``,
  };
}

function ownDecode(topology: Topology, id: number, description: FunctionDescription): Diagnosis {
  const name = topology.name(id);
  const { physicalFunction: physical } = description;
  const isVirtual = typeof physical === "string";
  return {
    id: "MEMORY_DECODE_OFF",
    severity: severityBy(description),
    functions: [name],
    evidence: [
      isVirtual
        ? `${name} is virtual, and VF enable or VF memory space enable of ${physical} is off`
        : `${name}: memory space enable is off (Command bit 1, Mem- in lspci)`,
      driverText(name, description),
    ],
    consequence: "nobody answers at its BARs: what peers write there is lost, and what they read is all ones",
    remedy: isVirtual
      ? `switch the virtual functions on: \`echo N | sudo tee /sys/bus/pci/devices/${physical}/sriov_numvfs\``
      : `bind its driver, or \`sudo setpci -s ${plainName(topology, id)} COMMAND=0002:0002\``,
  };
}

function ownMastering(topology: Topology, id: number, description: FunctionDescription): Diagnosis {
  const name = topology.name(id);
  return {
    id: "BUS_MASTER_OFF",
    severity: severityBy(description),
    functions: [name],
    evidence: [`${name}: bus master enable is off (Command bit 2, BusMaster- in lspci)`, driverText(name, description)],
    consequence: "it sends no requests: it can be reached by peers, and reaches none",
    remedy: `bind its driver, or \`sudo setpci -s ${plainName(topology, id)} COMMAND=0004:0004\``,
  };
}

/** Bridges that cut off devices which are switched on themselves: one diagnosis for each bridge. */
function* bridges({ topology }: Patient, running: readonly number[]): Generator<Diagnosis> {
  for (const { id, what, mask, command, consequence } of BRIDGE_FAULTS) {
    const cutOff = new Map<number, number[]>();
    const nearest = nearestAbove(topology, (bridge) => bit(topology.registers(bridge)!.command, mask) === "off");
    for (const device of running) {
      const description = topology.describe(device)!;
      if (ownState(topology, device, description, mask) !== "on") continue;
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
        severity: "error",
        functions: [name, ...names],
        evidence: [`${name}: ${what}`, `switched on below it: ${enumerated(names)}`],
        consequence,
        remedy: `\`sudo setpci -s ${plainName(topology, bridge)} COMMAND=${command}\`, and find out what switched it off`,
      };
    }
  }
}

function ownState(topology: Topology, id: number, description: FunctionDescription, mask: number): Known {
  if (mask === COMMAND_MASTER) return bit(description.command, COMMAND_MASTER);
  return hasMemory(description) ? decodesMemory(description, topology.physicalFunction(id)) : "off";
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

function severityBy({ driver }: FunctionDescription): "error" | "note" {
  return typeof driver === "string" && !HOLDERS.includes(driver) ? "error" : "note";
}

function driverText(name: string, { driver }: FunctionDescription): string {
  if (driver === undefined) return `no driver is shown for ${name}, so that it may be idle`;
  if (driver === null) return `${name} has no driver, and is idle`;
  if (HOLDERS.includes(driver)) return `${driver} holds ${name} until somebody opens it`;
  return `its driver ${driver} is bound`;
}

function hasMemory({ bars = [] }: FunctionDescription): boolean {
  return bars.some(({ type, index = 0, start }) => index < 6 && type !== "io" && type !== "rom" && start != null);
}

/** As the kernel calls it, without the system. */
function plainName(topology: Topology, id: number): string {
  return topology.describe(id)!.bdf;
}
