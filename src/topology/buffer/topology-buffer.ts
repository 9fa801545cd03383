import { Core, OPEN, SectionError, type Build } from "../../core.js";
import { readBuffer, writeBuffer, type Bytes } from "./buffer.js";
import { CoreHandle, type Catalogue, type Parts } from "../catalogue.js";
import { DescribedCatalogue, functionsOf } from "../described.js";
import type { MachineDescription } from "../description.js";
import { FabricCatalogue } from "../fabric/fabric.js";
import { readFabric } from "../fabric/sections.js";
import type { Finding } from "../finding.js";
import { Hosts } from "../hosts.js";
import { canonicalBdf } from "../bdf.js";
import { checkDmaMasks } from "../check-masks.js";
import { checkRegisters } from "../check-registers.js";
import { Problems } from "../errors.js";
import { checkSystemNames } from "../system-names.js";
import { checkAsTaken } from "../validate.js";
import { columnBytes, jsonBytes, type Sections } from "./sections.js";

/** Before the names of the core's own sections. */
const CORE = "core.";
const MACHINE = "machine";
const SOURCE = "nodes.source";
const HOST_IDS = "hosts.id";
const HOST_BUSES = "hosts.bus";
const OPEN_COLUMN = "systems.open";
const FINDINGS = "findings";

/** Everything a topology is made of, as one buffer. */
export function pack({ core, catalogue, open, findings }: Parts): ArrayBuffer {
  const sections = new Map<string, Uint8Array>();
  for (const [name, bytes] of core.get().sections()) sections.set(`${CORE}${name}`, bytes);
  sections.set(HOST_IDS, columnBytes(catalogue.hosts.columns.ids));
  sections.set(HOST_BUSES, columnBytes(catalogue.hosts.columns.bus));
  sections.set(OPEN_COLUMN, columnBytes(open));
  sections.set(FINDINGS, jsonBytes(findings));
  for (const [name, bytes] of catalogue.sections()) sections.set(name, bytes);
  return writeBuffer(sections);
}

/**
 * The parts again. Beyond the checksum everything is checked that a forged buffer could lead astray with.
 *
 * @throws BufferError
 */
export function unpack(data: Bytes, build?: Build): Parts {
  const sections = readBuffer(data);
  const core = coreFrom(sections, build);
  const handle = new CoreHandle(core);
  const hosts = readHosts(sections, core);
  const open = sections.column(OPEN_COLUMN, Uint8Array, core.systems);
  sections.atMost(OPEN_COLUMN, open, OPEN.length - 1);
  const catalogue: Catalogue = sections.has(MACHINE)
    ? readDescribed(sections, hosts)
    : new FabricCatalogue(readFabric(sections, hosts, core.count, core.rangeCount), handle);
  return { core: handle, catalogue, open, findings: readFindings(sections) };
}

function coreFrom(sections: Sections, build?: Build): Core {
  try {
    return Core.from(sections.under(CORE), build);
  } catch (error) {
    // The core begins with the section that is at fault; without one, no memory was to be had.
    const [, name, fault] = (error instanceof RangeError && /^(\w+): (.*)$/s.exec(error.message)) || [];
    if (name === undefined || !(sections.has(`${CORE}${name}`) || error instanceof SectionError)) throw error;
    throw sections.error(`${CORE}${name}`, fault!);
  }
}

function readHosts(sections: Sections, core: Core): Hosts {
  const count = core.hosts;
  const ids = sections.column(HOST_IDS, Uint32Array, count);
  sections.atMost(HOST_IDS, ids, core.count);
  for (let host = 0; host < count; host++) {
    if (ids[host]! > 0 && core.depth(ids[host]!) === 0 && core.host(ids[host]!) === host) continue;
    throw sections.error(HOST_IDS, `row ${host}: node ${ids[host]} is not host bridge ${host}`, 4 * host);
  }
  const rows = Array.from(ids, (_, host) => core.hostRow(host));
  const columns = {
    ids,
    system: Uint32Array.from(rows, ({ system }) => system),
    segment: Uint32Array.from(rows, ({ segment }) => segment),
    bus: sections.column(HOST_BUSES, Uint8Array, count),
    place: rows.map(({ place }) => place),
  };
  return new Hosts(columns, core.count, core.systems);
}

function readDescribed(sections: Sections, hosts: Hosts): DescribedCatalogue {
  const machine = readMachine(sections);
  if (machine.systems.length !== hosts.systems) {
    throw sections.error(MACHINE, `expected ${hosts.systems} systems, got ${machine.systems.length}`);
  }
  const functions = functionsOf(machine.systems);
  const source = sections.column(SOURCE, Uint32Array, hosts.nodes + 1);
  sections.atMost(SOURCE, source, functions.length);
  for (let id = 1; id < source.length; id++) {
    if ((source[id] === 0) === hosts.holds(id)) continue;
    throw sections.error(SOURCE, `row ${id}: expected a function exactly where no host bridge is`, 4 * id);
  }
  return new DescribedCatalogue(machine, hosts, source);
}

/** What it says may be as false as any description, but is what a topology could have been made of. */
function readMachine(sections: Sections): MachineDescription {
  const machine = sections.json(MACHINE) as MachineDescription;
  const wrong = checkAsTaken(machine);
  if (wrong !== null) throw sections.error(MACHINE, `${wrong.path}: ${wrong.message}`);
  const { systems } = machine;
  const unnamed = systems.flatMap(({ functions }) => functions).find(({ bdf }) => canonicalBdf(bdf) !== bdf);
  if (unnamed !== undefined) {
    throw sections.error(MACHINE, `expected a function's name, dddd:bb:dd.f, got ${JSON.stringify(unnamed.bdf)}`);
  }
  const problems = new Problems();
  checkSystemNames(systems, problems);
  checkDmaMasks(systems, problems);
  checkRegisters(systems, problems);
  if (problems.first !== undefined) throw sections.error(MACHINE, problems.first.message);
  return machine;
}

function readFindings(sections: Sections): readonly Finding[] {
  const findings = sections.json(FINDINGS);
  if (Array.isArray(findings) && findings.every(isFinding)) return findings;
  throw sections.error(FINDINGS, "expected an array of findings");
}

function isFinding(value: unknown): value is Finding {
  const { code, message, functions } = (value ?? {}) as Partial<Record<keyof Finding, unknown>>;
  return typeof code === "string" && typeof message === "string" && Array.isArray(functions);
}
