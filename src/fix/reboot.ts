import { acsParameters } from "../boot/acs-parameters.js";
import { parametersNamed, parseCommandLine, pciOptions } from "../boot/command-line.js";
import { bootWith } from "../edits/boot-with.js";
import type { MachineDescription, RegisterWord } from "../topology/description.js";
import type { AcsOption, Reboot } from "./parameter.js";

/**
 * Boots of a machine of one system with other ACS parameters than its own.
 *
 * @param kernel release of the kernel that boots; missing: its own.
 */
export function rebootOf(machine: MachineDescription, kernel: string | undefined): Reboot {
  const own = parseCommandLine(machine.systems[0]!.kernel?.commandLine ?? "");
  const { disableRedirect, configure } = acsParameters(pciOptions(own));
  return {
    value: (option) => (option === "disable_acs_redir" ? disableRedirect : configure),
    after: (option, value) => {
      const replaced = parametersNamed(own, "pci").filter((each) => pciOptions([each]).some(isOption(option)));
      const beside = pciOptions(replaced).filter((each) => !isOption(option)(each));
      const parameter = `pci=${[...beside.map(({ text }) => text), `${option}=${value}`].join(",")}`;
      const kept = own.filter((each) => !replaced.includes(each)).map(({ text }) => text);
      const options = { replace: true, ...(kernel === undefined ? {} : { kernel }) };
      const booted = bootWith([...kept, parameter].join(" "), options)(machine);
      const controls = new Map<string, RegisterWord>();
      for (const { bdf, acs } of booted.systems[0]!.functions) if (acs) controls.set(bdf, acs.control);
      return { parameter, replaces: replaced.map(({ text }) => text), controls };
    },
  };
}

function isOption(option: AcsOption): (each: { readonly name: string }) => boolean {
  return ({ name }) => name === option;
}
