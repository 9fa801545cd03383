import { Option } from "commander";
import { compatDocument, compatLines } from "../../writers/compat.js";
import { mappingDocument, mappingText, mappingWord } from "../../writers/mapping.js";
import { functionsBeside } from "../../writers/parties.js";
import type { Command } from "../command.js";
import { dmaMaskOption, withDmaMask, type DmaMaskOption } from "../dma-mask.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT } from "../exit.js";
import { findParty } from "../functions.js";
import { checkRange, readAddress, readSize } from "../parse.js";

interface Own extends DirectionOption, DmaMaskOption {
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
    dmaMaskOption(),
    new Option("--compat", "show beside it what Linux's own dma_map_resource() and dma_map_sg() return"),
  ],
  ask({ topology, peerDma }, [first, second, third], { direction, dmaMask, compat }) {
    const initiator = findParty(topology, first!, "INITIATOR");
    const [address, size] = [readAddress(second!), readSize(third!)];
    checkRange(address, size);
    const peer = withDmaMask(peerDma(functionsBeside(topology, [initiator])), initiator, dmaMask);
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
