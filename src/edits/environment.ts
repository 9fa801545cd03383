import type { CpuDescription, IommuMode, MachineDescription, SystemDescription } from "../topology/description.js";
import { bootWith } from "./boot-with.js";
import type { Edit } from "./edit.js";

/** The machine with another first CPU in every system. */
export function withCpu(cpu: CpuDescription): Edit {
  if (typeof cpu !== "object" || cpu === null) throw new TypeError(`expected a CPU's description, got ${String(cpu)}`);
  return eachSystem((system) => ({ ...system, cpu }));
}

/** The machine with a kernel that has peer-to-peer DMA built in, or not (CONFIG_PCI_P2PDMA). */
export function withP2pdma(built: boolean): Edit {
  if (typeof built !== "boolean") throw new TypeError(`expected true or false, got ${String(built)}`);
  return eachSystem((system) => ({ ...system, kernel: { ...system.kernel, p2pdma: built } }));
}

const MODES: readonly IommuMode[] = ["off", "passthrough", "translating"];

/**
 * The machine after a reboot that puts its IOMMU into this mode: ACS control words follow, since a kernel with an IOMMU
 * switches redirects on (docs/semantics.md, Kernel parameters).
 *
 * @throws RangeError for what is no mode.
 */
export function withIommu(mode: IommuMode): Edit {
  if (!MODES.includes(mode)) throw new RangeError(`expected ${MODES.join(", ")}, got ${String(mode)}`);
  return (machine) => ({
    ...machine,
    systems: machine.systems.map((system) => {
      if (system.iommu === mode) return system;
      const boot = bootWith(parametersFor(mode, system.cpu));
      return { ...boot({ peerlane: 1, systems: [system] }).systems[0]!, iommu: mode };
    }),
  });
}

/** What asks the kernel for a mode. That an IOMMU is off needs firmware where the architecture has no parameter for it. */
function parametersFor(mode: IommuMode, cpu: CpuDescription | undefined): string {
  const isX86 = cpu?.architecture === undefined || cpu.architecture === "x86";
  if (!isX86) return mode === "off" ? "" : `iommu.passthrough=${mode === "passthrough" ? 1 : 0}`;
  const on = cpu?.vendor === "GenuineIntel" ? "intel_iommu=on " : "";
  return { off: "iommu=off", passthrough: `${on}iommu=pt`, translating: `${on}iommu=nopt` }[mode];
}

function eachSystem(change: (system: SystemDescription) => SystemDescription): Edit {
  return (machine: MachineDescription) => ({ ...machine, systems: machine.systems.map(change) });
}
