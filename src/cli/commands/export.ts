import { Option } from "commander";
import { PeerDma } from "../../explain/peer-dma.js";
import type { SystemDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import { pictureDot } from "../../writers/pictures/dot.js";
import { pictureMermaid } from "../../writers/pictures/mermaid.js";
import { pictureOf, type PictureOptions } from "../../writers/pictures/picture-of.js";
import { pictureSvg } from "../../writers/pictures/svg.js";
import { reportMarkdown } from "../../writers/report.js";
import { redactedMachine, systemRedaction } from "../../writers/snapshot/redacted-machine.js";
import type { Answer, Command } from "../command.js";
import { EXIT, UsageError } from "../exit.js";
import { nameDevices } from "../labels.js";
import { viewsAlone } from "../letters.js";
import type { Machine } from "../machine.js";
import { ncclFile } from "../nccl-file.js";
import type { SharedOptions } from "../options.js";
import { REMAINS } from "../remains.js";
import { restated } from "../restate.js";
import { GROUP_NAMES, select } from "../select.js";

interface Own {
  readonly to: string;
  readonly of?: string;
  readonly guestMap?: string;
  readonly redact?: boolean;
}

/** What a file is made of: one machine, and the functions that were asked for; undefined: none in particular. */
interface Writer {
  readonly write: (machine: Machine, of: readonly number[] | undefined, own: Own) => Written;
  /** The option that the format takes. */
  readonly takes: "of" | "guestMap";
  /** Whether it has nothing to show of a machine without functions. */
  readonly needsFunctions?: true;
}

type Written = Pick<Answer, "notes"> & { readonly text: string | Iterable<string> };

const about = (write: (machine: Machine, of: readonly number[] | undefined) => Written["text"]): Writer => ({
  write: (machine, of) => ({ text: write(machine, of) }),
  takes: "of",
});

const picture = (draw: (topology: Topology, options: PictureOptions) => string): Writer => ({
  ...about(({ topology }, of) => draw(topology, { of })),
  needsFunctions: true,
});

/** Formats other than JSON, which alone is a document and may hold several machines. */
const WRITERS: Readonly<Record<string, Writer>> = {
  dot: picture((topology, options) => pictureDot(pictureOf(topology, options))),
  mermaid: picture(pictureMermaid),
  svg: picture((topology, options) => pictureSvg(pictureOf(topology, options))),
  markdown: about(({ peerDma }, of) => reportMarkdown(peerDma(of ?? []), { of })),
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
    "peer-to-peer DMA and count the others. --redact says what is still in the file.\n\n" +
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
    new Option("--redact", "leave out serial numbers, MAC addresses and whatever else names one machine"),
  ],
  asDescribed: ({ to }) => to === "json",
  async ask(machine, _words, own: SharedOptions & Own) {
    const { to, of, guestMap, json, redact = false } = own;
    const writer = Object.hasOwn(WRITERS, to) ? WRITERS[to]! : null;
    if (of !== undefined && writer?.takes !== "of") {
      throw new UsageError(`--of: ${to} is of all functions; choose with a picture, such as --to svg`);
    }
    if (guestMap !== undefined && writer?.takes !== "guestMap") {
      throw new UsageError("--guest-map: goes with --to nccl-xml");
    }
    const remains = redact ? REMAINS : [];
    if (writer === null) {
      return {
        exit: EXIT.yes,
        document: () => description(machine.topology, redact),
        text: () => null,
        notes: remains,
      };
    }
    if (json === true) throw new UsageError(`--json: ${to} is no JSON; leave one of --json and --to ${to} out`);
    const { systems } = machine.topology;
    if (systems.length > 1) {
      throw new UsageError(
        `--to ${to}: it is of one machine, and the source has ${systems.length}: choose with --system, such as ` +
          `--system ${systems[0]!.name ?? '""'}`,
      );
    }
    const alone = writer.needsFunctions === true ? viewsAlone(machine) : null;
    if (alone !== null) throw new UsageError(`--to ${to}: there is nothing to draw, for ${alone}`);
    const ids = of === undefined ? undefined : select(machine.topology, of);
    const { text, notes = [] } = writer.write(redact ? await redacted(machine) : machine, ids, own);
    return { exit: EXIT.yes, document: () => null, text: () => text, notes: [...remains, ...notes] };
  },
};

/** The same machine, which decides as it did. */
async function redacted(machine: Machine): Promise<Machine> {
  const topology = restated(machine.topology, "--redact", redactedMachine);
  await nameDevices(topology);
  return { ...machine, topology, peerDma: (ids) => new PeerDma(topology, machine.peerDma(ids).policy) };
}

/** One system after the other: a fabric has too many for all of them to be described at once. */
function description(
  topology: Topology,
  redact: boolean,
): { readonly peerlane: 1; readonly systems: Iterable<SystemDescription> } {
  return { peerlane: 1, systems: systemsOf(topology, redact ? systemRedaction() : (system) => system) };
}

function* systemsOf(
  topology: Topology,
  change: (system: SystemDescription) => SystemDescription,
): Generator<SystemDescription> {
  for (let system = 0; system < topology.systems.length; system++) yield change(topology.describeSystem(system));
}
