import type {
  AcsDescription,
  BusNumbers,
  CpuDescription,
  FunctionDescription,
  HostBridgeDescription,
  KernelDescription,
  LinkDescription,
  NumaNodeDescription,
  RegisterWord,
  SystemDescription,
  WindowDescription,
} from "../description.js";
import { compareBdf, parseBdf } from "../bdf.js";
import type { Finding } from "../finding.js";
import { contradictionOf } from "../placement.js";
import { knownBits, registerWord } from "../register.js";
import { mergePlatformDevices } from "./platform.js";
import { mergeBars } from "./bars.js";
import { mergeLinks } from "./links.js";
import { type Said, Settlement } from "./settlement.js";
import { mergeViews } from "./views.js";

/** What one source says of a machine. */
export interface Part {
  /** Name of the source, for findings. */
  readonly source: string;
  /** What it shows. */
  readonly system: SystemDescription;
}

/**
 * Combines what several sources say of **one** machine. Each fills what the others leave open. Where they contradict
 * each other the result carries a finding, and a fact that a verdict may rest on becomes unknown: choosing a side could
 * allow what the other side forbids. Of descriptive facts (driver, slot, node, link, …) the first source wins.
 */
export function mergeSystems(parts: readonly Part[]): { system: SystemDescription; findings: readonly Finding[] } {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return { system: only.system, findings: [] };
  const settlement = new Settlement();
  const said = <K extends keyof SystemDescription>(key: K) =>
    pick(
      parts.map(({ source, system }) => ({ source, value: system })),
      key,
    );
  const system = present<SystemDescription>({
    name: settlement.first("the system's name", said("name")),
    kernel: mergeKernel(settlement, said("kernel")),
    cpu: mergeCpu(settlement, said("cpu")),
    iommu: settlement.agreed("the IOMMU mode", said("iommu")),
    functions: mergeAllFunctions(settlement, parts),
    complete: completeness(settlement, parts),
    allAddresses: parts.some(({ system }) => system.allAddresses === true) ? true : undefined,
    hostBridges: mergeHostBridges(settlement, said("hostBridges")),
    platformDevices: mergePlatformDevices(settlement, said("platformDevices")),
    ranges: union(said("ranges")),
    sideLinks: mergeLinks(settlement, said("sideLinks")),
    hostAttachments: union(said("hostAttachments")),
    numaNodes: mergeNumaNodes(settlement, said("numaNodes")),
    views: mergeViews(settlement, said("views")),
  });
  return { system, findings: settlement.findings };
}

function mergeKernel(settlement: Settlement, said: readonly Said<KernelDescription>[]): KernelDescription | undefined {
  if (said.length === 0) return undefined;
  return present<KernelDescription>({
    release: settlement.first("the kernel's release", pick(said, "release")),
    commandLine: settlement.first("the kernel's command line", pick(said, "commandLine")),
    p2pdma: settlement.agreed("CONFIG_PCI_P2PDMA", pick(said, "p2pdma")),
  });
}

function mergeCpu(settlement: Settlement, said: readonly Said<CpuDescription>[]): CpuDescription | undefined {
  if (said.length === 0) return undefined;
  return present<CpuDescription>({
    architecture: settlement.agreed("the CPU's architecture", pick(said, "architecture")),
    vendor: settlement.agreed("the CPU's vendor", pick(said, "vendor")),
    family: settlement.agreed("the CPU's family", pick(said, "family")),
    modelNumber: settlement.first("the CPU's model number", pick(said, "modelNumber")),
    model: settlement.first("the CPU's model", pick(said, "model")),
  });
}

/** Functions keep the first source's order; where others know more of them, all are in the order of their names. */
function mergeAllFunctions(settlement: Settlement, parts: readonly Part[]): FunctionDescription[] {
  const said = new Map<string, Said<FunctionDescription>[]>();
  for (const { source, system } of parts) {
    for (const value of system.functions) {
      const others = said.get(value.bdf);
      if (others === undefined) said.set(value.bdf, [{ source, value }]);
      else others.push({ source, value });
    }
  }
  const merged = [...said].map(([bdf, own]) => mergeFunction(settlement, bdf, own));
  const placed = withPossibleParents(settlement, merged, said);
  if (placed.length === parts[0]?.system.functions.length) return placed;
  return placed.sort((a, b) => compareNames(a.bdf, b.bdf));
}

/**
 * A parent that one source states and what another says of it rules out is unknown. What a source rules out itself is
 * left as it is: that description cannot be true.
 */
