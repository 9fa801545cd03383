import { listDocument, listText } from "../../writers/list.js";
import type { Command } from "../command.js";
import { EXIT } from "../exit.js";

export const list: Command = {
  name: "list",
  arguments: [],
  summary: "every function: what it is, where it hangs, its BARs, windows, ACS, link, driver",
  detail: "With -q the names only, one a line. Exit code 0.",
  ask: ({ topology, findings }) => ({
    exit: EXIT.yes,
    document: () => listDocument(topology, findings),
    text: (style) => listText(topology, style),
    word: () => [...topology.functions()].map((id) => topology.name(id)).join("\n"),
  }),
};
