import type { CpuDescription, SystemDescription } from "./description.js";

/** The CPU of a system, and the ids it was inferred from where the source does not state its vendor. */
export interface KnownCpu {
  readonly cpu: CpuDescription;
  readonly inferredFrom?: string;
}

/**
 * What the system says of its CPU, else what the ids of its root complex give away: only ids that are part of one CPU
 * line count. 8086:29c0, 8086:1237 and their like are chipsets that virtual machines show whatever the CPU.
 */
export function cpuOf(
  system: Pick<SystemDescription, "cpu"> & Partial<Pick<SystemDescription, "functions">>,
): KnownCpu | null {
  const { cpu } = system;
  if (cpu?.vendor !== undefined || (cpu !== undefined && isX86(cpu) === false)) return { cpu };
  for (const { bdf, vendor, device } of system.functions ?? []) {
    if (vendor === undefined || device === undefined) continue;
    const line = CPU_LINES.find((line) => line.vendor === vendor && line.devices.includes(device));
    if (line === undefined || (cpu?.architecture ?? line.cpu.architecture) !== line.cpu.architecture) continue;
    return { cpu: { ...line.cpu, ...cpu }, inferredFrom: `${bdf} [${vendor}:${device}]` };
  }
  return cpu === undefined ? null : { cpu };
}

/** False for architectures other than x86, undefined where nothing tells. */
export function isX86(cpu: CpuDescription | undefined): boolean | undefined {
  if (cpu?.architecture !== undefined) return /^(x86|i[3-6]86|amd64)/.test(cpu.architecture);
  return cpu?.vendor !== undefined && X86_VENDORS.includes(cpu.vendor) ? true : undefined;
}

const X86_VENDORS = ["GenuineIntel", "AuthenticAMD", "HygonGenuine", "CentaurHauls", "  Shanghai  "];

/**
 * Reads `VENDOR:FAMILY`: `AuthenticAMD:25`, `GenuineIntel:6`, `HygonGenuine:24`, `ppc64:POWER9`, `arm64:0x41`.
 * Families are decimal or `0x…`. Returns null for anything else.
 */
export function parseCpu(text: string): CpuDescription | null {
  const match = /^([A-Za-z0-9_]+):([A-Za-z0-9_.+-]+)$/.exec(text);
  if (match === null) return null;
  const [, vendor, family] = match as unknown as [string, string, string];
  if (!X86_VENDORS.includes(vendor))
    return /^(ppc|arm|aarch|riscv|s390|loong|mips|sparc)/.test(vendor)
      ? { architecture: vendor, vendor: family }
      : null;
  const number = Number(family);
  return Number.isInteger(number) ? { architecture: "x86", vendor, family: number } : null;
}

/** `AuthenticAMD:25`, as {@link parseCpu} reads it; null where the description does not say enough. */
export function formatCpu(cpu: CpuDescription | undefined): string | null {
  if (cpu === undefined) return null;
  if (isX86(cpu) === false) return `${cpu.architecture}:${cpu.vendor ?? cpu.model ?? "?"}`;
  return cpu.vendor === undefined ? null : `${cpu.vendor}:${cpu.family ?? "?"}`;
}

/**
 * Functions that are part of the CPU itself: root complexes of AMD and Hygon (each for a range of families, of which the
 * lowest stands here), host bridges and root ports of Intel from the first with the memory controller on the die, PHBs
 * of IBM.
 */
const CPU_LINES: readonly {
  readonly vendor: string;
  readonly devices: readonly string[];
  readonly cpu: CpuDescription;
}[] = [
  ids("1022", { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 }, "1450 1480 14b5 15d0 1630 1645"),
  ids("1022", { architecture: "x86", vendor: "AuthenticAMD", family: 0x19 }, "14a4 14d8 14e8"),
  ids("1022", { architecture: "x86", vendor: "AuthenticAMD", family: 0x1a }, "153a"),
  ids("1022", { architecture: "x86", vendor: "AuthenticAMD", family: 0x16 }, "1536 1566"),
  ids("1022", { architecture: "x86", vendor: "AuthenticAMD", family: 0x15 }, "1410 1422 1576"),
  ids("1022", { architecture: "x86", vendor: "AuthenticAMD", family: 0x14 }, "1510"),
  ids("1d94", { architecture: "x86", vendor: "HygonGenuine", family: 0x18 }, "1450"),
  ids(
    "8086",
    { architecture: "x86", vendor: "GenuineIntel", family: 6 },
    "0040 0044 0048 0069 0100 0104 0108 010c 0150 0154 0158 015c 09a2 0a04 0bf0 0bf1 0bf2 0bf3 0bf4 0bf5 0bf6 0bf7 0c00 " +
      "0c04 0c08 0d00 0d04 0e00 0e01 1600 1604 1608 1610 1614 1618 1900 1904 1908 190c 190f 1910 1918 191f 2020 2030 2031 2032 2033 2f00 " +
      "2f01 31f0 347a 3c00 3c01 3e10 3e18 3e1f 3e30 3e33 3e34 3e35 3ec2 3ec4 3ec6 3eca 3ed0 4629 4641 4660 4668 5900 5904 " +
      "590c 590f 5910 5914 5918 591f 5af0 6f00 6f01 8a12 8a14 9a14 9a26 9a36 9b33 9b43 9b44 9b53 9b54 9b61 9b63 9b64",
  ),
  ids("1014", { architecture: "ppc64", vendor: "POWER8" }, "03dc"),
  ids("1014", { architecture: "ppc64", vendor: "POWER9" }, "04c1"),
  ids("1014", { architecture: "ppc64", vendor: "POWER10" }, "0652"),
];

function ids(vendor: string, cpu: CpuDescription, devices: string) {
  return { vendor, cpu, devices: devices.split(" ") };
}
