import { describe, expect, test } from "vitest";
import type { MatrixView } from "../../src/topology/views.js";
import { meaningOf } from "../../src/letters/dialect.js";
import { dialectOf, viewClaims } from "../../src/letters/views.js";
import { ncclSystem } from "./nccl-file.js";

describe("a matrix of nvidia-smi", () => {
  const view: MatrixView = {
    tool: "nvidia-smi",
    devices: [{ name: "GPU0" }, { name: "GPU1" }, { name: "NIC0", legend: "mlx5_3" }, { name: "mlx4_1" }],
    cells: [
      ["X", "NV4", "SOC", "PIX"],
      ["NV4", "X", null, "PHB"],
      ["SOC", "PIX", "X", null],
      ["PXB", "PHB", null, "X"],
    ],
  };
  const claims = viewClaims(view);

  test("says what it says; SOC is what old drivers call SYS; the other half fills in", () => {
    expect(dialectOf(view)).toBe("nvidia");
    expect([claims.letter(0, 1), claims.letter(0, 2), claims.letter(1, 2), claims.letter(2, 3)]).toEqual([
      "NV4",
      "SYS",
      "PIX",
      null,
    ]);
    expect([claims.onPcie(0, 1), claims.onPcie(0, 2), claims.onPcie(2, 3)]).toEqual([null, "SYS", null]);
    expect(claims.showsLinks).toBe(true);
    expect(claims.why(2, 3)).toBe("the text lacks the cell");
    expect(claims.why(0, 3)).toBe("the matrix contradicts itself: PIX one way, PXB the other");
    expect(claims.why(0, 2)).toBe("it says SYS, through different NUMA nodes");
  });

  test("names its devices", () => {
    expect(claims.devices.map(({ kind, number, names }) => [kind, number, ...names])).toEqual([
      ["gpu", 0],
      ["gpu", 1],
      ["nic", 3, "mlx5_3"],
      ["nic", 1],
    ]);
  });
});

const FILE = `<system version="1">
  <cpu numaid="0">
    <pci busid="0000:01:00.0" class="0x060400" vendor="0x10b5" device="0x8748">
      <pci busid="0000:03:00.0" class="0x030200"><gpu dev="0"><nvlink target="0000:04:00.0" count="4" tclass="0x030200"/></gpu></pci>
      <pci busid="0000:04:00.0" class="0x030200"><gpu dev="1"><nvlink target="0000:83:00.0" count="2" tclass="0x030200"/></gpu></pci>
      <pci busid="0000:05:00.0" class="0x060400" vendor="0x10b5" device="0x8748">
        <pci busid="0000:06:00.0" class="0x020000"><nic><net name="mlx5_0" dev="0"/><net name="mlx5_1" dev="1"/></nic></pci>
      </pci>
    </pci>
    <pci busid="0000:09:00.0" class="0x020000"/>
    <nic><net name="eth0"/></nic>
  </cpu>
  <cpu numaid="1">
    <pci busid="0000:83:00.0" class="0x030200"><gpu dev="2"/></pci>
  </cpu>
</system>`;

