import { canonicalBdf, compareBdf, parseBdf } from "../../topology/bdf.js";
import type { FunctionDescription, FunctionKind } from "../../topology/description.js";
import type { Finding } from "../../topology/finding.js";
import { contradictionOf } from "../../topology/placement.js";
import { defined } from "../config-space.js";
import { type FileTree, namesOf } from "../files/file-tree.js";
import { CONVENTIONAL_LENGTH, type FunctionReading, readFunction } from "./function.js";
import { namesOfClasses } from "./names.js";

/*
 *     sys/bus/pci/devices/0000:03:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:03:00.0
 *                                                          └ root bus └ the bridge above
 */
export const DEVICES = "sys/bus/pci/devices";
export const ROOT_BUS = /^pci([0-9a-f]{4,8}:[0-9a-f]{2})$/i;

/** Where `sys` and `proc` are in a tree, as prefixes of paths. */
export interface Places {
  readonly sys: string;
  readonly proc: string;
  readonly top: string;
}

/** The functions of a machine as its `sys` shows them. */
export interface Devices {
  readonly functions: readonly FunctionDescription[];
  /** Root buses, by the functions below them. */
  readonly roots: ReadonlyMap<string, string>;
  readonly complete: boolean;
  readonly findings: readonly Finding[];
}

/** A function's directory, and what the path to it leads through. */
interface Directory {
  readonly bdf: string;
  readonly path: string;
  readonly above: readonly string[];
  /** False where only the paths of functions below show that there is such a function. */
  readonly listed: boolean;
}

/** Reads every function in `bus/pci/devices`, and the bridges that their paths lead through. */
export function readDevices(tree: FileTree, places: Places, source: string): Devices {
  const { directories, strangers } = directoriesOf(tree, places);
  const configs = new Map(directories.map(({ bdf, path }) => [bdf, configOf(tree, path)]));
  const slots = readSlots(tree, places);
  const names = namesOfClasses(tree, places.sys);
  const roots = new Map<string, string>();
  const readings = new Map<string, FunctionReading>();
  const readAs = ({ bdf, path, above }: Directory, config: Uint8Array | null, isCut: boolean): void => {
    const { parent, root } = placeOf(above);
    if (root !== undefined) roots.set(bdf, root);
    const read = readFunction(tree, path, bdf, config, isCut);
    const allNames = [...new Set([...(read.function.names ?? []), ...(names.get(bdf) ?? [])])];
    const description = defined<FunctionDescription>({
      ...read.function,
      parent,
      slot: slots.get(bdf.slice(0, -2)),
      names: allNames.length > 0 ? allNames : undefined,
    });
    readings.set(bdf, { ...read, function: description });
  };
  for (const directory of directories) readAs(directory, configs.get(directory.bdf)!, false);

  // Whether a file is to be believed shows when all have been read.
  const contradictions = contradictionsOf(readings);
  const cut = cutShort(readings, configs);
  for (const directory of directories) {
    const { bdf } = directory;
    if (contradictions.has(bdf)) readAs(directory, null, false);
    else if (cut.has(bdf)) readAs(directory, configs.get(bdf)!, true);
  }
  const unlisted = directories.filter(({ listed }) => !listed).map(({ bdf }) => bdf);
  const withoutConfig = [...configs].flatMap(([bdf, config]) => (config === null ? [bdf] : []));
  const withoutResource = [...readings].flatMap(([bdf, { hasResource }]) => (hasResource ? [] : [bdf]));
  const findings: Finding[] = [
    ...strangers.map((name): Finding => {
      const message = `${DEVICES}: expected a function dddd:bb:dd.f, got "${name}"`;
      return { code: "MALFORMED_LINE", message, functions: [], source };
    }),
    ...[...readings.values()].flatMap((reading) => reading.findings.map((finding) => ({ ...finding, source }))),
    ...[...contradictions.values()].map((finding) => ({ ...finding, source })),
    ...missing(`no entry in ${DEVICES}, only in the paths of others,`, unlisted, source),
    ...missing("no readable config file", withoutConfig, source),
    ...missing(`only ${CONVENTIONAL_LENGTH} bytes of config, where others have 4096,`, [...cut], source),
    ...missing("no readable resource file", withoutResource, source),
  ];
  const functions = [...readings.values()].map((reading) => reading.function);
  functions.sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
  // A list that lost an entry which paths show may have lost others that nothing shows.
  return { functions, roots, complete: strangers.length === 0 && unlisted.length === 0, findings };
}

