import { Option } from "commander";
import type { SystemDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import { pictureDot } from "../../writers/pictures/dot.js";
import { fittingMermaid } from "../../writers/pictures/mermaid.js";
import { pictureOf } from "../../writers/pictures/picture.js";
import { pictureSvg } from "../../writers/pictures/svg.js";
import { reportMarkdown } from "../../writers/report.js";
import type { Command } from "../command.js";
import { EXIT, UsageError } from "../exit.js";
import type { Machine } from "../machine.js";
import { GROUP_NAMES, select } from "../of.js";
import type { SharedOptions } from "../options.js";

interface Own {
  readonly to: string;
  readonly of?: string;
}

/** What a format is made of: the machine, and the functions that were asked for; undefined: none in particular. */
type Writer = (machine: Machine, of: readonly number[] | undefined) => string | Iterable<string>;

/** Formats other than JSON, which alone is a document. */
const WRITERS: Readonly<Record<string, Writer>> = {
  dot: ({ topology }, of) => pictureDot(pictureOf(topology, { of })),
  mermaid: ({ topology }, of) => fittingMermaid(topology, { of }),
  svg: ({ topology }, of) => pictureSvg(pictureOf(topology, { of })),
  markdown: ({ peerDma }, of) => reportMarkdown(peerDma(of ?? []), { of }),
};

export const exportMachine: Command<Own> = {
  name: "export",
  arguments: [],
  summary: "the machine as a file: a description to be read back with -i, a picture, a report",
  detail:
    "  peerlane export -i lspci.txt -i iomem.txt > machine.json\n" +
    "  peerlane export --to svg -i lspci.txt > machine.svg\n" +
    "  peerlane export --to markdown -i lspci.txt > report.md\n\n" +
    "json is the description that the sources give together. dot, mermaid and svg are\n" +
    "pictures of one machine; markdown is a report to paste: facts, picture, who reaches\n" +
    "whom, and what to do about those that do not. Without --of they show what matters to\n" +
    "peer-to-peer DMA and count the others. Exit code 0.",
  options: () => [
    new Option("--to <format>", "the format").choices(["json", ...Object.keys(WRITERS)]).default("json"),
    new Option("--of <list>", `what a picture or report is about: ${GROUP_NAMES}, functions`),
  ],
  ask(machine, _words, { to, of, json }: SharedOptions & Own) {
    const write = Object.hasOwn(WRITERS, to) ? WRITERS[to]! : null;
    if (write === null) {
      if (of !== undefined) throw new UsageError("--of: a description is whole; choose with --to svg, for example");
      return { exit: EXIT.yes, document: () => description(machine.topology), text: () => null };
    }
    if (json === true) throw new UsageError(`--json: ${to} is no JSON; leave one of --json and --to ${to} out`);
    const { systems } = machine.topology;
    if (systems.length > 1) {
      throw new UsageError(
        `--to ${to}: it is of one machine, and the source has ${systems.length}: choose with --system, such as ` +
          `--system ${systems[0]!.name ?? '""'}`,
      );
    }
    const made = write(machine, of === undefined ? undefined : select(machine.topology, of));
    return { exit: EXIT.yes, document: () => null, text: () => made };
  },
};

/** One system after the other: a fabric has too many for all of them to be described at once. */
function description(topology: Topology): { readonly peerlane: 1; readonly systems: Iterable<SystemDescription> } {
  return { peerlane: 1, systems: systemsOf(topology) };
}

function* systemsOf(topology: Topology): Generator<SystemDescription> {
  for (let system = 0; system < topology.systems.length; system++) yield topology.describeSystem(system);
}
