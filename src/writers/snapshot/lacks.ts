import type { FileTree } from "../../readers/files/file-tree.js";
import type { Places } from "../../readers/sysfs/devices.js";
import type { SystemDescription } from "../../topology/description.js";

/** Something that a source does not show, and that Linux would show to root. */
export interface Lack {
  /** Which file: of every function, or the one there is. */
  readonly file: "config" | "/proc/iomem" | "/boot/config";
  /** How many functions it concerns; null: the machine. */
  readonly functions: number | null;
  /** What is unknown without it. */
  readonly unknown: string;
}

/** Bytes of configuration space that Linux shows to everybody. */
const SHOWN_TO_ALL = 64;

/** What a tree lacks of that which root sees. */
export function lacksOf(tree: FileTree, places: Places, { functions, kernel }: SystemDescription): Lack[] {
  const lacks: Lack[] = [];
  const short = functions.filter(({ bdf }) => {
    const config = tree.file(`${places.sys}/bus/pci/devices/${bdf}/config`);
    return config === null || config.length <= SHOWN_TO_ALL;
  });
  if (short.length > 0) {
    lacks.push({ file: "config", functions: short.length, unknown: "ACS, kinds of ports, SR-IOV" });
  }
  if (!showsAddresses(tree.text(`${places.proc}/iomem`))) {
    lacks.push({ file: "/proc/iomem", functions: null, unknown: "RAM, host bridges' windows, devices outside PCI" });
  }
  const boot = `${places.top === "" ? "" : `/${places.top}`}/boot/config-${kernel?.release}`;
  if (kernel?.p2pdma === undefined && tree.has(boot) && tree.file(boot) === null) {
    lacks.push({ file: "/boot/config", functions: null, unknown: "whether CONFIG_PCI_P2PDMA is set" });
  }
  return lacks;
}

/** To others than root all ranges are zero. */
function showsAddresses(iomem: string | null): boolean {
  return /^[ \t]*[0-9a-f]+-[0-9a-f]*[1-9a-f][0-9a-f]* : /im.test(iomem ?? "");
}