function directoriesOf(tree: FileTree, places: Places): { directories: Directory[]; strangers: string[] } {
  const list = `${places.sys}/bus/pci/devices`;
  const directories = new Map<string, Directory>();
  const strangers: string[] = [];
  for (const name of tree.list(list) ?? []) {
    const bdf = canonicalBdf(name);
    const path = `${list}/${name}`;
    if (bdf === null) strangers.push(name);
    else directories.set(bdf, { bdf, path, above: namesOf(tree.link(path) ?? "").slice(0, -1), listed: true });
  }
  for (const { above } of [...directories.values()]) {
    for (let length = above.length; length > 0; length--) {
      const bdf = canonicalBdf(above[length - 1]!);
      if (bdf === null) break;
      if (directories.has(bdf)) continue;
      const path = `${places.sys}/${above.slice(above.indexOf("devices"), length).join("/")}`;
      directories.set(bdf, { bdf, path, above: above.slice(0, length - 1), listed: false });
    }
  }
  return { directories: [...directories.values()], strangers };
}

function configOf(tree: FileTree, path: string): Uint8Array | null {
  const config = tree.file(`${path}/config`);
  return config === null || config.length === 0 ? null : config;
}

/**
 * By bridge: its registers say that a function which its directory holds cannot be below it. The path is the kernel's
 * word, so these are not the registers of that bridge now, and nothing else in them is to be believed either.
 */
function contradictionsOf(readings: ReadonlyMap<string, FunctionReading>): ReadonlyMap<string, Finding> {
  const contradictions = new Map<string, Finding>();
  for (const { function: child } of readings.values()) {
    const bridge = readings.get(child.parent ?? "")?.function;
    if (bridge === undefined || contradictions.has(bridge.bdf)) continue;
    const contradiction = contradictionOf(child, bridge);
    if (contradiction === null) continue;
    const message =
      `the path of ${child.bdf} leads through ${bridge.bdf}, but by the config file of that ${contradiction}: ` +
      `the file is left out`;
    contradictions.set(bridge.bdf, { code: "SOURCES_DISAGREE", message, functions: [bridge.bdf, child.bdf] });
  }
  return contradictions;
}

/** Without the Express capability there is no extended space to look for. */
const WITHOUT_EXPRESS: readonly (FunctionKind | undefined)[] = [
  "host-bridge-function",
  "pci-bridge",
  "cardbus-bridge",
  "conventional",
  undefined,
];

const CONVENTIONAL_BRIDGES: readonly (FunctionKind | undefined)[] = ["pci-bridge", "pcie-to-pci-bridge"];

/**
 * The functions whose 256 bytes are a copy that was cut. They are all that Linux shows where it cannot reach extended
 * configuration space: behind a conventional bus, of any function of the machine, or (POWER8) of any but root ports.
 */
function cutShort(
  readings: ReadonlyMap<string, FunctionReading>,
  configs: ReadonlyMap<string, Uint8Array | null>,
): ReadonlySet<string> {
  const isBelow = (bdf: string) => typeof readings.get(bdf)!.function.parent === "string";
  const whole = [...configs].flatMap(([bdf, config]) => ((config?.length ?? 0) > CONVENTIONAL_LENGTH ? [bdf] : []));
  const reachesBelow = whole.some(isBelow);
  const isBehindConventionalBus = (bdf: string): boolean => {
    let at = readings.get(bdf);
    for (let left = readings.size; at !== undefined && left > 0; left--) {
      at = readings.get(at.function.parent ?? "");
      if (CONVENTIONAL_BRIDGES.includes(at?.function.kind)) return true;
    }
    return false;
  };
  const isCut = ([bdf, config]: [string, Uint8Array | null]): boolean =>
    config?.length === CONVENTIONAL_LENGTH &&
    !WITHOUT_EXPRESS.includes(readings.get(bdf)!.function.kind) &&
    (isBelow(bdf) ? reachesBelow : whole.length > 0) &&
    !isBehindConventionalBus(bdf);
  return new Set([...configs].filter(isCut).map(([bdf]) => bdf));
}

function missing(what: string, functions: readonly string[], source: string): Finding[] {
  if (functions.length === 0) return [];
  const message = `${what} for ${functions.length === 1 ? functions[0]! : `${functions.length} functions`}`;
  return [{ code: "MISSING_FILE", message, functions, source }];
}

/** What a function hangs below, by the names that the path to it leads through. */
export function placeOf(above: readonly string[]): { parent?: string | null; root?: string } {
  const next = above.at(-1) ?? "";
  const root = above.findLast((name) => ROOT_BUS.test(name));
  const rootBus = root === undefined ? {} : { root: ROOT_BUS.exec(root)![1]!.toLowerCase() };
  if (ROOT_BUS.test(next)) return { parent: null, ...rootBus };
  const parent = canonicalBdf(next);
  return parent === null ? rootBus : { parent, ...rootBus };
}

/** Slot names by `dddd:bb:dd`, which all functions of a device share. */
function readSlots(tree: FileTree, places: Places): ReadonlyMap<string, string> {
  const slots = new Map<string, string>();
  const directory = `${places.sys}/bus/pci/slots`;
  for (const name of tree.list(directory) ?? []) {
    const address = canonicalBdf(`${tree.text(`${directory}/${name}/address`) ?? ""}.0`);
    if (address !== null) slots.set(address.slice(0, -2), name);
  }
  return slots;
}
