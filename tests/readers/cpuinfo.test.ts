import { expect, test } from "vitest";
import { looksLikeCpuinfo, readCpuinfo } from "../../src/readers/cpuinfo.js";
import { looksLikeIomem } from "../../src/readers/iomem.js";

const X86 = `processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC 7763 64-Core Processor

processor\t: 1
vendor_id\t: GenuineIntel
cpu family\t: 6
`;
const ARM64 = "processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n";
const ARM = "processor\t: 0\nmodel name\t: ARMv7 Processor rev 5 (v7l)\nCPU implementer\t: 0x41\nCPU architecture: 7\n";
const POWER8 = "processor\t: 0\ncpu\t\t: POWER8E (raw), altivec supported\nclock\t\t: 2061MHz\n";
const RISCV =
  "processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\nmvendorid\t: 0x489\n";
const S390 = "vendor_id       : IBM/S390\n# processors    : 4\nbogomips per cpu: 3033.00\nprocessor 0: version = FF\n";

test.each([
  [
    "x86: the first CPU's vendor and whole family",
    X86,
    {
      architecture: "x86",
      vendor: "AuthenticAMD",
      family: 25,
      modelNumber: 1,
      model: "AMD EPYC 7763 64-Core Processor",
    },
  ],
  ["arm64: the implementer", ARM64, { architecture: "arm64", vendor: "0x41" }],
  ["32-bit ARM is another architecture", ARM, { architecture: "arm", vendor: "0x41" }],
  ["POWER: the generation", POWER8, { architecture: "ppc64", vendor: "POWER8E" }],
  ["RISC-V: the vendor id", RISCV, { architecture: "riscv64", vendor: "0x489", model: "sifive,u74-mc" }],
  ["s390", S390, { architecture: "s390x", vendor: "IBM/S390" }],
  ["what prints none of these fields says nothing", "processor\t: 0\nsystem type\t: MIPS\n", {}],
])("%s", (_, text, expected) => {
  expect(readCpuinfo(text)).toEqual(expected);
});

test("line ends of Windows and quotes of mail programs are no obstacle", () => {
  expect(readCpuinfo(X86.replaceAll("\n", "\r\n")).vendor).toBe("AuthenticAMD");
  expect(readCpuinfo(X86.replaceAll(/^/gm, "> ")).family).toBe(25);
});

test("a family that is no number is not shown", () => {
  expect(readCpuinfo("processor : 0\nvendor_id : GenuineIntel\ncpu family : six\n")).toEqual({
    architecture: "x86",
    vendor: "GenuineIntel",
  });
});

test("cpuinfo is told from other files", () => {
  expect([X86, ARM64, ARM, POWER8, RISCV].map(looksLikeCpuinfo)).toEqual([true, true, true, true, true]);
  expect([X86, ARM64].map(looksLikeIomem)).toEqual([false, false]);
  expect(looksLikeCpuinfo("fe000000-fe1fffff : PCI Bus 0000:06\n")).toBe(false);
  expect(looksLikeCpuinfo("processor : a word in a text\n")).toBe(false);
});
