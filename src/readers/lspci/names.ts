import type { FunctionDescription } from "../../topology/description.js";

/**
 * Splits `Intel Corporation I350 [8086:1521]` or `8086:1521` into a name and ids. Names may hold brackets of their own.
 */
export function labelAndIds(text: string): Pick<FunctionDescription, "label" | "vendor" | "device"> {
  const match = /^(.*?)(?:^|\[)([0-9a-f]{4}):([0-9a-f]{4})\]?$/i.exec(text.trim());
  if (match === null) return { label: text.trim() };
  const ids = { vendor: match[2]!.toLowerCase(), device: match[3]!.toLowerCase() };
  return match[1] === "" ? ids : { label: match[1]!.trimEnd(), ...ids };
}

/** The class code that lspci means by `Host bridge`, `Host bridge [0600]`, `0600` or `Class 0600`. */
export function classCodeOf(text: string): string | undefined {
  const digits = /(?:^|^Class |\[)([0-9a-f]{4})\]?$/i.exec(text);
  return digits === null ? CLASS_CODES.get(text.toLowerCase()) : digits[1]!.toLowerCase();
}

/** Classes by the names of pci.ids, as far as they matter here: bridges, and what does or receives peer-to-peer DMA. */
const CLASS_CODES: ReadonlyMap<string, string> = new Map([
  ["scsi storage controller", "0100"],
  ["ide interface", "0101"],
  ["raid bus controller", "0104"],
  ["sata controller", "0106"],
  ["serial attached scsi controller", "0107"],
  ["non-volatile memory controller", "0108"],
  ["mass storage controller", "0180"],
  ["ethernet controller", "0200"],
  ["infiniband controller", "0207"],
  ["fabric controller", "0208"],
  ["network controller", "0280"],
  ["vga compatible controller", "0300"],
  ["xga compatible controller", "0301"],
  ["3d controller", "0302"],
  ["display controller", "0380"],
  ["multimedia video controller", "0400"],
  ["multimedia audio controller", "0401"],
  ["audio device", "0403"],
  ["multimedia controller", "0480"],
  ["ram memory", "0500"],
  ["flash memory", "0501"],
  ["cxl", "0502"],
  ["memory controller", "0580"],
  ["host bridge", "0600"],
  ["isa bridge", "0601"],
  ["pci bridge", "0604"],
  ["cardbus bridge", "0607"],
  ["semi-transparent pci-to-pci bridge", "0609"],
  ["infiniband to pci host bridge", "060a"],
  ["bridge", "0680"],
  ["serial controller", "0700"],
  ["communication controller", "0780"],
  ["pic", "0800"],
  ["dma controller", "0801"],
  ["sd host controller", "0805"],
  ["iommu", "0806"],
  ["system peripheral", "0880"],
  ["co-processor", "0b40"],
  ["firewire (ieee 1394)", "0c00"],
  ["usb controller", "0c03"],
  ["fibre channel", "0c04"],
  ["smbus", "0c05"],
  ["serial bus controller", "0c80"],
  ["encryption controller", "1080"],
  ["performance counters", "1101"],
  ["signal processing controller", "1180"],
  ["processing accelerators", "1200"],
]);
