/**
 * A machine as it is drawn, whatever the format:
 *
 *     group (NUMA node)   hub (host bridge)    hub (switch)          device
 *     +-----------------------------------------------------------------------+
 *     |                   0000:00              0000:01:00.0                   |
 *     |                     port 00:02.0 ----->  port 02:00.0 -----> GPU0     |
 *     |                     port 00:03.0         port 02:04.0 -----> mlx5_0   |
 *     +-----------------------------------------------------------------------+
 *
 * A host bridge is drawn as one box with its root ports, and a switch as one with its downstream ports. Texts are
 * printable, but not yet escaped for any format.
 */
export interface Picture {
  readonly title: string;
  /** Kernel, CPU, IOMMU: a few words each. */
  readonly facts: readonly string[];
  readonly groups: readonly PictureGroup[];
  readonly sideLinks: readonly PictureSideLink[];
  /** Names of devices outside PCI: the first of them, and how many there are beside. */
  readonly outside: { readonly names: readonly string[]; readonly more: number };
  /** What the reader has to know of what is drawn, in a sentence each. */
  readonly legend: readonly string[];
}

/** What is near one NUMA node; null: none is shown. */
export interface PictureGroup {
  readonly numaNode: number | null;
  readonly hubs: readonly PictureHub[];
}

/**
 * A box that others hang below. `not-shown` stands for a bridge that no source shows, `grouping` for what another tool
 * puts together, be it a bridge or not.
 */
export interface PictureHub extends Placed {
  readonly shape: "host-bridge" | "not-shown" | "switch" | "bridge" | "grouping";
  readonly ports: readonly PicturePort[];
  /** Directly below it, and not below one of its ports. */
  readonly below: readonly PictureBox[];
  /** The PCIe link above it; null: none, or not shown. */
  readonly link: PictureLink | null;
}

/** A bridge within the box of a hub: a root port or a downstream port. */
export interface PicturePort extends Placed {
  readonly below: readonly PictureBox[];
}

/** A function at the end of the tree. */
export interface PictureDevice {
  readonly shape: "device";
  readonly key: string;
  /** `dddd:bb:dd.f`. */
  readonly name: string;
  /** What the system calls it; empty: nothing. */
  readonly alias: string;
  readonly what: string;
  /** Sizes of its memory BARs; empty: none are shown. */
  readonly memory: string;
  /** What its makers call it, or its ids; empty: neither is shown. */
  readonly label: string;
  /** Side links, attachments to the host, and virtual functions that are not drawn. */
  readonly extras: readonly string[];
  readonly link: PictureLink | null;
}

/** Anything that hangs below a hub or a port. */
export type PictureBox = PictureHub | PictureDevice;

/** What has a place of its own in the tree. */
export interface Placed {
  /** Letters, digits and `_`: different for everything in the picture, and the same in every picture of the machine. */
  readonly key: string;
  /** `dddd:bb:dd.f`, or `dddd:bb` for what hangs below nothing. */
  readonly name: string;
  readonly what: string;
  /** `ACS RR CR`, or `ACS ?` where the source does not show it; empty: it redirects nothing. */
  readonly acs: string;
  /** How many functions below it, and below nothing else that is drawn, are left out. */
  readonly others: number;
}

/** The PCIe link above a box. */
export interface PictureLink {
  /** `x16 16GT/s`. */
  readonly now: string;
  /** What both of its ends could do, where that is more; null: it is not. */
  readonly most: string | null;
}

/** Links of one kind between two boxes, beside PCIe. */
export interface PictureSideLink {
  readonly kind: string;
  /** Keys. */
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly oneWay: boolean;
}

/** More labels than these on links beside PCIe hide the links that they are of: devices say how many they have. */
export const MOST_SIDE_LABELS = 8;

/** A box, its ports, and all that is below them. */
export function* everything(box: PictureBox | PicturePort): Generator<PictureBox | PicturePort> {
  yield box;
  if ("shape" in box && box.shape === "device") return;
  for (const below of box.below) yield* everything(below);
  if ("ports" in box) for (const port of box.ports) yield* everything(port);
}

/** `1 other`, `2 functions`. */
export function amount(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}
