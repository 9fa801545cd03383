import { Option } from "commander";
import { bootWith } from "../edits/boot-with.js";
import { withCpu, withIommu, withP2pdma } from "../edits/environment.js";
import { firmwareAcs } from "../edits/firmware-acs.js";
import { move } from "../edits/move.js";
import { remove } from "../edits/remove.js";
import { resizeBar } from "../edits/resize-bar.js";
import { setAcs } from "../edits/set-acs.js";
import { parseRelease } from "../policy/release.js";
import { parseCpu } from "../topology/cpu.js";
import type { IommuMode, MachineDescription } from "../topology/description.js";
import { ACS_BITS, ACS_REDIRECT } from "../topology/register.js";
import { UsageError } from "./exit.js";
import { readSize } from "./parse.js";

/** One edit of the command line. */
export interface StatedEdit {
  /** For people: what is then. */
  readonly text: string;
  /** By the machine, since `all` means those that it has. */
  readonly edit: (machine: MachineDescription) => MachineDescription;
  readonly renamed?: (machine: MachineDescription) => ReadonlyMap<string, string>;
  /** BARs that get another size. */
  readonly bar?: { readonly ref: string; readonly index: number; readonly size: bigint };
  /** What a boot begins with; all of one command line are one boot. */
  readonly boot?: { readonly parameters?: string; readonly kernel?: string };
  /** A fact that the source does not show, and edits begin with. */
  readonly isFact?: true;
}

/** What an option of the command line makes of its value. */
type Reader = (value: string) => readonly StatedEdit[];

const OPTIONS: readonly (readonly [flags: string, meaning: string, read: Reader])[] = [
  [
    "--acs <change>",
    "off=BDF clears the redirect bits, BDF=RR-,CR-,SV+ single ones; off=all of every function; several after commas",
    readAcs,
  ],
  ["--move <bdf=port>", "a device, with all below it, to another root port or switch downstream port", readMove],
  [
    "--remove <bdf>",
    "take a device out, with all below it",
    (ref) => [{ text: `${ref} taken out`, edit: remove(ref) }],
  ],
  ["--bar <bdf:index=size>", "another size of a BAR: 41:00.0:1=32G", readBar],
  [
    "--boot <parameters>",
    "a reboot with these kernel parameters behind its own: 'pci=disable_acs_redir=40:01.1;60:01.1'",
    (parameters) => [{ text: `booted with ${parameters}`, edit: bootWith(parameters), boot: { parameters } }],
  ],
  ["--to-kernel <version>", "a reboot with another kernel", readKernel],
  ["--to-iommu <mode>", "a reboot with the IOMMU off, passthrough or translating", readIommu],
  ["--to-cpu <vendor:family>", "another CPU, as for --cpu", readCpu],
  ["--to-p2pdma <built>", "a kernel with CONFIG_PCI_P2PDMA: yes or no", readP2pdma],
  ["--firmware-acs <word>", "what the firmware left in ACS control words, where the source does not tell: 0", readWord],
];

/** The options that edit the machine, gathered in the order of the command line as `edits`. */
export function editOptions(): Option[] {
  return OPTIONS.map(([flags, meaning, read]) => {
    const option = new Option(flags, meaning);
    option.attributeName = () => "edits";
    return option.argParser((value: string, before: readonly StatedEdit[] = []) => [
      ...before,
      ...stated(option.long!, value, read),
    ]);
  });
}

