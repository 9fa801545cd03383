import { canonicalBdf } from "../../topology/bdf.js";
import { type FileTree, namesOf } from "../files/file-tree.js";

/*
 *     sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda
 *     sys/block/sda -> ../devices/pci0000:00/0000:00:1f.2/ata1/…/block/sda
 *     sys/class/net/eth0 -> ../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0
 */

/** Directories of functions, in which there is one of each name that a driver gave. */
export const CHILD_DIRECTORIES = ["net", "infiniband", "nvme", "drm", "block", "dma"];

/** What drivers call the function whose directory is at `path`; a virtio device sits in between. */
export function namesBelow(tree: FileTree, path: string): readonly string[] | undefined {
  const virtio = tree.list(path, /^virtio[0-9]+$/) ?? [];
  const places = [path, ...virtio.map((name) => `${path}/${name}`)];
  const names = places.flatMap((place) => CHILD_DIRECTORIES.flatMap((name) => tree.list(`${place}/${name}`) ?? []));
  return names.length > 0 ? names : undefined;
}

/** Lists of links to devices of one kind, wherever they are. */
const CLASSES = ["block", "class/net"];
/** A link that leads through a PCI function. */
export const THROUGH_FUNCTION = /\/[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\//i;

/**
 * What stands deeper below functions: disks behind SATA, SAS and USB. The links to them lead through the function, so
 * that nobody has to look for them.
 */
export function namesOfClasses(tree: FileTree, sys: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const list of CLASSES) {
    for (const [name, target] of tree.links(`${sys}/${list}`, THROUGH_FUNCTION)) {
      const way = namesOf(target);
      const bdf = canonicalBdf(way.findLast((step) => canonicalBdf(step) !== null) ?? "");
      if (bdf === null) continue;
      const others = names.get(bdf);
      if (others === undefined) names.set(bdf, [name]);
      else others.push(name);
    }
  }
  return names;
}
