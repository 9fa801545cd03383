import type { NarrowWindow, Room } from "../topology/free-space.js";
import type { Ref, Topology } from "../topology/topology.js";
import { formatBytes } from "./describe.js";

/** Whether a BAR of another size finds room, in a sentence without a full stop. */
export function roomText(topology: Topology, ref: Ref, index: number, { answer, narrow, missing }: Room): string {
  const which = `BAR ${index} of ${topology.name(topology.id(ref))}`;
  const windows = narrow.map(narrowText).join("; ");
  switch (answer) {
    case "now":
      return `${which} finds room in the window above it`;
    case "by-growing":
      return `${which} finds room once windows have grown: ${windows}`;
    case "by-rearranging":
      return `${which} finds room once other BARs move, which takes a reboot: ${windows}`;
    case "no":
      return `${which} finds no room: ${windows}`;
    case "unknown":
      return `whether ${which} finds room is not known without ${missing.join(", ")}${windows === "" ? "" : `; ${windows}`}`;
  }
}

function narrowText({ bridge, kind, size, needed }: NarrowWindow): string {
  const which = kind === "pref" ? "prefetchable window" : "memory window";
  const has = size === 0n ? "is closed" : `has ${formatBytes(size)}`;
  return `the ${which} of ${bridge} ${has} and needs ${formatBytes(needed)}`;
}
