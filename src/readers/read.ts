import { isPacked } from "../topology/buffer/buffer.js";
import type { MachineDescription } from "../topology/description.js";
import type { Finding } from "../topology/finding.js";
import { mergeSystems, type Part } from "../topology/merge/merge.js";
import { checkLength, checkLines } from "./bounds.js";
import { decompress, packingOf, readTar } from "./files/archive.js";
import { looksLikeCpuinfo, readCpuinfo } from "./cpuinfo.js";
import { FileTree } from "./files/file-tree.js";
import { looksLikeHwloc, readHwloc } from "./hwloc/hwloc.js";
import { looksLikeIomem, readIomem } from "./iomem.js";
import { looksLikeJson, readJson } from "./json.js";
import { looksLikeLspci, readLspci } from "./lspci/lspci.js";
import { looksLikeNccl, readNccl } from "./nccl.js";
import { looksLikeRdmaTopo, readRdmaTopo } from "./rdma-topo.js";
import { ReadError, type Reading } from "./reading.js";
import { looksLikeListing, readListing } from "./sysfs/listing.js";
import { readSysfs } from "./sysfs/sysfs.js";
import { looksLikeTopoMatrix, readTopoMatrix } from "./topo-matrix.js";

/** What to read: the bytes of a file, packed or not, or a tree of files. */
export interface Source {
  /** For messages and findings. */
  readonly name: string;
  /** Whole; a FileTree reads as it goes. */
  readonly bytes: Uint8Array | FileTree;
}

/** A machine, and what was odd about its sources. */
export interface ReadResult {
  /** What all sources together show. */
  readonly machine: MachineDescription;
  /** Of the sources, and of their contradictions. */
  readonly findings: readonly Finding[];
}

/** A format of plain text. One paste may hold several: the output of one command after another. */
interface TextFormat {
  readonly looksLike: (text: string) => boolean;
  readonly read: (text: string, source: string) => Reading;
}

/** A format of which a file holds nothing else. */
interface DocumentFormat {
  readonly looksLike: (text: string) => boolean;
  readonly read: (text: string, source: string) => Recognised | Promise<Recognised>;
}

/** A machine by itself, or what is to be combined with what other sources say. */
type Recognised = ReadResult | readonly Reading[];

const DOCUMENT_FORMATS: readonly DocumentFormat[] = [
  { looksLike: looksLikeHwloc, read: (text, source) => [readHwloc(text, source)] },
  { looksLike: looksLikeNccl, read: (text, source) => hostsTogether(readNccl(text, source)) },
  { looksLike: looksLikeRdmaTopo, read: async (text, source) => [await readRdmaTopo(text, source)] },
  { looksLike: looksLikeJson, read: (text, source) => ({ machine: readJson(text, source), findings: [] }) },
];

const TEXT_FORMATS: readonly TextFormat[] = [
  { looksLike: looksLikeLspci, read: readLspci },
  { looksLike: looksLikeListing, read: readListing },
  { looksLike: looksLikeIomem, read: readIomem },
  {
    looksLike: looksLikeCpuinfo,
    read: (text, source) => ({ system: { functions: [], cpu: readCpuinfo(text, source) }, findings: [] }),
  },
  { looksLike: (text) => kernelRelease(text) !== null, read: readVersion },
  { looksLike: looksLikeTopoMatrix, read: readTopoMatrix },
];

const KNOWN_FORMATS =
  "lspci output of any form (best: sudo lspci -D -vvvnnxxxx), trees of /sys and /proc as a directory or a .tar, .tar.gz or " +
  ".tar.bz2, /proc/iomem, /proc/cpuinfo, /proc/version, ls -l /sys/bus/pci/devices, XML of hwloc (lstopo --whole-io " +
  "FILE.xml), topology files of NCCL and RCCL, nvidia-smi topo -m, rdma_topo dump, and a machine description in JSON";

/** Packings inside one another, such as a .tar.gz: more than that is no dump of a machine. */
export const DEEPEST_PACKING = 4;

/**
 * Reads one machine from one or several sources, each recognised by its content, and combines them. A description in
 * JSON that holds several systems has to come alone.
 *
 * @throws ReadError where a source is nothing known, or damaged, or there is none.
 */
