/**
 * A kernel command line, split as Linux splits it (lib/cmdline.c, kernel/params.c):
 *
 *     root=/dev/sda1 quiet "dyndbg=file pci.c +p" pci=noaer,disable_acs_redir=0000:02:00.0;0000:02:01.0 -- init's own
 *     └─ name=value  └ name └─ quotes keep spaces └─ one parameter, two options: only , separates       └ not the kernel's
 */
export interface BootParameter {
  readonly name: string;
  /** Null: no `=`. */
  readonly value: string | null;
  /** As it stands on the command line, quotes and all. */
  readonly text: string;
}

/** An option of a `pci=` parameter. */
export interface PciOption {
  readonly name: string;
  /** Null: no `=`. */
  readonly value: string | null;
  /** `name=value`. */
  readonly text: string;
}

/** Splits any text; a quote that is not closed reaches to the end. What follows `--` is for init. */
export function parseCommandLine(text: string): readonly BootParameter[] {
  const parameters: BootParameter[] = [];
  for (const [word] of text.matchAll(WORD)) {
    const parameter = parseWord(word);
    if (parameter.name === "--" && parameter.value === null) break;
    parameters.push(parameter);
  }
  return parameters;
}

/** Everything up to a space outside quotes. What Linux takes for a space is that of Latin-1. */
const SPACE = " \\t\\n\\v\\f\\r\\u00a0";
const WORD = new RegExp(`(?:[^"${SPACE}]|"[^"]*(?:"|$))+`, "g");

function parseWord(text: string): BootParameter {
  const whole = unquoted(text);
  // A name has at least one character, be it that one.
  const equals = whole.indexOf("=", 1);
  if (equals < 0) return { name: whole, value: null, text };
  return { name: whole.slice(0, equals), value: unquoted(whole.slice(equals + 1)), text };
}

/** Without the quote it begins with, and the one at its end. Quotes inside stay. */
function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  return text.endsWith('"') && text.length > 1 ? text.slice(1, -1) : text.slice(1);
}

/** The parameters of one name, in their order. Dashes and underscores in names are alike. */
export function parametersNamed(parameters: readonly BootParameter[], name: string): readonly BootParameter[] {
  return parameters.filter((parameter) => alike(parameter.name) === alike(name));
}

function alike(name: string): string {
  return name.replaceAll("-", "_");
}

/**
 * The options of all `pci=` parameters, in their order. Each ends at the next `,`: what is to be a list has to be
 * separated by `;`, or all but its first entry become options of their own.
 */
export function pciOptions(parameters: readonly BootParameter[]): readonly PciOption[] {
  return parametersNamed(parameters, "pci").flatMap(({ value }) =>
    (value ?? "").split(",").flatMap((text) => {
      if (text === "") return [];
      const equals = text.indexOf("=");
      return [
        equals < 0
          ? { name: text, value: null, text }
          : { name: text.slice(0, equals), value: text.slice(equals + 1), text },
      ];
    }),
  );
}
