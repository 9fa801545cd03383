import type { LintFinding, LintResult } from "../nccl/lint.js";
import { LINT_RULES, type LintSeverity } from "../nccl/rules.js";
import { PLAIN_STYLE, type Style } from "./style.js";

/** A file that was checked. */
export interface LintedFile {
  /** As it was named. */
  readonly file: string;
  readonly result: LintResult;
}

/** What `lint --json` prints. */
export interface LintDocument {
  readonly files: readonly ({ readonly file: string } & LintResult)[];
}

/** The same as {@link lintText}, for scripts. */
export function lintDocument(files: readonly LintedFile[]): LintDocument {
  return { files: files.map(({ file, result }) => ({ file, ...result })) };
}

const SEVERITIES: readonly LintSeverity[] = ["error", "warning", "note"];

/** How many places of one code are shown: who indents with tabs has them in every line. */
const SHOWN_PLACES = 5;

/** Each fault of the files once, the worst first, with its places, what NCCL does and what to do; then a line for each file. */
export function lintText(files: readonly LintedFile[], style: Style = PLAIN_STYLE): string {
  return files.flatMap((file) => [...faultLines(file, style), summary(file, style)]).join("\n");
}

function* faultLines({ file, result }: LintedFile, style: Style): Generator<string> {
  const byCode = new Map<string, LintFinding[]>();
  for (const finding of result.findings) {
    const alike = byCode.get(finding.code);
    if (alike === undefined) byCode.set(finding.code, [finding]);
    else alike.push(finding);
  }
  const worstFirst = [...byCode].sort(
    ([, [a]], [, [b]]) => SEVERITIES.indexOf(a!.severity) - SEVERITIES.indexOf(b!.severity),
  );
  for (const [code, findings] of worstFirst) {
    for (const { line, column, severity, message, path } of findings.slice(0, SHOWN_PLACES)) {
      yield `${style.strong(`${file}:${line}:${column}`)}: ${severity}: ${message} (${code}) ${style.faint(path)}`;
    }
    if (findings.length > SHOWN_PLACES) yield `${file}: ${findings.length - SHOWN_PLACES} more of ${code}`;
    const { effect, advice } = LINT_RULES[findings[0]!.code];
    yield `  ${result.tool.toUpperCase()}: ${effect}`;
    yield `  do: ${advice}`;
  }
}

function summary({ file, result }: LintedFile, style: Style): string {
  const { tool, elements, findings } = result;
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  const counts = SEVERITIES.map((severity) => ({ severity, number: count(severity) }))
    .filter(({ number }) => number > 0)
    .map(({ severity, number }) => `${number} ${severity}${number === 1 ? "" : "s"}`);
  const said = counts.length === 0 ? "nothing found" : counts.join(", ");
  return `${style.strong(file)}: ${tool.toUpperCase()}, ${elements} element${elements === 1 ? "" : "s"}: ${said}`;
}
