import { gunzipSync, gzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { decompress, readTar } from "../../src/readers/files/archive.js";
import { type EntryKind, type FileStore, FileTree, MemoryFiles } from "../../src/readers/files/file-tree.js";
import { read } from "../../src/readers/read.js";
import { readSysfs } from "../../src/readers/sysfs/sysfs.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { Random } from "../../src/random.js";
import { Topology } from "../../src/topology/topology.js";
import { takeSnapshot } from "../../src/writers/snapshot/snapshot.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function treeOf(capture: string): Promise<FileTree> {
  return readTar(await decompress(captureFile(capture, "snapshot.tar.gz"), "gzip", capture), capture);
}

/** The entries of an archive by their names: the text of files, the targets of links. */
async function entriesOf(archive: Uint8Array): Promise<Map<string, string>> {
  const entries = await unpackTar(gunzipSync(archive), { strict: true });
  return new Map(
    entries.map(({ header, data }) => [
      header.name.replace(/^peerlane-snapshot\//, ""),
      header.type === "symlink" ? `-> ${header.linkname}` : new TextDecoder("latin1").decode(data),
    ]),
  );
}

const readBack = (archive: Uint8Array) => read([{ name: "machine", bytes: archive }]);
const snapshotOf = (files: MemoryFiles, redact = false) => takeSnapshot(new FileTree(files), "machine", { redact });

/** All ordered pairs, in words. */
function matrixOf(machine: MachineDescription) {
  const topology = Topology.of(machine);
  try {
    return new PeerDma(topology, linux("6.12")).matrix(topology.functions());
  } finally {
    topology.close();
  }
}

describe.each(captureNames())("%s", (capture) => {
  test("a snapshot of the snapshot reads the same, and so does what is redacted, but for serial numbers", async () => {
    const tree = await treeOf(capture);
    const before = await read([{ name: "machine", bytes: tree }]);
    const { archive, functions } = await takeSnapshot(tree, "machine");
    const after = await readBack(archive);
    expect(after).toEqual(before);
    expect(functions).toBe(before.machine.systems[0]!.functions.length);

    const again = await takeSnapshot(await treeOf(capture), "other name");
    expect(Buffer.compare(again.archive, archive)).toBe(0);
    const thinned = await takeSnapshot(new FileTree(await filesOf(archive)), "machine");
    expect(Buffer.compare(thinned.archive, archive)).toBe(0);

    const redacted = await readBack((await takeSnapshot(tree, "machine", { redact: true })).archive);
    expect(redacted.findings).toEqual(before.findings);
    expect(redacted.machine).toEqual(withoutIdentity(before.machine, redacted.machine));
    expect(matrixOf(redacted.machine)).toEqual(matrixOf(before.machine));
  });
});

async function filesOf(archive: Uint8Array): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  for (const { header, data } of await unpackTar(gunzipSync(archive), { strict: true })) {
    if (header.type === "symlink") files.addLink(header.name, header.linkname!);
    else if (header.type === "directory") files.addDirectory(header.name);
    else files.addFile(header.name, data!);
  }
  return files;
}

/** The same without serial numbers, and with the command line that the redacted description has. */
function withoutIdentity(machine: MachineDescription, redacted: MachineDescription): MachineDescription {
  const systems = machine.systems.map((system, ordinal) => ({
    ...system,
    kernel: { ...system.kernel, commandLine: redacted.systems[ordinal]!.kernel!.commandLine! },
    functions: system.functions.map(({ serialNumber: _, ...rest }) => rest),
  }));
  return { ...machine, systems };
}

