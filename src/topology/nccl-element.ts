import { canonicalBdf } from "./bdf.js";
import type { NcclElement } from "./views.js";

/*
 *     <pci busid= class= vendor=>      groups what it holds, or is a device
 *       <gpu dev=>                     makes it a GPU
 *         <nvlink target= count= tclass=/>  <xgmi target= count= tclass=/>  <c2c bw= count=/>
 *       <nic> <net name= dev=/> </nic> makes it a network adapter
 *
 * The one place that says which elements of a topology file are devices, and what they are. As everywhere in such files,
 * case does not matter: who writes one by hand writes as they like.
 */

/** The elements of a name that an element holds. */
export function held({ children }: NcclElement, name: string): readonly NcclElement[] {
  return children.filter(({ element }) => element === name);
}

function holdsDevice(element: NcclElement): boolean {
  return element.children.some((child) => child.element === "gpu" || child.element === "nic");
}

/**
 * Whether an element `pci` is a device rather than a grouping. What holds a GPU or an adapter is one: NCCL does not look
 * below it. Of the others, what holds a `pci` groups it, and class 06 is a bridge of which nothing hangs, but for 0680:
 * an NVSwitch is a function with a name of its own, which a machine has and a guest may be given, though NVLink alone
 * leads through it and nobody asks for the way to it over PCIe ({@link isNvSwitch}).
 */
export function isDevice(element: NcclElement): boolean {
  if (element.element !== "pci") return false;
  if (holdsDevice(element)) return true;
  if (held(element, "pci").length > 0 || isMadeUp(element)) return false;
  return !isBridge(element);
}

/** Class 06, but for 0680. */
function isBridge({ attributes }: NcclElement): boolean {
  return /^0x06(?!80)/i.test(attributes["class"] ?? "");
}

/**
 * Whether a device is the function that it is called after: adapters that NCCL has no place for are put into the bridge
 * above them, and invented names and ids are nobody's.
 */
export function isFunction(element: NcclElement): boolean {
  return isDevice(element) && !isBridge(element) && !isMadeUp(element);
}

/** A device that NVLink leads through: no end of a question. */
export function isNvSwitch(element: NcclElement): boolean {
  return /^0x0680/i.test(element.attributes["class"] ?? "") && !holdsDevice(element);
}

/** Ids of ones or zeros, and the names of invented switches, belong to no function. */
function isMadeUp({ attributes }: NcclElement): boolean {
  return /^0x(?:ffff|0000)$/i.test(attributes["vendor"] ?? "") || /^f+:ff:/i.test(attributes["busid"] ?? "");
}

export function isGpu(element: NcclElement): boolean {
  return held(element, "gpu").length > 0 || isGpuClassText(element.attributes["class"]);
}

export function isNic(element: NcclElement): boolean {
  return held(element, "nic").length > 0 || /^0x02/i.test(element.attributes["class"] ?? "");
}

/** What `class` and `tclass` say of GPUs: NVIDIA's are display controllers, AMD's may be processing accelerators. */
export function isGpuClassText(text: string | undefined): boolean {
  return /^0x(?:03|12)/i.test(text ?? "");
}

/** The function that an element is called after, as `dddd:bb:dd.f`; null: its name is none of a function's. */
export function busIdOf({ attributes }: NcclElement): string | null {
  return canonicalBdf(attributes["busid"] ?? "");
}

/** NCCL's number of the GPU that an element holds; null: it holds none, or one without a number. */
export function gpuNumberOf(element: NcclElement): number | null {
  const dev = held(element, "gpu")[0]?.attributes["dev"] ?? "";
  return /^[0-9]{1,9}$/.test(dev) ? Number(dev) : null;
}

/** What a device goes by: `GPU0`, `mlx5_0`; each once. */
export function namesOf(element: NcclElement): readonly string[] {
  const number = gpuNumberOf(element);
  return [...new Set([...(number === null ? [] : [`GPU${number}`]), ...netNamesOf(element)])];
}

export function netNamesOf(element: NcclElement): readonly string[] {
  return held(element, "nic").flatMap((nic) => held(nic, "net").flatMap((net) => net.attributes["name"] || []));
}

export const NCCL_LINKS = ["nvlink", "xgmi", "c2c"] as const;

export type NcclLinkKind = (typeof NCCL_LINKS)[number];

/** What a GPU is linked to beside PCIe. */
export interface NcclLink {
  readonly kind: NcclLinkKind;
  /** As `dddd:bb:dd.f` where it is a function's name; {@link NVSWITCHES} for all switches, which NCCL takes for one. */
  readonly target: string;
  /** As the file has it. */
  readonly count: string | undefined;
}

/** Stands for all switches of NVLink, as a target. */
export const NVSWITCHES = "0x068000";

/** The links of the GPU that an element holds, in the file's order. */
export function linksOf(element: NcclElement): readonly NcclLink[] {
  return held(element, "gpu").flatMap(({ children }) =>
    children.flatMap(({ element: name, attributes: { target = "", tclass, count } }) => {
      const kind = NCCL_LINKS.find((each) => each === name);
      if (kind === undefined) return [];
      return [{ kind, target: tclass === NVSWITCHES ? NVSWITCHES : (canonicalBdf(target) ?? target), count }];
    }),
  );
}

/** The NUMA node of an element `cpu`; null: not stated, or none. */
export function numaNodeOf({ attributes }: NcclElement): number | null {
  return /^[0-9]{1,9}$/.test(attributes["numaid"] ?? "") ? Number(attributes["numaid"]) : null;
}
