import { packTar } from "modern-tar";
import type { MemoryFiles } from "../../readers/files/file-tree.js";

/** What every entry of an archive has in common, so that the same files make the same bytes. */
const SHARED = { mtime: new Date(0), uid: 0, gid: 0, uname: "root", gname: "root" };

/** `files` as a `.tar.gz`, in the order of their paths. The same files make the same bytes. */
export async function packArchive(files: MemoryFiles): Promise<Uint8Array> {
  const tar = await packTar(files.paths().map((path) => entryOf(files, path)));
  return gzip(tar);
}

function entryOf(files: MemoryFiles, path: string): Parameters<typeof packTar>[0][number] {
  const name = path.slice(1);
  const linkname = files.link(path);
  if (linkname !== null) return { header: { ...SHARED, name, type: "symlink", linkname, mode: 0o777, size: 0 } };
  const bytes = files.read(path);
  if (bytes === null) return { header: { ...SHARED, name: `${name}/`, type: "directory", mode: 0o755, size: 0 } };
  return { header: { ...SHARED, name, type: "file", mode: 0o644, size: bytes.length }, body: bytes };
}

/** In the header of gzip: which system packed it, and what stands for none in particular. */
const SYSTEM_AT = 9;
const UNKNOWN_SYSTEM = 255;

/** Without a time or a system in its header. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  packed[SYSTEM_AT] = UNKNOWN_SYSTEM;
  return packed;
}
