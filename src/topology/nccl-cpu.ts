import { isX86 } from "./cpu.js";
import type { CpuDescription } from "./description.js";

/*
 *     arch     x86_64  arm64            ppc64
 *     ours     x86     arm64, aarch64   ppc64, ppc64le, …
 *
 *     familyid = CPUID's base family, and in the bits above it the extended one: Zen 2, family 23 = 15 + 8, is 143
 */

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "x86", arm64: "arm64", ppc64: "ppc64" };

/** The architecture behind NCCL's `arch`; undefined: none that NCCL writes. */
export function architectureOfNccl(arch: string): string | undefined {
  return Object.hasOwn(ARCHITECTURES, arch) ? ARCHITECTURES[arch] : undefined;
}

/** NCCL's `arch` of a processor; undefined: not shown, or unknown to it. */
export function ncclArchitectureOf(cpu: CpuDescription | undefined): string | undefined {
  if (cpu === undefined) return undefined;
  if (isX86(cpu) === true) return "x86_64";
  const { architecture = "" } = cpu;
  if (architecture.startsWith("ppc64")) return "ppc64";
  return architecture === "arm64" || architecture === "aarch64" ? "arm64" : undefined;
}

/** The family behind `familyid`; who writes a file by hand writes 23 for 143. */
export function familyOfNccl(id: number): number {
  return id > 15 && (id & 15) === 15 ? 15 + (id >> 4) : id;
}

/** The `familyid` of a family. */
export function ncclFamilyOf(family: number): number {
  return family <= 15 ? family : 15 + ((family - 15) << 4);
}
