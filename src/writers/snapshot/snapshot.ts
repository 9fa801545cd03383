import { decompress } from "../../readers/files/archive.js";
import { type FileTree, MemoryFiles, namesOf } from "../../readers/files/file-tree.js";
import type { Places } from "../../readers/sysfs/devices.js";
import { placesIn, readSysfs } from "../../readers/sysfs/sysfs.js";
import { gzip, packArchive } from "./archive.js";
import { askAsHwloc } from "./hwloc.js";
import { type Lack, lacksOf } from "./lacks.js";
import { nameRedaction, redactFile } from "./redact.js";

/*
 *     a machine, a        readSysfs,        the files that      without lines that     peerlane-snapshot/sys/…
 *     directory,    ───>  askAsHwloc  ───>  answers rest  ───>  nobody reads;    ───>  peerlane-snapshot/proc/…
 *     a tarball           ask               on                  redacted               in a .tar.gz
 */
const TOP = "/peerlane-snapshot";

/** An archive of what the readers need of a machine, and what is in it. */
export interface Snapshot {
  /** A `.tar.gz`. The same files make the same bytes. */
  readonly archive: Uint8Array;
  readonly functions: number;
  readonly files: number;
  /** What the source kept from who read it. */
  readonly lacks: readonly Lack[];
}

/**
 * Packs those files of a tree of `/sys` and `/proc` from which the readers make their description, and those from which
 * hwloc makes its topology.
 *
 * @param source name of the tree, for messages.
 * @throws ReadError where it holds no machine, or several.
 */
export async function takeSnapshot(
  tree: FileTree,
  source: string,
  { redact = false }: { readonly redact?: boolean } = {},
): Promise<Snapshot> {
  const places = placesIn(tree, source);
  const kept = new MemoryFiles();
  const asked = tree.keeping(kept);
  const { system } = await readSysfs(asked, source);
  askAsHwloc(asked, places);
  const files = new MemoryFiles();
  const nameOf = redact ? nameRedaction() : (path: string) => path;
  for (const path of kept.paths()) {
    const moved = movedTo(path, places);
    if (moved === null) continue;
    const target = kept.link(path);
    const bytes = kept.read(path);
    if (target !== null) files.addLink(nameOf(moved), nameOf(linkFrom(moved, target, places)));
    else if (bytes === null) files.addDirectory(nameOf(moved));
    else files.addFile(nameOf(moved), await contentOf(moved, bytes, source, redact));
  }
  return {
    archive: await packArchive(files),
    functions: system.functions.length,
    files: files.paths().filter((path) => files.read(path) !== null).length,
    lacks: lacksOf(tree, places, system),
  };
}

/** Where a file of the source is in the snapshot; null: not in it, being none of the machine's. */
function movedTo(path: string, { sys, top }: Places): string | null {
  if (top !== "") return path.startsWith(`/${top}/`) ? TOP + path.slice(top.length + 1) : null;
  const isInside = sys !== "" || /^\/(?:proc|boot)(?:\/|$)/.test(path);
  return isInside ? TOP + path : `${TOP}/sys${path}`;
}

/** A link that starts at the top (`/proc/device-tree`) leads from where it is to the same place. */
function linkFrom(path: string, target: string, places: Places): string {
  const moved = target.startsWith("/") ? movedTo(target, places) : null;
  if (moved === null) return target;
  const up = namesOf(path).length - 1;
  return [...Array<string>(up).fill(".."), ...namesOf(moved)].join("/");
}

async function contentOf(path: string, bytes: Uint8Array, source: string, redact: boolean): Promise<Uint8Array> {
  if (path === `${TOP}/proc/config.gz`) {
    return gzip(onlyLines(await decompress(bytes, "gzip", `${source}: proc/config.gz`), CONFIGURED));
  }
  if (path.startsWith(`${TOP}/boot/`)) return onlyLines(bytes, CONFIGURED);
  if (path.endsWith("/meminfo")) return onlyLines(bytes, TOTALS);
  const steady = path === `${TOP}/proc/cpuinfo` ? onlyLines(bytes, STEADY) : bytes;
  return redact ? redactFile(path, steady) : steady;
}

/** The lines of a kernel's configuration that the readers look for. */
const CONFIGURED = /^(?:# )?CONFIG_PCI(?:_P2PDMA)?[= ]/;
/** How much memory there is, and not how much of it is free at the moment. */
const TOTALS = /^(?:Node [0-9]+ )?(?:MemTotal|Hugepagesize|HugePages_Total):/;
/** All but how fast each CPU is at the moment. */
const STEADY = /^(?!cpu MHz\b|clock\b)/;

function onlyLines(bytes: Uint8Array, wanted: RegExp): Uint8Array {
  const lines = new TextDecoder().decode(bytes).split(/(?<=\n)/);
  return new TextEncoder().encode(lines.filter((line) => wanted.test(line)).join(""));
}
