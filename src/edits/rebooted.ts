import { parametersForIommu } from "../boot/iommu-mode.js";
import type { IommuMode } from "../topology/description.js";
import { bootWith } from "./boot-with.js";
import type { Edit } from "./edit.js";

/** How systems boot next time. What is missing or undefined stays. */
export interface Reboot {
  readonly kernel?: string | undefined;
  readonly iommu?: IommuMode | undefined;
}

/**
 * One boot of each system with parameters added, and where another IOMMU mode is wanted with what asks its CPU's IOMMU for
 * it: ACS control words follow the mode.
 *
 * @throws RangeError for what is no release of Linux.
 */
export function rebooted(parameters: string, { kernel, iommu }: Reboot): Edit {
  const options = kernel === undefined ? {} : { kernel };
  return (machine) => ({
    ...machine,
    systems: machine.systems.map((system) => {
      const asked = iommu === undefined || system.iommu === iommu ? "" : parametersForIommu(iommu, system.cpu);
      const boot = bootWith(`${parameters} ${asked}`.trim(), options);
      const [booted] = boot({ ...machine, systems: [system] }).systems;
      return iommu === undefined ? booted! : { ...booted!, iommu };
    }),
  });
}
