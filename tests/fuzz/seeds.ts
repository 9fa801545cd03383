import { readdirSync, readFileSync } from "node:fs";
import { deflateSync, gzipSync } from "node:zlib";
import { packTar } from "modern-tar";
import { ncclView } from "../../src/nccl/view.js";
import { ncclXml } from "../../src/nccl/xml.js";
import { FileTree, MemoryFiles } from "../../src/readers/files/file-tree.js";
import { readTar } from "../../src/readers/files/archive.js";
import { read, unpack } from "../../src/readers/read.js";
import { Topology } from "../../src/topology/topology.js";
import { CAPTURES, captureFile, captureNames, captureText, REAL } from "../readers/fixtures.js";

// What is mutated: pieces of our own captures, and, where they are, of dumps of real machines. Small ones: what goes
// wrong, goes wrong with three functions, and a hundred times as often in the same time.

const LONGEST = 1500;
const UTF8 = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => UTF8.encode(text);

/** Chains of a few functions in a row, with their dumps, without them, and dumps alone. */
export function lspciSeeds(): Uint8Array[] {
  return captureNames().flatMap((name, index) => {
    const blocks = captureText(name, "lspci.txt").split("\n\n");
    const start = (index * 3) % blocks.length;
    const chosen = [...blocks.slice(0, 2), ...blocks.slice(start, start + 4)].map((block) => block.split("\n"));
    const isHex = (line: string) => /^[0-9a-f]{2,3}: /.test(line);
    const text = chosen.map((lines) => lines.filter((line) => !isHex(line)).join("\n")).join("\n\n");
    const hex = chosen.map((lines) =>
      lines
        .filter((line, at) => at === 0 || isHex(line))
        .slice(0, 17)
        .join("\n"),
    );
    const both = chosen.slice(1, 3).map((lines) => lines.join("\n"));
    return [text, hex.join("\n\n"), both.join("\n\n")].map((seed) => bytesOf(`${seed}\n`).subarray(0, LONGEST));
  });
}

const RECORDS = `00:01.0 "PCI bridge" "Intel Corporation" "Device 1234" -r02 -p00 "" ""
0000:01:00.0 "3D controller [0302]" "NVIDIA Corporation [10de]" "GA100 [20b5]" -ra1 "NVIDIA Corporation [10de]" "Device [1533]"

Slot:	0000:01:00.0
Class:	Non-Volatile memory controller [0108]
Vendor:	Samsung Electronics Co Ltd [144d]
Device:	NVMe SSD [a80a]
Rev:	01
ProgIf:	02
NUMANode:	0
IOMMUGroup:	12
`;

const DRAWING = `-+-[0000:80]-+-00.0  Intel Corporation Device 09a2
 |           \\-01.0-[81-84]----00.0-[82-84]--+-00.0-[83]----00.0  NVIDIA Corporation GA100
 |                                           \\-01.0-[84]----00.0  Mellanox Technologies MT28908
 \\-[0000:00]-+-00.0
             +-1c.0-[01]--
             \\-1f.0
`;

const LISTING = `lrwxrwxrwx 1 root root 0 Jan  1 00:00 0000:00:00.0 -> ../../../devices/pci0000:00/0000:00:00.0
lrwxrwxrwx 1 root root 0 Jan  1 00:00 0000:00:01.0 -> ../../../devices/pci0000:00/0000:00:01.0
lrwxrwxrwx 1 root root 0 Jan  1 00:00 0000:01:00.0 -> ../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0
lrwxrwxrwx 1 root root 0 Jan  1 00:00 eth0 -> ../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/net/eth0
/sys/devices/pci0000:80/0000:80:01.0/0000:81:00.0/nvme/nvme0
`;

