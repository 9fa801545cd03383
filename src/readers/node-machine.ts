import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { isPacked, MAGIC_BYTES } from "../topology/buffer/buffer.js";
import type { FileTree } from "./files/file-tree.js";
import { directoryTree } from "./files/node-directory.js";
import { read, type ReadResult, type Source } from "./read.js";
import { ReadError } from "./reading.js";

/** The most that is read of one file: enough for any dump, and an end to `/dev/zero`. */
export const INPUT_LIMIT = 2 ** 29;
/** The most that is read of a packed topology: twice the memory that it has to answer from. */
export const PACKED_LIMIT = 2 ** 33;
const CHUNK = 1 << 20;
const PACKED_CHUNK = 1 << 28;
const STANDARD_INPUT = 0;

/** Reads the machine this runs on, from its `/sys` and `/proc`. Linux only; as root it shows more. */
export async function readThisMachine(): Promise<ReadResult> {
  return read([openThisMachine()]);
}

/** The files of the machine this runs on, none of which is read yet. Linux only. */
export function openThisMachine(): { readonly name: string; readonly bytes: FileTree } {
  if (process.platform !== "linux") {
    throw new ReadError(
      `only Linux has /sys and /proc, and this is ${process.platform}. On the machine in question run ` +
        `"sudo lspci -D -vvvnnxxxx > lspci.txt" and give that file with -i lspci.txt`,
      "this machine",
    );
  }
  return { name: "this machine", bytes: directoryTree("/") };
}

/** A file, a directory (of which only what is needed will be read) or, as `-`, standard input. */
export function openSource(path: string): Source {
  if (path === "") throw new ReadError("an empty name was given, expected that of a file or directory", "input");
  if (path === "-") return { name: "standard input", bytes: readWhole(STANDARD_INPUT, "standard input") };
  return attempt(path, () => {
    if (statSync(path).isDirectory()) return { name: path, bytes: directoryTree(path) };
    const file = openSync(path, "r");
    try {
      const packed = readPacked(file, path);
      if (packed === null && fstatSync(file).size > INPUT_LIMIT) throw tooLong(path);
      return { name: path, bytes: packed ?? readWhole(file, path) };
    } finally {
      closeSync(file);
    }
  });
}

/** A packed topology is as large as its fabric; null: the file is none. */
function readPacked(file: number, path: string): Uint8Array | null {
  const status = fstatSync(file);
  const start = new Uint8Array(MAGIC_BYTES);
  if (!status.isFile() || readSync(file, start, 0, start.length, 0) < start.length || !isPacked(start)) return null;
  if (status.size > PACKED_LIMIT) {
    throw new ReadError(`a packed topology of ${status.size} bytes, expected at most ${PACKED_LIMIT}`, path);
  }
  const bytes = new Uint8Array(status.size);
  for (let at = 0; at < bytes.length;) {
    const count = readSync(file, bytes, at, Math.min(PACKED_CHUNK, bytes.length - at), at);
    if (count === 0) return bytes.subarray(0, at);
    at += count;
  }
  return bytes;
}

/** Pipes have no size, so the end is where nothing more comes. */
function readWhole(file: number, name: string): Uint8Array {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const count = attempt(name, () => readOrWait(file, chunk));
    if (count === 0) return Buffer.concat(chunks, length);
    chunks.push(chunk.subarray(0, count));
    length += count;
    if (length > INPUT_LIMIT) throw tooLong(name);
  }
}

function tooLong(name: string): ReadError {
  return new ReadError(`longer than ${INPUT_LIMIT} bytes, which no dump of a machine is`, name);
}

/** Standard input that is a terminal or a socket may say "try again" until something comes. */
function readOrWait(file: number, into: Buffer): number {
  for (;;) {
    try {
      return readSync(file, into, 0, into.length, null);
    } catch (error) {
      if (codeOf(error) === "EOF") return 0;
      if (codeOf(error) !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof ReadError) throw error;
    throw new ReadError(REASONS[codeOf(error)] ?? `cannot be read: ${String(error)}`, path);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "no permission to read it",
};

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
