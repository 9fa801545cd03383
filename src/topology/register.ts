import type {
  AcsDescription,
  FunctionDescription,
  FunctionKind,
  RegisterWord,
  SriovDescription,
} from "./description.js";

/** Command register (PCIe 6.0 7.5.1.1.3). */
export const COMMAND_MEMORY = 0x2;
export const COMMAND_MASTER = 0x4;

/** ACS control bits (PCIe 6.0 7.7.11.3), lowest first. */
export const ACS_BITS = ["SV", "TB", "RR", "CR", "UF", "EC", "DT"] as const;
/** Request redirect, completion redirect, egress control. */
export const ACS_REQUEST = 0x04;
export const ACS_COMPLETION = 0x08;
export const ACS_EGRESS = 0x20;
/** What Linux takes for a redirect (docs/semantics.md, Redirect). */
export const ACS_REDIRECT = ACS_REQUEST | ACS_COMPLETION | ACS_EGRESS;

/** How many bits an egress control vector has, by the ACS capability word: bits 15:8, 0 for 256. */
export function vectorBits(capability: number): number {
  return (capability >>> 8) & 0xff || 256;
}

/** SR-IOV control bits (PCIe 6.0 9.3.3.3). */
export const VF_ENABLE = 0x1;
const VF_MEMORY_SPACE = 0x8;
/** What virtual functions need to decode memory. */
export const VIRTUAL_DECODE = VF_ENABLE | VF_MEMORY_SPACE;

/** A state of which the description may say nothing. */
export type Known = "on" | "off" | "unknown";

/** A bit of a register that may be missing or known in part. */
export function bit(word: RegisterWord | undefined, mask: number): Known {
  if (word === undefined) return "unknown";
  if (typeof word === "number") return (word & mask) !== 0 ? "on" : "off";
  return (word.mask & mask) === 0 ? "unknown" : (word.value & mask) !== 0 ? "on" : "off";
}

/** The known bits of a register. */
export function knownBits(word: RegisterWord): { readonly value: number; readonly mask: number } {
  return typeof word === "number"
    ? { value: word, mask: WHOLE_WORD }
    : { value: word.value & word.mask, mask: word.mask };
}

/** The same as a register word: a plain number where every bit is known. */
export function registerWord(value: number, mask: number): RegisterWord {
  return mask === WHOLE_WORD ? value : { value: value & mask, mask };
}

/** A word after some bits were set and others cleared: those are known then, whatever was before. */
export function withBits(
  word: RegisterWord,
  { set = 0, clear = 0 }: { readonly set?: number; readonly clear?: number },
) {
  const { value, mask } = knownBits(word);
  return registerWord((value | set) & ~clear, mask | set | clear);
}

/** A mask under which all 16 bits are known. */
export const WHOLE_WORD = 0xffff;

/** `0x001d`; of one that is known in part also the bits that are not: `0x0011, not known: 0x000c`. */
export function formatWord(word: RegisterWord): string {
  const { value, mask } = knownBits(word);
  const hex = (bits: number) => `0x${bits.toString(16).padStart(4, "0")}`;
  return mask === WHOLE_WORD ? hex(value) : `${hex(value)}, not known: ${hex(~mask & WHOLE_WORD)}`;
}

/** Whether a function's ACS redirects peer-to-peer requests. No capability: it cannot. One bit that is set suffices. */
export function redirects({ acs }: FunctionDescription): Known {
  if (acs === undefined) return "unknown";
  if (acs !== null && (knownBits(acs.control).value & ACS_REDIRECT) !== 0) return "on";
  return showsRedirects(acs) ? "off" : "unknown";
}

/** Whether all three bits that redirect are known; so they are where there is no capability. */
export function showsRedirects(acs: AcsDescription | null | undefined): boolean {
  return acs === null || (acs !== undefined && (knownBits(acs.control).mask & ACS_REDIRECT) === ACS_REDIRECT);
}

/**
 * Whether a function answers memory requests: memory decode of its own Command register and a power state that lets
 * it; a virtual function by its physical function's VF enable and VF memory space enable (its own bit is wired to 0).
 * Where nothing shows whether a function is virtual, a bit that is clear may be that wired one.
 */
export function decodesMemory(description: FunctionDescription, physical?: FunctionDescription): Known {
  if (description.powerState === "D3hot" || description.powerState === "D3cold") return "off";
  if (typeof description.physicalFunction === "string") return virtualFunctionsDecode(physical?.sriov);
  const own = bit(description.command, COMMAND_MEMORY);
  return own === "off" && mayBeVirtual(description) ? "unknown" : own;
}

/** Whether a function may be a virtual one: no ports and no ROM, and nothing that {@link isNeverVirtual}. */
export function mayBeVirtual({ physicalFunction, kind, class: code, bus, sriov, bars = [] }: FunctionDescription) {
  if (physicalFunction === null) return false;
  const subclass = code === undefined ? 0 : parseInt(code.slice(0, 4), 16);
  if (isNeverVirtual(kind ?? null, subclass, bus !== undefined || Boolean(sriov))) return false;
  return !bars.some(({ index, type }) => type === "io" || type === "rom" || index === 6);
}

/**
 * Whether a function is known to be no virtual one. That needs more than silence: what is a bridge, conventional, or an
 * SR-IOV physical function, is none (PCIe 6.0 9.3.3, 9.3.4).
 *
 * @param kind null: not known.
 * @param subclass the upper 16 bits of the class code; 0: not known.
 * @param leads whether it has bus numbers or SR-IOV of its own.
 */
export function isNeverVirtual(kind: FunctionKind | null, subclass: number, leads: boolean): boolean {
  return leads || (kind !== null && !VIRTUAL_KINDS.includes(kind)) || BRIDGE_CLASSES.includes(subclass);
}

/** What an SR-IOV physical function may be, and so its virtual ones; some GPUs with SR-IOV are legacy endpoints. */
const VIRTUAL_KINDS: readonly FunctionKind[] = ["endpoint", "legacy-endpoint", "rc-integrated-endpoint"];
/** Host bridges, PCI-to-PCI bridges, CardBus bridges. */
const BRIDGE_CLASSES: readonly number[] = [0x0600, 0x0604, 0x0607];

function virtualFunctionsDecode(sriov: SriovDescription | null | undefined): Known {
  if (sriov === undefined) return "unknown";
  if (sriov === null) return "off";
  return (sriov.control & VIRTUAL_DECODE) === VIRTUAL_DECODE ? "on" : "off";
}
