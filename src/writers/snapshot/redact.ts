import { withoutSerialNumbers } from "../../readers/config-space.js";

/*
 * What takes serial numbers and other traces of one machine out of its files. Most places of them are never read, so
 * never kept: vital product data, DMI, addresses of network ports, UUIDs of disks. Left are:
 *
 *     …/config                  the serial number capability and the data register of vital product data: zeros
 *     proc/cpuinfo              serial numbers of ARM and s390 processors
 *     proc/cmdline              values, but for the parameters of PCI and IOMMU
 *     proc/version              who built the kernel and where
 *     proc/iomem                where the kernel itself is, which it keeps from attackers
 *     names and links           enx001122334455, ibp0011223344556677: MAC addresses and GUIDs
 */
export function redactFile(path: string, bytes: Uint8Array): Uint8Array {
  if (path.endsWith("/config")) return withoutSerialNumbers(bytes);
  const redact = TEXTS.find(([end]) => path.endsWith(end))?.[1];
  return redact === undefined ? bytes : new TextEncoder().encode(redact(new TextDecoder().decode(bytes)));
}

const TEXTS: readonly (readonly [end: string, redact: (text: string) => string])[] = [
  ["/proc/cpuinfo", redactCpuinfo],
  ["/proc/cmdline", redactCommandLine],
  ["/proc/version", redactVersion],
  ["/proc/iomem", redactIomem],
];

const MASK = "redacted";

function redactCpuinfo(text: string): string {
  return text
    .replace(/^(Serial\s*:[ \t]*).*$/gim, `$1${MASK}`)
    .replace(/(\bidentification = )[0-9a-f]+/gi, `$1${MASK}`);
}

/** Of what says who built it, from the first parenthesis on, nothing is left. */
function redactVersion(text: string): string {
  return text.replace(/^(Linux version \S+)[^]*$/, `$1 (${MASK})\n`);
}

/** Where the kernel itself is, as `/proc/iomem` names it: it is RAM in any case. */
const KERNEL_PLACE = "Kernel (?:code|rodata|data|bss)";

function redactIomem(text: string): string {
  return text.replace(new RegExp(`^.* : ${KERNEL_PLACE}\\n?`, "gm"), "");
}

/** Whether a range of that name says where the kernel is. */
export function isKernelPlace(name: string): boolean {
  return new RegExp(`^${KERNEL_PLACE}$`).test(name);
}

/** The parameters that decide over PCI devices and their DMA. */
const KEPT =
  /^(?:pci|pcie\w*|iommu|intel_iommu|amd_iommu\w*|ivrs_\w+|arm-smmu[\w-]*|swiotlb|vfio[\w-]*|nvme|hugepage\w*|numa\w*)(?:[.=]|$)/i;

/**
 * The names of other parameters stay, so that one sees that there were some. Words without a value, and all behind `--`,
 * go to the first program and may be anything.
 */
export function redactCommandLine(text: string): string {
  const words: readonly string[] = text.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
  const end = words.indexOf("--");
  const kept = words.slice(0, end < 0 ? words.length : end).flatMap((word) => {
    if (KEPT.test(word)) return [word];
    const name = /^([\w.-]+)=/.exec(word)?.[1];
    return name === undefined ? [] : [`${name}=${MASK}`];
  });
  return `${kept.join(" ")}\n`;
}

/** Interfaces that are named after their address, as udev does: a MAC address, or the GUID of a port. */
const NAMED_AFTER_ADDRESS = /^([a-z]*?)(?:[0-9a-f]{12}|[0-9a-f]{16}|(?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/;

/**
 * A function that gives names of paths without the addresses in them: the first `enx…` becomes `enx-redacted-1`, in all
 * paths and links that lead through it.
 */
export function nameRedaction(): (path: string) => string {
  const names = new Map<string, string>();
  return (path) =>
    path
      .split("/")
      .map((name) => {
        const kind = NAMED_AFTER_ADDRESS.exec(name)?.[1];
        if (kind === undefined) return name;
        if (!names.has(name)) names.set(name, `${kind || "address"}-${MASK}-${names.size + 1}`);
        return names.get(name)!;
      })
      .join("/");
}
