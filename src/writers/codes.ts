import { CODE_PAGES, type CodePage } from "./code-pages.js";
import { paragraph, type Style } from "./style.js";

/** Pages of codes, as `explain --json` prints them. */
export interface CodesDocument {
  readonly codes: readonly CodePage[];
}

const GROUPS: readonly (readonly [CodePage["group"], heading: string, explanation: string])[] = [
  ["refusal", "Refused", "A verdict or mapping of `no`, exit code 1."],
  ["unknown", "Unknown", "The description lacks what the answer needs: exit code 3."],
  [
    "reading",
    "Addresses of fault reports",
    "What `owner --requester` makes of an address that an IOMMU's fault report names, where an IOMMU translates.",
  ],
  [
    "export",
    "Exports",
    "Why `attach` does not hand an exporter's memory to an importer, beside the codes above; with the kernel's own error.",
  ],
  [
    "diagnosis",
    "Diagnoses",
    "What `doctor` finds wrong with a machine: exit code 1, unless there is nothing but notes.",
  ],
  [
    "parameter",
    "Kernel parameters",
    "What is on the kernel's command line and does not do what whoever wrote it wants.",
  ],
  ["finding", "Findings", "Something odd about a source, beside whatever is answered: `note:` on standard error."],
  [
    "fault",
    "Faults",
    "A description that cannot be true: nothing is answered, exit code 2, and all faults are named at once.",
  ],
];

/** Pages of codes as scripts read them. */
export function codesDocument(pages: readonly CodePage[]): CodesDocument {
  return { codes: pages };
}

/** One page for people. */
export function codeText({ code, group, meaning, cause, remedy }: CodePage, style: Style): string {
  const [, heading] = GROUPS.find(([name]) => name === group)!;
  return [
    ...paragraph("", `${style.strong(code)}: ${meaning}`, style, 0),
    ...paragraph("  kind", heading.toLowerCase(), style),
    ...paragraph("  when", cause, style),
    ...paragraph("  what to do", remedy, style, 14),
  ].join("\n");
}

/** Every code in a line, by groups. */
export function* codeLines(style: Style): Generator<string> {
  for (const [group, heading] of GROUPS) {
    yield style.strong(heading);
    for (const { code, meaning } of pagesOf(group)) yield* paragraph(`  ${code}`, meaning, style, INDENT);
  }
}

/** The page of codes of the documentation. */
export function codesMarkdown(): string {
  const lines = [
    "# Codes",
    "",
    "Every refusal, doubt, finding and fault has a stable code. `peerlane explain CODE` prints what is said here of one, and",
    "`peerlane explain` lists them all. This page is made from the same table.",
  ];
  for (const [group, heading, explanation] of GROUPS) {
    lines.push("", `## ${heading}`, "", explanation);
    for (const { code, meaning, cause, remedy } of pagesOf(group)) {
      lines.push("", `### ${code}`, "", `**${capital(meaning)}.** ${cause}`, "", `What to do: ${remedy}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function pagesOf(group: CodePage["group"]): readonly CodePage[] {
  return CODE_PAGES.filter((page) => page.group === group);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const INDENT = 4 + Math.max(...CODE_PAGES.map(({ code }) => code.length));
