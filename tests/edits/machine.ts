import { PeerDma } from "../../src/explain/peer-dma.js";
import {
  ANSWERS,
  linux,
  ROUTES,
  Topology,
  type FunctionDescription,
  type MachineDescription,
} from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { captureFile } from "../readers/fixtures.js";

export async function captured(name: string): Promise<MachineDescription> {
  const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(name, "snapshot.tar.gz") }]);
  return machine;
}

/** So that whoever writes into it fails. */
export function frozen<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

export function functionOf(machine: MachineDescription, bdf: string): FunctionDescription {
  return machine.systems[0]!.functions.find((each) => each.bdf === bdf)!;
}

/** Answer, route and distance of every ordered pair, by their names. */
export function matrixOf(machine: MachineDescription, kernel = "6.12"): Map<string, string> {
  const topology = Topology.of(machine);
  const { ids, answer, route, distance } = new PeerDma(topology, linux(kernel)).matrix(topology.functions());
  const names = [...ids].map((id) => topology.name(id));
  topology.close();
  return new Map(
    [...answer].map((each, at) => [
      `${names[Math.floor(at / ids.length)]} ${names[at % ids.length]}`,
      `${ANSWERS[each]} ${ROUTES[route[at]!]} ${distance[at]}`,
    ]),
  );
}
