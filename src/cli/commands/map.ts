import { Option } from "commander";
import { PeerDma } from "../../explain/peer-dma.js";
import type { MachineDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import { compatDocument, compatLines } from "../../writers/compat.js";
import { mappingDocument, mappingText, mappingWord } from "../../writers/mapping.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError } from "../exit.js";
import { findFunction } from "../functions.js";
import { checkRange, readAddress, readSize } from "../parse.js";
import { restated } from "../restate.js";

interface Own extends DirectionOption {
  readonly dmaMask?: number;
  readonly compat?: boolean;
}

export const map: Command<Own> = {
  name: "map",
  arguments: [
    ["<initiator>", "the function that does the DMA"],
    ["<address>", "CPU physical, 0x… or decimal"],
    ["<size>", "bytes: 4096, 0x1000, 64K"],
  ],
  summary: "what a dma_map_resource() that looked would return: the route and DMA address, or a precise error",
  detail:
    "With -q one of yes, yes-through-host-bridge, no, unknown. Exit code 0: yes;\n" +
    "1: no; 3: the source lacks what the answer needs.",
  options: () => [
    directionOption(),
    new Option(
      "--dma-mask <bits>",
      "address bits that the initiator drives, in place of what the source says",
    ).argParser(readBits),
    new Option("--compat", "show beside it what Linux's own dma_map_resource() and dma_map_sg() return"),
  ],
  ask({ topology, peerDma }, [first, second, third], { direction, dmaMask, compat }) {
    const initiator = findFunction(topology, first!, "INITIATOR");
    const [address, size] = [readAddress(second!), readSize(third!)];
    checkRange(address, size);
    const given = peerDma([initiator]);
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

function withMask(topology: Topology, initiator: number, dmaMaskBits: number): Topology {
  const [ordinal, { bdf }] = [topology.systemOf(initiator), topology.describe(initiator)!];
  return restated(topology, `--dma-mask ${dmaMaskBits}`, (machine: MachineDescription) => ({
    ...machine,
    systems: machine.systems.map((system, at) => {
      if (at !== ordinal) return system;
      return {
        ...system,
        functions: system.functions.map((each) => (each.bdf === bdf ? { ...each, dmaMaskBits } : each)),
      };
    }),
  }));
}