function withPossibleParents(
  settlement: Settlement,
  merged: readonly FunctionDescription[],
  said: ReadonlyMap<string, readonly Said<FunctionDescription>[]>,
): FunctionDescription[] {
  const byName = new Map(merged.map((description) => [description.bdf, description]));
  return merged.map((description): FunctionDescription => {
    const { bdf, parent } = description;
    const bridge = typeof parent === "string" ? byName.get(parent) : undefined;
    const reason = bridge === undefined ? null : contradictionOf(description, bridge);
    if (reason === null) return description;
    const stated = said.get(bdf)!.find(({ value }) => value.parent === parent)!;
    const [own, other] = [true, false].map((isOwn) =>
      said.get(bridge!.bdf)!.find(({ source }) => (source === stated.source) === isOwn),
    );
    if (other === undefined || (own !== undefined && contradictionOf(stated.value, own.value) !== null)) {
      return description;
    }
    const sides = [
      { source: stated.source, value: parent },
      { source: other.source, value: `not ${parent}: ${reason}` },
    ];
    settlement.contradiction(`${bdf}: parent`, sides, [bdf, bridge!.bdf]);
    return { ...description, parent: "unknown" };
  });
}

/** The same of one function: what `said` says of it, in the order in which descriptive facts are believed. */
export function mergeFunction(
  settlement: Settlement,
  bdf: string,
  said: readonly Said<FunctionDescription>[],
): FunctionDescription {
  if (said.length === 1) return said[0]!.value;
  const at = (what: string) => `${bdf}: ${what}`;
  const agreed = <K extends keyof FunctionDescription>(key: K) => settlement.agreed(at(key), pick(said, key), [bdf]);
  const first = <K extends keyof FunctionDescription>(key: K) => settlement.first(at(key), pick(said, key), [bdf]);
  return present<FunctionDescription>({
    bdf,
    kind: agreed("kind"),
    class: settlement.agreed(at("class"), withLongestClass(pick(said, "class")), [bdf]),
    vendor: agreed("vendor"),
    device: agreed("device"),
    subsystemVendor: first("subsystemVendor"),
    subsystemDevice: first("subsystemDevice"),
    revision: first("revision"),
    serialNumber: first("serialNumber"),
    parent: settlement.agreed(at("parent"), withoutUnknown(said), [bdf]),
    physicalFunction: agreed("physicalFunction"),
    bus: settlement.agreed(at("bus"), withPrimary(pick(said, "bus")), [bdf]),
    command: mergeWords(settlement, at("command"), pick(said, "command"), bdf),
    bars: mergeBars(settlement, bdf, pick(said, "bars")),
    windows: mergeWindows(settlement, bdf, pick(said, "windows")),
    acs: settlement.agreed(at("acs"), withAllAcsBits(pick(said, "acs")), [bdf]),
    sriov: agreed("sriov"),
    link: mergeLink(settlement, at("link"), pick(said, "link"), bdf),
    dmaMaskBits: agreed("dmaMaskBits"),
    powerState: agreed("powerState"),
    slot: first("slot"),
    numaNode: first("numaNode"),
    iommuGroup: first("iommuGroup"),
    driver: first("driver"),
    names: union(pick(said, "names")),
    label: said.find(({ value }) => value.label !== undefined)?.value.label,
  });
}

/** That one source's numbers are made up says nothing of those of another. */
function withoutUnknown(said: readonly Said<FunctionDescription>[]): Said<string | null>[] {
  const stated = pick(said, "parent").filter(({ value }) => value !== "unknown");
  return stated.length === 0 && said.every(({ value }) => value.parent === "unknown") ? pick(said, "parent") : stated;
}

/** `0604` and `060400` say the same, the one without the programming interface. */
function withLongestClass(said: readonly Said<string>[]): Said<string>[] {
  const longest = new Map<string, string>();
  for (const value of new Set(said.map(({ value }) => value))) {
    for (let length = 1; length < value.length; length++) {
      const start = value.slice(0, length);
      if (!longest.has(start)) longest.set(start, value);
    }
  }
  return said.map(({ source, value }) => ({ source, value: longest.get(value) ?? value }));
}

/** A drawing (`lspci -t`) shows the buses below a bridge alone. */
function withPrimary(said: readonly Said<BusNumbers>[]): Said<BusNumbers>[] {
  const primary = said.find(({ value }) => value.primary !== undefined)?.value.primary;
  return primary === undefined
    ? [...said]
    : said.map(({ source, value }) => ({ source, value: { primary, ...value } }));
}

/** The ACS bits that lspci prints; those above are in configuration space alone. */
const PRINTED_ACS_BITS = 0x7f;

