import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { CAPTURES } from "../readers/fixtures.js";

export const COMMAND = new URL("../../dist/cli.js", import.meta.url).pathname;

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Surroundings {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the built command in a child process, as a script would. */
export function peerlane(words: readonly string[], { input = "", env = {} }: Surroundings = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...words], {
    input,
    env: { PATH: process.env["PATH"] ?? "", LANG: "C.UTF-8", ...env },
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return { code: status, out: stdout, err: stderr };
}

/** What `--json` prints, by the type of the document; fails where the command says anything beside it. */
export function json<Document>(
  words: readonly string[],
  surroundings?: Surroundings,
): { code: number | null; document: Document } {
  const { code, out, err } = peerlane([...words, "--json"], surroundings);
  if (err !== "") throw new Error(`nothing expected on standard error, got ${err}`);
  return { code, document: JSON.parse(out) as Document };
}

/** Where a capture's file is, in the repository or where it was captured. */
export function capture(name: string, file = "snapshot.tar.gz"): string {
  const path = `${CAPTURES}/${name}/${file}`;
  return existsSync(path) ? path : `${path}.gz`;
}
