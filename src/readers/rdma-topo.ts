import { canonicalBdf, compareBdf, parseBdf } from "../topology/bdf.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { decodeConfigSpace, defined } from "./config-space.js";
import { decompress } from "./files/archive.js";
import { namesOf } from "./files/file-tree.js";
import { linkVirtualFunctions } from "./lspci/virtual.js";
import { checkJson } from "./bounds.js";
import { ReadError, type Reading } from "./reading.js";
import { placeOf } from "./sysfs/devices.js";

/*
 * `rdma_topo dump` of rdma-core: sysfs as one JSON document, without host bridges, ISA bridges and system peripherals.
 *
 *     [
 *         {
 *             "realpath": "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0",
 *             "config": "eJz7…",                    base64 of zlib of configuration space
 *             "iommu_group": 17,                    null: there is no such link
 *             "modalias": "pci:v000015B3d00001021sv000015B3sd00000023bc02sc07i00",
 *             "numa_node": 0,                       -1: none, null: there is no such file
 *             "vpd": "eJx…",                        only where there is one
 *             "subsystems": { "infiniband": ["mlx5_0"], "net": ["eth0"] }
 *         }, …
 *     ]
 */

/** The members that every device has, as `rdma_topo` itself asks for. */
const REQUIRED = ["realpath", "config", "modalias"] as const;

const CONFIG_SPACE_BYTES = 4096;
/** Base64 of what cannot be compressed at all is less. */
const CONFIG_TEXT_LIMIT = 2 * CONFIG_SPACE_BYTES;
/** All that a function has without extended space; less: what an unprivileged read gives. */
const CONVENTIONAL_BYTES = 256;

/** The first device, with its configuration space, ends before that. */
const SEARCHED_START = 4 * CONFIG_SPACE_BYTES;