/** What all sources together know of the words, where they agree; else what each says. */
function withAllAcsBits(said: readonly Said<AcsDescription | null>[]): Said<AcsDescription | null>[] {
  const words = said.flatMap(({ value }) => (value === null ? [] : [value]));
  const capabilities = new Set(words.map(({ capability }) => capability & PRINTED_ACS_BITS));
  const controls = words.map(({ control }) => knownBits(control));
  const set = controls.reduce((bits, { value }) => bits | value, 0);
  const clear = controls.reduce((bits, { value, mask }) => bits | (~value & mask), 0);
  const vectors = words.flatMap(({ egressVector }) => (egressVector === undefined ? [] : [egressVector]));
  const firmware = words.flatMap(({ firmware }) => (firmware === undefined ? [] : [firmware]));
  const disagree = (set & clear & PRINTED_ACS_BITS) !== 0 || new Set(vectors.map(String)).size > 1;
  if (capabilities.size !== 1 || disagree || new Set(firmware).size > 1) return [...said];
  const known = controls.reduce((bits, { mask }) => bits | mask, 0);
  const whole = {
    capability: words.reduce((bits, { capability }) => bits | capability, 0),
    control: registerWord(set, known),
    ...(firmware.length > 0 ? { firmware: firmware[0]! } : {}),
    ...(vectors.length > 0 ? { egressVector: vectors[0]! } : {}),
  };
  return said.map(({ source, value }) => ({ source, value: value === null ? null : whole }));
}

/** Every bit that some source knows and none contradicts. */
function mergeWords(
  settlement: Settlement,
  what: string,
  said: readonly Said<RegisterWord>[],
  bdf: string,
): RegisterWord | undefined {
  const words = said.map(({ source, value: word }) => ({ source, ...knownBits(word) }));
  const known = words.reduce((bits, { mask }) => bits | mask, 0);
  const set = words.reduce((bits, { value, mask }) => bits | (value & mask), 0);
  const clear = words.reduce((bits, { value, mask }) => bits | (~value & mask), 0);
  const contested = set & clear;
  if (contested !== 0) {
    const shown = words.map(({ source, value, mask }) => ({ source, value: { value: value & mask, mask } }));
    settlement.contradiction(what, shown, [bdf]);
  }
  const mask = known & ~contested;
  if (mask === 0) return undefined;
  return registerWord(set, mask);
}

function mergeLink(
  settlement: Settlement,
  what: string,
  said: readonly Said<LinkDescription | null>[],
  bdf: string,
): LinkDescription | null | undefined {
  const links = said.flatMap(({ source, value }) => (value === null ? [] : [{ source, value }]));
  if (links.length !== said.length) return settlement.first(what, said, [bdf]);
  const field = <K extends keyof LinkDescription>(key: K) =>
    settlement.first(`${what} ${key}`, pick(links, key), [bdf]);
  const link = present<LinkDescription>({
    speed: field("speed"),
    width: field("width"),
    maxSpeed: field("maxSpeed"),
    maxWidth: field("maxWidth"),
    bandwidth: field("bandwidth"),
    port: field("port"),
  });
  return Object.keys(link).length > 0 ? link : undefined;
}

/**
 * A source that lists a bridge's windows lists all of them, so the first list stands, and others fill in addresses. A
 * window that is known by its register alone (bus addresses) may be left over from the firmware, and contradicts
 * nothing.
 */
function mergeWindows(
  settlement: Settlement,
  bdf: string,
  said: readonly Said<readonly WindowDescription[]>[],
): readonly WindowDescription[] | undefined {
  const [list, ...others] = [...said].sort(
    (a, b) => Number(hasCpuAddresses(b.value)) - Number(hasCpuAddresses(a.value)),
  );
  if (list === undefined) return undefined;
  const windows = [...list.value];
  for (const { source, value } of others) {
    for (const window of value) {
      const match = windows.findIndex((known) => isSameWindow(known, window));
      if (match >= 0) windows[match] = { ...window, ...windows[match]! };
      else if (window.start !== undefined || !hasCpuAddresses(list.value)) {
        settlement.contradiction(`${bdf}: ${window.kind} window`, [list, { source, value: [window] }], [bdf]);
      }
    }
  }
  return windows;
}

function hasCpuAddresses(windows: readonly WindowDescription[]): boolean {
  return windows.every(({ start }) => start !== undefined);
}

function isSameWindow(a: WindowDescription, b: WindowDescription): boolean {
  if (a.kind !== b.kind) return false;
  if (a.start !== undefined && b.start !== undefined) return a.start === b.start;
  return a.bus !== undefined && a.bus === b.bus;
}

