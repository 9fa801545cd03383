import type { CpuDescription, FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import type { Listed } from "./reference.js";

/** What stands above a function of a small forest: a function before it, or one of two host bridges. */
export type Above = number | "0000:00" | "0000:80";
export const HOSTS = ["0000:00", "0000:80"] as const;
export type Mark = "plain" | "redirects" | "unreadable";
export const MARKS: readonly Mark[] = ["plain", "redirects", "unreadable"];

/** Every forest of `size` functions in which each hangs below a host bridge or a function before it. */
export function* forests(size: number): Generator<Above[]> {
  if (size === 0) return yield [];
  for (const smaller of forests(size - 1)) {
    for (const above of [...HOSTS, ...smaller.keys()]) yield [...smaller, above];
  }
}

/** Every way of putting one of `choices` on each of `size` places. */
export function* assignments<T>(choices: readonly T[], size: number): Generator<T[]> {
  if (size === 0) return yield [];
  for (const shorter of assignments(choices, size - 1)) for (const choice of choices) yield [...shorter, choice];
}

/** A kind of machine as far as the way through the host bridges goes. `zen`: the CPUs it may have. */
export interface HostKind {
  readonly ids: readonly [string, string];
  readonly listed: readonly [Listed, Listed];
  readonly cpu: CpuDescription | undefined;
  readonly zen: readonly boolean[];
}

const INTEL = { architecture: "x86", vendor: "GenuineIntel", family: 6 };
const ZEN = { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 };

export const HOST_KINDS = {
  unlisted: { ids: ["8086:1234", "8086:1234"], listed: ["not", "not"], cpu: INTEL, zen: [false] },
  "same-only": { ids: ["8086:2f00", "8086:2f01"], listed: ["same-only", "same-only"], cpu: INTEL, zen: [false] },
  listed: { ids: ["8086:2030", "8086:09a2"], listed: ["listed", "listed"], cpu: INTEL, zen: [false] },
  Zen: { ids: ["8086:1234", "8086:1234"], listed: ["not", "not"], cpu: ZEN, zen: [true] },
  "unknown CPU": { ids: ["1234:1234", "1234:1234"], listed: ["not", "not"], cpu: undefined, zen: [false, true] },
  "listed and same-only": {
    ids: ["8086:2030", "8086:3c00"],
    listed: ["listed", "same-only"],
    cpu: INTEL,
    zen: [false],
  },
  "listed and unlisted": { ids: ["8086:2020", "1234:1234"], listed: ["listed", "not"], cpu: INTEL, zen: [false] },
} as const satisfies Record<string, HostKind>;

/** The name of function `index`: its bus tells what it hangs below. */
export function nameOf(above: Above, index: number): string {
  const bus = typeof above === "string" ? above : `0000:${(0x10 + above).toString(16)}`;
  return `${bus}:${(index + 1).toString(16).padStart(2, "0")}.0`;
}

export function describeForest(
  name: string,
  kind: HostKind,
  forest: readonly Above[],
  marks: readonly Mark[],
): SystemDescription {
  const names = forest.map(nameOf);
  const hosts = HOSTS.map((root, index): FunctionDescription => {
    const [vendor, device] = kind.ids[index]!.split(":") as [string, string];
    return {
      bdf: `${root}:00.0`,
      vendor,
      device,
      class: "0600",
      kind: "host-bridge-function",
      parent: null,
      acs: null,
    };
  });
  const functions = forest.map((above, index): FunctionDescription => {
    const parent = typeof above === "string" ? null : names[above]!;
    return { bdf: names[index]!, parent, ...acsOf(marks[index]!, index) };
  });
  const cpu = kind.cpu === undefined ? {} : { cpu: kind.cpu };
  return { name, complete: true, ...cpu, functions: [...hosts, ...functions] };
}

/** Each of the three redirecting bits and both ways of not redirecting get their turn. */
export function acsOf(mark: Mark, index: number): Pick<FunctionDescription, "acs"> {
  if (mark === "unreadable") return {};
  if (mark === "redirects") return { acs: { capability: 0x7f, control: 0x11 | [0x04, 0x08, 0x20][index % 3]! } };
  return { acs: index % 2 === 0 ? null : { capability: 0x7f, control: 0x53 } };
}
