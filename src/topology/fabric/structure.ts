import type { Problem, Problems } from "../errors.js";
import { FUNCTION_KINDS, NO_ROW, type FabricColumns } from "./columns.js";
import { ENDPOINT_KINDS } from "../placement.js";

/** So many are worth reading; whoever has more has made one mistake many times. */
const ENOUGH = 100;

/** Functions that cannot hang where the columns have them, for the reasons for which a description is refused. */
export function findContradictions(columns: FabricColumns, problems: Problems): void {
  const { parent, physicalFunction, kind, buses, requesterId } = columns.functions;
  const roots = columns.hostBridges.system.length;
  const endpoint = Uint8Array.from(FUNCTION_KINDS, (each) => Number(each !== null && ENDPOINT_KINDS.includes(each)));
  const report = (code: Problem["code"], row: number, message: string) => {
    const name = nameOfRow(columns, row);
    problems.push({ code, message: `${name} ${message}`, functions: [name] });
  };
  // Of the bridge above, which neighbours mostly share.
  let [bridge, isEndpoint, secondary, subordinate] = [-1, false, 0, 0];
  for (let row = 0; row < parent.length && problems.count < ENOUGH; row++) {
    const physical = physicalFunction === undefined ? NO_ROW : physicalFunction[row]!;
    if (physical !== NO_ROW && physicalFunction![physical] !== NO_ROW) {
      const fault = physical === row ? "which is itself" : "which is virtual itself";
      report("PARENT_MISSING", row, `is a virtual function of ${nameOfRow(columns, physical)}, ${fault}`);
    } else if (physical !== NO_ROW && parent[physical] !== parent[row]) {
      const isElsewhere = systemOf(columns, row) !== systemOf(columns, physical);
      const fault = isElsewhere ? "which is in another system" : "which has another parent: state that of both";
      const code = isElsewhere ? "PARENT_MISSING" : "PARENT_CONTRADICTION";
      report(code, row, `is a virtual function of ${nameOfRow(columns, physical)}, ${fault}`);
    }
    const above = parent[row]! - roots;
    if (above < 0 || above === row) continue;
    if (above !== bridge) {
      bridge = above;
      isEndpoint = kind !== undefined && endpoint[kind[above]!] === 1;
      const range = buses === undefined ? 0 : buses[above]!;
      [secondary, subordinate] = [range >>> 8, range & 0xff];
    }
    if (isEndpoint) {
      const fault = `but that is of kind ${FUNCTION_KINDS[kind![above]!]}, not a bridge`;
      report("PARENT_CONTRADICTION", row, `has the parent ${nameOfRow(columns, above)}, ${fault}`);
      continue;
    }
    const bus = requesterId[row]! >>> 8;
    if (secondary === 0 || physical !== NO_ROW || (bus >= secondary && bus <= subordinate)) continue;
    const fault = `but the buses behind that are ${hex(secondary)} to ${hex(subordinate)}`;
    report("PARENT_CONTRADICTION", row, `has the parent ${nameOfRow(columns, above)}, ${fault}`);
  }
}

/** Row of the system of a function; null: it is part of a cycle. */
function systemOf({ hostBridges, functions: { parent } }: FabricColumns, row: number): number | null {
  const roots = hostBridges.system.length;
  let node = roots + row;
  for (let steps = 0; node >= roots; steps++) {
    if (steps > parent.length) return null;
    node = parent[node - roots]!;
  }
  return hostBridges.system[node]!;
}

/** A function as a problem names it; of its segment nothing is known before it is placed. */
export function nameOfRow({ functions }: FabricColumns, row: number): string {
  const requester = functions.requesterId[row]!;
  const [device, number] = [(requester >>> 3) & 0x1f, requester & 7];
  return `${hex(requester >>> 8)}:${hex(device)}.${number} (functions row ${row})`;
}

function hex(value: number): string {
  return value.toString(16).padStart(2, "0");
}
