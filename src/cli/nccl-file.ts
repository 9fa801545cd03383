import { guestView, readGuestMap, type GuestMap } from "../nccl/guest-map.js";
import { ncclView } from "../nccl/view.js";
import { ncclXml } from "../nccl/xml.js";
import { openSource } from "../readers/node-machine.js";
import { ReadError } from "../readers/reading.js";
import type { Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";

/** The file that NCCL reads of a machine, or of one of its guests, and what NCCL has to find out by itself. */
export function ncclFile(
  topology: Topology,
  guestMap: string | undefined,
): { readonly text: string; readonly notes: readonly string[] } {
  const map = guestMap === undefined ? undefined : openGuestMap(guestMap);
  const { view, notes } = ncclView(topology, 0, { virtualFunctions: map?.functions.map(({ host }) => host) ?? [] });
  if (view === null) {
    const reason = notes[0] ?? "the source shows no GPU and no network adapter";
    throw new UsageError(`--to nccl-xml: ${reason}`);
  }
  return { text: ncclXml(map === undefined ? view : guestView(view, map)).trimEnd(), notes };
}

function openGuestMap(path: string): GuestMap {
  const { name, bytes } = openSource(path);
  if (!(bytes instanceof Uint8Array)) throw new ReadError("is a directory, expected a guest map", name);
  return readGuestMap(new TextDecoder().decode(bytes), name);
}
