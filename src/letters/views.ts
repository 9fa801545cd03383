import type { MatrixView, NcclElement, NcclView, ViewDescription } from "../topology/views.js";
import {
  busIdOf,
  gpuNumberOf,
  held,
  isDevice,
  isGpu,
  isNic,
  isNvSwitch,
  linksOf,
  namesOf,
  NCCL_LINKS,
  netNamesOf,
  NVSWITCHES,
  type NcclLinkKind,
} from "../topology/nccl-element.js";
import type { Claims, ClaimedDevice } from "./claims.js";
import { meaningOf, UNDECIDED, type Dialect } from "./dialect.js";
import { ncclPcieLetter, ncclWay, type NcclSwitch, type NcclWay } from "./nccl-path.js";

/** In whose letters a view speaks. */
export function dialectOf({ tool }: ViewDescription): Dialect {
  return tool === "nvidia-smi" ? "nvidia" : "nccl";
}

/** What another tool says, as it says it. */
export function viewClaims(view: ViewDescription): Claims {
  return view.tool === "nvidia-smi" ? matrixClaims(view) : ncclViewClaims(view);
}

/** Drivers before 2017 called SYS so. */
const SOCKET = "SOC";

function matrixClaims({ devices, cells }: MatrixView): Claims {
  // A paste may lack the rows of NICs, or the columns: what stands on the other side of the diagonal says the same.
  const letter = (row: number, column: number) => {
    const cell = cells[row]?.[column] ?? cells[column]?.[row] ?? null;
    return cell === SOCKET ? "SYS" : cell;
  };
  const hasLinks = cells.some((row) => row.some(isLink));
  return {
    dialect: "nvidia",
    origin: "nvidia-smi",
    showsLinks: hasLinks,
    devices: devices.map(({ name, legend, numaNodes, cpus }) => ({
      name,
      names: legend === undefined ? [] : [legend],
      bdf: null,
      kind: name.startsWith("GPU") ? "gpu" : "nic",
      number: numberIn(name.startsWith("NIC") ? (legend ?? name) : name),
      near: { ...(numaNodes === undefined ? {} : { numaNodes }), ...(cpus === undefined ? {} : { cpus }) },
    })),
    letter,
    onPcie: (row, column) => {
      const cell = letter(row, column);
      return cell === null || isLink(cell) ? null : cell;
    },
    why: (row, column) => {
      const cell = letter(row, column);
      if (cell === null) return "the text lacks the cell";
      const back = cells[column]?.[row] ?? null;
      const here = cells[row]?.[column] ?? null;
      if (here !== null && back !== null && here !== back) {
        return `the matrix contradicts itself: ${here} one way, ${back} the other`;
      }
      const meaning = meaningOf("nvidia", cell) ?? "which is no letter of its legend";
      return `it says ${cell}, ${meaning}`;
    },
  };
}

function isLink(cell: string | null): boolean {
  return cell?.startsWith("NV") === true;
}

