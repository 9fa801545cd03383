import { canonicalBdf } from "../topology/bdf.js";
import { LINT_RULES, type LintCode, type LintRule } from "./rules.js";
import { scan, type ScannedElement, type ScanProblem } from "./scan.js";

/** A fault of a topology file, or what it leaves to NCCL. */
export interface LintFinding extends LintRule {
  /** Stable: scripts may compare it. */
  readonly code: LintCode;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** The element, as XPath writes it: `/system/cpu[2]/pci[1]`. */
  readonly path: string;
  /** What is there. */
  readonly message: string;
}

/** What NCCL would make of a topology file. */
export interface LintResult {
  /** Whose file it is, by its version. */
  readonly tool: "nccl" | "rccl";
  /** How many elements NCCL keeps of it. */
  readonly elements: number;
  /** In the order of the file. */
  readonly findings: readonly LintFinding[];
}

/**
 * What NCCL (or RCCL, for files of version 2) does with a topology file that is other than it says, or that it cannot
 * read: its parser is none of XML, and it has an opinion of its own on much of what it reads.
 *
 * @param text of the file that `NCCL_TOPO_FILE` is to name.
 */
export function lintTopology(text: string): LintResult {
  const { roots, problems, kept } = scan(text);
  const checker = new Checker();
  checker.check(roots);
  const lines = lineStarts(text);
  const findings = [...problems, ...checker.problems]
    .sort((a, b) => a.offset - b.offset)
    .map(({ code, offset, path, message }) => {
      const line = lineOf(lines, offset);
      return { code, ...LINT_RULES[code], line: line + 1, column: offset - lines[line]! + 1, path, message };
    });
  return { tool: checker.tool, elements: kept, findings };
}

