// The native contenders: compiled with the system's compiler for this very machine, loaded as an addon of Node.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FLAGS = ["-std=gnu11", "-O3", "-march=native", "-shared", "-fPIC", "-fvisibility=hidden"];

/** @returns the kernels and the compiler's name, or why there are none */
export function compile(compiler = process.env.CC || "cc") {
  const sources = fileURLToPath(new URL("native/", import.meta.url));
  const directory = mkdtempSync(join(tmpdir(), "peerlane-bench-"));
  try {
    const version = spawnSync(compiler, ["--version"], { encoding: "utf8" });
    if (version.error !== undefined) return { kernels: null, compiler: `no native contenders: no ${compiler}` };
    const files = readdirSync(sources).filter((name) => name.endsWith(".c"));
    const undefinedToo = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : [];
    const output = join(directory, "contenders.node");
    const { status, stderr } = spawnSync(
      compiler,
      [...FLAGS, ...undefinedToo, ...files.map((name) => join(sources, name)), "-o", output],
      { encoding: "utf8" },
    );
    if (status !== 0) return { kernels: null, compiler: `no native contenders: ${stderr.trim().split("\n")[0]}` };
    const holder = { exports: {} };
    process.dlopen(holder, output);
    return { kernels: holder.exports, compiler: `${version.stdout.split("\n")[0]} ${FLAGS.slice(1, 3).join(" ")}` };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
