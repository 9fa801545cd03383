/*
 * A kernel parameter with a `;` on its way to the kernel passes up to three readers, each of which would end a command
 * at a bare one:
 *
 *     /etc/default/grub       sh           "… \"pci=a;b\""   gives   "pci=a;b"
 *     grub.cfg, loader entry  GRUB         "pci=a;b"         gives   pci=a;b
 *     /proc/cmdline           the kernel   pci=a;b, and takes quotes around the whole of it off as well
 *
 * So the double quotes around the whole parameter do everywhere, and the same text serves loader entries that GRUB or
 * systemd-boot may read.
 */

/** Boot loaders by whose tools the kernel's command line is changed. */
export const LOADERS = ["grub", "grubby", "systemd-boot"] as const;

/** One of {@link LOADERS}. */
export type Loader = (typeof LOADERS)[number];

/** What to write where, and what to run then. Nothing of it is done by peerlane. */
export interface LoaderSteps {
  readonly loader: Loader;
  /** The file to write; null: a command does it. */
  readonly file: string | null;
  /** The file's line, or the commands. */
  readonly lines: readonly string[];
  /** What is to be done by hand, before or after, a sentence each. */
  readonly remarks: readonly string[];
}

/**
 * How each boot loader is made to pass a parameter to the kernel.
 *
 * @param parameter as the kernel is to read it; without double quotes, `$`, `\` and backticks.
 * @param replaced parameters that are on the command line now and have to go.
 */
export function loaderSteps(parameter: string, replaced: readonly string[]): Record<Loader, LoaderSteps> {
  const quoted = `"${parameter}"`;
  const goes = replaced.map((text) => `take ${text} off the kernel's command line, wherever it is set`);
  return {
    grub: {
      loader: "grub",
      file: "/etc/default/grub.d/peerlane-acs.cfg",
      lines: [`GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ${quoted.replaceAll('"', '\\"')}"`],
      remarks: [
        ...goes,
        "run update-grub; without /etc/default/grub.d the line goes to the end of /etc/default/grub, and " +
          "grub2-mkconfig -o /boot/grub2/grub.cfg is run",
      ],
    },
    grubby: {
      loader: "grubby",
      file: null,
      lines: [
        ...replaced.map((text) => `grubby --update-kernel=ALL --remove-args=${shellQuoted(`"${text}"`)}`),
        `grubby --update-kernel=ALL --args=${shellQuoted(quoted)}`,
      ],
      remarks: replaced.length === 0 ? [] : ["see in grubby --info=ALL whether the old parameter was quoted as well"],
    },
    "systemd-boot": {
      loader: "systemd-boot",
      file: "/etc/kernel/cmdline",
      lines: [quoted],
      remarks: [
        ...goes,
        "append it to the one line of that file and run kernel-install add-all, or append it to `options` of the loader entry",
      ],
    },
  };
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
