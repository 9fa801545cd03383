import { checkLength } from "../bounds.js";
import { ReadError } from "../reading.js";

/** What a name in a directory stands for. */
export type EntryKind = "file" | "directory" | "link";

/**
 * Where a tree's files come from: an archive in memory or a directory on disk. Paths are absolute within the tree
 * (`/sys/bus/pci`; the root is the empty string) and lead through no links: {@link FileTree} has followed them.
 */
export interface FileStore {
  /** The names in a directory; null where there is no such directory or it cannot be read. */
  list(path: string): ReadonlyMap<string, EntryKind> | null;
  /** The bytes of a file; null where it cannot be read. */
  read(path: string): Uint8Array | null;
  /** The text of a symbolic link; null where it cannot be read. */
  link(path: string): string | null;
}

/** A place in the store. */
interface Found {
  readonly path: string;
  readonly kind: EntryKind;
}

const UTF8 = new TextDecoder();

/** As many links as Linux follows before it gives up (ELOOP). */
export const LINK_LIMIT = 40;

/** Bytes that one tree is asked for: links may make one file many. */
export const READ_LIMIT = 2 ** 29;

/** Names that one tree is asked for, one by one or in lists, each as often as it is met on the way: as links may. */
export const NAMES_ASKED_LIMIT = 2 ** 26;

/** Listed names are sorted, which takes that much longer. */
const LISTED = 16;

/**
 * A read-only tree of files. Links are followed inside the tree only: an absolute target starts at the tree's own
 * root, and `..` never climbs above it, so that a dump of another machine is never mixed with the files of this one.
 */
export class FileTree {
  readonly #store: FileStore;
  readonly #kept: MemoryFiles | null;
  readonly #directories = new Map<string, ReadonlyMap<string, EntryKind> | null>();
  readonly #links = new Map<string, string | null>();
  readonly #found = new Map<string, Found | null>();
  #bytes = 0;
  #names = 0;

  /** `kept`: where copies go of all that an answer rests on. */
  constructor(store: FileStore, kept: MemoryFiles | null = null) {
    this.#store = store;
    this.#kept = kept;
  }

