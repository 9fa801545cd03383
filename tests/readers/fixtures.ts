import { existsSync, readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const HERE = new URL("../..", import.meta.url).pathname;

/** The machines that a real kernel answered for: in the repository, or where they were captured. */
export const CAPTURES = [`${HERE}tests/fixtures/qemu`, `${HERE}../shared/fixtures/qemu`].find(existsSync) ?? null;

/** Other people's machines, which are read in place. */
export const REAL = [`${HERE}../shared/fixtures/real`].find(existsSync) ?? null;

if (REAL === null)
  console.warn("skipped: tests on dumps of real machines, which are not here (../shared/fixtures/real)");

export function captureNames(): string[] {
  const entries = CAPTURES === null ? [] : readdirSync(CAPTURES, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The bytes of a capture's file, unpacked where it is kept as `name.gz`. */
export function captureFile(capture: string, name: string): Uint8Array {
  const path = `${CAPTURES}/${capture}/${name}`;
  return existsSync(path) ? readFileSync(path) : gunzipSync(readFileSync(`${path}.gz`));
}

export function captureText(capture: string, name: string): string {
  return new TextDecoder().decode(captureFile(capture, name));
}

export function realFile(path: string): Uint8Array {
  return readFileSync(`${REAL}/${path}`);
}