describe("serial numbers", () => {
  test("are in no byte of what is redacted, though they are in what is not", async () => {
    const tree = await treeOf("switch4-intel");
    const { machine } = await read([{ name: "machine", bytes: tree }]);
    const serials = machine.systems[0]!.functions.flatMap(({ serialNumber }) => serialNumber ?? []);
    expect(serials).toHaveLength(1);
    const registers = Buffer.from(serials[0]!.replaceAll("-", ""), "hex").reverse();
    const plain = await takeSnapshot(tree, "machine");
    const redacted = await takeSnapshot(tree, "machine", { redact: true });
    expect(gunzipSync(plain.archive).includes(registers)).toBe(true);
    expect(gunzipSync(redacted.archive).includes(registers)).toBe(false);
    // Half of it would still tell devices apart.
    expect(gunzipSync(redacted.archive).includes(registers.subarray(0, 4))).toBe(false);
  });

  const SERIAL = [0x11223344, 0x55667788];

  /** A PCIe endpoint with an extended capability at each place: header, then dwords. */
  function configWith(capabilities: Record<number, readonly number[]>): Uint8Array {
    const dwords: Record<number, readonly number[]> = {
      0x00: [0x00101b36, 0x00100006, 0x01080202],
      0x34: [0x40],
      0x40: [0x00025010], // Express, next at 0x50
      0x50: [0x80040003, 0xcafecafe], // vital product data, read up to offset 4
      ...capabilities,
    };
    const bytes = new Uint8Array(4096);
    const view = new DataView(bytes.buffer);
    for (const [at, values] of Object.entries(dwords)) {
      values.forEach((value, index) => view.setUint32(Number(at) + 4 * index, value, true));
    }
    return bytes;
  }

  const CASES: Record<string, Record<number, readonly number[]>> = {
    first: { 0x100: [0x12010003, ...SERIAL], 0x120: [0x0001000d, 0x001d005f] },
    last: { 0x100: [0x1201000d, 0x001d005f], 0x120: [0x00010003, ...SERIAL] },
    twice: { 0x100: [0x12010003, ...SERIAL], 0x120: [0x14010003, ...SERIAL], 0x140: [0x0001000d, 0x001d005f] },
    "in a loop": { 0x100: [0x12010003, ...SERIAL], 0x120: [0x1001000d, 0x001d005f] },
    "behind the end of a broken chain": { 0x100: [0x1801000d, 0x001d005f], 0x140: [0x00010003, ...SERIAL] },
  };

  test.each(Object.entries(CASES))("%s: the chain is as it was", async (_name, capabilities) => {
    const files = machineFiles();
    files.addFile(`${DEVICE}/config`, configWith(capabilities));
    const plain = await readBack((await snapshotOf(files)).archive);
    const { archive } = await snapshotOf(files, true);
    const redacted = await readBack(archive);
    expect(redacted.machine).toEqual(withoutIdentity(plain.machine, redacted.machine));
    expect(redacted.findings).toEqual(plain.findings);
    expect(redacted.machine.systems[0]!.functions[0]!.acs).toEqual({ capability: 0x5f, control: 0x1d });
    const config = Buffer.from((await entriesOf(archive)).get(`${DEVICE.slice(1)}/config`)!, "latin1");
    for (const secret of [...SERIAL, 0xcafecafe]) {
      const dword = Buffer.alloc(4);
      dword.writeUInt32LE(secret);
      expect(config.includes(dword)).toBe(false);
    }
  });

  test("what cannot be decoded keeps its header alone", async () => {
    const files = machineFiles();
    const config = configWith({ 0x100: [0x00010003, ...SERIAL] });
    config[0x0e] = 0x05;
    files.addFile(`${DEVICE}/config`, config);
    const written = (await entriesOf((await snapshotOf(files, true)).archive)).get(`${DEVICE.slice(1)}/config`)!;
    expect(Buffer.from(written, "latin1")).toEqual(Buffer.concat([config.subarray(0, 64)], 4096));
  });
});

const DEVICE = "/sys/devices/pci0000:00/0000:00:01.0";

/** One function of which little is known. */
function machineFiles(): MemoryFiles {
  const files = new MemoryFiles();
  files.addLink("/sys/bus/pci/devices/0000:00:01.0", "../../../devices/pci0000:00/0000:00:01.0");
  files.addFile(`${DEVICE}/vendor`, bytesOf("0x1b36\n"));
  files.addFile(`${DEVICE}/class`, bytesOf("0x010802\n"));
  files.addLink(`${DEVICE}/subsystem`, "../../../bus/pci");
  files.addFile("/proc/cmdline", bytesOf("quiet\n"));
  return files;
}