  /**
   * The same tree, which copies into `kept` what its answers rest on: whoever asks `kept` the same questions gets the
   * same answers. Files of which no more was asked than whether they are there are copied as empty ones.
   */
  keeping(kept: MemoryFiles): FileTree {
    return new FileTree(this.#store, kept);
  }

  /** The bytes of a file, links followed; null where there is none or it cannot be read. */
  file(path: string): Uint8Array | null {
    const found = this.#find(path);
    if (found?.kind !== "file") return null;
    const bytes = this.#store.read(found.path);
    this.#bytes += bytes?.length ?? 0;
    if (this.#bytes > READ_LIMIT) {
      throw new ReadError(`with this file more than ${READ_LIMIT} bytes, which no machine's are`, path);
    }
    if (bytes !== null) this.#kept?.addFile(found.path, bytes);
    return bytes;
  }

  /** The text of a file without white space at its ends; null where there is none or it cannot be read. */
  text(path: string): string | null {
    const bytes = this.file(path);
    if (bytes === null) return null;
    checkLength(bytes.length, path);
    return UTF8.decode(bytes).trim();
  }

  /** The names in a directory that match, in order, links followed; null where there is no such directory. */
  list(path: string, matching = /(?:)/): readonly string[] | null {
    const directory = this.#find(path);
    const entries = directory?.kind === "directory" ? this.#entries(directory.path) : null;
    if (entries === null) return null;
    this.#ask(LISTED * entries.size, path);
    const names = [...entries.keys()].filter((name) => matching.test(name)).sort();
    for (const name of names) this.#keep(`${directory!.path}/${name}`, entries.get(name)!);
    return names;
  }

  /** The symbolic links in a directory whose text matches, by name, in order; none where there is no such directory. */
  links(path: string, matching: RegExp): ReadonlyMap<string, string> {
    const directory = this.#find(path);
    const entries = directory?.kind === "directory" ? this.#entries(directory.path) : null;
    const links = new Map<string, string>();
    this.#ask(LISTED * (entries?.size ?? 0), path);
    for (const name of [...(entries?.keys() ?? [])].sort()) {
      const target = entries!.get(name) === "link" ? this.#target(`${directory!.path}/${name}`) : null;
      if (target === null || !matching.test(target)) continue;
      links.set(name, target);
      this.#keep(`${directory!.path}/${name}`, "link");
    }
    return links;
  }

  /** Whether a directory holds a name, whatever that stands for; a link counts even where it leads nowhere. */
  has(path: string): boolean {
    const { parent, name } = splitPath(path);
    const directory = this.#find(parent);
    const kind = directory?.kind === "directory" ? this.#entries(directory.path)?.get(name) : undefined;
    if (kind === undefined) return false;
    this.#keep(`${directory!.path}/${name}`, kind);
    return true;
  }

  /** Links followed; false where there is nothing. */
  isDirectory(path: string): boolean {
    return this.#find(path)?.kind === "directory";
  }

  /** The text of a symbolic link; null where the path is none. Links on the way to it are followed. */
  link(path: string): string | null {
    const { parent, name } = splitPath(path);
    const directory = this.#find(parent);
    if (directory?.kind !== "directory" || this.#entries(directory.path)?.get(name) !== "link") return null;
    this.#keep(`${directory.path}/${name}`, "link");
    return this.#target(`${directory.path}/${name}`);
  }

  /** What cannot be read is not kept: it would stand there as something that is empty. */
  #keep(path: string, kind: EntryKind): void {
    if (this.#kept === null) return;
    if (kind === "link") {
      const target = this.#target(path);
      if (target !== null) this.#kept.addLink(path, target);
    } else if (kind === "directory") {
      if (this.#entries(path) !== null) this.#kept.addDirectory(path);
    } else if (this.#kept.read(path) === null) {
      this.#kept.addFile(path, new Uint8Array());
    }
  }

  #ask(names: number, path: string): void {
    this.#names += names;
    if (this.#names <= NAMES_ASKED_LIMIT) return;
    throw new ReadError(
      "its links make more directories of these than any machine has: it was made to be endless",
      path,
    );
  }

  #target(path: string): string | null {
    let target = this.#links.get(path);
    if (target === undefined) {
      target = this.#store.link(path);
      this.#links.set(path, target);
    }
    return target;
  }

  #entries(directory: string): ReadonlyMap<string, EntryKind> | null {
    let entries = this.#directories.get(directory);
    if (entries === undefined) {
      entries = this.#store.list(directory);
      this.#directories.set(directory, entries);
    }
    return entries;
  }

  /** What a path stands for. Callers ask for many files of one directory, so the way to that is walked once. */
  #find(path: string): Found | null {
    const { parent, name } = splitPath(path);
    if (name === "" || name === "..") return this.#resolve(path);
    let directory = this.#found.get(parent);
    if (directory === undefined) {
      directory = this.#resolve(parent);
      this.#found.set(parent, directory);
    }
    if (directory?.kind !== "directory") return null;
    const kind = this.#entries(directory.path)?.get(name);
    if (kind === undefined) return null;
    if (kind === "link") return this.#resolve(path);
    const found = { path: `${directory.path}/${name}`, kind };
    if (kind === "directory") this.#keep(found.path, kind);
    return found;
  }

  /** Walks name by name; a link puts the names of its target in front of those that are left. */
  #resolve(path: string): Found | null {
    const left = namesOf(path).reverse();
    let at: string[] = [];
    let kind: EntryKind = "directory";
    let links = 0;
    for (let name = left.pop(); name !== undefined; name = left.pop()) {
      if (kind !== "directory") return null;
      this.#ask(at.length + 1, path);
      if (name === "..") {
        at.pop();
        continue;
      }
      const directory = toPath(at);
      const entry = this.#entries(directory)?.get(name);
      if (entry === undefined) return null;
      if (entry !== "file") this.#keep(`${directory}/${name}`, entry);
      if (entry !== "link") {
        at.push(name);
        kind = entry;
        continue;
      }
      const target = this.#target(`${directory}/${name}`);
      if (target === null || ++links > LINK_LIMIT) return null;
      if (target.startsWith("/")) at = [];
      left.push(...namesOf(target).reverse());
    }
    return { path: toPath(at), kind };
  }
}

/** The names of a path without `.`, `..`, doubled or trailing slashes, from the root on: what a name in an archive means. */
function normalNames(path: string): string[] {
  const names: string[] = [];
  for (const name of namesOf(path)) {
    if (name === "..") names.pop();
    else names.push(name);
  }
  return names;
}

