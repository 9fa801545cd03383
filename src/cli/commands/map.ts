import { Option } from "commander";
import { PeerDma } from "../../explain/peer-dma.js";
import type { PlatformDeviceDescription, SystemDescription } from "../../topology/description.js";
import type { Ref, Topology } from "../../topology/topology.js";
import { compatDocument, compatLines } from "../../writers/compat.js";
import { mappingDocument, mappingText, mappingWord } from "../../writers/mapping.js";
import { functionsBeside } from "../../writers/parties.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError } from "../exit.js";
import { findParty } from "../functions.js";
import { checkRange, readAddress, readSize } from "../parse.js";
import { restated } from "../restate.js";

interface Own extends DirectionOption {
  readonly dmaMask?: number;
  readonly compat?: boolean;
}

export const map: Command<Own> = {
  name: "map",
  arguments: [
    ["<initiator>", "the function that does the DMA, or a platform device by its name"],
    ["<address>", "CPU physical, 0x… or decimal"],
    ["<size>", "bytes: 4096, 0x1000, 64K"],
  ],
  summary: "what a dma_map_resource() that looked would return: the route and DMA address, or a precise error",
  detail:
    "With -q one of yes, yes-through-host-bridge, no, unknown. Exit code 0: yes;\n" +
    "1: no; 3: the source lacks what the answer needs.",
  options: () => [
    directionOption(),
    new Option("--dma-mask <bits>", "address bits that the initiator drives, where the source does not say").argParser(
      readBits,
    ),
    new Option("--compat", "show beside it what Linux's own dma_map_resource() and dma_map_sg() return"),
  ],
  ask({ topology, peerDma }, [first, second, third], { direction, dmaMask, compat }) {
    const initiator = findParty(topology, first!, "INITIATOR");
    const [address, size] = [readAddress(second!), readSize(third!)];
    checkRange(address, size);
    const given = peerDma(functionsBeside(topology, [initiator]));
    const peer = dmaMask === undefined ? given : new PeerDma(withMask(topology, initiator, dmaMask), given.policy);
    const mapping = peer.map(initiator, address, size, direction);
    const word = mappingWord(mapping);
    return {
      exit: word === "no" || word === "unknown" ? EXIT[word] : EXIT.yes,
      document: () => ({
        ...mappingDocument(peer, mapping, initiator),
        ...(compat === true ? { compat: compatDocument(peer, mapping, initiator) } : {}),
      }),
      text: (style) =>
        [
          mappingText(peer, mapping, style, initiator),
          ...(compat === true ? compatLines(compatDocument(peer, mapping, initiator), style) : []),
        ].join("\n"),
      word: () => word,
    };
  },
};

function readBits(text: string): number {
  const bits = /^[0-9]{1,2}$/.test(text) ? Number(text) : 0;
  if (bits >= 1 && bits <= 64) return bits;
  throw new UsageError(`--dma-mask: expected a number of address bits from 1 to 64, got "${text}"`);
}

/** The same machine, with an initiator that drives so many address bits. */
function withMask(topology: Topology, initiator: Ref, dmaMaskBits: number): Topology {
  const device = topology.platformDevice(initiator);
  const ordinal = device?.system ?? topology.systemOf(topology.id(initiator));
  const limited = <T extends object>(all: readonly T[], is: (one: T) => boolean) =>
    all.map((each) => (is(each) ? { ...each, dmaMaskBits } : each));
  const restate = (system: SystemDescription): SystemDescription => {
    if (device !== null) {
      const named = (each: PlatformDeviceDescription) => each.name === device.description.name;
      return { ...system, platformDevices: limited(system.platformDevices!, named) };
    }
    const { bdf } = topology.describe(initiator)!;
    return { ...system, functions: limited(system.functions, (each) => each.bdf === bdf) };
  };
  return restated(topology, `--dma-mask ${dmaMaskBits}`, (machine) => ({
    ...machine,
    systems: machine.systems.map((system, at) => (at === ordinal ? restate(system) : system)),
  }));
}
