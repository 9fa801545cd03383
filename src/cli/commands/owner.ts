import { ownerDocument, ownerText, ownerWord, type OwnerDocument } from "../../writers/owner.js";
import type { Topology } from "../../topology/topology.js";
import type { Command } from "../command.js";
import { EXIT, type ExitCode, UsageError } from "../exit.js";
import { checkRange, readAddress, readSize } from "../parse.js";

export const owner: Command = {
  name: "owner",
  arguments: [
    ["<address>", "CPU physical, 0x… or decimal"],
    ["[size]", "bytes: 4096, 0x1000, 64K"],
  ],
  summary: "whose BAR, memory or device a CPU physical address falls in",
  detail:
    "With -q the owner, `none`, `ambiguous` or `unknown`. Exit code 0: owned;\n" +
    "1: by nobody, or the range reaches beyond its owner; 3: the source does not\n" +
    "show it, or several claim it.",
  looksAtAllSystems: true,
  ask({ topology }, [first, second], { system }) {
    const address = readAddress(first!);
    const size = second === undefined ? null : readSize(second);
    checkRange(address, size ?? 1n);
    if (topology.systems.length > 1 && system === undefined) throw new UsageError(severalSystems(topology));
    const document = ownerDocument(topology, address, size, system);
    return {
      exit: exitOf(document),
      document: () => document,
      text: (style) => ownerText(topology, document, style),
      word: () => ownerWord(document),
    };
  },
};

const SHOWN = 10;

function severalSystems({ systems }: Topology): string {
  const names = systems.slice(0, SHOWN).map(({ name }) => `"${name ?? ""}"`);
  if (systems.length > SHOWN) names.push(`${systems.length - SHOWN} more`);
  return `each system has addresses of its own: choose one of ${names.join(", ")} with --system`;
}

function exitOf({ owner, reason }: OwnerDocument): ExitCode {
  if (reason === "LEAVES_OWNER" || reason === "NO_OWNER") return EXIT.no;
  return owner === null ? EXIT.unknown : EXIT.yes;
}
