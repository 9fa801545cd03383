import { shapes, synthesize, type ShapeName } from "../../fabrics/index.js";
import type { FabricColumns } from "../../topology/fabric/columns.js";
import { Topology } from "../../topology/topology.js";
import type { Maker } from "../command.js";
import { UsageError } from "../exit.js";
import {
  COUNT_HELP,
  fabricOptions,
  spelledAsTyped,
  typedBeside,
  typedOptions,
  type FabricOptions,
} from "../fabric-options.js";
import { counted } from "../maker.js";

const NAMES = Object.keys(shapes) as ShapeName[];
const OF_SHAPES = ["functions", "seed"] as const;

export const synth: Maker<FabricOptions> = {
  name: "synth",
  arguments: [["[shape]", "one of those below; without it, what the options say"]],
  summary: "makes machines up, from one to millions of functions, into a file to be read with -i",
  detail:
    `Shapes, which take --functions and --seed only:\n${NAMES.map(lineOf).join("\n")}\n\n${COUNT_HELP}\n\n` +
    "  peerlane synth gpu-servers --functions 1e6 -o servers.bin\n" +
    "  peerlane common s7/0000:05:00.0 s7/0000:09:00.0 -i servers.bin\n" +
    "  peerlane synth --systems 2 --fanout 8 --vfs nic=16 --acs redirect -o two.bin\n\n" +
    "The same options make the same file. Exit code 0.",
  options: fabricOptions,
  make([name], options) {
    const shape = shapeOf(name, options);
    const columns = generate(shape, options);
    const { systems, functions, bars, windows } = columns;
    const { topology } = attempt(() => Topology.fromColumns(columns));
    const data = new Uint8Array(topology.toBuffer());
    topology.close();
    const document = {
      shape,
      functions: functions.parent.length,
      systems: systems.length,
      ranges: (bars?.function.length ?? 0) + (windows?.node.length ?? 0),
    };
    const summary =
      `${counted(document.functions, "function")} in ${counted(document.systems, "system")}, ` +
      counted(document.ranges, "address range");
    return { data, document, summary };
  },
};

function lineOf(name: ShapeName): string {
  return `  ${name.padEnd(13)}${shapes[name].description}`;
}

function shapeOf(name: string | undefined, options: FabricOptions): ShapeName | null {
  if (name === undefined) return null;
  if (!Object.hasOwn(shapes, name)) {
    throw new UsageError(
      `SHAPE: expected ${NAMES.join(", ")}, or none to say it all with options (--host-bridges, …), got "${name}"`,
    );
  }
  const flag = typedBeside(options, OF_SHAPES);
  if (flag === undefined) return name as ShapeName;
  throw new UsageError(
    `${flag}: ${name} says that itself, and takes --functions and --seed only: leave ${flag} out, or the shape`,
  );
}

function generate(shape: ShapeName | null, options: FabricOptions): FabricColumns {
  const typed = typedOptions(options);
  return attempt(() => (shape === null ? synthesize(typed) : shapes[shape](typed)));
}

/** What cannot be made was asked for wrongly. */
function attempt<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
    const message = spelledAsTyped(error.message);
    if (message !== null) throw new UsageError(message);
    // Too much of it; a TypeError that names no option is a fault of this program.
    if (error instanceof RangeError) throw new UsageError(`--functions: ${error.message}`);
    throw error;
  }
}
