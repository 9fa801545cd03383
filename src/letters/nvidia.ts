import type { Topology } from "../topology/topology.js";
import type { Claims } from "./claims.js";
import { devicesOf } from "./devices.js";
import { UNDECIDED } from "./dialect.js";
import { LinkCounts } from "./side-links.js";
import { Surroundings } from "./surroundings.js";

/** Functions of a topology in the letters of `nvidia-smi topo -m`. */
export function nvidiaClaims(topology: Topology, ids: Iterable<number>): Claims {
  const around = new Surroundings(topology);
  const links = new LinkCounts(topology, "nvlink");
  const functions = [...ids];
  const pcie = (row: number, column: number) => nvidiaLetter(around, functions[row]!, functions[column]!);
  const linked = (row: number, column: number) => links.between(functions[row]!, functions[column]!);
  const devices = devicesOf(topology, functions);
  return {
    dialect: "nvidia",
    origin: "the description",
    showsLinks: !links.isEmpty,
    devices,
    letter: (row, column) => {
      const count = row === column ? 0 : linked(row, column);
      return count > 0 ? `NV${count}` : pcie(row, column);
    },
    onPcie: pcie,
    why: (row, column) => {
      const count = linked(row, column);
      if (count > 0) return count === 1 ? "1 NVLink joins them" : `${count} NVLinks join them`;
      const mayBeLinked = !links.isEmpty && devices[row]!.kind === "gpu" && devices[column]!.kind === "gpu";
      const meeting = around.meetingText(functions[row]!, functions[column]!);
      return mayBeLinked ? `no NVLink joins them, and ${meeting}` : meeting;
    },
  };
}

/** What `nvidia-smi topo -mp` would print for two functions (docs/letters.md). */
function nvidiaLetter(around: Surroundings, a: number, b: number): string {
  const { topology } = around;
  if (a === b) return "X";
  if (topology.systemOf(a) !== topology.systemOf(b)) return "-";
  const { bridge, sameHostBridge } = topology.common(a, b);
  if (bridge === "unknown" || sameHostBridge === "unknown") return UNDECIDED;
  if (bridge !== null && !around.arePortsTold(a, b)) return UNDECIDED;
  if (bridge !== null) return around.countSwitches(a, b, bridge) <= 1 ? "PIX" : "PXB";
  if (sameHostBridge) return "PHB";
  const sameNode = around.sameNode(a, b);
  return sameNode === "unknown" ? UNDECIDED : sameNode ? "NODE" : "SYS";
}