export async function read(sources: readonly Source[]): Promise<ReadResult> {
  if (sources.length === 0) throw new ReadError(`expected at least one source. Known are ${KNOWN_FORMATS}`, "input");
  const parts: Part[] = [];
  const findings: Finding[] = [];
  for (const source of sources) {
    const recognised = await recognise(source.bytes, source.name);
    if ("machine" in recognised) {
      const { systems } = recognised.machine;
      const [only] = systems;
      if (sources.length === 1) return { ...recognised, findings: bounded(recognised.findings) };
      if (only === undefined || systems.length > 1) {
        const count = systems.length;
        throw new ReadError(
          `describes ${count} systems: only a description of one can be combined with others`,
          source.name,
        );
      }
      parts.push({ source: source.name, system: only });
      for (const finding of bounded(recognised.findings)) findings.push(finding);
      continue;
    }
    for (const reading of recognised) {
      parts.push({ source: source.name, system: reading.system });
      for (const finding of bounded(reading.findings)) findings.push(finding);
    }
  }
  const merged = mergeSystems(parts);
  return { machine: { peerlane: 1, systems: [merged.system] }, findings: [...findings, ...merged.findings] };
}

/** More findings of one code in one source than that are counted. */
const SHOWN_ALIKE = 50;

/** The findings of one source: the first of each code, and one that counts those left out. */
function bounded(findings: readonly Finding[]): readonly Finding[] {
  const counts = new Map<Finding["code"], number>();
  const shown = findings.filter(({ code }) => {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    return count <= SHOWN_ALIKE;
  });
  if (shown.length === findings.length) return findings;
  const alike = new Map(shown.map((finding) => [finding.code, finding]));
  for (const [code, count] of counts) {
    if (count <= SHOWN_ALIKE) continue;
    const { source } = alike.get(code)!;
    const message = `and ${count - SHOWN_ALIKE} more like this`;
    shown.push({ code, message, functions: [], ...(source === undefined ? {} : { source }) });
  }
  return shown;
}

async function recognise(content: Uint8Array | FileTree, source: string): Promise<Recognised> {
  const unpacked = content instanceof FileTree ? content : await unpack(content, source);
  if (unpacked instanceof FileTree) return [await readSysfs(unpacked, source)];
  if (isPacked(unpacked)) {
    throw new ReadError("this is a packed topology, which Topology.from reads; it describes machines already", source);
  }
  const text = withoutColours(decodeText(unpacked, source));
  const document = DOCUMENT_FORMATS.find(({ looksLike }) => looksLike(text));
  if (document !== undefined) return document.read(text, source);
  checkLines(text, source);
  const readings = TEXT_FORMATS.filter(({ looksLike }) => looksLike(text)).map((format) => format.read(text, source));
  if (readings.length > 0) return readings;
  throw new ReadError(`not a format that is known: ${startOf(text)}. Known are ${KNOWN_FORMATS}`, source);
}

/** Several hosts are several systems; one is combined with what other sources say of it. */
function hostsTogether(hosts: readonly Reading[]): Recognised {
  if (hosts.length === 1) return hosts;
  const systems = hosts.map(({ system }) => system);
  return { machine: { peerlane: 1, systems }, findings: hosts.flatMap(({ findings }) => findings) };
}

/** The tree that an archive holds, or the bytes of what is none; unpacked either way. */
export async function unpack(content: Uint8Array, source: string): Promise<Uint8Array | FileTree> {
  let bytes = content;
  for (let depth = 0; depth < DEEPEST_PACKING; depth++) {
    const packing = packingOf(bytes);
    if (packing === null) return bytes;
    if (packing === "tar") return readTar(bytes, source);
    bytes = await decompress(bytes, packing, source);
  }
  throw new ReadError(`packed more than ${DEEPEST_PACKING} times over: unpack it first`, source);
}

/** UTF-8, or what Windows shells write into files: UTF-16, told by its byte order mark. */
function decodeText(bytes: Uint8Array, source: string): string {
  checkLength(bytes.length, source);
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  return new TextDecoder().decode(bytes);
}

/** A terminal's sequences for colours, underlines and titles, which paging and `script` leave in a text. */
function withoutColours(text: string): string {
  return text.includes("\x1b")
    ? text.replace(/\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][0-9A-Za-z])/g, "")
    : text;
}

function readVersion(text: string): Reading {
  return { system: { functions: [], kernel: { release: kernelRelease(text)! } }, findings: [] };
}

/** `/proc/version` or `uname -a` anywhere, or `uname -r` alone. */
function kernelRelease(text: string): string | null {
  const match =
    /^Linux (?:version|\S+) ([0-9]+\.[0-9]+(?![0-9])\S*) /m.exec(text) ??
    /^\s*([0-9]+\.[0-9]+\.[0-9]+(?![0-9])\S*)\s*$/.exec(text);
  return match?.[1] ?? null;
}

const SHOWN_START = 48;

function startOf(text: string): string {
  const start = text.trimStart().slice(0, SHOWN_START);
  if (start === "") return "it is empty";
  if (/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(start)) return "it starts with binary data";
  return `it starts with ${JSON.stringify(start)}`;
}
