import { Option } from "commander";
import type { SystemDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import { pictureDot } from "../../writers/pictures/dot.js";
import { pictureMermaid } from "../../writers/pictures/mermaid.js";
import { pictureOf } from "../../writers/pictures/picture-of.js";
import { pictureSvg } from "../../writers/pictures/svg.js";
import { reportMarkdown } from "../../writers/report.js";
import type { Answer, Command } from "../command.js";
import { EXIT, UsageError } from "../exit.js";
import type { Machine } from "../machine.js";
import { ncclFile } from "../nccl-file.js";
import type { SharedOptions } from "../options.js";
import { GROUP_NAMES, select } from "../select.js";

interface Own {
  readonly to: string;
  readonly of?: string;
  readonly guestMap?: string;
}

/** What a file is made of: one machine, and the functions that were asked for; undefined: none in particular. */
interface Writer {
  readonly write: (machine: Machine, of: readonly number[] | undefined, own: Own) => Written;
  /** The option that the format takes. */
  readonly takes: "of" | "guestMap";
}

type Written = Pick<Answer, "notes"> & { readonly text: string | Iterable<string> };

const picture = (write: (machine: Machine, of: readonly number[] | undefined) => Written["text"]): Writer => ({
  write: (machine, of) => ({ text: write(machine, of) }),
  takes: "of",
});

/** Formats other than JSON, which alone is a document and may hold several machines. */
const WRITERS: Readonly<Record<string, Writer>> = {
  dot: picture(({ topology }, of) => pictureDot(pictureOf(topology, { of }))),
  mermaid: picture(({ topology }, of) => pictureMermaid(topology, { of })),
  svg: picture(({ topology }, of) => pictureSvg(pictureOf(topology, { of }))),
  markdown: picture(({ peerDma }, of) => reportMarkdown(peerDma(of ?? []), { of })),
  "nccl-xml": { write: ({ topology }, _, { guestMap }) => ncclFile(topology, guestMap), takes: "guestMap" },
};

export const exportMachine: Command<Own> = {
  name: "export",
  arguments: [],
  summary: "the machine as a file: a description to be read back with -i, a picture, a report, a topology for NCCL",
  detail:
    "  peerlane export -i lspci.txt -i iomem.txt > machine.json\n" +
    "  peerlane export --to svg -i lspci.txt > machine.svg\n" +
    "  peerlane export --to markdown -i lspci.txt > report.md\n" +
    "  peerlane export --to nccl-xml -i snapshot.tar.gz > topo.xml     for NCCL_TOPO_FILE\n" +
    "  peerlane export --to nccl-xml -i snapshot.tar.gz --guest-map map.txt > guest.xml\n\n" +
    "json is the description that the sources give together. dot, mermaid and svg are\n" +
    "pictures of one machine; markdown is a report to paste: facts, picture, who reaches\n" +
    "whom, and what to do about those that do not. Without --of they show what matters to\n" +
    "peer-to-peer DMA and count the others.\n\n" +
    "A guest map has a line for each function that a virtual machine is given, its name\n" +
    "on the host and in the guest: 0000:17:00.0 0000:05:00.0, and numa=1 behind them\n" +
    "where the guest numbers its NUMA nodes differently. # begins a comment. Exit code 0.",
  options: () => [
    new Option("--to <format>", "the format").choices(["json", ...Object.keys(WRITERS)]).default("json"),
    new Option("--of <list>", `what a picture or report is about: ${GROUP_NAMES}, functions`),
    new Option(
      "--guest-map <file>",
      "with --to nccl-xml: write the file for a virtual machine that has these functions",
    ),
  ],
  asDescribed: ({ to }) => to === "json",
  ask(machine, _words, own: SharedOptions & Own) {
    const { to, of, guestMap, json } = own;
    const writer = Object.hasOwn(WRITERS, to) ? WRITERS[to]! : null;
    if (of !== undefined && writer?.takes !== "of") {
      throw new UsageError(`--of: ${to} is of all functions; choose with a picture, such as --to svg`);
    }
    if (guestMap !== undefined && writer?.takes !== "guestMap") {
      throw new UsageError("--guest-map: goes with --to nccl-xml");
    }
    if (writer === null) return { exit: EXIT.yes, document: () => description(machine.topology), text: () => null };
    if (json === true) throw new UsageError(`--json: ${to} is no JSON; leave one of --json and --to ${to} out`);
    const { systems } = machine.topology;
    if (systems.length > 1) {
      throw new UsageError(
        `--to ${to}: it is of one machine, and the source has ${systems.length}: choose with --system, such as ` +
          `--system ${systems[0]!.name ?? '""'}`,
      );
    }
    const { text, notes } = writer.write(machine, of === undefined ? undefined : select(machine.topology, of), own);
    return { exit: EXIT.yes, document: () => null, text: () => text, ...(notes && { notes }) };
  },
};

/** One system after the other: a fabric has too many for all of them to be described at once. */
function description(topology: Topology): { readonly peerlane: 1; readonly systems: Iterable<SystemDescription> } {
  return { peerlane: 1, systems: systemsOf(topology) };
}

function* systemsOf(topology: Topology): Generator<SystemDescription> {
  for (let system = 0; system < topology.systems.length; system++) yield topology.describeSystem(system);
}
