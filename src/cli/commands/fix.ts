import { Option } from "commander";
import { LOADERS, type Loader } from "../../fix/loaders.js";
import { fixFor, type FixPlan } from "../../fix/plan.js";
import { PROFILES, type Profile } from "../../fix/profiles.js";
import { verifyFix, type Verification } from "../../fix/verify.js";
import { fixDocument, fixParameter, fixText } from "../../writers/fix.js";
import type { Command } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError, type ExitCode } from "../exit.js";
import { findFunction } from "../functions.js";
import { openMachine, type Machine } from "../machine.js";
import type { SharedOptions } from "../options.js";

interface Own extends DirectionOption {
  readonly oneWay?: boolean;
  readonly profile: Profile;
  readonly loader?: Loader;
  readonly verify?: string;
}

const DETAIL = `It writes nothing: it prints what to write. With -q the kernel parameter alone, an empty line where there is none
or nobody says which kernel runs.
Exit code 0: nothing to fix, or allowed through the host bridge; 1: refused; 3: the source lacks what the
answer needs. With --verify 0: the pair is direct now; 1: it is not; 3: not shown.

  sudo lspci -D -vvvnnxxxx > before.txt
  peerlane fix 41:00.0 61:00.0 -i before.txt --kernel 6.12.117
  peerlane fix 41:00.0 61:00.0 -i before.txt --verify after.txt`;

export const fix: Command<Own> = {
  name: "fix",
  arguments: [
    ["<a>", "a function"],
    ["<b>", "another, which is to reach it directly, and be reached"],
  ],
  summary: "what makes two functions reach each other directly: ACS bits, kernel parameter, what it costs",
  detail: DETAIL,
  options: () => [
    new Option("--one-way", "only DMA by B to the memory of A"),
    directionOption(),
    new Option(
      "--profile <name>",
      "what counts: what Linux tests, what the hardware needs (precise), or what GB300 servers need",
    )
      .choices(PROFILES)
      .default("linux"),
    new Option("--loader <name>", "how this boot loader takes the parameter; without it all of them").choices(LOADERS),
    new Option("--verify <source>", "the machine since then: whether it was done, and whether it worked"),
  ],
  async ask(machine, [first, second], options) {
    const { topology } = machine;
    const a = findFunction(topology, first!, "A");
    const b = findFunction(topology, second!, "B");
    if (a === b) throw new UsageError(`A and B are one function, ${topology.name(a)}: name two`);
    const peer = machine.peerDma([a]);
    const plan = planned(() => fixFor(peer, a, b, options));
    const verified = options.verify === undefined ? null : await verify(machine, plan, a, options, options.verify);
    return {
      exit: verified === null ? exitOf(plan) : VERIFIED[verified.state],
      document: () => fixDocument(peer, plan, verified),
      text: (style) => fixText(peer, plan, style, { ...options, verified }),
      word: () => verified?.state ?? fixParameter(plan) ?? "",
    };
  },
};

/** A profile that does not fit the pair was asked for wrongly. */
function planned(make: () => FixPlan): FixPlan {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function exitOf({ status }: FixPlan): ExitCode {
  if (status === "unknown") return EXIT.unknown;
  return status === "nothing" || status === "optional" ? EXIT.yes : EXIT.no;
}

const VERIFIED: Readonly<Record<Verification["state"], ExitCode>> = {
  done: EXIT.yes,
  not: EXIT.no,
  unknown: EXIT.unknown,
};

async function verify(
  machine: Machine,
  plan: FixPlan,
  a: number,
  options: SharedOptions & Own,
  source: string,
): Promise<Verification> {
  const since = await openMachine({ ...options, input: [source] });
  const there = [plan.a, plan.b].map((name) => findFunction(since.topology, name, `--verify ${source}`));
  return verifyFix(plan, machine.peerDma([a]), since.peerDma(there), options.direction);
}
