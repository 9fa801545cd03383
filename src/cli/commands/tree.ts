import type { Topology } from "../../topology/topology.js";
import type { Style } from "../../writers/style.js";
import { treeDepth, treeLines, treeSequence } from "../../writers/tree.js";
import type { Command } from "../command.js";
import { EXIT, UsageError } from "../exit.js";
import { viewsAlone } from "../letters.js";

export const tree: Command = {
  name: "tree",
  arguments: [],
  summary: "the machine as people draw it: host bridges, bridges, functions, sizes, links, ACS redirects",
  detail:
    "On a bridge: [buses below it], link, `ACS RR CR EC` where it redirects\n" +
    "peer-to-peer requests, `ACS ?` where the source does not show that. On a\n" +
    "function: sizes of its memory BARs, link, side links (nvlink x6), host\n" +
    "attachments (cxl to host). Devices outside PCI stand at the end. Exit code 0.",
  ask: ({ topology }) => ({
    exit: EXIT.yes,
    document: () => nested(topology),
    text: (style) => drawn(topology, style),
  }),
};

function* drawn(topology: Topology, style: Style): Generator<string> {
  const alone = viewsAlone({ topology });
  if (alone !== null) yield alone;
  yield* treeLines(topology, style);
}

/** No segment's buses are nested deeper, and no reader of JSON need be able to nest deeper. */
const DEEPEST = 256;

function nested(topology: Topology): ReturnType<typeof treeSequence> {
  const depth = treeDepth(topology);
  if (depth <= DEEPEST) return treeSequence(topology);
  throw new UsageError(
    `--json: the tree is ${depth} levels deep, and nested at most ${DEEPEST}: take \`list --json\`, which shows parents`,
  );
}
