import { Option } from "commander";
import { matchNames } from "../../changes/by-name.js";
import { diffSystems } from "../../changes/diff.js";
import { EditError } from "../../edits/error.js";
import { PeerDma } from "../../explain/peer-dma.js";
import type { MachineDescription } from "../../topology/description.js";
import { FreeSpace } from "../../topology/free-space.js";
import { Topology } from "../../topology/topology.js";
import { changedVerdicts, whatIfDocument, whatIfLines, whatIfWord, type EditedMachine } from "../../writers/what-if.js";
import { roomText } from "../../writers/room.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { editOptions, ordered, type StatedEdit } from "../edits.js";
import { EXIT, UsageError } from "../exit.js";
import { nameDevices } from "../labels.js";
import type { Machine } from "../machine.js";
import type { SharedOptions } from "../options.js";
import { policyChoice } from "../policy.js";
import { comparable, GROUP_NAMES, select } from "../select.js";

interface Own extends DirectionOption {
  readonly of?: string;
  readonly edits?: readonly StatedEdit[];
}

const DETAIL = `The edits are made one after the other, all reboots as one; nothing is written to the machine. With -q the number of
ordered pairs with another verdict. Exit code 0: no verdict changes; 1: some do; 3: some would no longer be known.

  peerlane whatif --acs off=40:01.1,60:01.1 -i lspci.txt
  peerlane whatif --boot 'pci=disable_acs_redir=40:01.1;60:01.1' -i before.tar.gz
  peerlane whatif --move 61:00.0=40:03.1 --bar 41:00.0:1=32G --to-kernel 6.15`;

export const whatif: Command<Own> = {
  name: "whatif",
  arguments: [],
  summary: "which verdicts would change: other ACS bits, slots, BAR sizes, kernels, parameters, CPUs",
  detail: DETAIL,
  options: () => [
    ...editOptions(),
    new Option("--of <list>", `between which functions, by their names now: ${GROUP_NAMES}, functions`),
    directionOption(),
  ],
  async ask(machine, _words, options) {
    const edits = ordered(options.edits ?? []);
    if (edits.length === 0)
      throw new UsageError("nothing is to change: say what, with --acs, --boot, --move, --bar, …");
    const edited = await askWith(machine, edits, options);
    const word = whatIfWord(edited);
    return {
      exit: word === "unchanged" ? EXIT.yes : word === "changed" ? EXIT.no : EXIT.unknown,
      document: () => whatIfDocument(edited),
      text: (style) => whatIfLines(edited, style),
      word: () => String(changedVerdicts(edited)),
    };
  },
};

async function askWith(
  { topology, peerDma }: Machine,
  edits: readonly StatedEdit[],
  options: SharedOptions & Own,
): Promise<EditedMachine> {
  const described = ruledBy(topology.describeMachine(), options.kernel);
  const { machine, renamed, remarks } = carryOut(described, edits);
  const after = Topology.of(machine);
  await nameDevices(after);
  const wanted = options.of === undefined ? null : select(topology, options.of);
  const kernel = edits.flatMap(({ boot }) => boot?.kernel ?? []).at(-1) ?? options.kernel;
  const { kernel: _, ...rules } = options;
  const choosePolicy = policyChoice(kernel === undefined ? rules : { ...rules, kernel });
  const systems = topology.systems.map(({ name }, ordinal) => {
    const of = wanted?.filter((id) => topology.systemOf(id) === ordinal) ?? comparable(topology, ordinal);
    const sides = [
      peerDma(topology.functions(name ?? ordinal)),
      new PeerDma(after, choosePolicy(after.systems)),
    ] as const;
    const functions = matchNames([topology, ordinal], [after, ordinal], renamed);
    const diff = diffSystems([sides[0], ordinal], [sides[1], ordinal], {
      of,
      direction: options.direction,
      functions,
    });
    return { name: name ?? null, before: sides[0], after: sides[1], diff, isEdit: true } as const;
  });
  return { edits: edits.map(({ text }) => text), remarks, systems };
}

/** What `--kernel` says is the machine's own kernel, too: a boot goes by it. */
function ruledBy(machine: MachineDescription, release: string | undefined): MachineDescription {
  if (release === undefined) return machine;
  return { ...machine, systems: machine.systems.map((each) => ({ ...each, kernel: { ...each.kernel, release } })) };
}

function carryOut(described: MachineDescription, edits: readonly StatedEdit[]) {
  let machine = described;
  const renamed = new Map<string, string>();
  const remarks: string[] = [];
  for (const each of edits) {
    try {
      for (const [was, is] of each.renamed?.(machine) ?? []) {
        const first = [...renamed].find(([, name]) => name === was)?.[0];
        renamed.set(first ?? was, is);
      }
      const changed = each.edit(machine);
      if (each.bar !== undefined) remarks.push(roomOf(machine, each.bar));
      machine = changed;
    } catch (error) {
      if (error instanceof EditError) throw new UsageError(`${error.message} (${error.code})`);
      throw error;
    }
  }
  return { machine, renamed, remarks };
}

function roomOf(machine: MachineDescription, { ref, index, size }: NonNullable<StatedEdit["bar"]>): string {
  const topology = Topology.of(machine);
  const text = roomText(topology, ref, index, new FreeSpace(topology).resized(ref, index, size));
  topology.close();
  return text;
}
