import { Option } from "commander";
import type { SystemDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import type { Command } from "../command.js";
import { EXIT } from "../exit.js";

export const exportMachine: Command = {
  name: "export",
  arguments: [],
  summary: "the machine description that the sources give together, to be read back with -i",
  detail: "  peerlane export -i lspci.txt -i iomem.txt > machine.json\n  peerlane tree -i machine.json\n\nExit code 0.",
  options: () => [new Option("--to <format>", "the format").choices(["json"]).default("json")],
  asDescribed: true,
  ask: ({ topology }) => ({
    exit: EXIT.yes,
    // The one format there is.
    document: () => description(topology),
    text: () => null,
  }),
};

/** One system after the other: a fabric has too many for all of them to be described at once. */
function description(topology: Topology): { readonly peerlane: 1; readonly systems: Iterable<SystemDescription> } {
  return { peerlane: 1, systems: systemsOf(topology) };
}

function* systemsOf(topology: Topology): Generator<SystemDescription> {
  for (let system = 0; system < topology.systems.length; system++) yield topology.describeSystem(system);
}