const TOPO_MATRIX = `\tGPU0\tGPU1\tNIC0\tNIC1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID
GPU0\t X \tNV18\tPIX\tSYS\t0-31,64-95\t0\t\tN/A
GPU1\tNV18\t X \tSYS\tPHB\t32-63,96-127\t1\t\tN/A
NIC0\tPIX\tSYS\t X \tSYS\t\t\t\t
NIC1\tSYS\tPHB\tSYS\t X \t\t\t\t

Legend:

  X    = Self
  NV#  = Connection traversing a bonded set of # NVLinks

NIC Legend:

  NIC0: mlx5_0
  NIC1: mlx5_bond_1
`;

const CPUINFO = `processor	: 0
vendor_id	: AuthenticAMD
cpu family	: 25
model		: 1
model name	: AMD EPYC 7763 64-Core Processor

Linux version 6.12.117 (build@host) (gcc 12.2.0) #1 SMP
`;

export function recordSeeds(): Uint8Array[] {
  return [RECORDS, DRAWING, LISTING, TOPO_MATRIX, CPUINFO].map(bytesOf);
}

export function listingSeeds(): Uint8Array[] {
  return [LISTING, LISTING.replaceAll("../", "")].map(bytesOf);
}

export function topoMatrixSeeds(): Uint8Array[] {
  return [TOPO_MATRIX, TOPO_MATRIX.replaceAll("\t", "  ")].map(bytesOf);
}

export function cpuinfoSeeds(): Uint8Array[] {
  return [CPUINFO, "processor\t: 0\nCPU implementer\t: 0x41\n", "cpu\t\t: POWER9, altivec supported\n"].map(bytesOf);
}

const IOMEM = `00000000-00000fff : Reserved
00001000-0009fbff : System RAM
000a0000-000bffff : PCI Bus 0000:00
80000000-fdffffff : PCI Bus 0000:00
  80000000-8fffffff : PCI Bus 0000:01
    80000000-80003fff : 0000:01:00.0
      80000000-80003fff : nvme
  90000000-901fffff : 0000:00:02.0
fec00000-fec003ff : IOAPIC 0
100000000-27fffffff : System RAM
  1c0000000-1c0ffffff : Kernel code
380000000000-38ffffffffff : PCI Bus 0000:80
`;

export function iomemSeeds(): Uint8Array[] {
  const captured = captureNames()
    .slice(0, 8)
    .flatMap((name) => fileOf(name, "proc/iomem"));
  return [bytesOf(IOMEM), ...captured.map((bytes) => bytes.subarray(0, LONGEST))];
}

function fileOf(name: string, path: string): Uint8Array[] {
  const tree = TREES.get(name);
  const bytes = tree?.file(path) ?? null;
  return bytes === null ? [] : [bytes];
}

const TREES = new Map<string, FileTree>();
for (const name of captureNames()) {
  const tree = await unpack(captureFile(name, "snapshot.tar.gz"), name);
  if (tree instanceof FileTree) TREES.set(name, tree);
}

export function hwlocSeeds(): Uint8Array[] {
  const ours = captureNames().flatMap((name) =>
    readdirSync(`${CAPTURES}/${name}`)
      .filter((file) => file.startsWith("hwloc"))
      .map((file) => captureText(name, file.replace(/\.gz$/, ""))),
  );
  const pieces = ours.map((xml) => {
    // The whole is long: of objects that are alike, a few are kept.
    const lines = xml.split("\n");
    return [...lines.slice(0, 40), ...lines.filter((line) => /type="(?:Bridge|PCIDev|OSDev)"/.test(line)).slice(0, 12)];
  });
  return [...pieces.map((lines) => bytesOf(lines.join("\n")).subarray(0, LONGEST)), bytesOf(HWLOC)];
}

