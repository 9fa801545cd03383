import { Option } from "commander";
import type { SystemDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import type { Answer, Command } from "../command.js";
import { EXIT, UsageError } from "../exit.js";
import { ncclAnswer } from "../nccl-file.js";

interface ExportOptions {
  readonly to: keyof typeof FORMATS;
  readonly guestMap?: string;
}

/** What each format makes of the machine. */
const FORMATS = { json: jsonAnswer, "nccl-xml": ncclAnswer } as const;

export const exportMachine: Command<ExportOptions> = {
  name: "export",
  arguments: [],
  summary: "the machine in another form: its description, to be read back with -i, or a file for another tool",
  detail:
    "  peerlane export -i lspci.txt -i iomem.txt > machine.json\n" +
    "  peerlane tree -i machine.json\n" +
    "  peerlane export -i snapshot.tar.gz --to nccl-xml > topo.xml     for NCCL_TOPO_FILE\n" +
    "  peerlane export -i snapshot.tar.gz --to nccl-xml --guest-map map.txt > guest.xml\n\n" +
    "A guest map has a line for each function that a virtual machine is given, its name\n" +
    "on the host and in the guest: 0000:17:00.0 0000:05:00.0, and numa=1 behind them\n" +
    "where the guest numbers its NUMA nodes differently. # begins a comment.\n\nExit code 0.",
  options: () => [
    new Option("--to <format>", "the format").choices(Object.keys(FORMATS)).default("json"),
    new Option(
      "--guest-map <file>",
      "with --to nccl-xml: write the file for a virtual machine that has these functions",
    ),
  ],
  asDescribed: ({ to }) => to === "json",
  ask({ topology }, _, options) {
    const { to, guestMap } = options;
    if (guestMap !== undefined && to !== "nccl-xml") throw new UsageError("--guest-map: goes with --to nccl-xml");
    return FORMATS[to](topology, options);
  },
};

function jsonAnswer(topology: Topology): Answer {
  return { exit: EXIT.yes, document: () => description(topology), text: () => null };
}

/** One system after the other: a fabric has too many for all of them to be described at once. */
function description(topology: Topology): { readonly peerlane: 1; readonly systems: Iterable<SystemDescription> } {
  return { peerlane: 1, systems: systemsOf(topology) };
}

function* systemsOf(topology: Topology): Generator<SystemDescription> {
  for (let system = 0; system < topology.systems.length; system++) yield topology.describeSystem(system);
}
