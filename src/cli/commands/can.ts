import { verdictDocument, verdictText, verdictWord } from "../../writers/verdict.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT } from "../exit.js";
import { functionsBeside } from "../../writers/parties.js";
import { findParty } from "../functions.js";

export const can: Command<DirectionOption> = {
  name: "can",
  arguments: [
    ["<provider>", "the function that owns the memory, or a platform device by its name"],
    ["<client>", "the function that does the DMA, or a platform device"],
  ],
  summary: "may CLIENT do DMA to PROVIDER's memory, by which route, and if not: why, and what to do",
  detail:
    "With -q one of yes, yes-through-host-bridge, no, unknown: what Linux decides,\n" +
    "which does not look at the memory. Exit code 0: yes; 1: no; 3: the source\n" +
    "lacks what the answer needs.\n\n" +
    "  sudo lspci -D -vvvnnxxxx > lspci.txt\n" +
    "  peerlane can 41:00.0 61:00.0 -i lspci.txt --cpu AuthenticAMD:25",
  options: () => [directionOption()],
  ask({ topology, peerDma }, [first, second], { direction }) {
    const provider = findParty(topology, first!, "PROVIDER");
    const client = findParty(topology, second!, "CLIENT");
    // Of another system the client cannot be asked about, whatever its kernel.
    const peer = peerDma(functionsBeside(topology, [provider]));
    const verdict = peer.can(provider, client, direction);
    return {
      exit: EXIT[verdict.answer],
      document: () => verdictDocument(peer, verdict, [provider, client]),
      text: (style) => verdictText(peer, verdict, style, [provider, client]),
      word: () => verdictWord(verdict),
    };
  },
};
