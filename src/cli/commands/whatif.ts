import { Option } from "commander";
import { bootProblems } from "../../boot/problems.js";
import { diffSystems } from "../../changes/diff.js";
import { sameFunctions } from "../../changes/same-names.js";
import type { Edit } from "../../edits/edit.js";
import { withEnvironment } from "../../edits/environment.js";
import { EditError } from "../../edits/errors.js";
import { moved, remove, type Moved } from "../../edits/move.js";
import { rebooted } from "../../edits/rebooted.js";
import { barRoom, resizeBar } from "../../edits/resize-bar.js";
import { clearRedirects, setAcs, type AcsBit } from "../../edits/set-acs.js";
import { PeerDma } from "../../explain/peer-dma.js";
import { parseRelease } from "../../policy/release.js";
import type { IommuMode, MachineDescription } from "../../topology/description.js";
import { ACS_BITS } from "../../topology/register.js";
import type { Topology } from "../../topology/topology.js";
import type { ComparedSystem } from "../../writers/diff.js";
import {
  roomText,
  whatIfCount,
  whatIfDocument,
  whatIfLines,
  whatIfWord,
  type AppliedEdit,
  type WhatIf,
} from "../../writers/what-if.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError } from "../exit.js";
import { findFunction } from "../functions.js";
import { nameDevices } from "../labels.js";
import type { Machine } from "../machine.js";
import type { SharedOptions } from "../options.js";
import { readCpu, readSize } from "../parse.js";
import { policyChoice } from "../policy.js";
import { restated } from "../restate.js";
import { comparable, GROUP_NAMES, isGroup, select, selectSome } from "../select.js";

/** A change as it was typed. */
interface Typed {
  readonly option: "--acs" | "--move" | "--remove" | "--bar";
  readonly value: string;
  /** Its place among all of them. */
  readonly place: number;
}

interface Own extends DirectionOption {
  readonly acs: readonly Typed[];
  readonly move: readonly Typed[];
  readonly remove: readonly Typed[];
  readonly bar: readonly Typed[];
  readonly boot?: string;
  readonly toKernel?: string;
  readonly toCpu?: string;
  readonly toIommu?: IommuMode;
  readonly firmwareAcs?: string;
  readonly of?: string;
}

type Options = SharedOptions & Own;

const DETAIL = `Nothing is changed on any machine. A reboot (--boot, --to-kernel) comes first, then the other changes as they are typed;
functions are named as they are called now. With -q the number of ordered pairs that would get another verdict.
Exit codes: 0 no verdict would change; 1 some would; 3 none is known to, but of some pairs that cannot be told.

  peerlane whatif --acs off=40:01.1,60:01.1 -i lspci.txt
  peerlane whatif --acs 40:01.1=RR-,CR- --of gpu,nic -i lspci.txt
  peerlane whatif --move 61:00.0=40:03.1 --bar 41:00.0:1=32G
  peerlane whatif --boot 'pci=disable_acs_redir=0000:40:01.1' --to-kernel 6.15`;

export const whatif: Command<Own> = {
  name: "whatif",
  arguments: [],
  summary: "what would change if ACS, a slot, a BAR, the kernel, CPU or IOMMU were another",
  detail: DETAIL,
  options,
  async ask(machine, _words, options) {
    const asked = await answer(machine, options);
    const word = whatIfWord(asked);
    return {
      exit: word === "same" ? EXIT.yes : word === "different" ? EXIT.no : EXIT.unknown,
      document: () => whatIfDocument(asked),
      text: (style) => whatIfLines(asked, style),
      word: () => String(whatIfCount(asked)),
    };
  },
};

function options(): Option[] {
  let place = 0;
  const typed = (option: Typed["option"], shape: string, meaning: string) =>
    new Option(`${option} ${shape}`, `${meaning}; repeatable`)
      .argParser((value: string, before: readonly Typed[]) => [...before, { option, value, place: place++ }])
      .default([], "none");
  return [
    typed(
      "--acs",
      "<change>",
      "off=BRIDGE,... clears redirect bits (also of a group); BRIDGE=RR-,CR-,SV+ sets and clears bits",
    ),
    typed(
      "--move",
      "<device=port>",
      "plugs a device, or a switch by its upstream port, in below another port or host bridge",
    ),
    typed("--remove", "<device>", "takes a device out, and all that hangs below it"),
    typed("--bar", "<function:index=size>", "gives a BAR another size, such as 41:00.0:1=32G"),
    new Option("--boot <parameters>", "reboots with these kernel parameters added, such as 'pci=config_acs=...'"),
    new Option("--to-kernel <version>", "reboots with this kernel, such as 6.15"),
    new Option("--to-cpu <vendor:family>", "another CPU, such as AuthenticAMD:25"),
    new Option("--to-iommu <mode>", "reboots with the IOMMU in this mode; ACS follows it").choices([
      "off",
      "passthrough",
      "translating",
    ]),
    new Option(
      "--firmware-acs <word>",
      "what the firmware leaves in ACS control words, such as 0, where nothing shows it",
    ),
    new Option("--of <list>", `between which functions: ${GROUP_NAMES}, functions`),
    directionOption(),
  ];
}