describe("what is in it", () => {
  test("nothing that nobody asks for", async () => {
    const files = machineFiles();
    const { archive } = await snapshotOf(files);
    for (const name of ["vpd", "uevent", "rom", "modalias", "resource0"]) {
      files.addFile(`${DEVICE}/${name}`, bytesOf("secret"));
    }
    files.addFile("/sys/class/dmi/id/product_serial", bytesOf("secret"));
    files.addFile("/sys/class/dmi/id/product_uuid", bytesOf("secret"));
    files.addFile("/sys/bus/usb/devices/1-1/serial", bytesOf("secret"));
    files.addLink("/sys/class/net/wg-customer", "../../devices/virtual/net/wg-customer");
    files.addFile("/sys/devices/virtual/net/wg-customer/address", bytesOf("secret"));
    files.addFile("/proc/mounts", bytesOf("secret"));
    files.addFile("/proc/version", bytesOf("Linux version 6.12.1 (somebody@somewhere) #1 SMP\n"));
    files.addFile("/proc/sys/kernel/osrelease", bytesOf("6.12.1\n"));
    files.addFile("/proc/sys/kernel/hostname", bytesOf("secret"));
    files.addFile("/etc/machine-id", bytesOf("secret"));
    files.addFile("/boot/vmlinuz", bytesOf("secret"));
    const [before, after] = [await entriesOf(archive), await entriesOf((await snapshotOf(files)).archive)];
    const added = [...after.keys()].filter((name) => !before.has(name));
    // Of a list of a class those links alone that lead through functions, and of /boot no file of another kernel.
    expect(added).toEqual([
      "boot/",
      "proc/sys/",
      "proc/sys/kernel/",
      "proc/sys/kernel/osrelease",
      "sys/class/",
      "sys/class/net/",
    ]);
  });

  test("of ports and disks their names, and nothing inside", async () => {
    const files = machineFiles();
    files.addFile(`${DEVICE}/nvme/nvme0/serial`, bytesOf("secret"));
    files.addFile(`${DEVICE}/net/eth0/address`, bytesOf("secret"));
    const { archive } = await snapshotOf(files);
    const names = [...(await entriesOf(archive)).keys()].filter((name) => /net|nvme/.test(name));
    expect(names).toEqual(["net/", "net/eth0/", "nvme/", "nvme/nvme0/"].map((name) => `${DEVICE.slice(1)}/${name}`));
    expect((await readBack(archive)).machine.systems[0]!.functions[0]!.names).toEqual(["eth0", "nvme0"]);
  });

  test.each(["y", "m"])("of a kernel's configuration two lines (CONFIG_PCI_P2PDMA=%s)", async (p2pdma) => {
    const config = `CONFIG_SECRET="x"\nCONFIG_PCI=y\n# CONFIG_PCI_REALLOC is not set\nCONFIG_PCI_P2PDMA=${p2pdma}\n`;
    const files = machineFiles();
    files.addFile("/proc/config.gz", gzipSync(config));
    const before = await readSysfs(new FileTree(files), "machine");
    const { archive } = await snapshotOf(files);
    const after = await readBack(archive);
    expect(after.machine.systems[0]!.kernel).toEqual(before.system.kernel);
    expect(after.machine.systems[0]!.kernel!.p2pdma).toBe(p2pdma === "y");
    const packed = Buffer.from((await entriesOf(archive)).get("proc/config.gz")!, "latin1");
    expect(gunzipSync(packed).toString()).toBe(`CONFIG_PCI=y\nCONFIG_PCI_P2PDMA=${p2pdma}\n`);
  });

  test("the same from /boot, where /proc has none", async () => {
    const files = machineFiles();
    files.addFile("/proc/sys/kernel/osrelease", bytesOf("6.12.1\n"));
    files.addFile("/boot/config-6.12.1", bytesOf("CONFIG_A=y\nCONFIG_PCI=y\n# CONFIG_PCI_P2PDMA is not set\n"));
    const { archive } = await snapshotOf(files);
    const entries = await entriesOf(archive);
    expect(entries.get("boot/config-6.12.1")).toBe("CONFIG_PCI=y\n# CONFIG_PCI_P2PDMA is not set\n");
    expect((await readBack(archive)).machine.systems[0]!.kernel!.p2pdma).toBe(false);
  });

  test("not how fast CPUs are nor how much memory is free at the moment", async () => {
    const files = machineFiles();
    files.addFile("/proc/cpuinfo", bytesOf("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu MHz\t\t: 800.012\n"));
    files.addFile("/proc/meminfo", bytesOf("MemTotal:  100 kB\nMemFree:  10 kB\nHugepagesize:  2048 kB\n"));
    files.addFile("/sys/devices/system/node/node0/meminfo", bytesOf("Node 0 MemTotal: 9 kB\nNode 0 MemFree: 1 kB\n"));
    const entries = await entriesOf((await snapshotOf(files)).archive);
    expect(entries.get("proc/cpuinfo")).toBe("processor\t: 0\nvendor_id\t: GenuineIntel\n");
    expect(entries.get("proc/meminfo")).toBe("MemTotal:  100 kB\nHugepagesize:  2048 kB\n");
    expect(entries.get("sys/devices/system/node/node0/meminfo")).toBe("Node 0 MemTotal: 9 kB\n");
  });

  test("entries have one owner, one time and sane modes", async () => {
    const { archive } = await snapshotOf(machineFiles());
    for (const { header } of await unpackTar(gunzipSync(archive), { strict: true })) {
      expect(header).toMatchObject({ uid: 0, gid: 0, mtime: new Date(0) });
      expect(header.mode).toBe({ file: 0o644, directory: 0o755, symlink: 0o777 }[header.type as "file"]);
    }
  });
});

