import { readNccl } from "../../src/readers/nccl.js";
import { read } from "../../src/readers/read.js";
import type { MachineDescription, NcclView } from "../../src/topology/description.js";
import { captureFile } from "../readers/fixtures.js";

/** The view that a topology file of one host is. */
export function viewOf(text: string): NcclView {
  return readNccl(text, "topo.xml")[0]!.system.views![0] as NcclView;
}

/** A machine that a kernel answered for. */
export async function machineOf(capture: string): Promise<MachineDescription> {
  return (await read([{ name: capture, bytes: captureFile(capture, "snapshot.tar.gz") }])).machine;
}
