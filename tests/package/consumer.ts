import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

export const ROOT = new URL("../..", import.meta.url).pathname;

/** What `npm pack` says of a tarball. */
export interface Packed {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly unpackedSize: number;
}

/** An empty project, into which the packed tarball is installed before the tests of a file. */
export class Consumer {
  readonly folder = mkdtempSync(join(tmpdir(), "peerlane-package-"));
  packed: Packed | null = null;

  constructor() {
    beforeAll(() => {
      const words = ["pack", "--ignore-scripts", "--json", "--pack-destination", this.folder];
      const [packed] = Object.values(JSON.parse(this.run("npm", words, ROOT))) as [Packed];
      this.packed = packed;
      this.write("package.json", JSON.stringify({ name: "consumer", private: true }));
      this.run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(this.folder, packed.filename)]);
    }, 120_000);
    afterAll(() => rmSync(this.folder, { recursive: true, force: true }));
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** What it prints. */
  run(command: string, args: readonly string[], folder = this.folder): string {
    return execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }
}

/** Two functions below one switch: asks, and says `yes bus-address 0xf9001000`. */
export const QUESTION = `
const on = { command: 6, acs: null, bars: [] };
const machine = {
  peerlane: 1,
  systems: [{
    complete: true,
    functions: [
      { ...on, bdf: "0000:00:01.0", kind: "root-port", bus: { secondary: 1, subordinate: 4 } },
      { ...on, bdf: "0000:01:00.0", kind: "upstream-port", bus: { secondary: 2, subordinate: 4 } },
      { ...on, bdf: "0000:02:00.0", kind: "downstream-port", bus: { secondary: 3, subordinate: 3 } },
      { ...on, bdf: "0000:02:01.0", kind: "downstream-port", bus: { secondary: 4, subordinate: 4 } },
      { ...on, bdf: "0000:03:00.0", kind: "endpoint", bars: [{ index: 0, type: "mem64", start: "0xf9000000", bus: "0xf9000000", size: 0x1000000 }] },
      { ...on, bdf: "0000:04:00.0", kind: "endpoint" },
    ],
  }],
};
function ask(topology) {
  const peerDma = new PeerDma(topology, linux("6.12"));
  const { answer, route } = peerDma.can("03:00.0", "04:00.0");
  const mapping = peerDma.map("04:00.0", 0xf9001000n, 4096);
  return [answer, route, mapping.ok ? "0x" + mapping.dmaAddress?.toString(16) : mapping.code].join(" ");
}
`;
export const ANSWER = "yes bus-address 0xf9001000";