describe("where the machine is in the source", () => {
  const NAMES = ["sys/bus/pci/devices/0000:00:01.0", `${DEVICE.slice(1)}/vendor`, "proc/cmdline"];

  test("at the top", async () => {
    const entries = await entriesOf((await snapshotOf(machineFiles())).archive);
    expect([...entries.keys()]).toEqual(expect.arrayContaining(NAMES));
  });

  test("in a directory, beside other files", async () => {
    const files = new MemoryFiles();
    const inside = machineFiles();
    for (const path of inside.paths()) {
      const target = inside.link(path);
      if (target !== null) files.addLink(`/host7${path}`, target);
      else if (inside.read(path) !== null) files.addFile(`/host7${path}`, inside.read(path)!);
    }
    files.addFile("/README", bytesOf("secret"));
    expect((await snapshotOf(files)).archive).toEqual((await snapshotOf(inside)).archive);
  });

  test("as the content of /sys", async () => {
    const files = new MemoryFiles();
    const inside = machineFiles();
    for (const path of inside.paths().filter((name) => name.startsWith("/sys/"))) {
      const target = inside.link(path);
      if (target !== null) files.addLink(path.slice(4), target);
      else if (inside.read(path) !== null) files.addFile(path.slice(4), inside.read(path)!);
    }
    const entries = await entriesOf((await snapshotOf(files)).archive);
    expect([...entries.keys()]).toEqual(expect.arrayContaining(NAMES.slice(0, 2)));
  });

  test("a link from the top, as /proc/device-tree is one, leads to the same place", async () => {
    const files = machineFiles();
    files.addLink("/proc/device-tree", "/sys/firmware/devicetree/base");
    files.addLink("/sys/devices/pci0000:00/pci_bus/0000:00/of_node", "../../../../firmware/devicetree/base/pcie@1000");
    files.addFile("/sys/firmware/devicetree/base/pcie@1000/bus-range", new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0x7f]));
    const { archive } = await snapshotOf(files);
    const entries = await entriesOf(archive);
    expect(entries.get("proc/device-tree")).toBe("-> ../../peerlane-snapshot/sys/firmware/devicetree/base");
    expect((await readBack(archive)).machine.systems[0]!.hostBridges).toEqual([{ root: "0000:00", lastBus: 0x7f }]);
  });

  test("nowhere", async () => {
    const files = new MemoryFiles();
    files.addFile("/etc/passwd", bytesOf("x"));
    await expect(snapshotOf(files)).rejects.toThrow(
      "machine: expected sys/bus/pci/devices at the top or in a directory there, found etc",
    );
  });
});

