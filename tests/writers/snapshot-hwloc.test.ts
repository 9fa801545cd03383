import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { afterAll, describe, expect, test } from "vitest";
import { decompress, readTar } from "../../src/readers/files/archive.js";
import { FileTree, MemoryFiles } from "../../src/readers/files/file-tree.js";
import { read } from "../../src/readers/read.js";
import { readXml } from "../../src/readers/xml.js";
import { takeSnapshot } from "../../src/writers/snapshot/snapshot.js";
import { captureFile, REAL, realFile } from "../readers/fixtures.js";

/*
 * Another program's opinion: `lstopo` makes its tree of the unpacked snapshot. It is asked for XML, in which functions
 * stand inside the bridges above them.
 */
const LSTOPO = "lstopo-no-graphics";
const isHere = spawnSync(LSTOPO, ["--version"]).status === 0;
if (!isHere && process.env["CI"] === "true") throw new Error(`${LSTOPO} is missing: install hwloc`);
if (!isHere) console.warn(`skipped: what hwloc makes of snapshots, since there is no ${LSTOPO} here`);

const directory = mkdtempSync(join(tmpdir(), "peerlane-hwloc-"));
afterAll(() => rmSync(directory, { recursive: true }));

interface Seen {
  /** By function, in the order of the file: the function above, or null. */
  readonly parents: Map<string, string | null>;
  readonly nodes: number[];
  readonly cpus: number[];
}

function seenByHwloc(archive: Uint8Array): Seen {
  const folder = mkdtempSync(join(directory, "snapshot-"));
  writeFileSync(join(folder, "snapshot.tar.gz"), archive);
  expect(spawnSync("tar", ["xzf", "snapshot.tar.gz"], { cwd: folder }).status).toBe(0);
  return hwlocOf(join(folder, "peerlane-snapshot"));
}

function hwlocOf(root: string): Seen {
  const words = ["-i", root, "--whole-io", "--of", "xml"];
  const { status, stdout } = spawnSync(LSTOPO, words, { encoding: "utf8", maxBuffer: 1 << 26 });
  expect(status).toBe(0);
  const seen: Seen = { parents: new Map(), nodes: [], cpus: [] };
  const above: (string | null)[] = [null];
  readXml(stdout, "lstopo", {
    open({ name, attributes: { pci_busid: bdf, type, os_index: number } }) {
      if (name !== "object") return;
      if (bdf !== undefined) seen.parents.set(bdf, above.at(-1)!);
      if (type === "NUMANode") seen.nodes.push(Number(number));
      if (type === "PU") seen.cpus.push(Number(number));
      above.push(bdf ?? above.at(-1)!);
    },
    close(name) {
      if (name === "object") above.pop();
    },
  });
  return seen;
}

/** Two packages of two cores each, a NUMA node in each package: as many files as hwloc makes of it what it is. */
function addCpus(files: MemoryFiles): void {
  const write = (path: string, text: string) => files.addFile(`/sys/devices/system/${path}`, bytesOf(`${text}\n`));
  for (const name of ["online", "possible", "present"]) write(`cpu/${name}`, "0-3");
  for (const name of ["online", "possible"]) write(`node/${name}`, "0-1");
  for (const cpu of [0, 1, 2, 3]) {
    const own = (1 << cpu).toString(16);
    const shared = cpu < 2 ? "3" : "c";
    write(`cpu/cpu${cpu}/topology/physical_package_id`, String(cpu >> 1));
    write(`cpu/cpu${cpu}/topology/core_id`, String(cpu & 1));
    for (const name of ["core_cpus", "thread_siblings"]) write(`cpu/cpu${cpu}/topology/${name}`, own);
    for (const name of ["package_cpus", "core_siblings"]) write(`cpu/cpu${cpu}/topology/${name}`, shared);
  }
  for (const node of [0, 1]) {
    write(`node/node${node}/cpumap`, node === 0 ? "3" : "c");
    write(`node/node${node}/cpulist`, node === 0 ? "0-1" : "2-3");
    write(`node/node${node}/meminfo`, `Node ${node} MemTotal:  1048576 kB\nNode ${node} MemFree:  7 kB`);
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

async function captureWithCpus(capture: string): Promise<MemoryFiles> {
  const files = new MemoryFiles();
  for (const { header, data } of await unpackTar(gunzipSync(captureFile(capture, "snapshot.tar.gz")))) {
    if (header.type === "symlink") files.addLink(header.name, header.linkname!);
    else if (data !== undefined) files.addFile(header.name, data);
  }
  addCpus(files);
  return files;
}

const CAPTURES = ["gpu-server-intel", "cascade3-intel", "sriov-intel", "pxb-intel", "ppc-powernv9", "arm64-virt-dt"];

describe.skipIf(!isHere)("hwloc", () => {
  test.each(CAPTURES.flatMap((capture) => [[capture, false] as const, [capture, true] as const]))(
    "%s, redacted: %s: has the same tree, CPUs and NUMA nodes",
    async (capture, redact) => {
      const { archive } = await takeSnapshot(new FileTree(await captureWithCpus(capture)), capture, { redact });
      const { functions, numaNodes } = (await read([{ name: capture, bytes: archive }])).machine.systems[0]!;
      const seen = seenByHwloc(archive);
      expect([...seen.parents].sort()).toEqual(functions.map(({ bdf, parent }) => [bdf, parent]).sort());
      expect(numaNodes).toEqual([
        { node: 0, cpus: "0-1" },
        { node: 1, cpus: "2-3" },
      ]);
      expect(seen.nodes).toEqual([0, 1]);
      expect(seen.cpus).toEqual([0, 1, 2, 3]);
    },
  );

  test
    .skipIf(REAL === null)
    .each([
      "hwloc-sysfs/40intel64-2g2n4c+pcilocality.tar.bz2",
      "hwloc-sysfs/32em64t-2n8c+dax+nvme+mic+dimms.tar.bz2",
      "hwloc-sysfs/fakepcilocalities.tar.bz2",
      "hwloc-sysfs/2pa-pcidomain32bits.tar.bz2",
    ])("%s: sees the same as in its own dump", async (path) => {
    const bytes = realFile(path);
    const tree = await readTar(await decompress(bytes, "bzip2", path), path);
    const folder = mkdtempSync(join(directory, "dump-"));
    writeFileSync(join(folder, "dump.tar.bz2"), bytes);
    expect(spawnSync("tar", ["xjf", "dump.tar.bz2"], { cwd: folder }).status).toBe(0);
    const top = tree.list("")!.find((name) => tree.isDirectory(`${name}/sys`))!;
    const seen = seenByHwloc((await takeSnapshot(tree, path)).archive);
    expect(seen).toEqual(hwlocOf(join(folder, top)));
    expect(seen.cpus.length).toBeGreaterThan(0);
  });
});
