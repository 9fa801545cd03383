import { Option } from "commander";
import { diffSystems } from "../../changes/diff.js";
import { PeerDma } from "../../explain/peer-dma.js";
import type { SystemDescription } from "../../topology/description.js";
import type { Topology } from "../../topology/topology.js";
import {
  changedPairs,
  diffDocument,
  diffLines,
  diffWord,
  type ComparedMachines,
  type ComparedSystem,
} from "../../writers/diff.js";
import type { Comparison } from "../command.js";
import { directionOption, type DirectionOption } from "../direction.js";
import { EXIT, UsageError } from "../exit.js";
import { openMachine, type Machine } from "../machine.js";
import type { SharedOptions } from "../options.js";
import { policyChoice } from "../policy.js";
import { comparable, GROUP_NAMES, selectSome } from "../select.js";

interface Own extends DirectionOption {
  readonly old: readonly string[];
  readonly new: readonly string[];
  readonly of?: string;
}

type Options = SharedOptions & Own;

const DETAIL = `Functions are recognised by serial number, slot and position, not by bus numbers alone. Each side is judged by its own
kernel, one that does not show it by the other's. With -q the number of ordered pairs with another verdict.
Exit codes: 0 nothing differs; 1 something does; 3 nothing is known to, but not all verdicts can be compared.

  peerlane diff before.tar.gz after.tar.gz
  peerlane diff before.txt after.txt --old iomem-before --new iomem-after
  peerlane diff before.tar.gz`;

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

export const diff: Comparison<Own> = {
  name: "diff",
  arguments: [
    ["<old>", "describes the machine as it was, in any form that -i takes"],
    ["[new]", "describes it as it is; without it, this machine"],
  ],
  summary: "what is not as it was: verdicts first, then devices, ACS, BARs, links, the rest",
  detail: DETAIL,
  options: () => [
    new Option("--old <source>", "another source of the machine as it was, to be combined; repeatable")
      .argParser(collect)
      .default([], "none"),
    new Option("--new <source>", "another source of the machine as it is; repeatable")
      .argParser(collect)
      .default([], "none"),
    new Option("--of <list>", `between which functions, by their names in OLD: ${GROUP_NAMES}, functions`),
    directionOption(),
  ],
  async compare([first, second], options) {
    const [old, now] = sourcesOf(first!, second, options);
    const machines = [
      await openMachine({ ...options, input: old }),
      await openMachine({ ...options, input: now }),
    ] as const;
    const compared = compareMachines(machines, [old, now], options);
    const word = diffWord(compared);
    return {
      machines: { OLD: machines[0], NEW: machines[1] },
      exit: word === "same" ? EXIT.yes : word === "different" ? EXIT.no : EXIT.unknown,
      document: () => diffDocument(compared),
      text: (style) => diffLines(compared, style),
      word: () => String(changedPairs(compared)),
    };
  },
};

function sourcesOf(first: string, second: string | undefined, options: Options): [old: string[], now: string[]] {
  if (second === undefined && options.new.length > 0) {
    throw new UsageError("--new adds to the second machine, and none is given: name it as in peerlane diff OLD NEW");
  }
  const old = [first, ...options.old];
  const now = second === undefined ? [] : [second, ...options.new];
  if ([...old, ...now].filter((source) => source === "-").length > 1) {
    throw new UsageError("-: standard input can be read once only; give the other source as a file");
  }
  return [old, now];
}

function compareMachines(
  [old, now]: readonly [Machine, Machine],
  [oldSources, newSources]: readonly [readonly string[], readonly string[]],
  options: Options,
): ComparedMachines {
  const wanted = options.of === undefined ? null : selectSome(old.topology, options.of);
  const { pairs, gone, added } = matchSystems(old.topology, now.topology);
  const systems = pairs.map(([was, is]): ComparedSystem => {
    const [before, after] = [old.topology.systems[was]!, now.topology.systems[is]!];
    const sides = [
      new PeerDma(old.topology, policyChoice(options)([judged(before, after)])),
      new PeerDma(now.topology, policyChoice(options)([judged(after, before)])),
    ] as const;
    const of = wanted?.filter((id) => old.topology.systemOf(id) === was) ?? comparable(old.topology, was);
    return {
      name: before.name !== undefined && before.name === after.name ? before.name : null,
      before: sides[0],
      after: sides[1],
      diff: diffSystems([sides[0], was], [sides[1], is], { of, direction: options.direction }),
    };
  });
  return {
    old: oldSources,
    new: newSources.length === 0 ? ["this machine"] : newSources,
    systems,
    gone,
    added,
  };
}

/** A source that does not show its kernel, such as the text of lspci, is judged by that of the other. */
function judged(own: SystemDescription, other: SystemDescription): SystemDescription {
  if (own.kernel?.release !== undefined || other.kernel?.release === undefined) return own;
  return { ...own, kernel: { ...own.kernel, release: other.kernel.release } };
}

/** By their names; the only ones of two sources are the same, whatever they are called. */
function matchSystems(
  old: Topology,
  now: Topology,
): { pairs: (readonly [number, number])[]; gone: string[]; added: string[] } {
  if (old.systems.length === 1 && now.systems.length === 1) return { pairs: [[0, 0]], gone: [], added: [] };
  const names = (topology: Topology) => topology.systems.map(({ name }, index) => name ?? `#${index}`);
  const [before, after] = [names(old), names(now)];
  const places = new Map(after.map((name, index) => [name, index]));
  return {
    pairs: before.flatMap((name, index) => (places.has(name) ? [[index, places.get(name)!] as const] : [])),
    gone: before.filter((name) => !places.has(name)),
    added: after.filter((name) => !before.includes(name)),
  };
}
