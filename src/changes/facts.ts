import { parseCommandLine } from "../boot/command-line.js";
import { formatSize, toBigInt } from "../topology/address.js";
import { formatCpu } from "../topology/cpu.js";
import type {
  AcsDescription,
  BarDescription,
  FunctionDescription,
  RegisterWord,
  SystemDescription,
  WindowDescription,
} from "../topology/description.js";
import { ACS_BITS, bit, COMMAND_MEMORY, VF_ENABLE } from "../topology/register.js";

/*
 * What two descriptions of one function, or of one system, say differently. A fact that one side does not show is no
 * difference: it is counted among what that side lacks. What the kernel hands out in passing (bus numbers, numbers of
 * IOMMU groups) is no fact of the function; `diff.ts` says what becomes of it.
 */

/** What a fact is about, in the order in which differences matter. */
export const ASPECTS = [
  "machine",
  "device",
  "acs",
  "bar",
  "link",
  "window",
  "command",
  "virtual-functions",
  "power",
  "driver",
  "iommu-group",
  "numa-node",
  "name",
  "side-link",
] as const;

/** A member of {@link ASPECTS}. */
export type Aspect = (typeof ASPECTS)[number];

/** A fact that is not what it was. */
export interface FactChange {
  readonly aspect: Aspect;
  /** Ids of the function; null: a fact of the system. */
  readonly function: readonly [before: number, after: number] | null;
  /** Which fact, in a few words: `BAR 1 size`, `ACS RR`, `kernel`. Stable. */
  readonly what: string;
  /** Null: none, and known to be none. */
  readonly was: string | number | null;
  /** Null: none, and known to be none. */
  readonly is: string | number | null;
  /** Of numbers. */
  readonly unit?: "bytes" | "GT/s" | "lanes" | "bits";
}

/** A fact that one side shows and the other does not. */
export interface NotShown {
  /** Who does not show it. */
  readonly side: "before" | "after";
  readonly aspect: Aspect;
  /** As in {@link FactChange}, without the number of a BAR. */
  readonly what: string;
  /** Of how many functions; null: a fact of the system. */
  readonly functions: number | null;
}

/** Collects what differs, and what cannot be compared. */
export class FactSheet {
  readonly changes: FactChange[] = [];
  readonly #notShown = new Map<string, { -readonly [Key in keyof NotShown]: NotShown[Key] }>();
  #function: FactChange["function"] = null;

