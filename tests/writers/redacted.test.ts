import { describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { linux } from "../../src/policy/linux.js";
import { decompress, readTar } from "../../src/readers/files/archive.js";
import { read } from "../../src/readers/read.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import { redactedMachine } from "../../src/writers/index.js";
import { takeSnapshot } from "../../src/writers/snapshot/snapshot.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

test.each(captureNames())("%s without what names it is what its redacted snapshot is read as", async (capture) => {
  const tree = await readTar(await decompress(captureFile(capture, "snapshot.tar.gz"), "gzip", capture), capture);
  const { machine } = await read([{ name: "machine", bytes: tree }]);
  const { archive } = await takeSnapshot(tree, "machine", { redact: true });
  const snapshot = await read([{ name: "machine", bytes: archive }]);
  expect(redactedMachine(machine)).toEqual(snapshot.machine);
});

const NIC = "0000:01:00.0";
const SECRETS = [
  "00112233aabbccdd",
  "00-11-22-33-aa-bb-cc-dd",
  "b83fd2112233",
  "506b4b0300aabbcc",
  "deadbeef-0000",
  "hunter2",
  "topsecret",
];

/** As much as a description can hold of what names one machine. */
function named(): MachineDescription {
  const nic = {
    bdf: NIC,
    class: "020000",
    parent: null,
    serialNumber: "00-11-22-33-aa-bb-cc-dd",
    names: ["enxb83fd2112233", "ibp506b4b0300aabbcc", "mlx5_0"],
  };
  const net = { element: "net", attributes: { name: "enxb83fd2112233", guid: "0x00112233aabbccdd" }, children: [] };
  const cpu = {
    element: "cpu",
    attributes: { numaid: "0" },
    children: [
      {
        element: "pci",
        attributes: { busid: NIC, class: "0x020000" },
        children: [{ element: "nic", attributes: {}, children: [net] }],
      },
    ],
  };
  return {
    peerlane: 1,
    systems: [
      {
        kernel: {
          release: "6.12.1",
          commandLine: "root=UUID=deadbeef-0000 topsecret iommu=pt pass=hunter2 -- topsecret",
        },
        functions: [nic],
        ranges: [
          { kind: "system-ram", name: "System RAM", start: "0x100000", size: "0x100000" },
          { kind: "other", name: "Kernel code", start: "0x120000", size: "0x1000" },
        ],
        views: [
          { tool: "nccl", system: { element: "system", attributes: { version: "1" }, children: [cpu] } },
          {
            tool: "nvidia-smi",
            devices: [{ name: "NIC0", legend: "enxb83fd2112233" }, { name: "enxb83fd2112233" }],
            cells: [
              ["X", "SYS"],
              ["SYS", "X"],
            ],
          },
        ],
      },
      { name: "other", functions: [{ ...nic, names: ["enxb83fd2112233"] }] },
    ],
  };
}

describe("a description that holds all that names a machine", () => {
  const redacted = redactedMachine(named());

  test("holds none of it, and keeps the rest", () => {
    const text = JSON.stringify(redacted);
    for (const secret of SECRETS) {
      expect(JSON.stringify(named())).toContain(secret);
      expect(text).not.toContain(secret);
    }
    const [system] = redacted.systems;
    expect(system!.kernel).toEqual({
      release: "6.12.1",
      commandLine: "root=redacted iommu=pt pass=redacted",
    });
    expect(system!.ranges!.map(({ name }) => name)).toEqual(["System RAM"]);
    expect(system!.functions).toEqual([
      { bdf: NIC, class: "020000", parent: null, names: ["enx-redacted-1", "ibp-redacted-2", "mlx5_0"] },
    ]);
  });

  test("calls a port the same wherever it is named", () => {
    const [system, other] = redacted.systems;
    expect(other!.functions[0]!.names).toEqual(["enx-redacted-1"]);
    const [nccl, smi] = system!.views!;
    expect(JSON.stringify(nccl)).toContain('{"name":"enx-redacted-1"}');
    expect(smi).toMatchObject({ devices: [{ name: "NIC0", legend: "enx-redacted-1" }, { name: "enx-redacted-1" }] });
  });

  test("is a description, which is as it is when redacted again", () => {
    Topology.of(redacted).close();
    expect(redactedMachine(redacted)).toEqual(redacted);
  });

  test("is left alone itself", () => {
    const machine = named();
    redactedMachine(machine);
    expect(machine).toEqual(named());
  });
});

test.each(captureNames())("verdicts of %s stay", async (capture) => {
  const { machine } = await read([{ name: capture, bytes: captureFile(capture, "snapshot.tar.gz") }]);
  const matrixOf = (description: MachineDescription) => {
    const topology = Topology.of(description);
    const matrix = new PeerDma(topology, linux("6.12")).matrix(topology.functions());
    topology.close();
    return matrix;
  };
  expect(matrixOf(redactedMachine(machine))).toEqual(matrixOf(machine));
});
