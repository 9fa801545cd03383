import { Option } from "commander";
import { PeerDma } from "../explain/peer-dma.js";
import type { SystemDescription } from "../topology/description.js";
import type { Ref, Topology } from "../topology/topology.js";
import { UsageError } from "./exit.js";
import { restated } from "./restate.js";

export interface DmaMaskOption {
  readonly dmaMask?: number;
}

export function dmaMaskOption(): Option {
  return new Option(
    "--dma-mask <bits>",
    "address bits that the initiator drives, in place of what the source says",
  ).argParser(readBits);
}

function readBits(text: string): number {
  const bits = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0;
  if (bits >= 1 && bits <= 64) return bits;
  throw new UsageError(`--dma-mask: expected a number of address bits from 1 to 64, got "${text}"`);
}

/** The same questions of a machine whose initiator drives so many address bits; `undefined`: what the source says. */
export function withDmaMask(peer: PeerDma, initiator: Ref, dmaMaskBits: number | undefined): PeerDma {
  const { topology, policy } = peer;
  if (dmaMaskBits === undefined) return peer;
  const isInitiator = testOf(topology, initiator);
  const changed = restated(topology, `--dma-mask ${dmaMaskBits}`, (machine) => ({
    ...machine,
    systems: machine.systems.map((system, ordinal) => {
      const mask = <Each>(each: Each, name: string) => (isInitiator(ordinal, name) ? { ...each, dmaMaskBits } : each);
      return withMasks(system, mask);
    }),
  }));
  return new PeerDma(changed, policy);
}

type Mask = <Each>(each: Each, name: string) => Each;

function withMasks(system: SystemDescription, mask: Mask): SystemDescription {
  const { platformDevices } = system;
  return {
    ...system,
    functions: system.functions.map((each) => mask(each, each.bdf)),
    ...(platformDevices && { platformDevices: platformDevices.map((each) => mask(each, each.name)) }),
  };
}

/** Whether something of a system, by its ordinal and its own name there, is the initiator. */
function testOf(topology: Topology, initiator: Ref): (system: number, name: string) => boolean {
  const device = topology.platformDevice(initiator);
  if (device !== null) return (ordinal, name) => ordinal === device.system && name === device.description.name;
  const id = topology.id(initiator);
  const [system, { bdf }] = [topology.systemOf(id), topology.describe(id)!];
  return (ordinal, name) => ordinal === system && name === bdf;
}
