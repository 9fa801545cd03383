/** What a redacted file of a machine is without, and what may still tell that machine from others. */
export const REMAINS: readonly string[] = [
  "redacted: no serial numbers, MAC addresses, UUIDs, nor who built the kernel",
  "still there: vendor, device and subsystem ids, addresses of BARs and memory, drivers, CPUs, NUMA nodes, the\n" +
    "  kernel's version, and names that people or firmware gave: of slots, interfaces, ranges of memory, the kernel",
];
