// Where and of what a report was made.

import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";

export function machine(compiler) {
  const git = (...args) => {
    try {
      return execFileSync("git", args, {
        cwd: import.meta.dirname,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trim();
    } catch {
      return null;
    }
  };
  const commit = git("rev-parse", "--short", "HEAD");
  return {
    date: new Date().toISOString(),
    commit: commit !== null && git("status", "--porcelain") !== "" ? `${commit} + changes` : commit,
    node: process.version,
    v8: process.versions.v8,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    compiler,
  };
}
