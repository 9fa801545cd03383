import { canonicalBdf } from "../topology/bdf.js";
import type { MatrixView, NcclElement, NcclView, ViewDescription } from "../topology/views.js";
import type { Claims, Device } from "./claims.js";
import { meaningOf, UNDECIDED, type Dialect } from "./dialect.js";
import { ncclPcieLetter, type NcclSwitch } from "./nccl-path.js";

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
    devices: devices.map(({ name, legend }) => ({
      name,
      names: legend === undefined ? [] : [legend],
      bdf: null,
      kind: name.startsWith("GPU") ? "gpu" : "nic",
      number: numberIn(name.startsWith("NIC") ? (legend ?? name) : name),
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
      return `nvidia-smi says ${cell}: ${meaning}`;
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
  readonly device: Device;
  /** The nearest first. */
  readonly switches: readonly NcclSwitch[];
  readonly cpu: NcclElement;
  readonly gpu: NcclElement | undefined;
}

function ncclViewClaims({ tool, system }: NcclView): Claims {
  const leaves = leavesOf(system);
  const onPcie = (row: number, column: number) => {
    const [a, b] = [leaves[row]!, leaves[column]!];
    return row === column ? "LOC" : ncclPcieLetter(a.switches, b.switches, () => meetingOf(a.cpu, b.cpu));
  };
  return {
    dialect: "nccl",
    origin: tool === "nccl" ? "the NCCL topology file" : "the RCCL topology file",
    showsLinks: leaves.some(({ gpu }) => gpu?.children.some(({ element }) => LINKS.includes(element)) === true),
    devices: leaves.map(({ device }) => device),
    letter: (row, column) => {
      if (row === column) return "LOC";
      const [a, b] = [leaves[row]!, leaves[column]!];
      const linked = linkLetter(a, b);
      if (linked !== null) return linked;
      const letter = onPcie(row, column);
      const detour = neighbourLetter(leaves, a, b);
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

function leavesOf(system: NcclElement): Leaf[] {
  const leaves: Leaf[] = [];
  const unnamed = { gpu: 0, nic: 0, other: 0 };
  // Deep nesting must not overflow the stack.
  const open = system.children
    .filter(({ element }) => element === "cpu")
    .reverse()
    .map((cpu) => ({ element: cpu, cpu, switches: [] as readonly NcclSwitch[] }));
  while (open.length > 0) {
    const { element, cpu, switches } = open.pop()!;
    const inner = element.children.filter((child) => child.element === "pci");
    const leaf = leafOf(element, cpu, switches, unnamed);
    if (leaf !== null) leaves.push(leaf);
    const above = element === cpu ? switches : [{ key: element, identity: identityOf(element) }, ...switches];
    for (const child of [...inner].reverse()) open.push({ element: child, cpu, switches: above });
  }
  return leaves;
}

function leafOf(
  element: NcclElement,
  cpu: NcclElement,
  switches: readonly NcclSwitch[],
  unnamed: Record<Device["kind"], number>,
): Leaf | null {
  const isPci = element.element === "pci";
  const gpu = element.children.find((child) => child.element === "gpu");
  const nic = element.children.find((child) => child.element === "nic");
  const { busid = "", class: code = "" } = element.attributes;
  const holdsBridges = element.children.some((child) => child.element === "pci");
  const kind =
    gpu !== undefined || /^0x(?:03|12)/.test(code)
      ? "gpu"
      : nic !== undefined || code.startsWith("0x02")
        ? "nic"
        : "other";
  if (gpu === undefined && nic === undefined && (!isPci || holdsBridges || /^0x06(?:04|80)/.test(code))) return null;
  const nets = (nic?.children ?? []).flatMap(({ attributes: { name } }) => (name === undefined ? [] : [name]));
  const dev = gpu?.attributes["dev"];
  const number = dev === undefined || !/^\d+$/.test(dev) ? null : Number(dev);
  const bdf = isPci ? canonicalBdf(busid) : null;
  const name =
    number !== null ? `GPU${number}` : (nets[0] ?? bdf ?? (busid === "" ? `${kind} ${unnamed[kind]++}` : busid));
  return { device: { name, names: nets, bdf, kind, number }, switches, cpu, gpu };
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

function meetingOf(a: NcclElement, b: NcclElement) {
  if (a.attributes["host_hash"] !== b.attributes["host_hash"]) return "two-machines";
  return a === b ? "one-cpu" : "two-cpus";
}

const LINKS: readonly string[] = ["nvlink", "xgmi", "c2c"];

const SWITCH_CLASS = "0x068000";

/** The targets of a GPU's links of one kind. */
function targetsOf({ gpu }: Leaf, kind: string): Set<string> {
  const links = (gpu?.children ?? []).filter(({ element }) => element === kind);
  return new Set(
    links.map(({ attributes: { target, tclass } }) =>
      tclass === SWITCH_CLASS ? SWITCH_CLASS : (canonicalBdf(target ?? "") ?? target ?? ""),
    ),
  );
}

/** NCCL takes all switches of NVLink for one. */
function linkLetter(a: Leaf, b: Leaf): string | null {
  if (meetingOf(a.cpu, b.cpu) === "two-machines") return null;
  for (const [kind, letter] of [
    ["nvlink", "NVL"],
    ["xgmi", "XGMI"],
  ] as const) {
    const [from, to] = [targetsOf(a, kind), targetsOf(b, kind)];
    const straight =
      (b.device.bdf !== null && from.has(b.device.bdf)) || (a.device.bdf !== null && to.has(a.device.bdf));
    if (straight || (from.has(SWITCH_CLASS) && to.has(SWITCH_CLASS))) return letter;
  }
  return null;
}

function neighbourLetter(leaves: readonly Leaf[], a: Leaf, b: Leaf): "NVB" | "C2C" | null {
  const [from, to] = [targetsOf(a, "nvlink"), targetsOf(b, "nvlink")];
  const gpus = new Set(
    leaves.flatMap(({ gpu, device }) => (gpu !== undefined && device.bdf !== null ? [device.bdf] : [])),
  );
  if ([...from].some((target) => gpus.has(target) && to.has(target))) return "NVB";
  const overC2c = [a, b].every(({ gpu }) => gpu?.children.some(({ element }) => element === "c2c") === true);
  return overC2c && a.cpu === b.cpu ? "C2C" : null;
}

function nestingText(a: Leaf, b: Leaf): string {
  const shared = a.switches.find(({ key }) => b.switches.some((other) => other.key === key));
  const name = (element: unknown) => (element as NcclElement).attributes["busid"] ?? "without a busid";
  if (shared !== undefined) return `the file nests both below pci ${name(shared.key)}`;
  const [one, other] = [a.cpu, b.cpu].map(({ attributes }) => `numaid ${attributes["numaid"] ?? "that is not given"}`);
  if (a.cpu === b.cpu) return `the file nests both below the cpu of ${one} and below no pci element together`;
  return `the file nests them below different cpu elements, ${one} and ${other}`;
}
