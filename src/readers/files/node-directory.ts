import { closeSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import type { Dirent } from "node:fs";
import { ReadError } from "../reading.js";
import { type EntryKind, type FileStore, FileTree } from "./file-tree.js";

/** The most that is read of one directory: machines with thousands of functions have some 50 MB. */
export const DIRECTORY_LIMIT = 2 ** 28;
const CHUNK = 1 << 16;

/** A directory on disk as a tree: every directory is listed and every file read only when somebody asks for it. */
export function directoryTree(root: string): FileTree {
  return new FileTree(new DirectoryFiles(root === "/" ? "" : root));
}

/** What cannot be read (no such file, no permission, a device that answers with an error) is not shown: null. */
class DirectoryFiles implements FileStore {
  readonly #root: string;
  readonly #chunk = new Uint8Array(CHUNK);
  #left = DIRECTORY_LIMIT;

  constructor(root: string) {
    this.#root = root;
  }

  list(path: string): ReadonlyMap<string, EntryKind> | null {
    const entries = orNull(() => readdirSync(`${this.#root}${path}/`, { withFileTypes: true }));
    if (entries === null) return null;
    const kinds = new Map<string, EntryKind>();
    for (const entry of entries) {
      const kind = kindOf(entry);
      if (kind !== null) kinds.set(entry.name, kind);
    }
    return kinds;
  }

  read(path: string): Uint8Array | null {
    const file = orNull(() => openSync(this.#root + path, "r"));
    if (file === null) return null;
    try {
      return this.#readAll(file, path);
    } finally {
      closeSync(file);
    }
  }

  /** Sizes say little in `/sys` and nothing in `/proc`: the end is where nothing more comes. */
  #readAll(file: number, path: string): Uint8Array | null {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const count = orNull(() => readSync(file, this.#chunk, 0, CHUNK, null));
      if (count === null) return null;
      if (count === 0) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
      chunks.push(this.#chunk.slice(0, count));
      this.#left -= count;
      if (this.#left >= 0) continue;
      throw new ReadError(
        `with this file more than ${DIRECTORY_LIMIT} bytes, which no machine's are: ${path}`,
        this.#root || "/",
      );
    }
  }

  link(path: string): string | null {
    return orNull(() => readlinkSync(this.#root + path));
  }
}

/** Sockets, pipes and device nodes hold nothing to read, and opening one may never return. */
function kindOf(entry: Dirent): EntryKind | null {
  if (entry.isSymbolicLink()) return "link";
  if (entry.isDirectory()) return "directory";
  return entry.isFile() ? "file" : null;
}

function orNull<T>(attempt: () => T): T | null {
  try {
    return attempt();
  } catch {
    return null;
  }
}
