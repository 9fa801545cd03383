/*!
 * pci.ids.bin holds the PCI ID database, https://pci-ids.ucw.cz, maintained by Albert Pool, Martin Mares and other
 * volunteers from the PCI ID Project, which may be distributed under the GNU General Public License (version 2 or higher)
 * or under the 3-clause BSD License. It is distributed here under the latter:
 *
 * Copyright (c) Martin Mares and Albert Pool
 *
 * Redistribution and use in source and binary forms, with or without modification, are permitted provided that the
 * following conditions are met:
 *
 * 1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following
 *    disclaimer.
 * 2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
 *    disclaimer in the documentation and/or other materials provided with the distribution.
 * 3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products
 *    derived from this software without specific prior written permission.
 *
 * THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES,
 * INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE
 * DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
 * SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES;
 * LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN
 * CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS
 * SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
 */
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
