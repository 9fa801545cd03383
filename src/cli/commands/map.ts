import { mappingDocument, mappingText, mappingWord } from "../../writers/mapping.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT } from "../exit.js";
import { functionsBeside } from "../../writers/parties.js";
import { findParty } from "../functions.js";
import { checkRange, readAddress, readSize } from "../parse.js";

export const map: Command<DirectionOption> = {
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
  options: () => [directionOption()],
  ask({ topology, peerDma }, [first, second, third], { direction }) {
    const initiator = findParty(topology, first!, "INITIATOR");
    const [address, size] = [readAddress(second!), readSize(third!)];
    checkRange(address, size);
    const peer = peerDma(functionsBeside(topology, [initiator]));
    const mapping = peer.map(initiator, address, size, direction);
    const word = mappingWord(mapping);
    return {
      exit: word === "no" || word === "unknown" ? EXIT[word] : EXIT.yes,
      document: () => mappingDocument(peer, mapping, initiator),
      text: (style) => mappingText(peer, mapping, style, initiator),
      word: () => word,
    };
  },
};
