import { isX86 } from "../../topology/cpu.js";
import type { CpuDescription, KernelDescription } from "../../topology/description.js";
import { defined } from "../config-space.js";
import { powerProcessor } from "../cpuinfo.js";

/** The `<info name="…" value="…"/>` of one object. */
export type Infos = ReadonlyMap<string, string>;

/** The kernel, where it is Linux. */
export function kernelFrom(infos: Infos): KernelDescription | undefined {
  const release = infos.get("OSRelease");
  return infos.get("OSName") === "Linux" && release ? { release } : undefined;
}

/** The CPU by the infos of the machine and of its first package, in the words of `/proc/cpuinfo`. */
export function cpuFrom(machine: Infos, packageInfos: Infos): CpuDescription | undefined {
  const info = (name: string) => (packageInfos.get(name) ?? machine.get(name))?.trim() || undefined;
  const model = info("CPUModel");
  const vendor = info("CPUVendor");
  const stated = architectureOf(machine.get("Architecture"));
  const architecture = stated ?? (isX86(defined<CpuDescription>({ vendor })) ? "x86" : undefined);
  const power = powerProcessor(model ?? "");
  const cpu = defined<CpuDescription>(
    power !== undefined
      ? { architecture: architecture ?? "ppc64", vendor: power }
      : {
          architecture,
          vendor: vendor ?? info("CPUImplementer"),
          family: decimal(info("CPUFamilyNumber")),
          modelNumber: decimal(info("CPUModelNumber")),
          model,
        },
  );
  return Object.keys(cpu).length > 0 ? cpu : undefined;
}

/** `Architecture` is the machine of uname. */
function architectureOf(machine: string | undefined): string | undefined {
  if (machine === undefined || machine === "") return undefined;
  if (/^(?:x86_64|amd64|i[3-6]86)$/i.test(machine)) return "x86";
  if (/^ppc64/.test(machine)) return "ppc64";
  return /^(?:aarch64|arm64)/.test(machine) ? "arm64" : machine;
}

/**
 * What its makers call a function, as lspci prints it; libraries for GPUs know the names of GPUs and switches
 * where the list of PCI ids does not.
 */
export function labelFrom(
  own: Infos,
  devices: Infos,
  subtype: string | undefined,
  device: string | undefined,
): string | undefined {
  const [vendor, name] = [own.get("PCIVendor"), own.get("PCIDevice")];
  if (vendor && name) return `${vendor} ${name}`;
  if (devices.get("GPUModel")) return [devices.get("GPUVendor"), devices.get("GPUModel")].filter(Boolean).join(" ");
  if (subtype) return [vendor, subtype].filter(Boolean).join(" ");
  return vendor && device ? `${vendor} Device ${device}` : undefined;
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined;
}
