import { Option } from "commander";
import { formatJson } from "../../writers/json.js";
import type { Command } from "../command.js";
import { EXIT } from "../exit.js";

export const exportMachine: Command = {
  name: "export",
  arguments: [],
  summary: "the machine description that the sources give together, to be read back with -i",
  detail: "  peerlane export -i lspci.txt -i iomem.txt > machine.json\n  peerlane tree -i machine.json\n\nExit code 0.",
  options: () => [new Option("--to <format>", "the format").choices(["json"]).default("json")],
  ask: ({ topology }) => ({
    exit: EXIT.yes,
    document: () => topology.describeMachine(),
    text: () => formatJson(topology.describeMachine()),
  }),
};
