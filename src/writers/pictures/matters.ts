import type { FunctionDescription, FunctionKind } from "../../topology/description.js";

/** Class codes of what neither owns memory that others want nor moves much data (PCI Code and ID Assignment 1.1). */
const BYSTANDERS: readonly string[] = [
  "0403", // audio, mostly of a GPU
  "06", // bridges: drawn where something hangs below them
  "07", // serial ports, modems
  "08", // timers, interrupt controllers
  "09", // keyboards
  "0a", // docking stations
  "0c", // USB, SMBus
  "0d", // wireless
  "13", // instrumentation
];

/** Of the chipset rather than of a slot these are its own affair: SATA, memory controllers, counters. */
const CHIPSET: readonly string[] = ["0101", "0104", "0106", "0500", "0580", "11", "ff"];

const OF_THE_CHIPSET: readonly (FunctionKind | undefined)[] = ["rc-integrated-endpoint", "conventional"];

/** Whether a function is one that people ask about when they ask about peer-to-peer DMA. What nothing is known of, is. */
export function mattersToPeers({ class: code, kind, bus }: FunctionDescription): boolean {
  if (kind === "rc-event-collector" || kind === "host-bridge-function") return false;
  if (code === undefined && bus !== undefined) return false;
  if (code === undefined) return kind === undefined || kind.endsWith("endpoint") || kind === "conventional";
  const isAmong = (list: readonly string[]) => list.some((each) => code.startsWith(each));
  if (code.startsWith("0c06")) return true; // InfiniBand, as it was once
  return !isAmong(BYSTANDERS) && !(OF_THE_CHIPSET.includes(kind) && isAmong(CHIPSET));
}