const HWLOC = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE topology SYSTEM "hwloc2.dtd">
<topology version="2.0">
  <object type="Machine" os_index="0" cpuset="0x0000ffff" complete_cpuset="0x0000ffff" nodeset="0x3" gp_index="1">
    <info name="CPUVendor" value="GenuineIntel"/>
    <info name="OSRelease" value="6.12.117"/>
    <object type="Package" os_index="0" cpuset="0x000000ff" nodeset="0x1" gp_index="2">
      <object type="NUMANode" os_index="0" cpuset="0x000000ff" nodeset="0x1" gp_index="3" local_memory="8589934592"/>
      <object type="Bridge" gp_index="4" bridge_type="0-1" depth="0" bridge_pci="0000:[00-04]">
        <object type="Bridge" gp_index="5" bridge_type="1-1" depth="1" bridge_pci="0000:[01-01]" pci_busid="0000:00:01.0" pci_type="0604 [8086:1901] [0000:0000] 02" pci_link_speed="15.7">
          <object type="PCIDev" gp_index="6" pci_busid="0000:01:00.0" pci_type="0302 [10de:20b5] [10de:1533] a1" pci_link_speed="31.5">
            <object type="OSDev" gp_index="7" name="cuda0" osdev_type="5"><info name="Backend" value="CUDA"/></object>
          </object>
        </object>
      </object>
    </object>
  </object>
</topology>
`;

const NCCL = `<system version="1">
  <cpu host_hash="0x1f" numaid="1" affinity="0000ffff,ffff0000" arch="x86_64" vendor="AuthenticAMD" familyid="143" modelid="49">
    <pci busid="0000:21:00.0" class="0x060400" vendor="0x1000" device="0xc010" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="0000:23:00.0" class="0x030200" vendor="0x10de" device="0x20b5" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu dev="0" sm="80" rank="0" gdr="1">
          <nvlink target="0000:24:00.0" count="4" tclass="0x030200"/>
          <c2c bw="25000" count="10"/>
        </gpu>
      </pci>
      <!-- <pci busid="0000:22:00.0"/> -->
      <pci busid="0000:25:00.0" class="0x020700" link_speed="" link_width="0">
        <nic><net name="mlx5_0" dev="0" speed="200000" port="1" guid="0x1" maxconn="131072" gdr="1"/></nic>
      </pci>
    </pci>
  </cpu>
