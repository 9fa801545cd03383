import { describe, expect, test } from "vitest";
import { architectureOfNccl, familyOfNccl, ncclArchitectureOf, ncclFamilyOf } from "../../src/topology/nccl-cpu.js";
import { isDevice, isFunction, isNvSwitch, linksOf, namesOf } from "../../src/topology/nccl-element.js";
import { readNccl } from "../../src/readers/nccl.js";

/** The first `pci` of a file that has this in its `cpu`. */
function pci(text: string) {
  const [{ system }] = readNccl(`<system version="1"><cpu numaid="0">${text}</cpu></system>`, "a.xml") as [
    ReturnType<typeof readNccl>[0],
  ];
  const [view] = system.views!;
  if (view === undefined || view.tool === "nvidia-smi") throw new Error("no view");
  return view.system.children[0]!.children[0]!;
}

describe("what is a device", () => {
  test.each([
    ["a GPU", '<pci busid="0000:01:00.0" class="0x030200"/>', true],
    ["what shows no class", '<pci busid="0000:01:00.0"/>', true],
    ["an NVSwitch", '<pci busid="0000:01:00.0" class="0x068000"/>', true],
    ["a bridge that nothing hangs below", '<pci busid="0000:01:00.0" class="0x060400"/>', false],
    ["a host bridge", '<pci busid="0000:01:00.0" class="0x060000"/>', false],
    ["a grouping", '<pci busid="0000:01:00.0"><pci busid="0000:02:00.0"/></pci>', false],
    ["a GPU with something below", '<pci busid="0000:01:00.0"><gpu dev="0"/><pci busid="0000:02:00.0"/></pci>', true],
    ["ids of nobody", '<pci busid="0000:01:00.0" vendor="0xFFFF"/>', false],
    ["an adapter by what it holds", '<pci busid="0000:01:00.0" class="0x060400"><nic/></pci>', true],
    ["no pci", '<nic><net name="tun0"/></nic>', false],
  ])("%s", (_, text, expected) => {
    expect(isDevice(pci(text))).toBe(expected);
  });

  test("a bridge that holds an adapter is no function, and an NVSwitch is one", () => {
    expect(isFunction(pci('<pci busid="0000:01:00.0" class="0x060000"><nic/></pci>'))).toBe(false);
    expect(isFunction(pci('<pci busid="0000:01:00.0" class="0x068000"/>'))).toBe(true);
    expect(isFunction(pci('<pci busid="ffff:ff:01.0"><nic/></pci>'))).toBe(false);
  });

  test("an NVSwitch is told from what holds a GPU", () => {
    expect(isNvSwitch(pci('<pci busid="0000:01:00.0" class="0x068000"/>'))).toBe(true);
    expect(isNvSwitch(pci('<pci busid="0000:01:00.0" class="0x068000"><gpu/></pci>'))).toBe(false);
  });
});

test("names and links of a GPU", () => {
  const gpu = pci(
    '<pci busid="0000:01:00.0"><gpu dev="7"><nvlink target="02:00.0" count="4"/>' +
      '<nvlink target="x" tclass="0x068000"/><c2c count="1"/><other/></gpu></pci>',
  );
  expect(namesOf(gpu)).toEqual(["GPU7"]);
  expect(linksOf(gpu).map(({ kind, target }) => `${kind} ${target}`)).toEqual([
    "nvlink 0000:02:00.0",
    "nvlink 0x068000",
    "c2c ",
  ]);
});

test("what NCCL calls a processor is taken back", () => {
  for (let family = 0; family < 64; family++) expect(familyOfNccl(ncclFamilyOf(family))).toBe(family);
  expect([ncclFamilyOf(23), familyOfNccl(143), familyOfNccl(23)]).toEqual([143, 23, 23]);
  for (const arch of ["x86_64", "arm64", "ppc64"]) {
    expect(ncclArchitectureOf({ architecture: architectureOfNccl(arch)! })).toBe(arch);
  }
  expect([architectureOfNccl("constructor"), ncclArchitectureOf({ architecture: "riscv64" })]).toEqual([
    undefined,
    undefined,
  ]);
});
