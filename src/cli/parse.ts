import { parseAddress } from "../topology/address.js";
import { parseCpu } from "../topology/cpu.js";
import type { CpuDescription } from "../topology/description.js";
import { UsageError } from "./exit.js";

/** An address: `0x…` or decimal, below 2^64. */
export function readAddress(text: string): bigint {
  const address = parseAddress(text);
  if (address !== null) return address;
  const prefixed = /^[0-9a-f]+$/i.test(text) && parseAddress(`0x${text}`) !== null;
  const advice = prefixed ? `; for hexadecimal write 0x${text}` : "";
  throw new UsageError(`ADDRESS: expected 0x… or decimal digits, below 2^64, got "${text}"${advice}`);
}

const UNITS = "KMGT";

/** A size in bytes: decimal or `0x…`, with K, M, G or T (powers of 1024) behind it or not; at least 1. */
export function readSize(text: string, argument = "SIZE"): bigint {
  const match = /^(0x[0-9a-f]+|[0-9]+)(?:([KMGT])(?:i?B)?)?$/i.exec(text);
  const size =
    match === null ? 0n : BigInt(match[1]!) << BigInt(10 * (UNITS.indexOf((match[2] ?? "-").toUpperCase()) + 1));
  if (size >= 1n && size <= 1n << 64n) return size;
  throw new UsageError(`${argument}: expected bytes from 1 to 2^64, such as 4096, 0x1000, 64K or 16G, got "${text}"`);
}

/** A range that does not end beyond 2^64. */
export function checkRange(address: bigint, size: bigint): void {
  if (address + size <= 1n << 64n) return;
  throw new UsageError(`SIZE: 0x${size.toString(16)} bytes from 0x${address.toString(16)} end beyond 2^64`);
}

/** A CPU, as the option of that name takes it. */
export function readCpu(text: string, option: string): CpuDescription {
  const cpu = parseCpu(text);
  if (cpu !== null) return cpu;
  throw new UsageError(
    `${option}: expected VENDOR:FAMILY as in /proc/cpuinfo, such as AuthenticAMD:25, GenuineIntel:6, HygonGenuine:24, ` +
      `or ppc64:POWER9, arm64:0x41, got "${text}"`,
  );
}