/** Whether NCCL stops at the file or does other than it says; what it finds out for itself is no fault. */
export function hasFaults({ findings }: LintResult): boolean {
  return findings.some(({ severity }) => severity !== "note");
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

function lineOf(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** How NCCL compares classes: by how they begin. */
const DEVICE_CLASSES: Readonly<Record<"nccl" | "rccl", RegExp>> = {
  nccl: /^0x(?:02|03|06800)/,
  rccl: /^0x(?:02|03|12|06800)/,
};
const GPU_CLASSES: Readonly<Record<"nccl" | "rccl", RegExp>> = { nccl: /^0x03/, rccl: /^0x(?:03|12)/ };
const SWITCH_CLASS = /^0x(?:0604|0801|0600)/;

/** The speeds that it knows, by how they begin; it takes 8 GT/s for all others. */
const KNOWN_SPEED = /^(?:(?:2\.5|5|8|16|32) GT\/s|(?:5|8|16|32|64)\.0 GT\/s PCIe)/;
const TAKEN_SPEED = 8;

/** Goes through the elements as NCCL does when it makes a topology of them. */
class Checker {
  readonly problems: ScanProblem[] = [];
  tool: "nccl" | "rccl" = "nccl";
  readonly #names = new Map<string, ScannedElement>();
  readonly #links: { readonly element: ScannedElement; readonly gpu: string }[] = [];
  readonly #gpus = new Set<string>();
  readonly #pciLinks: ScannedElement[] = [];
  readonly #switches = new Set<string>();

  check(roots: readonly ScannedElement[]): void {
    const [system, second] = roots;
    if (system === undefined) {
      this.problems.push({ code: "NO_SYSTEM", offset: 0, path: "/", message: "there is no element system" });
      return;
    }
    if (second !== undefined) this.#problem("SEVERAL_SYSTEMS", second, `${roots.length} elements system`);
    const version = system.attributes.get("version");
    if (version === "2") this.tool = "rccl";
    else if (version !== "1")
      this.#problem("VERSION", system, version === undefined ? "no version" : `version="${version}"`);
    this.#hosts(system);
    for (const cpu of system.children) this.#cpu(cpu);
    for (const { element, gpu } of this.#links) this.#target(element, gpu);
    for (const link of this.#pciLinks) this.#switchLink(link);
  }

  #hosts({ children }: ScannedElement): void {
    const hashes = new Map(children.map((cpu) => [cpu.attributes.get("host_hash"), cpu]));
    hashes.delete(undefined);
    const second = [...hashes.values()][1];
    if (second !== undefined) this.#problem("SEVERAL_HOSTS", second, `${hashes.size} values of host_hash`);
    const seen = new Set<string>();
    for (const cpu of children) {
      const { attributes } = cpu;
      const name = `${attributes.get("host_hash") ?? ""} ${attributes.get("numaid")}`;
      if (attributes.has("numaid") && seen.has(name)) {
        this.#problem("NUMAID_TWICE", cpu, `numaid="${attributes.get("numaid")}" is there already`);
      }
      seen.add(name);
    }
  }

  #cpu(cpu: ScannedElement): void {
    const { attributes } = cpu;
    const numaId = attributes.get("numaid");
    if (numaId === undefined) this.#problem("NUMAID_MISSING", cpu, "no numaid");
    else if (/^-[0-9]+$/.test(numaId)) this.#problem("NUMAID_UNKNOWN", cpu, `numaid="${numaId}"`);
    else if (!/^[0-9]+$/.test(numaId)) this.#problem("NUMAID_BAD", cpu, `numaid="${numaId}"`);
    const affinity = attributes.get("affinity");
    if (affinity !== undefined && affinity !== "" && !/^[0-9a-f]{1,8}(?:,[0-9a-f]{8})*$/.test(affinity)) {
      this.#problem("AFFINITY", cpu, `affinity="${affinity.slice(0, 40)}"`);
    }
    this.#processor(cpu);
    for (const child of cpu.children) {
      if (child.name === "pci") this.#pci(child);
      else this.#nic(child);
    }
  }

  #processor(cpu: ScannedElement): void {
    const { attributes } = cpu;
    const [arch, vendor] = [attributes.get("arch"), attributes.get("vendor")];
    const needed = arch === undefined ? ["arch"] : arch !== "x86_64" ? [] : (NEEDED[vendor ?? ""] ?? ["vendor"]);
    const missing = needed.filter((name) => !attributes.has(name));
    if (missing.length > 0) this.#problem("CPU_INCOMPLETE", cpu, `no ${missing.join(", ")}`);
    if (arch !== undefined && !/^(?:x86_64|arm64|ppc64)/.test(arch))
      this.#problem("CPU_UNKNOWN", cpu, `arch="${arch}"`);
    else if (arch?.startsWith("x86_64") && vendor !== undefined && !(vendor in NEEDED)) {
      this.#problem("CPU_UNKNOWN", cpu, `vendor="${vendor}"`);
    }
  }

  #pci(pci: ScannedElement): void {
    const { attributes, children } = pci;
    const below = children.filter(({ name }) => name === "pci");
    const gpus = children.filter(({ name }) => name === "gpu");
    const isSwitch = below.length > 0;
    const busId = this.#busId(pci, isSwitch);
    const code = attributes.get("class");
    const isDevice = code !== undefined && DEVICE_CLASSES[this.tool].test(code);
    if (code === undefined) {
      const isInvented = isSwitch && /^f+:/i.test(busId);
      this.#problem(isInvented ? "SWITCH_CLASS_MISSING" : "CLASS_MISSING", pci, "no class");
    } else if (isDevice && isSwitch) {
      this.#problem("BELOW_DEVICE", below[0]!, `in a pci of class ${code}`);
    } else if (!isDevice && gpus.length > 0) {
      this.#problem("GPU_CLASS", pci, `class="${code}" with a gpu`);
    } else if (!isDevice && (isSwitch ? !code.startsWith("0x") : !SWITCH_CLASS.test(code) && children.length === 0)) {
      this.#problem("CLASS", pci, `class="${code}"`);
    }
    // Newest releases write each partition of a GPU so.
    if (gpus[1] !== undefined && !gpus.every((gpu) => gpu.attributes.has("mlopart")))
      this.#problem("GPU_TWICE", gpus[1], `${gpus.length} elements gpu in one pci`);
    for (const gpu of gpus) this.#numbers(gpu, GPU_NUMBERS);
    if (!isDevice) this.#switches.add(busId);
    this.#link(pci);
    if (gpus.length > 0 || (code !== undefined && GPU_CLASSES[this.tool].test(code))) this.#gpus.add(busId);
    for (const child of children) {
      if (child.name === "pci") this.#pci(child);
      else if (child.name === "nic") this.#nic(child);
      else if (child.name === "pcilink") this.#pciLinks.push(child);
      else for (const element of child.children) this.#links.push({ element, gpu: busId });
    }
  }

  /** Of a switch any name will do that is no other's. */
  #busId(pci: ScannedElement, isSwitch: boolean): string {
    const busId = pci.attributes.get("busid");
    if (busId === undefined) {
      this.#problem("BUSID_MISSING", pci, "no busid");
      return "";
    }
    const isName = isSwitch ? /^[0-9a-f]+:[0-9a-f:.]+$/i.test(busId) : canonicalBdf(busId) === busId;
    if (!isName) this.#problem("BUSID", pci, `busid="${busId}"`);
    const first = this.#names.get(busId);
    if (first !== undefined) this.#problem("BUSID_TWICE", pci, `busid="${busId}" is that of ${first.path}`);
    else this.#names.set(busId, pci);
    return busId;
  }

  #link(pci: ScannedElement): void {
    const [speed, width] = [pci.attributes.get("link_speed"), pci.attributes.get("link_width")];
    if (!speed || !width) {
      const missing = [speed ? "" : "link_speed", width ? "" : "link_width"].filter(Boolean);
      this.#problem("LINK_MISSING", pci, `no ${missing.join(", ")}`);
    }
    if (width === "0") this.#problem("LINK_ZERO", pci, 'link_width="0"');
    if (speed && !KNOWN_SPEED.test(speed) && parseFloat(speed) !== TAKEN_SPEED) {
      this.#problem("LINK_SPEED", pci, `link_speed="${speed}"`);
    }
    if (width && !/^[0-9]+$/.test(width)) this.#problem("LINK_WIDTH", pci, `link_width="${width}"`);
  }

  #nic(nic: ScannedElement): void {
    for (const net of nic.children) {
      this.#numbers(net, NET_NUMBERS);
      if (!net.attributes.has("dev"))
        this.#problem("NET_DEV", net, `${net.attributes.get("name") ?? "net"} has no dev`);
      if (!net.attributes.get("name")) this.#problem("NET_NAME", net, "no name");
    }
  }

  #target(element: ScannedElement, gpu: string): void {
    const { name, attributes } = element;
    this.#numbers(element, LINK_NUMBERS);
    if (name === "c2c") {
      const missing = ["count", "bw"].filter((each) => !attributes.has(each));
      if (missing.length > 0) this.#problem("C2C", element, `no ${missing.join(", ")}`);
      return;
    }
    const [target, targetClass] = [attributes.get("target"), attributes.get("tclass")];
    if (!attributes.has("count")) this.#problem("LINK_COUNT", element, "no count");
    const leadsToGpu = targetClass !== undefined && GPU_CLASSES[this.tool].test(targetClass);
    if (target === undefined) {
      if (leadsToGpu || targetClass === undefined) this.#problem("LINK_TARGET", element, "no target");
    } else if (target === gpu) this.#problem("TARGET_SELF", element, `target="${target}"`);
    else if (leadsToGpu && !this.#gpus.has(target)) this.#problem("TARGET_UNKNOWN", element, `target="${target}"`);
  }

  /** It joins switches that show themselves as two. */
  #switchLink(link: ScannedElement): void {
    const target = link.attributes.get("target");
    if (target === undefined) this.#problem("PCILINK_TARGET", link, "no target");
    else if (!this.#switches.has(target)) this.#problem("PCILINK_UNKNOWN", link, `target="${target}"`);
  }

  /** As C's strtol reads them, in full. */
  #numbers(element: ScannedElement, names: readonly string[]): void {
    for (const name of names) {
      const value = element.attributes.get(name);
      if (value !== undefined && !/^-?(?:0x[0-9a-f]+|[0-9]+)$/i.test(value)) {
        this.#problem("NUMBER_BAD", element, `${name}="${value.slice(0, 40)}"`);
      }
    }
  }

  #problem(code: LintCode, { offset, path }: ScannedElement, message: string): void {
    this.problems.push({ code, offset, path, message });
  }
}

/** The whole numbers that it reads; a speed in Mb/s, of which -1 is not known. */
const NET_NUMBERS = ["dev", "speed", "port", "gdr", "maxconn", "coll"];
const GPU_NUMBERS = ["dev", "sm", "rank", "gdr", "mlopart"];
const LINK_NUMBERS = ["count", "bw"];

/** What it asks of processors of x86, by their makers. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  GenuineIntel: ["familyid", "modelid"],
  AuthenticAMD: ["familyid"],
  CentaurHauls: ["familyid", "modelid"],
  "  Shanghai  ": ["familyid", "modelid"],
};