describe("redacted", () => {
  async function textOf(path: string, text: string): Promise<string | undefined> {
    const files = machineFiles();
    files.addFile(path, bytesOf(text));
    return (await entriesOf((await snapshotOf(files, true)).archive)).get(path.slice(1));
  }

  test("the command line keeps what decides over PCI, and of others the names", async () => {
    const line =
      'BOOT_IMAGE=/vmlinuz root=UUID=1234-56 ro ip=10.0.0.7:::host7 "secret word" intel_iommu=on iommu=pt ' +
      "pci=noats,config_acs=xxx@0000:02:00.0;1 pcie_acs_override=downstream,multifunction vfio-pci.ids=10de:20b0 " +
      'dyndbg="file secret +p" quiet -- --token secret';
    expect(await textOf("/proc/cmdline", line)).toBe(
      "BOOT_IMAGE=redacted root=redacted ip=redacted intel_iommu=on iommu=pt " +
        "pci=noats,config_acs=xxx@0000:02:00.0;1 pcie_acs_override=downstream,multifunction vfio-pci.ids=10de:20b0 " +
        "dyndbg=redacted\n",
    );
  });

  test("processors keep no serial numbers", async () => {
    const arm = "processor\t: 0\nCPU implementer\t: 0x41\nSerial\t\t: 10000000abcdef01\nModel\t\t: Board\n";
    expect(await textOf("/proc/cpuinfo", arm)).toBe(arm.replace("10000000abcdef01", "redacted"));
    const s390 = "vendor_id       : IBM/S390\nprocessor 0: version = FF,  identification = 0133E8,  machine = 2964\n";
    expect(await textOf("/proc/cpuinfo", s390)).toBe(s390.replace("0133E8", "redacted"));
  });

  test("nobody learns who built the kernel, nor where it is", async () => {
    const version = "Linux version 6.12.1-foo (builder@host7) (gcc 12) #1 SMP Mon Jan 1\n";
    expect(await textOf("/proc/version", version)).toBe("Linux version 6.12.1-foo (redacted)\n");
    const iomem =
      "00100000-7fffffff : System RAM\n  01000000-02209987 : Kernel code\n  03000000-0327c0ff : Kernel data\n";
    expect(await textOf("/proc/iomem", iomem)).toBe("00100000-7fffffff : System RAM\n");
  });

  test("names made of addresses are numbered, in paths and in links", async () => {
    const files = machineFiles();
    for (const name of ["enx001122334455", "enxaabbccddeeff", "00:11:22:33:44:66", "ibp0cc47afffe1b2c3d", "eth0"])
      files.addDirectory(`${DEVICE}/net/${name}`);
    files.addDirectory(`${DEVICE}/infiniband/rocex0011223344556677`);
    files.addLink("/sys/class/net/enxaabbccddeeff", "../../devices/pci0000:00/0000:00:01.0/net/enxaabbccddeeff");
    const { archive } = await snapshotOf(files, true);
    const tar = gunzipSync(archive).toString("latin1");
    expect(tar).not.toMatch(/001122334455|aabbccddeeff|00:11:22|0cc47afffe1b2c3d/);
    expect((await readBack(archive)).machine.systems[0]!.functions[0]!.names).toEqual([
      "address-redacted-3",
      "enx-redacted-1",
      "enx-redacted-4",
      "eth0",
      "ibp-redacted-5",
      "rocex-redacted-2",
    ]);
    expect((await entriesOf(archive)).get("sys/class/net/enx-redacted-1")).toBe(
      "-> ../../devices/pci0000:00/0000:00:01.0/net/enx-redacted-1",
    );
  });
});

