import { holds, type Certainty, type Release, type Since } from "./release.js";

/** A row of Linux's table of host bridges that route peer-to-peer requests between their root ports. */
export interface AllowedHostBridge {
  readonly vendor: string;
  /** null: any device of the vendor. */
  readonly device: string | null;
  readonly name: string;
  /** Accepted only where both functions are below one and the same host bridge. */
  readonly sameHostBridge: boolean;
  readonly since: Since;
  /** First release without the row. */
  readonly until?: Since;
}

/** `"never certain"`: rows seen in development trees only, of which no release is known to have them. */
const IN_DEVELOPMENT: Since = ["6.19", "9999.0"];

function rows(
  vendor: string,
  devices: readonly (string | null)[],
  name: string,
  since: Since,
  more: { sameHostBridge?: boolean; until?: Since } = {},
): AllowedHostBridge[] {
  return devices.map((device) => ({
    vendor,
    device,
    name,
    since,
    sameHostBridge: more.sameHostBridge ?? false,
    ...(more.until === undefined ? {} : { until: more.until }),
  }));
}

/** drivers/pci/p2pdma.c of Linux 5.2 to 7.3, in table order: the first row that matches decides. */
export const ALLOW_LIST: readonly AllowedHostBridge[] = [
  ...rows("1022", ["1450"], "AMD Zen", "5.2", { until: "~5.9" }),
  ...rows("1022", ["15d0"], "AMD Raven", "5.8", { until: "~5.9" }),
  ...rows("1022", ["1630"], "AMD Renoir", "5.8", { until: "~5.9" }),
  ...rows("8086", ["3c00", "3c01"], "Intel Xeon E5 / Core i7 (Sandy Bridge-E)", "5.4", { sameHostBridge: true }),
  ...rows("8086", ["2f00", "2f01"], "Intel Xeon E5/E7 v3 (Haswell)", "5.4", { sameHostBridge: true }),
  ...rows("8086", ["2030", "2031", "2032", "2033", "2020"], "Intel Skylake-E", "~5.7"),
  ...rows("8086", ["09a2"], "Intel Ice Lake-SP and later Xeon", "~5.18"),
  ...rows("8086", ["0b25"], "Intel DSA (Sapphire Rapids)", ["7.1", "7.2"]),
  ...rows("8086", ["0cfe"], "Intel IAA (Sapphire Rapids)", ["7.1", "7.2"]),
  ...rows("8086", ["11fb", "1212"], "Intel DSA", ["7.1", "7.2"]),
  ...rows("8086", ["1216"], "Intel IAA", ["7.1", "7.2"]),
  ...rows("8086", ["4940", "4942", "4944", "4946", "4948"], "Intel QAT", ["7.1", "7.2"]),
  ...rows("1ae0", [null], "Google SoC", ["6.16", "7.1"]),
  ...rows("10de", ["2f95", "2f96", "2f97", "2f98"], "NVIDIA CPU", IN_DEVELOPMENT),
  ...rows("1d17", ["1003", "1005", "1006", "1007"], "Zhaoxin", IN_DEVELOPMENT, { sameHostBridge: true }),
  ...rows("1d17", ["1008"], "Zhaoxin KH-50000", IN_DEVELOPMENT),
];

/** The row for a host bridge, and whether `release` has it. Null where no release ever had one. */
export function lookUp(
  vendor: string,
  device: string,
  release: Release,
): { readonly row: AllowedHostBridge; readonly listed: Certainty } | null {
  const row = ALLOW_LIST.find((row) => row.vendor === vendor && (row.device === null || row.device === device));
  return row === undefined ? null : { row, listed: without(holds(row.since, release), row.until, release) };
}

function without(present: Certainty, until: Since | undefined, release: Release): Certainty {
  const gone = until === undefined ? "no" : holds(until, release);
  return gone === "yes" || present === "no" ? "no" : gone === "maybe" ? "maybe" : present;
}
