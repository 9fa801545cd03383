import { acsBoots, possibleBoots, rebootedAcs, reboots, type Reboot } from "../boot/acs-boot.js";
import { wordOf } from "../boot/bits.js";
import { parseCommandLine } from "../boot/command-line.js";
import { iommuAfter, iommuRequest, iommuShown } from "../boot/iommu-mode.js";
import { expectRelease } from "../policy/release.js";
import type { FunctionDescription, MachineDescription, SystemDescription } from "../topology/description.js";
import { WHOLE_WORD } from "../topology/register.js";
import type { Edit } from "./edit.js";

/** How a machine boots. */
export interface BootOptions {
  /** Release of the kernel that boots, such as `"6.12"`; missing: its own. */
  readonly kernel?: string;
  /** Name of the system that boots; missing: every one. */
  readonly system?: string;
  /** True: `parameters` replace its own; else they are added at the end. */
  readonly replace?: boolean;
}

/**
 * The machine after a reboot with these kernel parameters: ACS control words, IOMMU mode, command line and kernel
 * release (docs/semantics.md, Kernel parameters). All else stays as it is. Bits that depend on what the firmware leaves
 * are not known thereafter, unless the words before or `acs.firmware` tell. A command line that the machine does not
 * show is taken to hold no parameter of the kind.
 *
 * @param parameters as they would stand on the command line: `pci=disable_acs_redir=0000:02:00.0;0000:02:01.0`.
 * @throws RangeError for a kernel that is no release, and, once it is made, where there is no system of that name.
 */
export function bootWith(parameters: string, options: BootOptions = {}): Edit {
  const { kernel, system: name } = options;
  if (typeof parameters !== "string") throw new TypeError(`expected kernel parameters, got ${String(parameters)}`);
  if (kernel !== undefined) expectRelease(kernel);
  return (machine: MachineDescription) => {
    if (name !== undefined && !machine.systems.some((system) => system.name === name)) {
      const names = machine.systems.map((system) => system.name ?? "(without a name)").join(", ");
      throw new RangeError(`no system "${name}": expected one of ${names}`);
    }
    const boots = (system: SystemDescription) => name === undefined || system.name === name;
    return {
      ...machine,
      systems: machine.systems.map((system) => (boots(system) ? rebooted(system, parameters, options) : system)),
    };
  };
}

function rebooted(system: SystemDescription, added: string, { kernel, replace }: BootOptions): SystemDescription {
  const own = system.kernel?.commandLine;
  const commandLine = replace === true || own === undefined ? added : `${own.trimEnd()} ${added}`.trim();
  const release = kernel ?? system.kernel?.release;
  const [before, after] = [parseCommandLine(own ?? ""), parseCommandLine(commandLine)];
  const shown = iommuShown(system);
  const [asked, asking] = [iommuRequest(before, system.cpu), iommuRequest(after, system.cpu)];
  const next = iommuAfter(shown, asked, asking);
  const past = possibleBoots(acsBoots(system, before, system.kernel?.release, shown), system.functions);
  const ways = reboots(past, acsBoots(system, after, release, next), {
    iommu: next.on === shown.on && (next.on !== undefined || asked.on === asking.on),
    kernel: release === system.kernel?.release,
  });
  const { iommu: _, ...rest } = system;
  return {
    ...rest,
    kernel: { ...system.kernel, ...(release === undefined ? {} : { release }), commandLine },
    ...(next.mode === undefined ? {} : { iommu: next.mode }),
    functions: system.functions.map((each) => withControl(each, ways)),
  };
}

function withControl(description: FunctionDescription, ways: readonly Reboot[]): FunctionDescription {
  const { acs } = description;
  if (!acs) return description;
  const { control, firmware } = rebootedAcs(ways, description, acs);
  // So that a further boot begins with it, too.
  const left = firmware.mask === WHOLE_WORD ? { firmware: firmware.value } : {};
  return { ...description, acs: { ...acs, control: wordOf(control), ...left } };
}
