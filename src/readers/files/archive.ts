import { unpackTar } from "modern-tar";
import { bunzip2, Bzip2Error } from "./bzip2.js";
import { FileTree, MemoryFiles } from "./file-tree.js";
import { ReadError } from "../reading.js";

/**
 * The most that a compressed source may unpack to. A snapshot of a machine with thousands of functions is some
 * 50 MB; a bomb is a million times its own size.
 */
export const UNPACKED_LIMIT = 1 << 29;

/** Characters of a name in an archive, and of what a link in it leads to: as in Linux. */
export const PATH_LIMIT = 4096;

/** Names in an archive, those of directories included. */
export const NAMES_LIMIT = 2 ** 20;

/** How a source is packed, by its first bytes. */
export type Packing = "gzip" | "bzip2" | "tar";

const TAR_MAGIC = "ustar";
const TAR_MAGIC_AT = 257;

/** The packing that the content itself shows; null for anything else. */
export function packingOf(bytes: Uint8Array): Packing | null {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "gzip";
  if (bytes[0] === 0x42 && bytes[1] === 0x5a && bytes[2] === 0x68) return "bzip2";
  return isTar(bytes) ? "tar" : null;
}

/** What `DecompressionStream` calls them. */
const STREAM_FORMATS = { gzip: "gzip", zlib: "deflate" } as const;

/** Unpacks gzip, zlib or bzip2; throws {@link ReadError} on damage and beyond `limit` bytes. */
export async function decompress(
  bytes: Uint8Array,
  packing: "gzip" | "zlib" | "bzip2",
  source: string,
  limit = UNPACKED_LIMIT,
): Promise<Uint8Array> {
  if (packing !== "bzip2") return inflate(bytes, packing, source, limit);
  try {
    return bunzip2(bytes, limit);
  } catch (error) {
    if (error instanceof Bzip2Error) throw new ReadError(`damaged or oversized bzip2 data: ${error.message}`, source);
    throw error;
  }
}

/**
 * A tar archive, not packed any more, as a tree in memory. Nothing is ever written: names that point outside are names
 * in the tree.
 *
 * @param source its name, for messages.
 * @throws ReadError for an archive that is damaged, or holds more than any machine's.
 */
export async function readTar(bytes: Uint8Array, source: string): Promise<FileTree> {
  const files = new MemoryFiles();
  for (const { header, data } of await unpack(bytes, source)) {
    if (Math.max(header.name.length, header.linkname?.length ?? 0) > PATH_LIMIT) {
      const start = JSON.stringify(header.name.slice(0, SHOWN_NAME));
      throw new ReadError(
        `a name or link of more than ${PATH_LIMIT} characters, the name begins with ${start}`,
        source,
      );
    }
    if (files.size > NAMES_LIMIT) {
      throw new ReadError(`more than ${NAMES_LIMIT} files and directories: pack those of one machine`, source);
    }
    if (header.type === "directory") files.addDirectory(header.name);
    else if (header.type === "symlink") files.addLink(header.name, header.linkname ?? "");
    else if (header.type === "link") files.addHardLink(header.name, header.linkname ?? "");
    else if (data !== undefined) files.addFile(header.name, data);
  }
  return new FileTree(files);
}

const SHOWN_NAME = 48;

async function unpack(bytes: Uint8Array, source: string): ReturnType<typeof unpackTar> {
  try {
    return await unpackTar(bytes, { strict: true });
  } catch (error) {
    throw new ReadError(`damaged tar archive: ${messageOf(error)} Pack or fetch it again.`, source);
  }
}

/** Both the POSIX and the GNU format say so in the middle of the first header. */
function isTar(bytes: Uint8Array): boolean {
  return new TextDecoder().decode(bytes.subarray(TAR_MAGIC_AT, TAR_MAGIC_AT + TAR_MAGIC.length)) === TAR_MAGIC;
}

async function inflate(
  bytes: Uint8Array,
  packing: keyof typeof STREAM_FORMATS,
  source: string,
  limit: number,
): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream(STREAM_FORMATS[packing]));
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw new ReadError(`damaged ${packing} data: ${messageOf(error)}`, source);
    });
    if (done) return concatenate(chunks, length);
    length += value.length;
    if (length > limit) {
      await reader.cancel();
      throw new ReadError(`oversized ${packing} data: it unpacks to more than ${limit} bytes`, source);
    }
    chunks.push(value);
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.endsWith(".") ? message : `${message}.`;
}
