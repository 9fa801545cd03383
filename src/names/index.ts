/**
 * What PCI devices are called, by their numbers: pci.ids, which others maintain (LICENSE-pci.ids). The entry
 * `peerlane/names`; nothing else needs it.
 */
import edition from "./edition.json";
import { type DeviceNames, unpackNames } from "./device-names.js";
import packed from "./pci.ids.bin";

export type { DeviceIds, DeviceNames, NamesOfDevice } from "./device-names.js";

/** Which pci.ids it is: its version, `2026.10.24`, and its date, `2026-10-24`. */
export const PCI_IDS: { readonly version: string; readonly date: string } = edition;

let names: Promise<DeviceNames> | undefined;

/** The names, which are unpacked once. */
export function loadNames(): Promise<DeviceNames> {
  return (names ??= unpackNames(packed));
}