</system>
`;

export async function ncclSeeds(): Promise<Uint8Array[]> {
  const { machine } = await read([{ name: "s", bytes: captureFile("gpu-server-intel", "snapshot.tar.gz") }]);
  const made = ncclXml(ncclView(Topology.of(machine)).view!);
  return [bytesOf(NCCL), bytesOf(NCCL.replace('version="1"', 'version="2"')), bytesOf(made).subarray(0, LONGEST)];
}

export function rdmaTopoSeeds(): Uint8Array[] {
  const config = deflateSync(Uint8Array.of(0xb3, 0x15, 0x21, 0x10, 6, 0, 0, 0, 0, 0, 7, 2)).toString("base64");
  const device = {
    realpath: "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0",
    config,
    iommu_group: 7,
    modalias: "pci:v000015B3d00001021sv000015B3sd00000023bc02sc07i00",
    numa_node: -1,
    subsystems: { infiniband: ["mlx5_0"], net: ["eth0"] },
  };
  const bridge = { ...device, realpath: "/sys/devices/pci0000:00/0000:00:01.0", subsystems: {} };
  return [bytesOf(JSON.stringify([device, bridge], null, 1)), bytesOf(JSON.stringify([{ ...device, config: "" }]))];
}

/** A tree of files as text that mutations of lines make sense of; `treeOf` reads it back. */
export function treeSeeds(): Uint8Array[] {
  return [...TREES].map(([, tree], index) => {
    const kept = new MemoryFiles();
    const devices = tree.list("sys/bus/pci/devices") ?? [];
    const chosen = [...devices.slice(0, 2), ...devices.slice(index % 5, (index % 5) + 3)];
    for (const bdf of chosen) {
      const target = tree.link(`sys/bus/pci/devices/${bdf}`);
      if (target === null) continue;
      kept.addLink(`sys/bus/pci/devices/${bdf}`, target);
      for (const name of ["class", "vendor", "device", "resource", "config", "numa_node", "enable", "sriov_numvfs"]) {
        const bytes = tree.file(`sys/bus/pci/devices/${bdf}/${name}`);
        if (bytes !== null) kept.addFile(`${target.replace(/^(?:\.\.\/)+/, "sys/")}/${name}`, bytes.subarray(0, 1024));
      }
    }
    for (const path of ["proc/version", "proc/cpuinfo", "proc/iomem", "proc/cmdline"]) {
      const bytes = tree.file(path);
      if (bytes !== null) kept.addFile(path, bytes.subarray(0, 1200));
    }
    return join(
      kept.paths().flatMap((path) => {
        const link = kept.link(path);
        if (link !== null) return [bytesOf(`\n== ${path} -> ${link}`)];
        const bytes = kept.read(path);
        return bytes === null ? [] : [bytesOf(`\n== ${path}\n`), bytes];
      }),
    );
  });
}

export function treeOf(bytes: Uint8Array): FileTree {
  const files = new MemoryFiles();
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  for (const entry of text.split("\n== ")) {
    const end = entry.indexOf("\n");
    const head = end < 0 ? entry : entry.slice(0, end);
    const arrow = head.indexOf(" -> ");
    if (arrow >= 0) files.addLink(head.slice(0, arrow), head.slice(arrow + 4));
    else if (end < 0) files.addDirectory(head);
    else
      files.addFile(
        head,
        Uint8Array.from(entry.slice(end + 1), (letter) => letter.charCodeAt(0)),
      );
  }
  return new FileTree(files);
}

function join(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

/** Descriptions in JSON: of captures, cut down to a few functions, and one with every field. */
export async function jsonSeeds(): Promise<Uint8Array[]> {
  const names = captureNames().filter((_, index) => index % 5 === 0);
  return Promise.all(
    names.map(async (name) => {
      const { machine } = await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }]);
      const [system] = machine.systems;
      const functions = system!.functions.slice(0, 7);
      return bytesOf(JSON.stringify({ ...machine, systems: [{ ...system, functions, ranges: [] }] }, null, 1));
    }),
  );
}

/** Whole topologies, packed. */
export async function bufferSeeds(): Promise<Uint8Array[]> {
  const json = await jsonSeeds();
  return json.map((bytes) => {
    const topology = Topology.of(JSON.parse(new TextDecoder().decode(bytes)));
    return new Uint8Array(topology.toBuffer());
  });
}

/** Dumps of real machines, where they are here: pieces of them are mutated in memory, and never written down. */
export function realSeeds(): Uint8Array[] {
  const folder = REAL;
  if (folder === null) return [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && /\.(?:txt|xml|json|lspci|out|hex)$/.test(entry.name))
    .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`))
    .filter((bytes) => bytes.length > 0)
    .flatMap((bytes) => {
      const middle = bytes.lastIndexOf(0x0a, bytes.length >> 1) + 1;
      return [bytes.subarray(0, LONGEST), bytes.subarray(middle, middle + LONGEST)];
    });
}

/** Archives as they come: packed and plain. */
export async function archiveSeeds(): Promise<Uint8Array[]> {
  const tar = await packTar([
    { header: { name: "sys/", size: 0, type: "directory" } },
    { header: { name: "sys/bus/pci/devices/0000:00:01.0", linkname: "../../../x", size: 0, type: "symlink" } },
    { header: { name: "sys/x/class", size: 9, type: "file" }, body: "0x060400\n" },
    { header: { name: "y", linkname: "sys/x/class", size: 0, type: "link" } },
    { header: { name: `${"long/".repeat(40)}name`, size: 3, type: "file" }, body: "abc" },
  ]);
  await readTar(tar, "seed");
  return [tar, gzipSync(tar), gzipSync("hello, world\n".repeat(20)), BZIP2];
}

/** "hello\n", thrice over. */
const BZIP2 = Uint8Array.from(
  "425a683931415926535927bc6671000004410000100244a000223f546419a0a8e45c78bb9229c284813de33388".match(/../g)!,
  (pair) => parseInt(pair, 16),
);
