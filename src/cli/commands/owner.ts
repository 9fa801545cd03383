import { Option } from "commander";
import { parseFaultLine } from "../../readers/fault-line.js";
import { faultDocument, ownerDocument, ownerText, ownerWord, type OwnerDocument } from "../../writers/owner.js";
import type { Topology } from "../../topology/topology.js";
import type { Command } from "../command.js";
import { EXIT, type ExitCode, UsageError } from "../exit.js";
import { findFunction } from "../functions.js";
import { checkRange, readAddress, readSize } from "../parse.js";

interface Own {
  readonly requester?: string;
  readonly fault?: string;
}

/** What is asked, by the words on the command line. */
interface Question {
  readonly address: bigint;
  /** Null: not asked for. */
  readonly size: bigint | null;
  readonly requester?: string;
}

export const owner: Command<Own> = {
  name: "owner",
  arguments: [
    ["[address]", "CPU physical, 0x… or decimal"],
    ["[size]", "bytes: 4096, 0x1000, 64K"],
  ],
  summary: "whose BAR, memory or device a CPU physical address falls in",
  detail:
    "With -q the owner, `none`, `ambiguous` or `unknown`. Exit code 0: owned;\n" +
    "1: by nobody, or the range reaches beyond its owner; 3: the source does not\n" +
    "show it, or several claim it.\n\n" +
    "With --requester the address is one that the function put on the bus, as the\n" +
    "IOMMU's fault reports name it: whether it can be anything but an IOVA is said,\n" +
    "and the owner is that of the address as a bus address.\n\n" +
    "  peerlane owner 0x380000001000 -i snapshot.tar.gz\n" +
    "  peerlane owner --fault \"$(dmesg | grep 'fault addr' | tail -1)\"",
  options: () => [
    new Option("--requester <function>", "who put the address on the bus, where a fault report names it"),
    new Option("--fault <line>", "both out of a line that the IOMMU's driver logged: DMAR, AMD-Vi or SMMU"),
  ],
  looksAtAllSystems: true,
  ask({ topology }, words, options) {
    if (options.fault !== undefined && options.iommu === "off") {
      throw new UsageError("--fault: an IOMMU reported that, and --iommu off says that there is none: leave one out");
    }
    const { address, size, requester } = questionOf(words, options);
    checkRange(address, size ?? 1n);
    const document =
      requester === undefined
        ? ownerOf(topology, address, size, options.system)
        : faultDocument(
            topology,
            requesterOf(topology, requester, options),
            address,
            size,
            options.fault !== undefined,
          );
    return {
      exit: exitOf(document),
      document: () => document,
      text: (style) => ownerText(topology, document, style),
      word: () => ownerWord(document),
    };
  },
};

function questionOf([first, second]: readonly (string | undefined)[], { requester, fault }: Own): Question {
  if (fault === undefined) {
    if (first === undefined)
      throw new UsageError("ADDRESS is missing: expected 0x… or decimal digits, or --fault LINE");
    const size = second === undefined ? null : readSize(second);
    return { address: readAddress(first), size, ...(requester === undefined ? {} : { requester }) };
  }
  if (first !== undefined || requester !== undefined) {
    throw new UsageError("--fault has the address and the requester: leave ADDRESS and --requester out");
  }
  if (/\S[\r\n]+\s*\S/.test(fault))
    throw new UsageError("--fault: expected one line, got several: give the one to look at");
  const line = parseFaultLine(fault);
  if (line !== null) return { ...line, size: null };
  throw new UsageError(
    "--fault: expected a line such as `DMAR: [DMA Write] Request device [41:00.0] fault addr 0x…`, " +
      "`AMD-Vi: Event logged [IO_PAGE_FAULT device=41:00.0 … address=0x… …]` or `client: 0000:41:00.0 … iova: 0x…`; " +
      "of another say ADDRESS and --requester",
  );
}

function ownerOf(topology: Topology, address: bigint, size: bigint | null, system: string | undefined): OwnerDocument {
  if (topology.systems.length > 1 && system === undefined) throw new UsageError(severalSystems(topology));
  return ownerDocument(topology, address, size, system);
}

function requesterOf(topology: Topology, text: string, { system, fault }: Own & { readonly system?: string }): number {
  const named = system === undefined || text.includes("/") ? text : `${system}/${text}`;
  return findFunction(topology, named, fault === undefined ? "--requester" : "--fault");
}

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
