import { parseRelease } from "../src/policy/release.js";
import { parseCpu } from "../src/topology/cpu.js";
import type { IommuMode } from "../src/topology/description.js";
import type { OpenedSystem, Settings } from "./machine/protocol.js";

/**
 * What a link asks, and not about what: the machine itself is never in it.
 *
 *     #a=0000:23:00.0&b=0000:25:00.0&kernel=6.12&cpu=AuthenticAMD:25&off=0000:22:00.0&machine=gpu-server
 */
export interface Question {
  /** Names of two functions within their system. */
  readonly pair: readonly [string, string] | null;
  readonly address: string;
  /** Name of the system; null: the only one, or the first. */
  readonly system: string | null;
  /** Name of a machine that comes with the page. */
  readonly machine: string | null;
  readonly settings: Omit<Settings, "system">;
}

export const AS_IT_IS: Question["settings"] = { rules: "linux", kernel: null, cpu: null, iommu: null, redirects: {} };

/** The settings of a question for a machine whose systems are known. */
export function settingsFor({ system, settings }: Question, systems: readonly OpenedSystem[]): Settings {
  const place = systems.findIndex(({ name }) => name === system);
  return { ...settings, system: Math.max(place, 0) };
}

/** What stands behind the `#` of a link. */
export function formatQuestion({ pair, address, system, machine, settings }: Question): string {
  const { rules, kernel, cpu, iommu, redirects } = settings;
  const turned = (to: boolean) => Object.keys(redirects).filter((bdf) => redirects[bdf] === to);
  const fields: readonly (readonly [string, string | null])[] = [
    ["machine", machine],
    ["system", system],
    ["a", pair?.[0] ?? null],
    ["b", pair?.[1] ?? null],
    ["address", address],
    ["rules", rules === "linux" ? null : rules],
    ["kernel", kernel],
    ["cpu", cpu],
    ["iommu", iommu],
    ["off", turned(false).join(",")],
    ["on", turned(true).join(",")],
  ];
  const search = new URLSearchParams(fields.flatMap(([name, value]) => (value ? [[name, value]] : [])));
  // Colons and commas may stand in a fragment (RFC 3986, 3.5), and are easier to read.
  return search.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
}

/** The question of a link; what makes no sense in it is left out. */
export function readQuestion(hash: string): Question {
  const search = new URLSearchParams(hash.replace(/^#/, ""));
  const field = (name: string) => search.get(name)?.trim() || null;
  const [a, b] = [field("a"), field("b")];
  const names = (name: string) => (field(name) ?? "").split(",").filter((bdf) => BDF.test(bdf));
  const [kernel, cpu, iommu] = [field("kernel"), field("cpu"), field("iommu")];
  return {
    pair: a !== null && b !== null ? [a, b] : null,
    address: field("address") ?? "",
    system: field("system"),
    machine: field("machine"),
    settings: {
      rules: field("rules") === "precise" ? "precise" : "linux",
      kernel: kernel !== null && parseRelease(kernel) !== null ? kernel : null,
      cpu: cpu !== null && parseCpu(cpu) !== null ? cpu : null,
      iommu: IOMMU_MODES.find((mode) => mode === iommu) ?? null,
      redirects: Object.fromEntries([
        ...names("off").map((bdf) => [bdf, false] as const),
        ...names("on").map((bdf) => [bdf, true] as const),
      ]),
    },
  };
}

const IOMMU_MODES: readonly IommuMode[] = ["off", "passthrough", "translating"];

const BDF = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** A question in words; null: there is none. */
export function questionText({ pair, address, system }: Question): string | null {
  const where = system === null ? "" : ` of ${system}`;
  if (pair !== null) return `May ${pair[0]} and ${pair[1]}${where} reach each other?`;
  return address === "" ? null : `Whose is ${address}${where}?`;
}
