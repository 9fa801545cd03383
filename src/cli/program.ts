import { type Argument, Command as Program, CommanderError } from "commander";
import { version } from "../../package.json";
import { version as namesVersion } from "../names/edition.json";
import { NEWEST_KERNEL } from "../policy/linux.js";
import { ReadError } from "../readers/reading.js";
import { TopologyError } from "../topology/errors.js";
import type { Command, Comparison, Form, Maker, Reference } from "./command.js";
import { best } from "./commands/best.js";
import { can } from "./commands/can.js";
import { common } from "./commands/common.js";
import { diff } from "./commands/diff.js";
import { doctor } from "./commands/doctor.js";
import { explain } from "./commands/explain.js";
import { exportMachine } from "./commands/export.js";
import { fix } from "./commands/fix.js";
import { lint } from "./commands/lint.js";
import { list } from "./commands/list.js";
import { map } from "./commands/map.js";
import { matrix } from "./commands/matrix.js";
import { owner } from "./commands/owner.js";
import { snapshot } from "./commands/snapshot.js";
import { synth } from "./commands/synth.js";
import { tree } from "./commands/tree.js";
import { whatif } from "./commands/whatif.js";
import { EXIT, UsageError } from "./exit.js";
import { openMachine } from "./machine.js";
import { outputOption, runMaker, type OutputOption } from "./maker.js";
import { isAboutPrinting, refuseQuestions } from "./no-machine.js";
import { sharedOptions, type SharedOptions } from "./options.js";
import { checkForm, print, printFindings, printNotes } from "./output.js";
import { harmless } from "./unseen.js";

/**
 * Does what the words after `peerlane` ask for: the answer on standard output, everything else on standard error, and
 * the exit code in `process.exitCode`.
 */
export async function run(words: readonly string[]): Promise<void> {
  await program().parseAsync(words, { from: "user" }).catch(report);
}

function program(): Program {
  const main = new Program("peerlane")
    .description(
      "May these two PCI Express functions do peer-to-peer DMA? Whose address is this?\n" +
        `The answers are Linux's own (4.20 to ${NEWEST_KERNEL}), with the culprit named.`,
    )
    .version(`${version} (pci.ids ${namesVersion})`, "--version")
    .usage("<command> [arguments] [-i SOURCE]... [options]")
    .configureHelp({
      showGlobalOptions: true,
      subcommandTerm: (sub) => [sub.name(), ...sub.registeredArguments.map(argumentTerm)].join(" "),
    })
    .addHelpText("after", `\n${REFERENCES}`)
    .addHelpText("after", "\nExit codes: 0 yes; 1 no; 2 asked wrongly, or the input cannot be read; 3 unknown.")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, "peerlane: ")) })
    .showHelpAfterError("(--help shows what it takes)")
    .exitOverride();
  for (const option of sharedOptions()) main.addOption(option);
  add(main, list);
  add(main, tree);
  add(main, common);
  add(main, owner);
  add(main, can);
  add(main, map);
  add(main, matrix);
  add(main, best);
  add(main, whatif);
  add(main, fix);
  add(main, doctor);
  add(main, exportMachine);
  addComparison(main, diff);
  addReference(main, lint);
  addReference(main, explain);
  addMaker(main, snapshot);
  addMaker(main, synth);
  return main;
}

const REFERENCES =
  "A function is named as 0000:41:00.0 or 41:00.0, with SYSTEM/ in front where the source\n" +
  "has several, by a name such as nvme0, or, where several have one name, by '#ID' with\n" +
  "the id that `list --json` shows (in quotes: a shell takes # for a comment).";

function argumentTerm(argument: Argument): string {
  return argument.required ? `<${argument.name()}>` : `[${argument.name()}]`;
}

function add<Own>(main: Program, command: Command<Own>): void {
  const sub = addForm(main, command);
  sub.action(async () => ask(command, sub.args, sub.optsWithGlobals()));
}

function addMaker<Own>(main: Program, maker: Maker<Own>): void {
  const sub = withoutMachine(main, addForm(main, maker).addOption(outputOption(maker)), maker.readsInput);
  sub.action(async () => runMaker(maker, sub.args, sub.optsWithGlobals<SharedOptions & OutputOption & Own>()));
}

function addComparison<Own>(main: Program, comparison: Comparison<Own>): void {
  const sub = addForm(main, comparison);
  const visibleGlobalOptions = () => main.options.filter(({ long }) => long !== "--input");
  sub.configureHelp({ ...sub.configureHelp(), visibleGlobalOptions });
  sub.action(async () => {
    const options = sub.optsWithGlobals<SharedOptions & Own>();
    if (options.input.length > 0) {
      throw new UsageError(`${comparison.name} takes its sources as arguments: leave -i out`);
    }
    const answer = await comparison.compare(sub.args, options);
    checkForm(comparison, answer, options);
    process.exitCode = answer.exit;
    for (const [name, machine] of Object.entries(answer.machines)) printFindings(machine, options, `${name}: `);
    printNotes(answer, options);
    await print(answer, options);
  });
}

function addReference(main: Program, reference: Reference): void {
  const sub = withoutMachine(main, addForm(main, reference));
  sub.action(async () => {
    const options = sub.optsWithGlobals<SharedOptions>();
    refuseQuestions(reference.name, options);
    const answer = reference.answer(sub.args);
    process.exitCode = answer.exit;
    await print(answer, options);
  });
}

function withoutMachine(main: Program, sub: Program, readsInput = false): Program {
  const visibleGlobalOptions = () =>
    main.options.filter((option) => isAboutPrinting(option) || (readsInput && option.long === "--input"));
  return sub.configureHelp({ ...sub.configureHelp(), visibleGlobalOptions });
}

function addForm(main: Program, command: Form): Program {
  const sub = main.command(command.name).summary(command.summary).description(command.summary);
  for (const [name, meaning] of command.arguments) sub.argument(name, meaning);
  for (const option of command.options?.() ?? []) sub.addOption(option);
  sub.addHelpText("after", `\n${command.detail}`);
  return sub;
}

async function ask<Own>(command: Command<Own>, words: readonly string[], options: SharedOptions & Own): Promise<void> {
  const machine = await openMachine(options, command.looksAtAllSystems, command.asDescribed?.(options));
  const answer = await command.ask(machine, words, options);
  checkForm(command, answer, options);
  process.exitCode = answer.exit;
  printFindings(machine, options);
  printNotes(answer, options);
  await print(answer, options);
}

/** What was asked wrongly or cannot be read is said in a sentence; anything else is a fault of this program. */
export function report(error: unknown): void {
  process.exitCode = EXIT.usage;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) process.exitCode = EXIT.yes;
    return;
  }
  const known = error instanceof UsageError || error instanceof ReadError || error instanceof TopologyError;
  const text = known ? error.message : `internal error: ${error instanceof Error ? error.stack : String(error)}`;
  process.stderr.write(`peerlane: ${harmless(text)}\n`);
}
