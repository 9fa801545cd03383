import { checkLines } from "./bounds.js";
import { defined } from "./config-space.js";
import type { CpuDescription } from "../topology/description.js";

/** The name in `name : value`, as `/proc/cpuinfo` writes it, with blanks or tabs before the colon. */
const NAME = /^[\w ]+$/;

/** Fields that no other file of this shape has, one or more for each architecture. */
const TELLING_FIELDS = ["vendor_id", "cpu family", "CPU implementer", "cpu", "isa", "bogomips per cpu"];

/** Whether `text` is a `/proc/cpuinfo`: it numbers processors and describes one. */
export function looksLikeCpuinfo(text: string): boolean {
  if (!/^[> \t]*processor[ \t]*:/m.test(text)) return false;
  const fields = readFields(text);
  return TELLING_FIELDS.some((name) => fields.has(name));
}

/**
 * What `/proc/cpuinfo` says of the first CPU, which is the one whose vendor and family Linux tests. An architecture
 * that prints none of the fields known here yields an empty description.
 *
 * @param source its name, for messages.
 */
export function readCpuinfo(text: string, source = "cpuinfo"): CpuDescription {
  checkLines(text, source);
  const fields = readFields(text);
  const vendor = fields.get("vendor_id");
  if (vendor?.startsWith("IBM/S390")) return { architecture: "s390x", vendor };
  if (vendor !== undefined) {
    return defined<CpuDescription>({
      architecture: "x86",
      vendor,
      family: decimal(fields.get("cpu family")),
      modelNumber: decimal(fields.get("model")),
      model: fields.get("model name"),
    });
  }
  const implementer = fields.get("CPU implementer");
  if (implementer !== undefined) {
    return {
      architecture: /^[0-7]\D*$/.test(fields.get("CPU architecture") ?? "8") ? "arm" : "arm64",
      vendor: implementer,
    };
  }
  const isa = fields.get("isa");
  if (isa !== undefined) {
    const architecture = /^rv(?:32|64)/.exec(isa)?.[0].replace("rv", "riscv");
    return defined<CpuDescription>({ architecture, vendor: fields.get("mvendorid"), model: fields.get("uarch") });
  }
  const power = powerProcessor(fields.get("cpu") ?? "");
  return power === undefined ? {} : { architecture: "ppc64", vendor: power };
}

/** `POWER9` of `POWER9, altivec supported`, `POWER8E` of `POWER8E (raw), altivec supported`; undefined: another's. */
export function powerProcessor(text: string): string | undefined {
  return /^(?:POWER|PPC)\w*\+?/.exec(text)?.[0];
}

/** The first value of each name. */
function readFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = line
      .slice(0, Math.max(colon, 0))
      .replace(/^[>\s]*/, "")
      .trimEnd();
    if (NAME.test(name) && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,6}$/.test(text) ? Number(text) : undefined;
}
