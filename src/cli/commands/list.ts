import type { Topology } from "../../topology/topology.js";
import { listLines, listSequence } from "../../writers/list.js";
import type { Command } from "../command.js";
import { EXIT } from "../exit.js";
import { viewsAlone } from "../letters.js";

export const list: Command = {
  name: "list",
  arguments: [],
  summary: "every function: what it is, where it hangs, its BARs, windows, ACS, link, driver",
  detail: "With -q the names only, one a line. Exit code 0.",
  ask: ({ topology, findings }) => ({
    exit: EXIT.yes,
    document: () => listSequence(topology, findings),
    text: (style) => viewsAlone({ topology }) ?? listLines(topology, style),
    word: () => namesOf(topology),
  }),
};

function* namesOf(topology: Topology): Generator<string> {
  for (const id of topology.functions()) yield topology.name(id);
}
