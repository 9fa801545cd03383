import type { CpuDescription, IommuMode, SystemDescription } from "../topology/description.js";
import { ordinal, parseRelease } from "../policy/release.js";
import type { BootParameter } from "./command-line.js";

/** What the parameters say about the IOMMU. A field that is missing is up to the kernel's configuration and the platform. */
export interface IommuRequest {
  /** Whether it is to be on. */
  readonly on?: boolean;
  /** Where it is on: whether devices use IOVAs. */
  readonly mode?: "passthrough" | "translating";
  /** The same by a parameter of the other maker's IOMMU than the processor suggests: it may be there all the same. */
  readonly otherOn?: boolean;
  /** `amd_iommu=off` is there, and `iommu=off`. */
  readonly amdOff?: true;
  readonly allOff?: true;
}

/** Reads what the parameters ask for; the later of two that contradict each other wins, as it does in Linux. */
export function iommuRequest(parameters: readonly BootParameter[], cpu: CpuDescription | undefined): IommuRequest {
  const request: { -readonly [K in keyof IommuRequest]: IommuRequest[K] } = {};
  const isX86 = cpu?.architecture === undefined || cpu.architecture === "x86";
  for (const parameter of parameters) {
    const [name, value] = [parameter.name.replaceAll("-", "_"), parameter.value];
    if (name === "iommu.passthrough") {
      const passthrough = booleanOf(value);
      if (passthrough !== undefined) request.mode = passthrough ? "passthrough" : "translating";
    }
    if (!isX86) continue;
    for (const option of (value ?? "").split(",")) {
      if (name === "intel_iommu" && /^o(?:n|ff)/.test(option)) {
        request[isAmd(cpu) ? "otherOn" : "on"] = option.startsWith("on");
      }
      if (name === "amd_iommu" && option.startsWith("off")) {
        request[cpu?.vendor === "GenuineIntel" ? "otherOn" : "on"] = false;
        request.amdOff = true;
      }
      if (name !== "iommu") continue;
      if (option.startsWith("off")) [request.on, request.allOff] = [false, true];
      if (option.startsWith("pt")) request.mode = "passthrough";
      if (option.startsWith("nopt")) request.mode = "translating";
    }
  }
  return request;
}

function isAmd(cpu: CpuDescription | undefined): boolean {
  return cpu?.vendor === "AuthenticAMD" || cpu?.vendor === "HygonGenuine";
}

/** As `kstrtobool`: the first letter tells, of `on` and `off` the second. */
function booleanOf(value: string | null): boolean | undefined {
  if (value === null) return undefined;
  if (/^(?:[1yYtT]|[oO][nN])/.test(value)) return true;
  return /^(?:[0nNfF]|[oO][fF])/.test(value) ? false : undefined;
}

/** An IOMMU in some boot: whether it is on, and what it then does; a field that is missing is not known. */
export interface IommuState {
  readonly on?: boolean;
  readonly mode?: IommuMode;
}

/** As a system shows it. */
export function iommuShown({ iommu }: SystemDescription): IommuState {
  return iommu === undefined ? {} : { on: iommu !== "off", mode: iommu };
}

/**
 * The IOMMU after a boot with other parameters. What is asked for is taken to be there: that the firmware offers an IOMMU,
 * no parameter shows. Another kernel is taken to be configured alike.
 *
 * @param shown in the boot with the parameters `before`.
 */
export function iommuAfter(shown: IommuState, before: IommuRequest, after: IommuRequest): IommuState {
  const kept = before.on === undefined && sameOther(shown, before, after) ? shown.on : undefined;
  const on = after.on ?? kept;
  // On request it was not: then there is none.
  const isOn = before.on === true && shown.on === false && on === true ? false : on;
  if (isOn === false) return { on: false, mode: "off" };
  const known = shown.on === true && before.mode === after.mode ? shown.mode : undefined;
  const mode = isOn === true ? (after.mode ?? known) : undefined;
  return { ...(isOn === undefined ? {} : { on: isOn }), ...(mode === undefined ? {} : { mode }) };
}

/** Whether the other maker's IOMMU, if it is that, stays as it is. */
function sameOther({ on }: IommuState, before: IommuRequest, after: IommuRequest): boolean {
  return before.otherOn === after.otherOn || after.otherOn === on;
}

/** Whether what two boots say of the IOMMU being on comes to the same, whatever the platform is. */
export function asksAlike(before: IommuRequest, after: IommuRequest): boolean {
  return (["on", "otherOn", "amdOff", "allOff"] as const).every((key) => before[key] === after[key]);
}

/**
 * Whether isolation of PCI devices was, or will be, asked for before they are probed: every answer that is possible
 * (docs/semantics.md, Kernel parameters).
 *
 * @param isThere whether the platform has an IOMMU at all; undefined: not known.
 */
export function isolationRequested(
  { on }: IommuState,
  isThere: boolean | undefined,
  architecture: string | undefined,
  { amdOff, allOff }: IommuRequest,
  release: string | undefined,
): readonly boolean[] {
  // On x86 the tables that describe the IOMMU are read before devices are probed; elsewhere it may be later.
  if (on === true) return architecture === "x86" ? [true] : [true, false];
  if (on === undefined) return [true, false];
  if (amdOff !== true || allOff === true || isThere === false) return [false];
  // AMD's driver asks for isolation as soon as it finds its table, whatever `amd_iommu=` says; later that may change.
  const parsed = release === undefined ? null : parseRelease(release);
  const asks = parsed !== null && ordinal(parsed) < ordinal({ major: 6, minor: 19 });
  return asks && isThere === true ? [true] : [true, false];
}

/**
 * Parameters that ask for a mode, behind those that are there already; empty where none does: on ARM and POWER it is the
 * firmware that leaves an IOMMU out.
 */
export function parametersForIommu(mode: IommuMode, cpu: CpuDescription | undefined): string {
  const isX86 = cpu?.architecture === undefined || cpu.architecture === "x86";
  if (!isX86) return mode === "off" ? "" : `iommu.passthrough=${mode === "passthrough" ? 1 : 0}`;
  const on = isAmd(cpu) ? "" : "intel_iommu=on ";
  return {
    off: isAmd(cpu) ? "iommu=off" : "intel_iommu=off",
    passthrough: `${on}iommu=pt`,
    translating: `${on}iommu=nopt`,
  }[mode];
}
