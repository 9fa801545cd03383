import { deflateSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { readRdmaTopo } from "../../src/readers/rdma-topo.js";
import { read } from "../../src/readers/read.js";
import { decompress, readTar } from "../../src/readers/files/archive.js";
import { baseName, namesOf, type FileTree } from "../../src/readers/files/file-tree.js";
import { readSysfs } from "../../src/readers/sysfs/sysfs.js";
import type { FunctionDescription } from "../../src/topology/description.js";
import { captureFile, CAPTURES, captureNames } from "./fixtures.js";

const packed = (bytes: Uint8Array) => deflateSync(bytes).toString("base64");

/** What `rdma_topo dump` prints of a machine of which these are `sys` and `proc`. */
function dumpOf(tree: FileTree): Record<string, unknown>[] {
  const list = "sys/bus/pci/devices";
  return tree.list(list)!.flatMap((name) => {
    const path = `${list}/${name}`;
    const hex = (file: string, digits: number) =>
      tree.text(`${path}/${file}`)!.slice(2).toUpperCase().padStart(digits, "0");
    const code = hex("class", 6);
    if (/^(?:0600|0601|0807|0880|1101|1300)00/.test(code)) return [];
    const [vendor, device] = [hex("vendor", 8), hex("device", 8)];
    const [subVendor, subDevice] = [hex("subsystem_vendor", 8), hex("subsystem_device", 8)];
    const kinds = ["drm", "infiniband", "net", "nvme"].flatMap((kind) => {
      const names = tree.list(`${path}/${kind}`);
      return names === null ? [] : [[kind, names]];
    });
    const group = tree.link(`${path}/iommu_group`);
    return {
      realpath: `/${[...namesOf(`sys/${tree.link(path)!.replace(/^(?:\.\.\/)+/, "")}`)].join("/")}`,
      config: packed(tree.file(`${path}/config`)!),
      iommu_group: group === null ? null : Number(baseName(group)),
      modalias: `pci:v${vendor}d${device}sv${subVendor}sd${subDevice}bc${code.slice(0, 2)}sc${code.slice(2, 4)}i${code.slice(4)}`,
      numa_node: tree.has(`${path}/numa_node`) ? Number(tree.text(`${path}/numa_node`)) : null,
      subsystems: Object.fromEntries(kinds),
    };
  });
}

async function machineOf(capture: string): Promise<FileTree> {
  return readTar(await decompress(captureFile(capture, "snapshot.tar.gz"), "gzip", capture), capture);
}

/** What configuration space, path and the dump's own members show. */
function shown(described: FunctionDescription) {
  const { bdf, kind, class: code, vendor, device, parent, physicalFunction, bus, acs, sriov, link } = described;
  const { subsystemVendor, subsystemDevice, numaNode, iommuGroup, names, serialNumber } = described;
  const ids = { code, vendor, device, subsystemVendor, subsystemDevice, serialNumber };
  return { bdf, kind, ...ids, parent, physicalFunction, bus, acs, sriov, link, numaNode, iommuGroup, names };
}

describe.skipIf(CAPTURES === null)("dumps of the captured machines", () => {
  test.each(captureNames())("%s: says of each function what the snapshot does", async (capture) => {
    const tree = await machineOf(capture);
    const dump = dumpOf(tree);
    const { system, findings } = await readRdmaTopo(JSON.stringify(dump, null, 4), capture);
    const snapshot = await readSysfs(tree, capture);
    const kept = snapshot.system.functions.filter(({ bdf }) => system.functions.some((other) => other.bdf === bdf));
    expect(kept).toHaveLength(dump.length);
    expect(system.functions.map(shown)).toEqual(kept.map(shown));
    expect(system.complete).toBeUndefined();
    expect(findings.filter(({ code }) => code !== "CAPABILITY_CHAIN")).toEqual([]);
  });

  test("one is recognised, and goes together with other sources of the machine", async () => {
    const capture = "sriov-intel";
    const dump = JSON.stringify(dumpOf(await machineOf(capture)));
    const alone = await read([{ name: "dump.json", bytes: new TextEncoder().encode(dump) }]);
    expect(alone.machine.systems[0]!.functions.length).toBeGreaterThan(3);
    const lspci = { name: "lspci.txt", bytes: captureFile(capture, "lspci.txt") };
    const both = await read([{ name: "dump.json", bytes: new TextEncoder().encode(dump) }, lspci]);
    expect(both.findings).toEqual([]);
  });
});

describe("a dump", () => {
  const config = new Uint8Array(256);
  beforeAll(() => config.set([0xb3, 0x15, 0x21, 0x10, 6, 0, 0, 0, 0, 0, 7, 2]));
  const device = (changes: object = {}) => ({
    realpath: "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0",
    config: packed(config),
    iommu_group: null,
    modalias: "pci:v000015B3d00001021sv000015B3sd00000023bc02sc07i00",
    numa_node: -1,
    subsystems: { infiniband: ["mlx5_0"], net: ["eth0"] },
    ...changes,
  });
  const of = (...devices: unknown[]) => readRdmaTopo(JSON.stringify(devices), "dump");

  test("has ids, place, names, and what is known to be absent", async () => {
    expect((await of(device())).system).toMatchObject({
      functions: [
        {
          bdf: "0000:01:00.0",
          parent: "0000:00:01.0",
          vendor: "15b3",
          device: "1021",
          class: "020700",
          iommuGroup: null,
          numaNode: null,
          names: ["mlx5_0", "eth0"],
        },
      ],
      hostBridges: [{ root: "0000:00" }],
    });
  });

  test("lets the kernel name a device that does not answer", async () => {
    const { system, findings } = await of(device({ config: packed(new Uint8Array(4096).fill(0xff)) }));
    expect(system.functions[0]).toMatchObject({ vendor: "15b3", class: "020700", subsystemDevice: "0023" });
    expect(findings.map(({ code }) => code)).toEqual(["UNREADABLE_FUNCTION"]);
  });

  test("from a segment behind VMD has its own root bus", async () => {
    const path = "/sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0";
    const { system } = await of(device({ realpath: path }));
    expect(system).toMatchObject({
      functions: [{ bdf: "10000:e0:06.0", parent: null }],
      hostBridges: [{ root: "10000:e0" }],
    });
  });

  test.each([
    [{ realpath: "/sys/devices/platform" }, /^dump: \[0\]\.realpath: expected a path such as .*, got "\/sys/],
    [{ realpath: 5 }, /^dump: \[0\]\.realpath: expected a text, got 5/],
    [{ config: null }, /^dump: \[0\]\.config: expected a text, got null/],
    [{ config: "A!" }, /^dump: \[0\]\.config: expected base64 .*got 2: "A!"/],
    [{ config: "A".repeat(9000) }, /^dump: \[0\]\.config: expected base64 of at most 8192 characters, got 9000/],
    [{ config: btoa("hello") }, /^dump: \[0\]\.config: damaged zlib data/],
    [{ config: packed(new Uint8Array(1 << 20)) }, /^dump: \[0\]\.config: oversized zlib data.* more than 4096 bytes/],
    [{ modalias: "usb:v1" }, /^dump: \[0\]\.modalias: expected pci:v…d…sv…sd…bc…sc…i…, got "usb:v1"/],
    [{ numa_node: "0" }, /^dump: \[0\]\.numa_node: expected a whole number or null, got "0"/],
    [{ subsystems: ["eth0"] }, /^dump: \[0\]\.subsystems: expected names by kind/],
    [{ subsystems: { net: [1] } }, /^dump: \[0\]\.subsystems: expected names by kind/],
  ])("with %j is refused with the place", async (changes, message) => {
    await expect(of(device(changes))).rejects.toThrow(message);
  });

  test("that has one device twice, or something else among them, is refused", async () => {
    await expect(of(device(), device())).rejects.toThrow("dump: [1]: 0000:01:00.0 is there twice");
    await expect(of(device(), 7)).rejects.toThrow(
      /^dump: \[1\]: expected a device with realpath, config, modalias, got 7/,
    );
  });

  test.each(['{"0": []}', "5", "null", '"realpath"'])("that is no list is said to be none: %s", async (text) => {
    await expect(readRdmaTopo(text, "dump")).rejects.toThrow(
      /^dump: expected the list of devices that rdma_topo dump prints, got /,
    );
  });

  test("that is cut is said to be one", async () => {
    const text = JSON.stringify([device(), device()], null, 4);
    for (const end of [60, 200, text.length - 2]) {
      const bytes = new TextEncoder().encode(text.slice(0, end));
      await expect(read([{ name: "dump", bytes }])).rejects.toThrow(/^dump: damaged output of rdma_topo dump: /);
    }
  });
});
