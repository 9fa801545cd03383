import { guestView, readGuestMap, type GuestMap } from "../nccl/guest-map.js";
import { ncclView } from "../nccl/view.js";
import { ncclXml } from "../nccl/xml.js";
import { openSource } from "../readers/node-machine.js";
import { ReadError } from "../readers/reading.js";
import type { Topology } from "../topology/topology.js";
import type { Answer } from "./command.js";
import { EXIT, UsageError } from "./exit.js";
import type { SharedOptions } from "./options.js";

/** The file that NCCL reads of a machine, or of one of its guests. */
export function ncclAnswer(
  topology: Topology,
  { json, guestMap }: Pick<SharedOptions, "json"> & { readonly guestMap?: string },
): Answer {
  if (json === true) throw new UsageError("--json: the file is XML; leave it out, or take --to json");
  if (topology.systems.length !== 1) {
    const count = topology.systems.length;
    throw new UsageError(`--to nccl-xml: a file is of one machine, and there are ${count}: choose one with --system`);
  }
  const map = guestMap === undefined ? undefined : openGuestMap(guestMap);
  const { view, notes } = ncclView(topology, 0, { virtualFunctions: map?.functions.map(({ host }) => host) ?? [] });
  if (view === null) {
    const reason = notes[0] ?? "the source shows no GPU and no network adapter";
    throw new UsageError(`--to nccl-xml: ${reason}`);
  }
  const xml = ncclXml(map === undefined ? view : guestView(view, map));
  return {
    exit: EXIT.yes,
    document: () => ({ xml }),
    text: () => xml.trimEnd(),
    notes,
  };
}

function openGuestMap(path: string): GuestMap {
  const { name, bytes } = openSource(path);
  if (!(bytes instanceof Uint8Array)) throw new ReadError("is a directory, expected a guest map", name);
  return readGuestMap(new TextDecoder().decode(bytes), name);
}
