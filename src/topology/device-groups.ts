import { isGpuClass, isNetworkClass } from "./class-code.js";
import type { FunctionDescription } from "./description.js";

/** Groups of functions, as people name them, by their class code (PCI Code and ID Assignment 1.1). */
export const DEVICE_GROUPS: Readonly<Record<string, (description: FunctionDescription) => boolean>> = {
  all: () => true,
  endpoint: ({ class: code, bus }) => bus === undefined && code?.startsWith("06") !== true,
  bridge: ({ class: code, bus }) => bus !== undefined || code?.startsWith("0604") === true,
  gpu: ({ class: code }) => isGpuClass(code),
  accelerator: ({ class: code }) => code?.startsWith("12") === true,
  nic: ({ class: code }) => isNetworkClass(code),
  nvme: ({ class: code }) => code?.startsWith("0108") === true,
  storage: ({ class: code }) => code?.startsWith("01") === true,
  memory: ({ class: code }) => code?.startsWith("05") === true,
};

/** What ASPEED and Matrox put on server boards draws the screen of a remote console, and has no memory for peers. */
export function isManagementDisplay({ class: code, vendor }: FunctionDescription): boolean {
  return code?.startsWith("0300") === true && (vendor === "1a03" || vendor === "102b");
}
