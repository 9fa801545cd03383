import type { FunctionDescription } from "./description.js";

/*
 * Class codes (PCI Code and ID Assignment 1.1) by what people call a device. A function without a class is none of these.
 *
 *     03    display controllers            12    processing accelerators; 1200 is what GPUs without a screen may have
 *     02    network controllers            0604  bridges to PCI, ports among them
 */

/** Display controllers and processing accelerators: GPUs of every vendor, by one class or the other. */
export function isGpuClass(code: string | undefined): boolean {
  return code?.startsWith("03") === true || code?.startsWith("1200") === true;
}

/** Network controllers, InfiniBand among them. */
export function isNetworkClass(code: string | undefined): boolean {
  return code?.startsWith("02") === true;
}

/** Devices that talk to each other: GPUs, network adapters, NVMe drives, accelerators. */
export function talksToPeers({ class: code }: FunctionDescription): boolean {
  return (
    isGpuClass(code) || isNetworkClass(code) || code?.startsWith("0108") === true || code?.startsWith("12") === true
  );
}

/** Whether a function is a bridge to other PCI functions, by its bus numbers, class or kind. */
export function isBridge({ kind, bus, class: code }: FunctionDescription): boolean {
  return (
    bus !== undefined ||
    code?.startsWith("0604") === true ||
    (kind !== undefined && /(?:port|pci-bridge|pcie-bridge|cardbus-bridge)$/.test(kind))
  );
}
