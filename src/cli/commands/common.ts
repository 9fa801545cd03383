import { commonDocument, commonText, isCommonKnown } from "../../writers/common.js";
import type { Command } from "../command.js";
import { EXIT } from "../exit.js";
import { findFunction } from "../functions.js";

export const common: Command = {
  name: "common",
  arguments: [
    ["<a>", "a function: 0000:41:00.0, 41:00.0 a name such as nvme0, or '#ID'"],
    ["<b>", "another"],
  ],
  summary: "the nearest bridge that two functions share, and how many hops they are apart",
  detail: "With -q the bridge, `none` or `unknown`. Exit code 0; 3: the source does not show it.",
  ask({ topology }, [first, second]) {
    const a = findFunction(topology, first!, "A");
    const b = findFunction(topology, second!, "B");
    const document = commonDocument(topology, a, b);
    return {
      exit: isCommonKnown(topology, document, [a, b]) ? EXIT.yes : EXIT.unknown,
      document: () => document,
      text: (style) => commonText(topology, a, b, style),
      word: () => document.common ?? "none",
    };
  },
};