/** A change of the machine as it is at its turn. */
interface Step {
  readonly edit: string;
  /** @param nameNow what a function is called at that turn, by what it is called before all. */
  apply(machine: MachineDescription, nameNow: (name: string) => string): Moved & { readonly effect?: string };
}

async function answer(machine: Machine, options: Options): Promise<WhatIf> {
  const { topology } = machine;
  const steps = stepsOf(topology, options);
  if (steps.length === 0) {
    throw new UsageError(
      "nothing to change: say what with --acs, --move, --remove, --bar, --boot, --to-kernel, --to-cpu or --to-iommu",
    );
  }
  const wanted = options.of === undefined ? null : selectSome(topology, options.of);
  const edits: AppliedEdit[] = [];
  let renamed: ReadonlyMap<string, string> = new Map();
  const after = restated(topology, "whatif", (start) =>
    steps.reduce((description, { edit, apply }) => {
      const done = blamed(edit, () => apply(description, (name) => renamed.get(name) ?? name));
      renamed = chained(renamed, done.renamed);
      edits.push({ edit, effect: done.effect ?? null });
      return done.machine;
    }, start),
  );
  await nameDevices(after);
  const kernel = options.toKernel ?? options.kernel;
  const choose = policyChoice({ ...options, ...(kernel === undefined ? {} : { kernel }) });
  const systems = topology.systems.map(({ name }, system): ComparedSystem => {
    const of = wanted?.filter((id) => topology.systemOf(id) === system) ?? comparable(topology, system);
    const before = machine.peerDma(topology.functions(system));
    const then = new PeerDma(after, choose([after.systems[system]!]));
    const functions = sameFunctions([topology, system], [after, system], renamed);
    const diff = diffSystems([before, system], [then, system], { of, direction: options.direction, functions });
    return { name: name ?? null, before, after: then, diff };
  });
  return { edits, systems, isChosen: wanted !== null };
}

/** Names after both, by names before them. */
function chained(first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>): Map<string, string> {
  const both = new Map([...first].map(([before, between]) => [before, second.get(between) ?? between]));
  const reached = new Set(first.values());
  for (const [between, after] of second) if (!reached.has(between)) both.set(between, after);
  return both;
}

/** What a change finds fault with was asked wrongly. */
function blamed<Result>(edit: string, make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (error instanceof EditError) throw new UsageError(`${edit}: ${error.message}`);
    throw error;
  }
}

function stepsOf(topology: Topology, options: Options): Step[] {
  const { boot, toKernel, toCpu, toIommu, firmwareAcs } = options;
  const steps: Step[] = [];
  const plain = (edit: string, change: Edit) =>
    steps.push({ edit, apply: (machine) => ({ machine: change(machine), renamed: new Map() }) });
  const firmware = firmwareAcs === undefined ? undefined : readWord(firmwareAcs);
  if (toCpu !== undefined) plain(`--to-cpu ${toCpu}`, withEnvironment({ cpu: readCpu(toCpu, "--to-cpu") }));
  if (firmware !== undefined) plain(`--firmware-acs ${firmwareAcs}`, withEnvironment({ firmwareAcs: firmware }));
  if (toKernel !== undefined && parseRelease(toKernel) === null) {
    throw new UsageError(`--to-kernel: expected a release of Linux such as 6.1 or 6.12.117, got "${toKernel}"`);
  }
  const reboot = [
    ...(boot === undefined ? [] : [`--boot '${boot}'`]),
    ...(toKernel === undefined ? [] : [`--to-kernel ${toKernel}`]),
    ...(toIommu === undefined ? [] : [`--to-iommu ${toIommu}`]),
  ];
  if (reboot.length > 0) {
    const change = rebooted(boot ?? "", { kernel: toKernel ?? options.kernel, iommu: toIommu });
    steps.push({
      edit: reboot.join(" "),
      apply: (machine) => {
        const after = change(machine);
        const effect = newProblems(machine, after);
        return { machine: after, renamed: new Map(), ...(effect === "" ? {} : { effect }) };
      },
    });
  }
  const typed = [...options.acs, ...options.move, ...options.remove, ...options.bar].sort((a, b) => a.place - b.place);
  return [...steps, ...typed.flatMap((each) => TYPED[each.option](topology, each.value))];
}

/** What kernel parameters do not do for whoever adds them, or no longer do. */
function newProblems(before: MachineDescription, after: MachineDescription): string {
  const problems = ({ systems }: MachineDescription) =>
    systems.flatMap(bootProblems).map(({ parameter, text }) => `${parameter}: ${text}`);
  const old = new Set(problems(before));
  return [...new Set(problems(after))].filter((text) => !old.has(text)).join("; ");
}