/** Whether `text` is meant to be the output of `rdma_topo dump`, whole or not. */
export function looksLikeRdmaTopo(text: string): boolean {
  return /^\s*\[\s*\{/.test(text) && /"realpath"\s*:/.test(text.slice(0, SEARCHED_START));
}

/**
 * Reads what `rdma_topo dump` of rdma-core prints.
 *
 * @param source its name, for findings and messages.
 * @throws ReadError which names the device and member, `[3].config`, that is not as it writes them.
 */
export async function readRdmaTopo(text: string, source: string): Promise<Reading> {
  const functions = new Map<string, FunctionDescription>();
  const roots = new Set<string>();
  const findings: Finding[] = [];
  for (const [index, device] of parse(text, source).entries()) {
    const reading = await readDevice(new Device(device, source, index));
    const { bdf } = reading.function;
    if (functions.has(bdf)) throw new ReadError(`${bdf} is there twice`, source, undefined, undefined, `[${index}]`);
    functions.set(bdf, reading.function);
    if (reading.root !== undefined) roots.add(reading.root);
    for (const finding of reading.findings) findings.push({ ...finding, source });
  }
  const sorted = [...functions.values()].sort((a, b) => compareBdf(parseBdf(a.bdf)!, parseBdf(b.bdf)!));
  const hostBridges = [...roots].sort().map((root) => ({ root }));
  return { system: { functions: linkVirtualFunctions(sorted), hostBridges }, findings };
}

function parse(text: string, source: string): readonly unknown[] {
  checkJson(text, source);
  let devices: unknown;
  try {
    devices = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ReadError(`damaged output of rdma_topo dump: ${message}. Give the whole of it`, source);
  }
  if (Array.isArray(devices)) return devices;
  throw new ReadError(`expected the list of devices that rdma_topo dump prints, got ${shown(devices)}`, source);
}

/** One device of the dump, whose members may be anything. */
class Device {
  readonly #members: Readonly<Record<string, unknown>>;

  constructor(
    value: unknown,
    private readonly source: string,
    private readonly index: number,
  ) {
    if (!isRecord(value)) this.refuse("", `expected a device with ${REQUIRED.join(", ")}, got ${shown(value)}`);
    this.#members = value;
  }

  text(name: (typeof REQUIRED)[number]): string {
    const value = this.#members[name];
    return typeof value === "string" ? value : this.refuse(`.${name}`, `expected a text, got ${shown(value)}`);
  }

  /** Null and undefined are as they stand in the dump. */
  number(name: "iommu_group" | "numa_node"): number | null | undefined {
    const value = this.#members[name];
    if (value == null || Number.isInteger(value)) return value as number | null | undefined;
    return this.refuse(`.${name}`, `expected a whole number or null, got ${shown(value)}`);
  }

  /** The names of all kinds; missing: there are none. */
  names(): readonly string[] | undefined {
    const kinds = this.#members["subsystems"] ?? {};
    const names = isRecord(kinds) ? Object.values(kinds).flat() : [null];
    if (!names.every((name) => typeof name === "string")) {
      this.refuse(".subsystems", `expected names by kind, {"net": ["eth0"]}, got ${shown(kinds)}`);
    }
    return names.length > 0 ? names : undefined;
  }

  async config(): Promise<Uint8Array> {
    const text = this.text("config");
    if (text.length > CONFIG_TEXT_LIMIT || !/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) {
      const expected = `base64 of at most ${CONFIG_TEXT_LIMIT} characters`;
      this.refuse(".config", `expected ${expected}, got ${text.length}: ${shown(text)}`);
    }
    const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return decompress(packed, "zlib", `${this.source}: [${this.index}].config`, CONFIG_SPACE_BYTES);
  }

  refuse(member: string, message: string): never {
    throw new ReadError(message, this.source, undefined, undefined, `[${this.index}]${member}`);
  }
}

interface DeviceReading {
  readonly function: FunctionDescription;
  /** Its root bus. */
  readonly root: string | undefined;
  readonly findings: readonly Finding[];
}

async function readDevice(device: Device): Promise<DeviceReading> {
  const path = namesOf(device.text("realpath"));
  const bdf = canonicalBdf(path.at(-1) ?? "");
  const { parent, root } = placeOf(path.slice(0, -1));
  if (bdf === null || root === undefined) {
    const example = "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0";
    device.refuse(".realpath", `expected a path such as ${example}, got ${shown(device.text("realpath"))}`);
  }
  const bytes = await device.config();
  const decoded = decodeConfigSpace(bdf, bytes, bytes.length < CONVENTIONAL_BYTES ? "part" : "whole");
  const numaNode = device.number("numa_node");
  const described = defined<FunctionDescription>({
    ...idsOf(device),
    ...decoded.function,
    parent,
    numaNode: numaNode === -1 ? null : (numaNode ?? undefined),
    iommuGroup: device.number("iommu_group"),
    names: device.names(),
  });
  return { function: described, root, findings: decoded.findings };
}

const MODALIAS =
  /^pci:v0000([0-9A-F]{4})d0000([0-9A-F]{4})sv0000([0-9A-F]{4})sd0000([0-9A-F]{4})bc([0-9A-F]{2})sc([0-9A-F]{2})i([0-9A-F]{2})$/;

/** What the kernel knows of a function even where its registers do not answer. */
function idsOf(device: Device): Omit<FunctionDescription, "bdf"> {
  const modalias = device.text("modalias");
  const match = MODALIAS.exec(modalias);
  if (match === null) device.refuse(".modalias", `expected pci:v…d…sv…sd…bc…sc…i…, got ${shown(modalias)}`);
  if (match[1] === "FFFF") return {};
  const [vendor, id, subsystemVendor, subsystemDevice, base, sub, progInterface] = match
    .slice(1)
    .map((digits) => digits.toLowerCase());
  const hasSubsystem = base !== "06" && subsystemVendor !== "0000";
  return {
    class: `${base}${sub}${progInterface}`,
    vendor: vendor!,
    device: id!,
    ...(hasSubsystem && { subsystemVendor: subsystemVendor!, subsystemDevice: subsystemDevice! }),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 60);
}