/** The last name of a path or of a link's target. */
export function baseName(path: string): string {
  return splitPath(path).name;
}

/** The names a path leads through, `..` kept. */
export function namesOf(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== ".");
}

function toPath(names: readonly string[]): string {
  return names.map((name) => `/${name}`).join("");
}

function splitPath(path: string): { parent: string; name: string } {
  const end = path.lastIndexOf("/");
  const name = path.slice(end + 1);
  if (name !== "" && name !== ".") return { parent: path.slice(0, Math.max(end, 0)), name };
  const names = namesOf(path);
  return { name: names.pop() ?? "", parent: toPath(names) };
}

/** What a name in memory stands for; of a directory, what it holds. */
type Node =
  | { readonly kind: "file"; readonly bytes: Uint8Array }
  | { readonly kind: "link"; readonly target: string }
  | Directory;

interface Directory {
  readonly kind: "directory";
  readonly nodes: Map<string, Node>;
  /** What `nodes` are, for whoever lists them. */
  readonly entries: Map<string, EntryKind>;
}

/** Files in memory. Directories come into being with what they hold. A later entry of one name replaces the earlier. */
export class MemoryFiles implements FileStore {
  readonly #root = emptyDirectory();
  #size = 0;

  /** How many names there are, those of directories included. */
  get size(): number {
    return this.#size;
  }

  /** With those above it; nothing where it is there already. */
  addDirectory(path: string): void {
    this.#directory(normalNames(path));
  }

  /** With the directories above it. */
  addFile(path: string, bytes: Uint8Array): void {
    this.#add(path, { kind: "file", bytes });
  }

  /** A symbolic link, with the directories above it. */
  addLink(path: string, target: string): void {
    this.#add(path, { kind: "link", target });
  }

  /** A second name of a file that is there already; nothing where there is none. */
  addHardLink(path: string, target: string): void {
    const node = this.#node(toPath(normalNames(target)));
    if (node !== undefined && node.kind !== "directory") this.#add(path, node);
  }

  list(path: string): ReadonlyMap<string, EntryKind> | null {
    const node = this.#node(path);
    return node?.kind === "directory" ? node.entries : null;
  }

  read(path: string): Uint8Array | null {
    const node = this.#node(path);
    return node?.kind === "file" ? node.bytes : null;
  }

  link(path: string): string | null {
    const node = this.#node(path);
    return node?.kind === "link" ? node.target : null;
  }

  /** Every path but the root, in an order in which directories come before what they hold. */
  paths(): string[] {
    const paths: string[] = [];
    const left: { readonly path: string; readonly directory: Directory }[] = [{ path: "", directory: this.#root }];
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      for (const [name, node] of next.directory.nodes) {
        const path = `${next.path}/${name}`;
        paths.push(path);
        if (node.kind === "directory") left.push({ path, directory: node });
      }
    }
    return paths.sort();
  }

  #node(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    if (path === "") return node;
    // A loop and not `split`: it is asked for every file.
    for (let start = 1; node !== undefined;) {
      if (node.kind !== "directory") return undefined;
      const end = path.indexOf("/", start);
      node = node.nodes.get(end < 0 ? path.slice(start) : path.slice(start, end));
      if (end < 0) return node;
      start = end + 1;
    }
    return undefined;
  }

  #add(path: string, node: Node): void {
    const names = normalNames(path);
    const name = names.pop();
    if (name !== undefined) this.#enter(this.#directory(names), name, node);
  }

  /** The directory that these names lead to, made where it is not there. */
  #directory(names: readonly string[]): Directory {
    let directory = this.#root;
    for (const name of names) {
      const found = directory.nodes.get(name);
      const next = found?.kind === "directory" ? found : emptyDirectory();
      if (next !== found) this.#enter(directory, name, next);
      directory = next;
    }
    return directory;
  }

  #enter({ nodes, entries }: Directory, name: string, node: Node): void {
    if (!nodes.has(name)) this.#size++;
    nodes.set(name, node);
    entries.set(name, node.kind);
  }
}

function emptyDirectory(): Directory {
  return { kind: "directory", nodes: new Map(), entries: new Map() };
}