  /** Ordered by side and aspect. */
  get notShown(): readonly NotShown[] {
    const rank = ({ side, aspect }: NotShown) => (side === "before" ? 0 : ASPECTS.length) + ASPECTS.indexOf(aspect);
    return [...this.#notShown.values()].sort((a, b) => rank(a) - rank(b));
  }

  /** Compares two descriptions of one function. */
  compareFunctions(ids: readonly [number, number], was: FunctionDescription, is: FunctionDescription): void {
    this.#function = ids;
    this.compareIdentity(was, is);
    this.compareAcs(was.acs, is.acs);
    this.compareBars(was.bars, is.bars);
    this.compareLinks(was.link, is.link);
    this.compareWindows("", was.windows, is.windows);
    this.compareBit("command", "memory decode", was.command, is.command, COMMAND_MEMORY);
    this.compareBit("command", "bus mastering", was.command, is.command, BUS_MASTER);
    this.compareVirtualFunctions(was, is);
    this.compare("device", "DMA mask", was.dmaMaskBits, is.dmaMaskBits, { unit: "bits" });
    this.compare("power", "power state", was.powerState, is.powerState);
    this.compare("driver", "driver", was.driver, is.driver);
    this.compare("iommu-group", "in an IOMMU group", grouped(was.iommuGroup), grouped(is.iommuGroup));
    this.compare("numa-node", "NUMA node", was.numaNode, is.numaNode);
    this.compareNames(was.names, is.names);
  }

  /**
   * Compares two descriptions of one system, without its functions.
   *
   * @param nameNow what a function is called after, by its name before.
   */
  compareSystems(was: SystemDescription, is: SystemDescription, nameNow: (bdf: string) => string): void {
    this.#function = null;
    this.compare("machine", "kernel", was.kernel?.release, is.kernel?.release);
    this.compareParameters(was.kernel?.commandLine, is.kernel?.commandLine);
    this.compare("machine", "CONFIG_PCI_P2PDMA", yesNo(was.kernel?.p2pdma), yesNo(is.kernel?.p2pdma));
    this.compare("machine", "CPU", cpuText(was), cpuText(is));
    this.compare("machine", "CPU model", was.cpu?.model, is.cpu?.model);
    this.compare("machine", "IOMMU", was.iommu, is.iommu);
    this.compare("machine", "system RAM", ramOf(was), ramOf(is), { unit: "bytes" });
    this.compareNodes(was, is);
    this.compareSideLinks(was, is, nameNow);
  }

  /** Compares a fact: missing on one side it is not shown there. */
  compare(
    aspect: Aspect,
    what: string,
    was: FactChange["was"] | undefined,
    is: FactChange["is"] | undefined,
    { unit, group = what }: { readonly unit?: NonNullable<FactChange["unit"]>; readonly group?: string } = {},
  ): void {
    if (was === is) return;
    if (was === undefined) this.lack("before", aspect, group);
    else if (is === undefined) this.lack("after", aspect, group);
    else
      this.changes.push({ aspect, function: this.#function, what, was, is, ...(unit === undefined ? {} : { unit }) });
  }

  /** Notes that one side alone shows a fact. */
  lack(side: NotShown["side"], aspect: Aspect, what: string): void {
    const key = `${side} ${aspect} ${what}`;
    const known = this.#notShown.get(key);
    if (known === undefined) {
      this.#notShown.set(key, { side, aspect, what, functions: this.#function === null ? null : 1 });
    } else if (known.functions !== null) {
      known.functions++;
    }
  }

  /** Whether both sides show something that is looked into; one that does not is noted. */
  private areShown<T>(aspect: Aspect, what: string, was: T | undefined, is: T | undefined): boolean {
    if (was !== undefined && is !== undefined) return true;
    if (was !== is) this.lack(was === undefined ? "before" : "after", aspect, what);
    return false;
  }

  private compareIdentity(was: FunctionDescription, is: FunctionDescription): void {
    const fields = [
      ["serial number", was.serialNumber, is.serialNumber],
      ["class", was.class?.slice(0, 4), is.class?.slice(0, 4)],
      ["subsystem", subsystemOf(was), subsystemOf(is)],
      ["revision", was.revision, is.revision],
      ["slot", was.slot, is.slot],
    ] as const;
    for (const [what, before, after] of fields) this.compare("device", what, before, after);
  }

  private compareAcs(was: AcsDescription | null | undefined, is: AcsDescription | null | undefined): void {
    if (!this.areShown("acs", "ACS", was, is) || (was === null && is === null)) return;
    if (!was || !is) return this.compare("acs", "ACS", was && "capable", is && "capable");
    ACS_BITS.forEach((name, index) => {
      this.compareBit("acs", `ACS ${name}`, was.control, is.control, 1 << index, "ACS bits");
      const able = [was, is].map(({ capability }) => ((capability & (1 << index)) === 0 ? "no" : "yes"));
      this.compare("acs", `ACS ${name} capable`, able[0], able[1]);
    });
    const [vector, then] = [was.egressVector, is.egressVector].map((words) => words?.map(hex).join(" "));
    this.compare("acs", "egress control vector", vector, then);
  }

  private compareBit(
    aspect: Aspect,
    what: string,
    was: RegisterWord | undefined,
    is: RegisterWord | undefined,
    mask: number,
    group = what,
  ): void {
    const [before, after] = [was, is].map((word) => {
      const state = bit(word, mask);
      return state === "unknown" ? undefined : state;
    });
    this.compare(aspect, what, before, after, { group });
  }

  /** Those that peers may reach: I/O ports and ROMs are none, and tools differ in what they show of them. */
  private compareBars(was: readonly BarDescription[] | undefined, is: readonly BarDescription[] | undefined): void {
    if (!this.areShown("bar", "BARs", was, is)) return;
    // A range without a number is that of some BAR.
    if ([...was!, ...is!].some(({ index }) => index === undefined)) return;
    const [old, now] = [was!, is!].map((bars) => new Map(bars.filter(isMemory).map((bar) => [bar.index!, bar])));
    const indices = [...new Set([...old!.keys(), ...now!.keys()])].sort((a, b) => a - b);
    for (const index of indices) {
      const [before, after] = [old!.get(index), now!.get(index)];
      const name = barName(index);
      if (before === undefined || after === undefined) {
        this.compare(
          "bar",
          name,
          before === undefined ? null : "implemented",
          after === undefined ? null : "implemented",
        );
        continue;
      }
      this.compareAddresses(name, before, after);
      this.compare("bar", `${name} size`, sizeOf(before), sizeOf(after), { unit: "bytes", group: "BAR sizes" });
      this.compare("bar", `${name} type`, before.type, after.type, { group: "BAR types" });
    }
  }

  /** As the CPU sees them, or else as the bus does. */
  private compareAddresses(name: string, was: BarDescription, is: BarDescription): void {
    const group = "BAR addresses";
    if (was.start !== undefined && is.start !== undefined) {
      this.compare("bar", `${name} address`, was.start, is.start, { group });
    } else if (was.bus !== undefined && is.bus !== undefined) {
      this.compare("bar", `${name} bus address`, was.bus, is.bus, { group });
    } else {
      const [before, after] = [was, is].map(({ start, bus }) => start ?? bus);
      this.areShown("bar", group, before, after);
    }
  }

  /** Names of one sort: those that another tool gives are no others. */
  private compareNames(was: readonly string[] | undefined, is: readonly string[] | undefined): void {
    if (!this.areShown("name", "names", was, is)) return;
    const [old, now] = [namesBySort(was!), namesBySort(is!)];
    for (const sort of new Set([...old.keys(), ...now.keys()])) {
      this.compare("name", "name", old.get(sort), now.get(sort), { group: "names" });
    }
  }

  private compareLinks(was: FunctionDescription["link"], is: FunctionDescription["link"]): void {
    if (!this.areShown("link", "link", was, is) || was === null || is === null) {
      if (was !== undefined && is !== undefined && was !== is)
        this.compare("link", "link", was && "there", is && "there");
      return;
    }
    this.compare("link", "link speed", was!.speed, is!.speed, { unit: "GT/s" });
    this.compare("link", "link width", was!.width, is!.width, { unit: "lanes" });
    this.compare("link", "greatest link speed", was!.maxSpeed, is!.maxSpeed, { unit: "GT/s" });
    this.compare("link", "greatest link width", was!.maxWidth, is!.maxWidth, { unit: "lanes" });
  }

  /**
   * Compares the windows of a bridge or host bridge.
   *
   * @param whose in front of what they are called.
   */
  compareWindows(
    whose: string,
    was: readonly WindowDescription[] | undefined,
    is: readonly WindowDescription[] | undefined,
  ): void {
    const group = whose === "" ? "windows" : "host bridge windows";
    if (!this.areShown("window", group, was, is)) return;
    for (const kind of ["io", "mem", "pref"] as const) {
      const [before, after] = [was!, is!].map((windows) => windows.filter((window) => window.kind === kind));
      // A window of which only bus addresses are shown is compared by these.
      const rangeOf = [...before!, ...after!].every(hasCpuAddresses) ? cpuRange : busRange;
      const [old, now] = [before!.map(rangeOf), after!.map(rangeOf)];
      const what = `${whose}${kind} window`;
      if (old.includes(null) || now.includes(null)) {
        this.compare("window", what, whole(old), whole(now), { group });
      } else if (old.length <= 1 && now.length <= 1) {
        this.compare("window", what, old[0] ?? null, now[0] ?? null);
      } else {
        for (const each of subtract(old, now)) this.compare("window", what, each, null);
        for (const each of subtract(now, old)) this.compare("window", what, null, each);
      }
    }
  }

  private compareVirtualFunctions({ sriov: was }: FunctionDescription, { sriov: is }: FunctionDescription): void {
    if (!this.areShown("virtual-functions", "SR-IOV", was, is)) return;
    const [before, after] = [was!, is!].map(
      (sriov) => sriov && { now: (sriov.control & VF_ENABLE) === 0 ? 0 : sriov.numVfs, most: sriov.totalVfs },
    );
    this.compare("virtual-functions", "virtual functions", before?.now ?? null, after?.now ?? null);
    this.compare("virtual-functions", "most virtual functions", before?.most ?? null, after?.most ?? null);
  }

  /** Those that were added, and those that were removed. */
  private compareParameters(was: string | undefined, is: string | undefined): void {
    if (!this.areShown("machine", "kernel parameters", was, is)) return;
    const [old, now] = [parametersOf(was!), parametersOf(is!)];
    for (const each of subtract(old, now)) this.compare("machine", "kernel parameter", each, null);
    for (const each of subtract(now, old)) this.compare("machine", "kernel parameter", null, each);
  }

  /** Those without CPUs, such as memory of a GPU, are not shown by all tools. */
  private compareNodes({ numaNodes: was }: SystemDescription, { numaNodes: is }: SystemDescription): void {
    if (!this.areShown("machine", "NUMA nodes", was, is)) return;
    const [old, now] = [was!, is!].map((nodes) => new Map(nodes.map(({ node, cpus }) => [node, cpus])));
    for (const node of new Set([...old!.keys(), ...now!.keys()])) {
      const [before, after] = [old!, now!].map((nodes) => (nodes.has(node) ? nodes.get(node) : "none"));
      if ([before, after].includes("none") && ![before, after].some((cpus) => /\d/.test(cpus ?? ""))) continue;
      this.compare("machine", `CPUs of NUMA node ${node}`, before, after, { group: "CPUs of NUMA nodes" });
    }
  }

  private compareSideLinks(was: SystemDescription, is: SystemDescription, nameNow: (bdf: string) => string): void {
    if (!this.areShown("side-link", "side links", was.sideLinks, is.sideLinks)) return;
    const text = ({ sideLinks }: SystemDescription, name: (bdf: string) => string) =>
      sideLinks!.map(({ kind, from, to, oneWay }) => {
        const ends = [name(from), name(to)];
        return oneWay === true ? `${kind} ${ends.join(" to ")}` : `${kind} ${ends.sort().join(" and ")}`;
      });
    const [old, now] = [text(was, nameNow), text(is, (bdf) => bdf)];
    for (const each of subtract(old, now)) this.compare("side-link", "side link", each, null);
    for (const each of subtract(now, old)) this.compare("side-link", "side link", null, each);
  }
}

/** Command register (PCIe 6.0 7.5.1.1.3). */
const BUS_MASTER = 0x4;

function hex(word: number): string {
  return `0x${word.toString(16)}`;
}

/** The number of a group says nothing; that there is one does. */
function grouped(group: number | null | undefined): string | undefined {
  return group === undefined ? undefined : group === null ? "no" : "yes";
}

function yesNo(value: boolean | undefined): string | undefined {
  return value === undefined ? undefined : value ? "set" : "not set";
}

/** By what they begin with: `nvme`, `mlx`; all that a network interface may be called is one sort. */
function namesBySort(names: readonly string[]): ReadonlyMap<string, string> {
  const sorts = new Map<string, string[]>();
  for (const name of [...names].sort()) {
    const sort = /^(?:eth|en|ib|wl|ww)[a-z]*\d/.test(name) ? "network interface" : /^\D*/.exec(name)![0];
    sorts.set(sort, [...(sorts.get(sort) ?? []), name]);
  }
  return new Map([...sorts].map(([sort, all]) => [sort, all.join(" ")]));
}

function subsystemOf({ subsystemVendor, subsystemDevice }: FunctionDescription): string | undefined {
  return subsystemVendor === undefined || subsystemDevice === undefined
    ? undefined
    : `${subsystemVendor}:${subsystemDevice}`;
}

function isMemory({ index, type }: BarDescription): boolean {
  return index !== ROM && type !== "io" && type !== "rom";
}

/** Place of the expansion ROM among the BARs. */
const ROM = 6;

function barName(index: number): string {
  return index < 6 ? `BAR ${index}` : `VF BAR ${index - 7}`;
}

function sizeOf({ size }: BarDescription): string | number | undefined {
  return size === undefined ? undefined : formatSize(toBigInt(size));
}

function cpuText({ cpu }: SystemDescription): string | undefined {
  return formatCpu(cpu) ?? undefined;
}

/** In all; nothing where the source shows no range of it. */
function ramOf({ ranges = [] }: SystemDescription): string | number | undefined {
  const ram = ranges.filter(({ kind }) => kind === "system-ram");
  return ram.length === 0 ? undefined : formatSize(ram.reduce((sum, { size }) => sum + toBigInt(size), 0n));
}

function hasCpuAddresses({ start, end }: WindowDescription): boolean {
  return start !== undefined && end !== undefined;
}

function cpuRange({ start, end }: WindowDescription): string {
  return `${start!} to ${end!}`;
}

function busRange({ start, end, bus, busEnd }: WindowDescription): string | null {
  if (bus === undefined) return null;
  const last =
    busEnd ??
    (start === undefined || end === undefined ? null : hexOf(toBigInt(bus) + toBigInt(end) - toBigInt(start)));
  return last === null ? null : `${bus} to ${last} on the bus`;
}

function hexOf(value: bigint): string {
  return `0x${value.toString(16)}`;
}

/** Nothing where one of them is not known. */
function whole(ranges: readonly (string | null)[]): string | undefined {
  return ranges.includes(null) ? undefined : ranges.join(", ");
}

/** What only says which kernel was started says nothing that its release does not. */
function parametersOf(commandLine: string): string[] {
  return parseCommandLine(commandLine).flatMap(({ name, text }) => (STARTED.includes(name) ? [] : [text]));
}

const STARTED: readonly string[] = ["BOOT_IMAGE", "initrd"];

/** As often as the first list has more of each than the second. */
function subtract<Item>(list: readonly Item[], less: readonly Item[]): Item[] {
  const counts = new Map<Item, number>();
  for (const each of less) counts.set(each, (counts.get(each) ?? 0) + 1);
  return list.filter((each) => {
    const count = counts.get(each) ?? 0;
    counts.set(each, count - 1);
    return count <= 0;
  });
}
