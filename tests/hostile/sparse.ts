import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";

/** Makes a file of so many bytes, of which only the start is written. */
export function sparse(path: string, bytes: number, start = ""): string {
  const file = openSync(path, "w");
  writeSync(file, start);
  ftruncateSync(file, bytes);
  closeSync(file);
  return path;
}
