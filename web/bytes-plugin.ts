import { readFile } from "node:fs/promises";

/** Vite's part of what tsup's `binary` loader does: the bytes of a file, in the bundle that imports it. */
export const bytes = {
  name: "bytes",
  enforce: "pre" as const,
  async load(id: string): Promise<string | null> {
    if (!/\.(?:wasm|bin)$/.test(id)) return null;
    const base64 = (await readFile(id)).toString("base64");
    return `export default Uint8Array.from(atob("${base64}"), (letter) => letter.charCodeAt(0));`;
  },
};
