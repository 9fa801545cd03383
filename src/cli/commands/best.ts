import { Option } from "commander";
import { bestPartners } from "../../partners/partners.js";
import type { Topology } from "../../topology/topology.js";
import { partnersDocument, partnersLines, partnersWords, type PartnersAnswer } from "../../writers/partners.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError, type ExitCode } from "../exit.js";
import { GROUP_NAMES, selectDevices, whyNone } from "../select.js";

interface Own extends DirectionOption {
  readonly for: string;
  readonly of: string;
  readonly memory: "device" | "candidate";
  readonly exclusive?: true;
  readonly share?: number;
}

const DETAIL = `Best is what may be reached directly, then what may be reached at all, then by hops,
NUMA node and links; those that tie are all shown. Groups hold no virtual functions.
With -q a line for each device: its name and its partners. Exit code 0: each device
has a partner that is allowed; 1: one has none, or a refused one; 3: of one it is
not known, or the source shows no such device.

  peerlane best -i snapshot.tar.gz
  peerlane best --for gpus --of nvme --exclusive -i lspci.txt`;

export const best: Command<Own> = {
  name: "best",
  arguments: [],
  summary: "the nearest partner of each device: which network adapter for which GPU, with settings",
  detail: DETAIL,
  options: () => [
    new Option("--for <list>", `devices: ${GROUP_NAMES}, functions; several separated by commas`).default("gpu"),
    new Option("--of <list>", "candidates, in the same way").default("nic"),
    new Option("--exclusive", "one partner for each device, which no other has: the best for all together").conflicts(
      "share",
    ),
    new Option("--share <number>", "the same, but so many devices may have one partner").argParser(readShare),
    new Option("--memory <whose>", "which side's memory the other side does DMA to")
      .choices(["device", "candidate"])
      .default("device"),
    directionOption(),
  ],
  ask({ topology, peerDma }, _words, { for: devices, of, exclusive, share, memory, direction }) {
    const wanted = selectDevices(topology, devices, "--for");
    const among = selectDevices(topology, of, "--of");
    const peer = peerDma([...wanted.ids, ...among.ids]);
    const room = exclusive === true ? 1 : share;
    const asked = { among: among.ids, memory, direction, ...(room === undefined ? {} : { share: room }) };
    const found = withinLimits(() => bestPartners(peer, wanted.ids, asked));
    const answer: PartnersAnswer = { peer, found, ...asked };
    return {
      exit: exitOf(answer),
      document: () => partnersDocument(answer),
      text: (style) => partnersLines(answer, style),
      word: () => partnersWords(answer),
      notes: [...wanted.notes, ...among.notes, ...(found.length === 0 ? [whyNobody(topology, devices)] : [])],
    };
  },
};

function whyNobody(topology: Topology, list: string): string {
  if (topology.functions().length > 0)
    return whyNone(topology, list) ?? `none of its functions is meant by --for ${list}`;
  const shown = topology.systems.some(({ views = [] }) => views.length > 0) ? "another tool's letters" : "no functions";
  return `it shows ${shown} alone: add a source that shows what hangs below what, such as lspci or a snapshot`;
}

function readShare(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--share: expected how many devices may have one partner, such as 2, got "${text}"`);
}

function withinLimits<Found>(find: () => Found): Found {
  try {
    return find();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--for and --of: ${error.message}, or choose with --system`);
    throw error;
  }
}

function exitOf({ found }: PartnersAnswer): ExitCode {
  if (found.length === 0) return EXIT.unknown;
  const answers = found.map(({ partners }) => partners[0]?.answer ?? "no");
  return answers.includes("no") ? EXIT.no : answers.includes("unknown") ? EXIT.unknown : EXIT.yes;
}
