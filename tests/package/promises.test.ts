import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { capture } from "../cli/run.js";
import { Consumer, QUESTION, ANSWER } from "./consumer.js";

// What SECURITY.md says that peerlane does not do.

const consumer = new Consumer();
const folder = () => join(consumer.folder, "node_modules/peerlane/dist");
const scripts = () => readdirSync(folder()).filter((name) => /\.c?js$/.test(name));

/** Node's own modules that a script names. */
function builtins(name: string): string[] {
  const text = readFileSync(join(folder(), name), "utf8");
  const named = [...text.matchAll(/(?:from|import|require\()\s*["']([a-z:_/]+)["']/g)].map(([, each]) => each!);
  return [...new Set(named.filter((each) => each.startsWith("node:") || builtinModules.includes(each)))].sort();
}

/** Runs where the engine itself forbids writing, other processes, threads, and code made of text. */
function confined(words: readonly string[]): { code: number | null; out: string; err: string } {
  const flags = ["--experimental-permission", "--allow-fs-read=*", "--disallow-code-generation-from-strings"];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, "--no-warnings", ...words], {
    cwd: consumer.folder,
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

describe("what is packed", () => {
  test("knows no way to the network, and makes no code of text", () => {
    for (const name of scripts()) {
      const text = readFileSync(join(folder(), name), "utf8");
      for (const way of [
        /\beval\(/,
        /new Function\b/,
        /\bfetch\(/,
        /XMLHttpRequest/,
        /WebSocket/,
        /EventSource/,
        /sendBeacon/,
      ]) {
        expect(way.test(text), `${name}: ${way}`).toBe(false);
      }
    }
  });

  test("asks Node for nothing, but for the command line, which asks for files", () => {
    for (const name of scripts()) {
      // commander takes child_process for commands that are programs of their own, of which there are none.
      const allowed =
        name === "cli.js" ? "node:child_process node:events node:fs node:module node:path node:process" : "";
      expect(builtins(name).join(" "), name).toBe(allowed);
    }
  });
});

describe("where the engine forbids writing, processes, threads and code made of text", () => {
  test("the library answers", () => {
    consumer.write(
      "ask.mjs",
      `import { linux, PeerDma, Topology } from "peerlane";${QUESTION}console.log(ask(Topology.of(machine)));`,
    );
    expect(confined(["ask.mjs"])).toEqual({ code: 0, out: `${ANSWER}\n`, err: "" });
  });

  test.each([
    ["can 03:00.0 04:00.0", 0],
    ["matrix", 0],
    ["tree", 0],
    ["doctor", 0],
    ["fix 03:00.0 04:00.0", 0],
    ["export --to svg", 0],
    ["snapshot -o -", 0],
  ])("the command line answers: %s", (words, code) => {
    const command = join(folder(), "cli.js");
    const { code: got, err } = confined([command, ...words.split(" "), "-i", capture("switch4-intel")]);
    expect(err).not.toContain("ERR_ACCESS_DENIED");
    expect([code, 1]).toContain(got);
  });

  test("the command line writes the file that it is told to, and cannot", () => {
    const { code, err } = confined([join(folder(), "cli.js"), "synth", "mixed", "-o", "made.peerlane"]);
    expect(code).toBe(2);
    expect(err).toContain("made.peerlane: ");
    expect(existsSync(join(consumer.folder, "made.peerlane"))).toBe(false);
  });
});

test("the command line replaces no file that it was not told to", () => {
  const command = join(folder(), "cli.js");
  consumer.write("peerlane-snapshot.tar.gz", "mine");
  const { status, stderr } = spawnSync(process.execPath, [command, "snapshot", "-i", capture("switch4-intel")], {
    cwd: consumer.folder,
    encoding: "utf8",
  });
  expect(status).toBe(2);
  expect(stderr).toContain("is there already");
  expect(readFileSync(join(consumer.folder, "peerlane-snapshot.tar.gz"), "utf8")).toBe("mine");
});