const TYPED: Readonly<Record<Typed["option"], (topology: Topology, value: string) => Step[]>> = {
  "--acs": acsSteps,
  "--move": (topology, value) => {
    const [name, target] = halves("--move", value, "DEVICE=PORT such as 61:00.0=40:03.1");
    const device = addressOf(topology, name, "--move");
    const port = targetOf(topology, target);
    return [
      {
        edit: `--move ${value}`,
        apply: (machine, now) => moved(machine, renamedIn(device, now), renamedIn(port, now)),
      },
    ];
  },
  "--remove": (topology, value) => {
    const device = addressOf(topology, value, "--remove");
    return [step(`--remove ${value}`, device, remove)];
  },
  "--bar": (topology, value) => {
    const [bar, text] = halves("--bar", value, BAR_SHAPE);
    const match = /^(.+):([0-5])$/.exec(bar);
    if (match === null) throw new UsageError(`--bar: expected ${BAR_SHAPE}, got "${value}"`);
    const device = addressOf(topology, match[1]!, "--bar");
    const index = Number(match[2]);
    const size = readSize(text, "--bar");
    return [
      {
        edit: `--bar ${value}`,
        apply: (machine, now) => {
          const name = renamedIn(device, now);
          return {
            machine: resizeBar(name, index, size)(machine),
            renamed: new Map(),
            effect: roomText(barRoom(machine, name, index, size)),
          };
        },
      },
    ];
  },
};

const BAR_SHAPE = "FUNCTION:INDEX=SIZE, the index from 0 to 5, such as 41:00.0:1=32G";

function acsSteps(topology: Topology, value: string): Step[] {
  const [left, right] = halves("--acs", value, "off=BRIDGE,... or BRIDGE=RR-,CR-");
  if (left === "off") {
    return right.split(",").flatMap((entry) => {
      if (!isGroup(entry)) return [step(`--acs off=${entry}`, addressOf(topology, entry, "--acs"), clearRedirects)];
      // Of a group those are meant that have something to clear.
      const able = select(topology, entry).filter((id) => topology.describe(id)!.acs);
      if (able.length === 0) throw new UsageError(`--acs: no function of the group ${entry} shows ACS`);
      return able.map((id) => step(`--acs off=${topology.name(id)}`, topology.name(id), clearRedirects));
    });
  }
  const change = { set: [] as AcsBit[], clear: [] as AcsBit[] };
  for (const text of right.split(",")) {
    const [, name, sign] = /^\s*([a-z]+)([+-])\s*$/i.exec(text) ?? [];
    const bit = ACS_BITS.find((each) => each === name?.toUpperCase());
    if (bit === undefined) {
      throw new UsageError(`--acs: expected bits such as RR- or SV+ of ${ACS_BITS.join(", ")}, got "${text}"`);
    }
    const [into, other] = sign === "+" ? [change.set, change.clear] : [change.clear, change.set];
    if (other.includes(bit)) throw new UsageError(`--acs: ${bit} is both set and cleared in "${value}"`);
    into.push(bit);
  }
  return [step(`--acs ${value}`, addressOf(topology, left, "--acs"), (name) => setAcs(name, change))];
}

function step(edit: string, name: string, change: (name: string) => Edit): Step {
  return { edit, apply: (machine, now) => ({ machine: change(renamedIn(name, now))(machine), renamed: new Map() }) };
}

/** `SYSTEM/dddd:bb:dd.f`, or without the system where there is one. */
function addressOf(topology: Topology, text: string, option: string): string {
  return topology.name(findFunction(topology, text.trim(), option));
}

function targetOf(topology: Topology, text: string): string {
  const host = topology.roots.find(({ id, root }) => root.known && [topology.name(id), root.bus].includes(text.trim()));
  return host === undefined ? addressOf(topology, text, "--move") : topology.name(host.id);
}

/** The function of that name before all edits, as it is called at their turn; what is no function keeps its name. */
function renamedIn(name: string, nameNow: (name: string) => string): string {
  const slash = name.lastIndexOf("/") + 1;
  return name.slice(0, slash) + nameNow(name.slice(slash));
}

function halves(option: string, value: string, shape: string): [string, string] {
  const at = value.lastIndexOf("=");
  const [left, right] = [value.slice(0, Math.max(at, 0)).trim(), value.slice(at + 1).trim()];
  if (left !== "" && right !== "") return [left, right];
  throw new UsageError(`${option}: expected ${shape}, got "${value}"`);
}

function readWord(text: string): number {
  const word = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : -1;
  if (word >= 0 && word <= 0xffff) return word;
  throw new UsageError(`--firmware-acs: expected a word of 16 bits such as 0 or 0x1d, got "${text}"`);
}
