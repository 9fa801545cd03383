import type { Wanted } from "../machine/protocol.js";

/** A file or a paste, as it is given to the worker. */
export type SourceFile = Extract<Wanted, { kind: "files" }>["files"][number];

/** More than a browser's tab holds together with what is made of it. */
const MOST_BYTES = 1 << 30;

/** @throws RangeError for more than there is room for, before anything is read. */
export async function readFiles(files: readonly File[]): Promise<SourceFile[]> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MOST_BYTES) {
    const gigabytes = (bytes / 1e9).toFixed(1);
    throw new RangeError(
      `${gigabytes} GB: a page has room for 1 GiB. The command line reads more: npx peerlane list -i ${files[0]!.name}`,
    );
  }
  return Promise.all(files.map(async (file) => ({ name: file.name, bytes: new Uint8Array(await readFile(file)) })));
}

async function readFile(file: File): Promise<ArrayBuffer> {
  try {
    return await file.arrayBuffer();
  } catch {
    // What is dropped may be a directory, of which a page sees nothing but the name.
    throw new RangeError(`${file.name} cannot be read: for a directory, drop the files in it, or a .tar.gz of it`);
  }
}

const PASTED = "pasted text";

/** A paste, under a name that no file of the others has. */
export function pasted(text: string, others: readonly SourceFile[]): SourceFile {
  const names = new Set(others.map(({ name }) => name));
  let name = PASTED;
  for (let again = 2; names.has(name); again++) name = `${PASTED} ${again}`;
  return { name, bytes: new TextEncoder().encode(text) };
}

/** What went wrong, then what to know about it: the first line is the one that everybody reads. */
export function emphasised(said: string): readonly string[] {
  const [first = "", ...others] = said.split("\n");
  const [, what = first, more] = /^(.+?\.) ([A-Z].*)$/.exec(first) ?? [];
  return [what, ...(more === undefined ? [] : [more]), ...others];
}

/** `lspci.txt`, or `lspci.txt and 2 more`. */
export function titleOf(files: readonly SourceFile[]): string {
  const [first, ...others] = files;
  const name = (first?.name ?? "").replace(PASTED, (text) => text.charAt(0).toUpperCase() + text.slice(1));
  return others.length === 0 ? name : `${name} and ${others.length} more`;
}
