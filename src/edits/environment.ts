import type { CpuDescription, IommuMode, MachineDescription } from "../topology/description.js";
import type { Edit } from "./edit.js";
import { EditError } from "./errors.js";

/** What is around the devices. What is missing stays. */
export interface Environment {
  readonly cpu?: CpuDescription;
  /** The mode alone: what a boot with another mode makes of ACS control words, `bootWith` tells. */
  readonly iommu?: IommuMode;
  /** Whether the kernel has CONFIG_PCI_P2PDMA. */
  readonly p2pdma?: boolean;
  /** The firmware's value of every ACS control word of which nothing states it: 16 bits. */
  readonly firmwareAcs?: number;
}

/**
 * Another CPU, IOMMU mode, kernel configuration, or what the firmware is known to leave in ACS control words. Another
 * release of the kernel is a boot: `bootWith("", { kernel })`.
 *
 * @param system name of the system; missing: every one.
 * @throws RangeError for a firmware value that has no 16 bits; once it is made EditError where there is no such system.
 */
export function withEnvironment({ cpu, iommu, p2pdma, firmwareAcs }: Environment, system?: string): Edit {
  if (firmwareAcs !== undefined && !(Number.isInteger(firmwareAcs) && firmwareAcs >= 0 && firmwareAcs <= 0xffff)) {
    throw new RangeError(`expected an ACS control word of 16 bits, got ${String(firmwareAcs)}`);
  }
  return (machine) => {
    checkSystem(machine, system);
    return {
      ...machine,
      systems: machine.systems.map((each) => {
        if (system !== undefined && each.name !== system) return each;
        return {
          ...each,
          ...(cpu === undefined ? {} : { cpu }),
          ...(iommu === undefined ? {} : { iommu }),
          ...(p2pdma === undefined ? {} : { kernel: { ...each.kernel, p2pdma } }),
          ...(firmwareAcs === undefined ? {} : { functions: each.functions.map(leftBy(firmwareAcs)) }),
        };
      }),
    };
  };
}

function leftBy(firmware: number) {
  return (description: MachineDescription["systems"][number]["functions"][number]) => {
    const { acs } = description;
    return acs && acs.firmware === undefined ? { ...description, acs: { ...acs, firmware } } : description;
  };
}

function checkSystem({ systems }: MachineDescription, name: string | undefined): void {
  if (name === undefined || systems.some((system) => system.name === name)) return;
  const names = systems.map((system) => system.name ?? "(without a name)").join(", ");
  throw new EditError("NO_SUCH_SYSTEM", `no system "${name}": expected one of ${names}`);
}