describe("what the source keeps from who read it", () => {
  const lacksOf = async (files: FileStore) => (await takeSnapshot(new FileTree(files), "machine")).lacks;

  test("64 bytes of configuration space, addresses of zero", async () => {
    const files = machineFiles();
    files.addFile(`${DEVICE}/config`, new Uint8Array(64).fill(1));
    files.addFile("/proc/iomem", bytesOf("00000000-00000000 : System RAM\n00000000-00000000 : Reserved\n"));
    expect(await lacksOf(files)).toEqual([
      { file: "config", functions: 1, unknown: "ACS, kinds of ports, SR-IOV" },
      { file: "/proc/iomem", functions: null, unknown: "RAM, host bridges' windows, devices outside PCI" },
    ]);
  });

  test("nothing, to root", async () => {
    const files = machineFiles();
    files.addFile(`${DEVICE}/config`, new Uint8Array(256).fill(1));
    files.addFile("/proc/iomem", bytesOf("00000000-00000000 : Reserved\n00001000-0009fbff : System RAM\n"));
    expect(await lacksOf(files)).toEqual([]);
  });

  /** Of which some files are there, but not to be read. */
  class Locked implements FileStore {
    constructor(
      readonly files: MemoryFiles,
      readonly locked: RegExp,
    ) {}

    list(path: string): ReadonlyMap<string, EntryKind> | null {
      return this.locked.test(`${path}/`) ? null : this.files.list(path);
    }

    read(path: string): Uint8Array | null {
      return this.locked.test(path) ? null : this.files.read(path);
    }

    link(path: string): string | null {
      return this.files.link(path);
    }
  }

  test("what cannot be read is left out, not put in as empty", async () => {
    const files = machineFiles();
    files.addFile("/proc/sys/kernel/osrelease", bytesOf("6.12.1\n"));
    files.addFile("/boot/config-6.12.1", bytesOf("CONFIG_PCI=y\n"));
    files.addFile(`${DEVICE}/config`, new Uint8Array(256).fill(1));
    files.addDirectory("/sys/kernel/iommu_groups");
    const locked = new Locked(files, /\/config|\/iommu_groups\//);
    const tree = new FileTree(locked);
    const { archive, lacks } = await takeSnapshot(tree, "machine");
    expect(lacks.map(({ file }) => file)).toEqual(["config", "/proc/iomem", "/boot/config"]);
    expect([...(await entriesOf(archive)).keys()].filter((name) => /config|iommu_groups/.test(name))).toEqual([]);
    expect(await readBack(archive)).toEqual(await read([{ name: "machine", bytes: tree }]));
  });
});

describe("hostile sources", () => {
  test("links that lead in circles, upwards or nowhere", async () => {
    const files = machineFiles();
    files.addLink("/sys/bus/pci/devices/0000:00:02.0", "0000:00:02.0");
    files.addLink("/sys/bus/pci/devices/0000:00:03.0", "../../../../../../../../../etc/passwd");
    files.addLink("/sys/bus/pci/devices/0000:00:04.0", "../../../devices/pci0000:00/0000:00:04.0");
    files.addLink("/sys/devices/system/cpu", "../system/cpu");
    files.addLink("/sys/class", ".");
    files.addLink("/sys/block", "/");
    files.addFile("/etc/passwd", bytesOf("secret"));
    const before = await read([{ name: "machine", bytes: new FileTree(files) }]);
    const { archive } = await snapshotOf(files);
    expect((await readBack(archive)).machine).toEqual(before.machine);
    expect(gunzipSync(archive).includes("secret")).toBe(false);
  });

  test("a function that is a file, and files where directories are expected", async () => {
    const files = machineFiles();
    files.addFile("/sys/bus/pci/devices/0000:00:05.0", bytesOf("not a directory"));
    files.addFile("/sys/bus/pci/devices/README", bytesOf("not a function"));
    files.addFile("/sys/bus/pci/slots", bytesOf("not a directory"));
    files.addFile("/sys/devices/system/node", bytesOf("not a directory"));
    const before = await read([{ name: "machine", bytes: new FileTree(files) }]);
    expect(await readBack((await snapshotOf(files)).archive)).toEqual(before);
  });
});

describe("damaged sources", () => {
  /** A copy that lost files, links and ends of files, and in which bytes are wrong. */
  async function damaged(capture: string, seed: number): Promise<MemoryFiles> {
    const random = new Random(seed, 0);
    const files = new MemoryFiles();
    for (const { header, data } of await unpackTar(gunzipSync(captureFile(capture, "snapshot.tar.gz")))) {
      const isLost = random.below(50) === 0;
      const isWrong = random.below(8) === 0;
      if (isLost) continue;
      if (header.type === "symlink") {
        const target = header.linkname!;
        files.addLink(
          header.name,
          isWrong && random.below(4) === 0 ? target.slice(random.below(target.length)) : target,
        );
      } else if (data === undefined) {
        files.addDirectory(header.name);
      } else {
        const bytes = isWrong && random.below(3) === 0 ? data.slice(0, random.below(data.length + 1)) : data.slice();
        for (let left = isWrong ? 1 + random.below(8) : 0; left > 0 && bytes.length > 0; left--) {
          bytes[random.below(Math.min(bytes.length, random.below(2) === 0 ? 64 : 4096))] = random.below(256);
        }
        files.addFile(header.name, bytes);
      }
    }
    return files;
  }

  const SEEDS = Array.from({ length: 6 }, (_, seed) => seed);

  test.each(["conventional-intel", "sriov-intel", "ppc-powernv9", "arm64-virt-acpi-pxb"])(
    "%s: the snapshot reads as the copy does, and redacted without serial numbers",
    async (capture) => {
      for (const seed of SEEDS) {
        const tree = new FileTree(await damaged(capture, seed));
        const before = await read([{ name: "machine", bytes: tree }]);
        expect(await readBack((await takeSnapshot(tree, "machine")).archive), `seed ${seed}`).toEqual(before);
        const { machine } = await readBack((await takeSnapshot(tree, "machine", { redact: true })).archive);
        expect(machine.systems[0]!.functions.filter(({ serialNumber }) => serialNumber !== undefined)).toEqual([]);
      }
    },
  );
});

test("captures of x86, POWER and arm64 are among those above", () => {
  for (const kind of [/^ppc-/, /^arm64-/, /-intel$/]) expect(captureNames().some((name) => kind.test(name))).toBe(true);
});
