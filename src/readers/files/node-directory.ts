import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { Dirent } from "node:fs";
import { type EntryKind, type FileStore, FileTree } from "./file-tree.js";

/** A directory on disk as a tree: every directory is listed and every file read only when somebody asks for it. */
export function directoryTree(root: string): FileTree {
  return new FileTree(new DirectoryFiles(root === "/" ? "" : root));
}

/** What cannot be read (no such file, no permission, a device that answers with an error) is not shown: null. */
class DirectoryFiles implements FileStore {
  readonly #root: string;

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
    return orNull(() => readFileSync(this.#root + path));
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
