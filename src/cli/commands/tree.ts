import { treeDocument, treeText } from "../../writers/tree.js";
import type { Command } from "../command.js";
import { EXIT } from "../exit.js";

export const tree: Command = {
  name: "tree",
  arguments: [],
  summary: "the machine as people draw it: host bridges, bridges, functions, sizes, links, ACS redirects",
  detail:
    "On a bridge: [buses below it], link, `ACS RR CR EC` where it redirects\n" +
    "peer-to-peer requests, `ACS ?` where the source does not show that. On a\n" +
    "function: sizes of its memory BARs, link. Exit code 0.",
  ask: ({ topology }) => ({
    exit: EXIT.yes,
    document: () => treeDocument(topology),
    text: (style) => treeText(topology, style),
  }),
};