function mergeHostBridges(
  settlement: Settlement,
  said: readonly Said<readonly HostBridgeDescription[]>[],
): readonly HostBridgeDescription[] | undefined {
  if (said.length === 0) return undefined;
  const byRoot = new Map<string, Said<HostBridgeDescription>[]>();
  for (const { source, value } of said) {
    for (const hostBridge of value) {
      const own = byRoot.get(hostBridge.root);
      if (own === undefined) byRoot.set(hostBridge.root, [{ source, value: hostBridge }]);
      else own.push({ source, value: hostBridge });
    }
  }
  return [...byRoot].map(([root, own]) =>
    present<HostBridgeDescription>({
      root,
      lastBus: settlement.agreed(`${root}: lastBus`, pick(own, "lastBus"), [root]),
      numaNode: settlement.first(`${root}: numaNode`, pick(own, "numaNode"), [root]),
      windows: unionOfWindows(pick(own, "windows")),
      inbound: settlement.agreed(`${root}: inbound`, pick(own, "inbound"), [root]),
    }),
  );
}

function mergeNumaNodes(
  settlement: Settlement,
  said: readonly Said<readonly NumaNodeDescription[]>[],
): readonly NumaNodeDescription[] | undefined {
  if (said.length === 0) return undefined;
  const numbers = new Set(said.flatMap(({ value }) => value.map(({ node }) => node)));
  return [...numbers]
    .sort((a, b) => a - b)
    .map((node) => {
      const own = said.flatMap(({ source, value }) =>
        value.filter((each) => each.node === node).map((each) => ({ source, value: each })),
      );
      return present<NumaNodeDescription>({
        node,
        cpus: settlement.first(`the CPUs of NUMA node ${node}`, pick(own, "cpus")),
      });
    });
}

function unionOfWindows(said: readonly Said<readonly WindowDescription[]>[]): WindowDescription[] | undefined {
  if (said.length === 0) return undefined;
  const windows: WindowDescription[] = [];
  for (const window of said.flatMap(({ value }) => value)) {
    const match = windows.findIndex(
      (known) => known.start !== undefined && known.start === window.start && known.end === window.end,
    );
    if (match < 0) windows.push(window);
    else windows[match] = { ...window, ...windows[match]! };
  }
  return windows;
}

/**
 * A source that has every function has those of the others too; else it was taken at another time, or, where it only
 * looked whole, it was a selection.
 */
function completeness(settlement: Settlement, parts: readonly Part[]): true | "likely" | undefined {
  const claims = (claim: true | "likely") => parts.filter(({ system }) => system.complete === claim);
  const complete = claims(true);
  if (complete.length === 0) return holdAllFunctions(claims("likely"), parts) ? "likely" : undefined;
  let holds = true;
  for (const { source, system } of complete) {
    const own = new Set(system.functions.map(({ bdf }) => bdf));
    for (const other of parts) {
      const unknown = other.system.functions.filter(({ bdf }) => !own.has(bdf)).map(({ bdf }) => bdf);
      if (unknown.length === 0) continue;
      holds = false;
      const said = [
        { source, value: "no such function" },
        { source: other.source, value: unknown.join(", ") },
      ];
      settlement.contradiction("which functions there are", said, unknown);
    }
  }
  return holds ? true : undefined;
}

function holdAllFunctions(likely: readonly Part[], parts: readonly Part[]): boolean {
  const every = new Set(parts.flatMap(({ system }) => system.functions.map(({ bdf }) => bdf)));
  return likely.length > 0 && likely.every(({ system }) => system.functions.length === every.size);
}

function union<T>(said: readonly Said<readonly T[]>[]): readonly T[] | undefined {
  if (said.length === 0) return undefined;
  const all = said.flatMap(({ value }) => value);
  return [...new Map(all.map((value) => [JSON.stringify(value), value])).values()];
}

/** Who says what of one field. */
function pick<T, K extends keyof T>(said: readonly Said<T>[], key: K): Said<Exclude<T[K], undefined>>[] {
  const picked: Said<Exclude<T[K], undefined>>[] = [];
  for (const { source, value } of said) {
    const field = value[key];
    if (field !== undefined) picked.push({ source, value: field as Exclude<T[K], undefined> });
  }
  return picked;
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

function present<T extends object>(loose: Loose<T>): T {
  return Object.fromEntries(Object.entries(loose).filter(([, value]) => value !== undefined)) as T;
}

function compareNames(a: string, b: string): number {
  const [first, second] = [parseBdf(a), parseBdf(b)];
  if (first === null || second === null) return a < b ? -1 : 1;
  return compareBdf(first, second);
}
