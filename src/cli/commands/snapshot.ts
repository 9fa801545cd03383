import { Option } from "commander";
import { FileTree } from "../../readers/files/file-tree.js";
import { openSource, openThisMachine } from "../../readers/node-machine.js";
import { unpack } from "../../readers/read.js";
import type { Lack } from "../../writers/snapshot/lacks.js";
import { takeSnapshot } from "../../writers/snapshot/snapshot.js";
import type { Maker } from "../command.js";
import { UsageError } from "../exit.js";
import { counted } from "../maker.js";
import { REMAINS } from "../remains.js";

interface SnapshotOptions {
  readonly redact?: boolean;
}

export const snapshot: Maker<SnapshotOptions> = {
  name: "snapshot",
  arguments: [],
  summary: "packs what peerlane and hwloc read of a machine into one file, to be read with -i anywhere",
  detail:
    "As any user; it says what root would add. -i takes the place of this machine: a directory or an\n" +
    "archive of /sys and /proc, to be thinned or redacted.\n\n" +
    "  peerlane snapshot --redact\n" +
    "  peerlane tree -i peerlane-snapshot.tar.gz\n" +
    "  tar xzf peerlane-snapshot.tar.gz && lstopo -i peerlane-snapshot\n\n" +
    "The same machine makes the same file. Exit code 0.",
  options: () => [
    new Option("--redact", "leave out serial numbers, MAC addresses and whatever else names one machine"),
  ],
  readsInput: true,
  defaultOutput: "peerlane-snapshot.tar.gz",
  async make(_words, { input, output, redact = false }) {
    const { name, tree } = await openTree(input);
    const { archive, functions, files, lacks } = await takeSnapshot(tree, name, { redact });
    const ofThisMachine = input.length === 0;
    return {
      data: archive,
      document: { functions, files, redacted: redact, lacks },
      summary: `${counted(functions, "function")} in ${counted(files, "file")}`,
      notes: [...(redact ? REMAINS : []), ...lackNotes(lacks, commandAsRoot(output, redact), ofThisMachine)],
    };
  },
};

async function openTree(input: readonly string[]): Promise<{ readonly name: string; readonly tree: FileTree }> {
  const [path, ...others] = input;
  if (path === undefined) {
    const { name, bytes } = openThisMachine();
    return { name, tree: bytes };
  }
  if (others.length > 0)
    throw new UsageError(`-i ${others[0]}: a snapshot is of one source, and ${path} is one already`);
  const { name, bytes } = openSource(path);
  const tree = bytes instanceof FileTree ? bytes : await unpack(bytes, name);
  if (tree instanceof FileTree) return { name, tree };
  throw new UsageError(`-i ${path}: expected a directory or a .tar, .tar.gz or .tar.bz2 of /sys and /proc`);
}

/** Null: this was root already. With whole paths, since root's may lead elsewhere. */
function commandAsRoot(output: string, redact: boolean): string | null {
  if (process.getuid?.() === 0) return null;
  const file = output === "-" ? snapshot.defaultOutput! : output;
  const words = [process.execPath, process.argv[1]!, "snapshot", ...(redact ? ["--redact"] : []), "-o", file];
  return `sudo ${words.map(quoted).join(" ")}`;
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./:@=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** `command`: what shows more of this machine to root. */
function lackNotes(lacks: readonly Lack[], command: string | null, ofThisMachine: boolean): string[] {
  if (lacks.length === 0) return [];
  const lines = lacks.map(({ file, functions, unknown }) => {
    const whose = functions === null ? "" : ` of ${counted(functions, "function")}`;
    return `  ${file}${whose}: ${unknown}`;
  });
  if (!ofThisMachine) return ["unknown, for lack of what root sees on that machine:", ...lines];
  if (command === null) return ["unknown, though read as root (in a container, or locked down):", ...lines];
  return ["root would add:", ...lines, `  ${command}`];
}
