import { Option } from "commander";
import { examine, type Examination } from "../../doctor/examine.js";
import { DIAGNOSIS_IDS, SEVERITIES, type DiagnosisId, type Severity } from "../../doctor/ids.js";
import { outcomeOf, type Outcome } from "../../doctor/outcome.js";
import { doctorDocument, doctorLines } from "../../writers/doctor.js";
import { policyDocument } from "../../writers/policy.js";
import type { Command } from "../command.js";
import { EXIT, UsageError, type ExitCode } from "../exit.js";
import { GROUP_NAMES, select, whyNone } from "../select.js";

interface Own {
  readonly of?: string;
  readonly failOn?: string;
  readonly ignore?: string;
}

const DETAIL = `Errors keep peer-to-peer DMA from working, warnings make it slow or risky, notes are worth knowing.
Nothing is written to the machine. With -q the ids of what was found, one a line, worst first.
Exit codes: 0 clean, which notes leave it; 1 errors or warnings; 3 none, but an error could not be looked for.
With --fail-on: 1 only for what it names; 3 where that could not be looked for.

  peerlane doctor -i lspci.txt
  peerlane doctor --fail-on ACS_REDIRECTS,LINK_BELOW_CAPABILITY --ignore ACS_NOT_SHOWN`;

export const doctor: Command<Own> = {
  name: "doctor",
  arguments: [],
  summary: "what keeps a machine's devices from peer-to-peer DMA, worst first, and what to do",
  detail: DETAIL,
  options: () => [
    new Option("--of <list>", `the devices that matter: ${GROUP_NAMES}, functions; several separated by commas`),
    new Option(
      "--fail-on <list>",
      "exit 1 for these ids only, or for what is at least as bad as: error, warning, note",
    ),
    new Option("--ignore <list>", "ids to leave out"),
  ],
  ask({ topology, peerDma }, _words, { of, failOn, ignore }) {
    const awaited = failOn === undefined ? undefined : listed("--fail-on", failOn, [...SEVERITIES, ...DIAGNOSIS_IDS]);
    const ignored = ignore === undefined ? [] : listed("--ignore", ignore, DIAGNOSIS_IDS);
    const all = topology.functions();
    const peer = peerDma(all);
    const found = without(examine(peer, of === undefined ? {} : { of: select(topology, of) }), ignored);
    // Who names devices misses them.
    const isNobody = found.functions === 0 || (of !== undefined && found.talkers === 0);
    const outcome = isNobody ? "unknown" : outcomeOf(found, awaited);
    const policy = () => policyDocument(peer, all);
    return {
      exit: EXIT_CODES[outcome],
      document: () => doctorDocument(found, outcome, policy()),
      text: (style) => doctorLines(found, policy(), style),
      word: () => [...new Set(found.diagnoses.map(({ id }) => id))],
      notes: found.talkers === 0 ? [(of === undefined ? null : whyNone(topology, of)) ?? NO_TALKERS] : [],
    };
  },
};

const NO_TALKERS = "no GPU, NIC, NVMe controller or accelerator is shown: --of names the devices that matter";

const EXIT_CODES: Readonly<Record<Outcome, ExitCode>> = {
  clean: EXIT.yes,
  findings: EXIT.no,
  unknown: EXIT.unknown,
};

function listed<Word extends DiagnosisId | Severity>(option: string, text: string, words: readonly Word[]): Word[] {
  return text.split(",").map((part) => {
    const wanted = part.trim().toUpperCase().replaceAll("-", "_");
    const word = words.find((each) => each.toUpperCase() === wanted);
    if (word !== undefined) return word;
    throw new UsageError(`${option}: expected ${words.join(", ")}, got "${part.trim()}"`);
  });
}

function without(examination: Examination, ignored: readonly DiagnosisId[]): Examination {
  if (ignored.length === 0) return examination;
  const kept = <Item extends { readonly id: DiagnosisId }>(items: readonly Item[]): Item[] =>
    items.filter(({ id }) => !ignored.includes(id));
  return { ...examination, diagnoses: kept(examination.diagnoses), checked: kept(examination.checked) };
}