describe("a topology file of NCCL", () => {
  const claims = viewClaims({ tool: "nccl", system: ncclSystem(FILE) });
  const place = (name: string) => claims.devices.findIndex((device) => device.name === name);
  const letter = (a: string, b: string) => claims.letter(place(a), place(b));

  test("has a device for every end, named by what it holds", () => {
    expect(claims.devices.map(({ name, kind, number, bdf }) => `${name} ${kind} ${number} ${bdf}`)).toEqual([
      "eth0 nic null null",
      "GPU0 gpu 0 0000:03:00.0",
      "GPU1 gpu 1 0000:04:00.0",
      "mlx5_0 nic null 0000:06:00.0",
      "0000:09:00.0 nic null 0000:09:00.0",
      "GPU2 gpu 2 0000:83:00.0",
    ]);
    expect(claims.devices[3]!.names).toEqual(["mlx5_0", "mlx5_1"]);
  });

  test("nesting is all that PCIe letters come from", () => {
    expect(claims.onPcie(place("GPU0"), place("GPU1"))).toBe("PIX");
    expect(letter("GPU0", "mlx5_0")).toBe("PXB");
    expect(letter("GPU0", "0000:09:00.0")).toBe("PHB");
    expect(letter("GPU0", "eth0")).toBe("PHB");
    expect(letter("eth0", "GPU2")).toBe("SYS");
    expect(letter("GPU0", "GPU0")).toBe("LOC");
    expect(claims.why(place("GPU0"), place("mlx5_0"))).toBe("the file nests both below pci 0000:01:00.0");
    expect(claims.why(place("GPU0"), place("GPU2"))).toContain("different cpu elements, numaid 0 and numaid 1");
  });

  test("links are seen from either end, and by way of one GPU", () => {
    expect(letter("GPU0", "GPU1")).toBe("NVL");
    expect(letter("GPU1", "GPU0")).toBe("NVL");
    expect(letter("GPU1", "GPU2")).toBe("NVL");
    expect(letter("GPU0", "GPU2")).toBe("SYS");
  });

  test("functions of one network adapter are one place", () => {
    const port = (bdf: string) => `<pci busid="${bdf}" class="0x020000"><nic><net name="n${bdf}"/></nic></pci>`;
    const bridge = `<pci busid="0000:01:00.0" class="0x060400">${port("0000:03:00.0")}${port("0000:03:00.1")}${port("0000:04:00.0")}</pci>`;
    const text = `<system version="1"><cpu numaid="0">${bridge}</cpu></system>`;
    const said = viewClaims({ tool: "nccl", system: ncclSystem(text) });
    expect([said.letter(0, 1), said.letter(0, 2)]).toEqual(["LOC", "PIX"]);
    expect(said.why(0, 1)).toBe("the file has both as functions of one network adapter");
  });

  test("NVSwitches are one, whatever their address", () => {
    const gpu = (bus: string, target: string) =>
      `<pci busid="0000:0${bus}:00.0" class="0x030200"><gpu dev="${bus}"><nvlink target="${target}" count="18" tclass="0x068000"/></gpu></pci>`;
    const text = `<system version="1"><cpu numaid="0">${gpu("1", "fffffff:ff:ff.0")}${gpu("2", "0000:c4:00.0")}</cpu></system>`;
    expect(viewClaims({ tool: "nccl", system: ncclSystem(text) }).letter(0, 1)).toBe("NVL");
  });

  test("nodes that were fused into one file are different machines", () => {
    const node = (hash: string) =>
      `<cpu numaid="0" host_hash="${hash}"><pci busid="0000:01:00.0" class="0x030200"><gpu dev="0"/></pci></cpu>`;
    const { letter: said, devices } = viewClaims({
      tool: "rccl",
      system: ncclSystem(`<system version="2">${node("0x1")}${node("0x2")}</system>`),
    });
    expect(devices).toHaveLength(2);
    expect(said(0, 1)).toBe("NET");
  });

  test("nesting without end overflows nothing", () => {
    let system = { element: "pci", attributes: { class: "0x030200" }, children: [] as object[] };
    for (let depth = 0; depth < 100_000; depth++)
      system = { element: "pci", attributes: { class: "0x060400" }, children: [system] };
    const top = {
      element: "system",
      attributes: {},
      children: [{ element: "cpu", attributes: {}, children: [system] }],
    };
    expect(viewClaims({ tool: "nccl", system: top as never }).devices).toHaveLength(1);
  });
});

test("letters have meanings, whatever the number in them", () => {
  expect(meaningOf("nvidia", "NV18")).toMatch(/^18 NVLinks between/);
  expect(meaningOf("kernel", "H6")).toContain("THRU_HOST_BRIDGE");
  expect(meaningOf("nccl", "PIX")).toBe("below one PCIe switch");
  expect(meaningOf("nvidia", "C2C")).toBeNull();
});