/** `GPU3`, `NIC3`, `mlx5_3`: 3. */
function numberIn(name: string): number | null {
  const match = /^(?:GPU|NIC|mlx\d+_)(\d+)$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/** A device of a topology file: an element `pci` with what it holds, or a `nic` that hangs below a CPU. */
interface Leaf {
  readonly device: ClaimedDevice;
  /** The nearest first. */
  readonly switches: readonly NcclSwitch[];
  readonly way: NcclWay;
  readonly cpu: NcclElement;
  /** What a GPU is linked to, by kind; empty for what is none. */
  readonly links: Readonly<Record<NcclLinkKind, ReadonlySet<string>>>;
}

function ncclViewClaims({ tool, system }: NcclView): Claims {
  const leaves = leavesOf(system);
  const gpus = new Set(leaves.flatMap(({ device: { kind, bdf } }) => (kind === "gpu" && bdf !== null ? [bdf] : [])));
  const onPcie = (row: number, column: number) => {
    const [a, b] = [leaves[row]!, leaves[column]!];
    return row === column || areOneAdapter(a, b) ? "LOC" : ncclPcieLetter(a.way, b.way, () => meetingOf(a.cpu, b.cpu));
  };
  return {
    dialect: "nccl",
    origin: tool === "nccl" ? "the NCCL topology file" : "the RCCL topology file",
    showsLinks: leaves.some(({ links }) => NCCL_LINKS.some((kind) => links[kind].size > 0)),
    devices: leaves.map(({ device }) => device),
    letter: (row, column) => {
      if (row === column) return "LOC";
      const [a, b] = [leaves[row]!, leaves[column]!];
      const linked = linkLetter(a, b);
      if (linked !== null) return linked;
      const letter = onPcie(row, column);
      const detour = detourLetter(gpus, a, b);
      return detour === null || meetingOf(a.cpu, b.cpu) === "two-machines"
        ? letter
        : letter === "PIX"
          ? UNDECIDED
          : detour;
    },
    onPcie,
    why: (row, column) => nestingText(leaves[row]!, leaves[column]!),
  };
}

/** An element, and the way up from it. */
interface Place {
  readonly element: NcclElement;
  readonly cpu: NcclElement;
  readonly above: Place | null;
}

function leavesOf(system: NcclElement): Leaf[] {
  const leaves: Leaf[] = [];
  const cpus = system.children.filter(({ element }) => element === "cpu");
  // However deep a file nests, the stack stays as it is.
  const open: Place[] = cpus.reverse().map((cpu) => ({ element: cpu, cpu, above: null }));
  while (open.length > 0) {
    const place = open.pop()!;
    const device = deviceOf(place, leaves.length);
    if (device !== null) {
      const switches = switchesAbove(place);
      leaves.push({ device, switches, way: ncclWay(switches), cpu: place.cpu, links: targetsOf(place.element) });
    }
    const inner = place.element.children.filter(({ element }) => element === "pci");
    for (const element of inner.reverse()) open.push({ element, cpu: place.cpu, above: place });
  }
  return leaves;
}

function switchesAbove({ above, cpu }: Place): NcclSwitch[] {
  const switches: NcclSwitch[] = [];
  for (let place = above; place !== null && place.element !== cpu; place = place.above) {
    switches.push({ key: place.element, identity: identityOf(place.element) });
  }
  return switches;
}

/** What an element is as a device, if it is one; `ordinal` names those without a name. */
function deviceOf({ element }: Place, ordinal: number): ClaimedDevice | null {
  const isPci = element.element === "pci";
  // Adapters of no PCI function hang below the CPU itself.
  if (isPci ? !isDevice(element) || isNvSwitch(element) : held(element, "nic").length === 0) return null;
  const nets = netNamesOf(element);
  const { busid = "" } = element.attributes;
  const bdf = isPci ? busIdOf(element) : null;
  const unnamed = busid === "" ? `device ${ordinal}` : (bdf ?? busid);
  const number = gpuNumberOf(element);
  const name = namesOf(element)[0] ?? unnamed;
  const kind = isGpu(element) ? "gpu" : isNic(element) ? "nic" : "other";
  return { name, names: nets, bdf, kind, number };
}

function identityOf({ attributes }: NcclElement) {
  const { vendor, device, subsystem_vendor: subsystemVendor, subsystem_device: subsystemDevice } = attributes;
  const [a, b, c, d] = [vendor, device, subsystemVendor, subsystemDevice].map(fourDigits);
  return { vendor: a, device: b, subsystemVendor: c, subsystemDevice: d };
}

/** NCCL takes an attribute that is missing for 0; undefined: it is no number of four digits. */
function fourDigits(text: string | undefined): string | undefined {
  return text === undefined ? "0000" : /^(?:0x)?([0-9a-f]{4})$/.exec(text.toLowerCase())?.[1];
}

/** Elements of network adapters that differ in their function alone become one node of NCCL's. */
function areOneAdapter({ device: a, cpu }: Leaf, { device: b, cpu: other }: Leaf): boolean {
  if (a.kind !== "nic" || b.kind !== "nic" || a.bdf === null || b.bdf === null) return false;
  return a.bdf.slice(0, -1) === b.bdf.slice(0, -1) && meetingOf(cpu, other) !== "two-machines";
}

function meetingOf(a: NcclElement, b: NcclElement) {
  if (a.attributes["host_hash"] !== b.attributes["host_hash"]) return "two-machines";
  return a === b ? "one-cpu" : "two-cpus";
}

function targetsOf(element: NcclElement): Record<NcclLinkKind, ReadonlySet<string>> {
  const links = linksOf(element);
  const targets = (kind: NcclLinkKind) =>
    new Set(links.filter((link) => link.kind === kind).map(({ target }) => target));
  return { nvlink: targets("nvlink"), xgmi: targets("xgmi"), c2c: targets("c2c") };
}

function linkLetter(a: Leaf, b: Leaf): "NVL" | "XGMI" | null {
  if (meetingOf(a.cpu, b.cpu) === "two-machines") return null;
  const leads = (from: Leaf, to: Leaf, kind: NcclLinkKind) =>
    to.device.bdf !== null && from.links[kind].has(to.device.bdf);
  const overSwitch = [a, b].every(({ links }) => links.nvlink.has(NVSWITCHES));
  if (overSwitch || leads(a, b, "nvlink") || leads(b, a, "nvlink")) return "NVL";
  return leads(a, b, "xgmi") || leads(b, a, "xgmi") ? "XGMI" : null;
}

function detourLetter(gpus: ReadonlySet<string>, a: Leaf, b: Leaf): "NVB" | "C2C" | null {
  if ([...a.links.nvlink].some((target) => gpus.has(target) && b.links.nvlink.has(target))) return "NVB";
  return a.cpu === b.cpu && a.links.c2c.size > 0 && b.links.c2c.size > 0 ? "C2C" : null;
}

function nestingText(a: Leaf, b: Leaf): string {
  if (areOneAdapter(a, b)) return "the file has both as functions of one network adapter";
  const shared = a.switches.find(({ key }) => b.switches.some((other) => other.key === key));
  const name = (element: unknown) => (element as NcclElement).attributes["busid"] ?? "without a busid";
  if (shared !== undefined) return `the file nests both below pci ${name(shared.key)}`;
  const [one, other] = [a.cpu, b.cpu].map(({ attributes }) => `numaid ${attributes["numaid"] ?? "that is not given"}`);
  if (a.cpu === b.cpu) return `the file nests both below the cpu of ${one} and below no pci element together`;
  return `the file nests them below different cpu elements, ${one} and ${other}`;
}