/** A value that edits of a library would refuse with an error of their own is refused here, by the option's name. */
function stated(option: string, value: string, read: Reader): readonly StatedEdit[] {
  try {
    return read(value);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${option}: ${error.message}`);
    throw error;
  }
}

/** In which order they are made: facts first, and all reboots as one, where the first stands. */
export function ordered(edits: readonly StatedEdit[]): readonly StatedEdit[] {
  return oneBoot([...edits.filter(({ isFact }) => isFact), ...edits.filter(({ isFact }) => !isFact)]);
}

function oneBoot(edits: readonly StatedEdit[]): readonly StatedEdit[] {
  const boots = edits.flatMap(({ boot }) => boot ?? []);
  if (boots.length < 2) return edits;
  const parameters = boots.flatMap((boot) => boot.parameters ?? []).join(" ");
  const kernel = boots.flatMap((boot) => boot.kernel ?? []).at(-1);
  const whole = bootWith(parameters, kernel === undefined ? {} : { kernel });
  const first = edits.findIndex(({ boot }) => boot !== undefined);
  const text = edits.flatMap((each) => (each.boot === undefined ? [] : [each.text])).join(", ");
  return edits.flatMap((each, index) =>
    index === first ? [{ text, edit: whole, boot: { parameters } }] : each.boot === undefined ? [each] : [],
  );
}

function readAcs(value: string): readonly StatedEdit[] {
  const [, left, right] = /^([^=]*)=(.*)$/.exec(value) ?? [];
  if (left === undefined || right === undefined || left === "" || right === "") {
    throw new UsageError(`--acs: expected off=BDF or BDF=RR-,CR-, got "${value}"`);
  }
  if (left.toLowerCase() !== "off") {
    const change = readBits(right);
    return [{ text: `ACS of ${left} ${right}`, edit: setAcs(left, change) }];
  }
  if (right.toLowerCase() === "all") return [{ text: "no function redirects", edit: allOff }];
  return right.split(",").map((ref) => ({
    text: `${ref} does not redirect (RR- CR- EC-)`,
    edit: setAcs(ref, { clear: ACS_REDIRECT }),
  }));
}

/** Those that are known not to redirect stay as they are. */
function allOff(machine: MachineDescription): MachineDescription {
  const clear = (word: number): number => word & ~ACS_REDIRECT;
  return {
    ...machine,
    systems: machine.systems.map((system) => ({
      ...system,
      functions: system.functions.map((each) => {
        if (!each.acs) return each;
        const { control } = each.acs;
        const cleared =
          typeof control === "number"
            ? clear(control)
            : { value: clear(control.value), mask: control.mask | ACS_REDIRECT };
        return { ...each, acs: { ...each.acs, control: cleared } };
      }),
    })),
  };
}

function readBits(text: string): { set: number; clear: number } {
  const change = { set: 0, clear: 0 };
  for (const part of text.split(",")) {
    const [, name, sign] = /^([a-z]{2})([+-])$/i.exec(part.trim()) ?? [];
    const index = ACS_BITS.findIndex((bit) => bit === name?.toUpperCase());
    if (index === -1) {
      throw new UsageError(`--acs: expected bits of ${ACS_BITS.join(" ")} with + or - behind, got "${part}"`);
    }
    change[sign === "+" ? "set" : "clear"] |= 1 << index;
  }
  return change;
}

function readMove(value: string): readonly StatedEdit[] {
  const [, ref, port] = /^([^=]+)=([^=]+)$/.exec(value) ?? [];
  if (ref === undefined || port === undefined) {
    throw new UsageError(`--move: expected BDF=PORT, such as 61:00.0=40:03.1, got "${value}"`);
  }
  const edit = move(ref, port);
  return [{ text: `${ref} below ${port}`, edit, renamed: edit.renamed }];
}

function readBar(value: string): readonly StatedEdit[] {
  const [, ref, index, size] = /^(.+):(\d+)=(.+)$/.exec(value) ?? [];
  if (ref === undefined || index === undefined || size === undefined) {
    throw new UsageError(`--bar: expected BDF:INDEX=SIZE, such as 41:00.0:1=32G, got "${value}"`);
  }
  const bar = { ref, index: Number(index), size: readSize(size, "--bar") };
  return [{ text: `BAR ${index} of ${ref} has ${size}`, edit: resizeBar(ref, bar.index, bar.size), bar }];
}

function readKernel(kernel: string): readonly StatedEdit[] {
  if (parseRelease(kernel) === null) {
    throw new UsageError(`--to-kernel: expected a release of Linux such as 6.1 or 6.12.117, got "${kernel}"`);
  }
  return [{ text: `booted with Linux ${kernel}`, edit: bootWith("", { kernel }), boot: { kernel } }];
}

function readIommu(mode: string): readonly StatedEdit[] {
  return [{ text: `IOMMU ${mode}`, edit: withIommu(mode as IommuMode) }];
}

function readCpu(text: string): readonly StatedEdit[] {
  const cpu = parseCpu(text);
  if (cpu === null) throw new UsageError(`--to-cpu: expected VENDOR:FAMILY, such as AuthenticAMD:25, got "${text}"`);
  return [{ text: `CPU ${text}`, edit: withCpu(cpu) }];
}

function readP2pdma(text: string): readonly StatedEdit[] {
  if (text !== "yes" && text !== "no") throw new UsageError(`--to-p2pdma: expected yes or no, got "${text}"`);
  return [{ text: `CONFIG_PCI_P2PDMA is ${text === "yes" ? "" : "not "}set`, edit: withP2pdma(text === "yes") }];
}

function readWord(text: string): readonly StatedEdit[] {
  const word = /^(?:0x[0-9a-f]{1,4}|[0-9]{1,5})$/i.test(text) ? Number(text) : Number.NaN;
  return [{ text: `firmware left ACS control at ${text}`, edit: firmwareAcs(word), isFact: true }];
}
