import { hasFaults, lintTopology } from "../../nccl/lint.js";
import { openSource } from "../../readers/node-machine.js";
import { ReadError } from "../../readers/reading.js";
import { lintDocument, lintText, type LintedFile } from "../../writers/lint.js";
import type { Reference } from "../command.js";
import { EXIT } from "../exit.js";

export const lint: Reference = {
  name: "lint",
  arguments: [["<file...>", "topology files of NCCL or RCCL; - is standard input"]],
  summary: "what NCCL would stop at or misread in a topology file (NCCL_TOPO_FILE)",
  detail:
    "NCCL's parser is none of XML: a line end between two attributes or a tab ends it.\n" +
    "Errors stop it, with warnings it does other than the file says, notes are what it\n" +
    "finds out for itself. With -q `faults` or `clean` for each file.\n" +
    "Exit codes: 0 no errors or warnings; 1 some; 2 a file cannot be read.",
  answer(names) {
    const files = names.map((name) => lintFile(name!));
    return {
      exit: files.some(({ result }) => hasFaults(result)) ? EXIT.no : EXIT.yes,
      document: () => lintDocument(files),
      text: (style) => lintText(files, style),
      word: () => files.map(({ result }) => (hasFaults(result) ? "faults" : "clean")),
    };
  },
};

function lintFile(path: string): LintedFile {
  const { name, bytes } = openSource(path);
  if (!(bytes instanceof Uint8Array)) throw new ReadError("is a directory, expected a topology file", name);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  if (text.includes("<system")) return { file: name, result: lintTopology(text) };
  throw new ReadError("is no topology file of NCCL or RCCL: expected an element system", name);
}
