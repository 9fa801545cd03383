import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { loaderSteps } from "../../src/fix/loaders.js";

const PARAMETERS = [
  "pci=disable_acs_redir=0000:02:00.0",
  "pci=disable_acs_redir=0000:02:00.0;0000:02:01.0",
  "pci=config_acs=x0100x1@0000:02:00.0;x0100x1@0000:02:01.0;xx110x1@pci:15b3:197c",
];

/** What a shell makes of a variable of a file that it reads, or of the last word of a command. */
function shell(script: string): string {
  const { status, stdout, stderr } = spawnSync("sh", ["-euc", script], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return stdout;
}

/** Words of the first command of a line as GRUB's script language has them: `;` ends it, quotes protect, and go. */
function grubWords(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (const character of line) {
    if (quote !== "") {
      if (character === quote) quote = "";
      else word = (word ?? "") + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= "";
    } else if (character === ";" || character === "\n") break;
    else if (character === " ") {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + character;
  }
  return word === null ? words : [...words, word];
}

/** Parameters as the kernel splits its command line: at spaces outside quotes; quotes around a whole one go. */
function kernelParameters(commandLine: string): string[] {
  const found: string[] = [];
  for (const [text] of commandLine.matchAll(/(?:"[^"]*"|[^\s"])+/g)) {
    found.push(text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text);
  }
  return found;
}

describe.each(PARAMETERS)("%s arrives at the kernel", (parameter) => {
  const steps = loaderSteps(parameter, []);

  test("by way of /etc/default/grub.d, grub.cfg and GRUB", () => {
    const script = `GRUB_CMDLINE_LINUX="quiet"\n${steps.grub.lines.join("\n")}\nprintf %s "$GRUB_CMDLINE_LINUX"`;
    const inGrubConfiguration = `linux /vmlinuz root=/dev/sda1 ro ${shell(script)}`;
    const words = grubWords(inGrubConfiguration);
    expect(kernelParameters(words.slice(2).join(" "))).toEqual(["root=/dev/sda1", "ro", "quiet", parameter]);
  });

  test("by way of grubby and a loader entry that GRUB reads", () => {
    const [command] = steps.grubby.lines;
    const options = shell(`grubby() { printf %s "\${2#--args=}"; }\n${command}`);
    expect(grubWords(`linux /vmlinuz root=/dev/sda1 ${options}`).slice(2)).toEqual(["root=/dev/sda1", parameter]);
  });

  test("by way of systemd-boot, which passes options as they are", () => {
    expect(kernelParameters(`root=/dev/sda1 ${steps["systemd-boot"].lines.join(" ")}`)).toEqual([
      "root=/dev/sda1",
      parameter,
    ]);
  });

  test("and without its quotes GRUB would cut it", () => {
    const arrives = grubWords(`linux /vmlinuz ${parameter}`).at(-1);
    expect(arrives === parameter).toBe(!parameter.includes(";"));
  });
});

test("what has to go is said for every loader", () => {
  const old = "pci=disable_acs_redir=0000:09:00.0;0000:0a:00.0";
  const steps = loaderSteps(PARAMETERS[1]!, [old]);
  for (const { lines, remarks } of Object.values(steps)) expect([...lines, ...remarks].join("\n")).toContain(old);
  const removed = shell(`grubby() { printf %s "\${2#--remove-args=}"; }\n${steps.grubby.lines[0]}`);
  expect(removed).toBe(`"${old}"`);
});
