import { PCI_IDS } from "../../src/names/index.js";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COMMAND, peerlane } from "./run.js";

const PLAIN = { command: 6, acs: null, bars: [] };

/** Two functions below a switch of which one port redirects, and a host bridge that no kernel lists. */
const MACHINE = JSON.stringify({
  peerlane: 1,
  systems: [
    {
      kernel: { release: "6.12.117" },
      cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6 },
      complete: true,
      functions: [
        { ...PLAIN, bdf: "0000:00:00.0", class: "0600", vendor: "8086", device: "29c0" },
        { ...PLAIN, bdf: "0000:00:01.0", kind: "root-port", bus: { secondary: 1, subordinate: 4 } },
        { ...PLAIN, bdf: "0000:01:00.0", kind: "upstream-port", bus: { secondary: 2, subordinate: 4 } },
        {
          ...PLAIN,
          bdf: "0000:02:00.0",
          kind: "downstream-port",
          acs: { capability: 0x5f, control: 0x1d },
          bus: { secondary: 3, subordinate: 3 },
        },
        { ...PLAIN, bdf: "0000:02:01.0", kind: "downstream-port", bus: { secondary: 4, subordinate: 4 } },
        {
          ...PLAIN,
          bdf: "0000:03:00.0",
          kind: "endpoint",
          class: "0302",
          names: ["GPU0"],
          bars: [{ index: 0, type: "mem64", start: "0xf9000000", bus: "0xf9000000", size: 0x1000000 }],
        },
        { ...PLAIN, bdf: "0000:04:00.0", kind: "endpoint", class: "0207", names: ["mlx5_0", "ib0"] },
      ],
    },
  ],
});

const ask = (...words: string[]) => peerlane([...words, "-i", "-"], { input: MACHINE });

describe("asked wrongly", () => {
  const cases: readonly (readonly [words: string, message: string])[] = [
    ["can 3:00.0 GPU1", 'CLIENT: the source has no function named "GPU1": did you mean GPU0?'],
    ["can mlx5_1 GPU0", 'PROVIDER: the source has no function named "mlx5_1": did you mean mlx5_0?'],
    [
      "common 99:00.0 GPU0",
      'A: the source has no function named "99:00.0": it has 7 functions, such as 0000:00:00.0; `peerlane list` shows them',
    ],
    ["can 0000:00 GPU0", "PROVIDER: 0000:00 is a host bridge; expected a function such as 0000:00:00.0"],
    [
      "owner f9000000",
      'ADDRESS: expected 0x… or decimal digits, below 2^64, got "f9000000"; for hexadecimal write 0xf9000000',
    ],
    ["owner 0x10000000000000000", 'ADDRESS: expected 0x… or decimal digits, below 2^64, got "0x10000000000000000"'],
    ["map GPU0 0x0 0", 'SIZE: expected bytes from 1 to 2^64, such as 4096, 0x1000, 64K or 16G, got "0"'],
    ["map GPU0 0x0 1.5G", 'SIZE: expected bytes from 1 to 2^64, such as 4096, 0x1000, 64K or 16G, got "1.5G"'],
    ["owner 0xffffffffffffffff 2", "SIZE: 0x2 bytes from 0xffffffffffffffff end beyond 2^64"],
    ["list --kernel six", '--kernel: expected a release of Linux such as 6.1 or 6.12.117, got "six"'],
    [
      "list --cpu AMD",
      '--cpu: expected VENDOR:FAMILY as in /proc/cpuinfo, such as AuthenticAMD:25, GenuineIntel:6, HygonGenuine:24, or ppc64:POWER9, arm64:0x41, got "AMD"',
    ],
    ["list --system blue", '--system: no system is named "blue"; the source names no system: leave --system out'],
    [
      "matrix --of gpuz",
      '--of: the source has no function named "gpuz": did you mean GPU0?; groups are all, endpoint, bridge, gpu, accelerator, nic, nvme, storage, memory',
    ],
    ["matrix -q", "matrix has no answer of one word: leave -q out"],
    ["list -i -", "-i -: standard input can be read once only; give the other source as a file"],
  ];

  test.each(cases)("%s: exit code 2, the message on standard error, nothing on standard output", (words, message) => {
    expect(ask(...words.split(" "))).toEqual({ code: 2, out: "", err: `peerlane: ${message}\n` });
  });

  test.each([
    ["can GPU0", "missing required argument 'client'"],
    ["cna GPU0 mlx5_0", "unknown command 'cna'\n(Did you mean can?)"],
    ["list --jsn", "unknown option '--jsn'\n(Did you mean --json?)"],
    ["list --json -q", "option '--json' cannot be used with option '-q, --quiet'"],
    [
      "map GPU0 0 1 --direction up",
      "option '--direction <way>' argument 'up' is invalid. Allowed choices are read, write, both.",
    ],
    [
      "list --color sometimes",
      "option '--color <when>' argument 'sometimes' is invalid. Allowed choices are auto, always, never.",
    ],
    [
      "export --to xml",
      "option '--to <format>' argument 'xml' is invalid. Allowed choices are json, dot, mermaid, svg, markdown, nccl-xml.",
    ],
    ["list GPU0", "too many arguments for 'list'. Expected 0 arguments but got 1."],
  ])("%s: says what the command takes", (words, message) => {
    expect(ask(...words.split(" "))).toEqual({
      code: 2,
      out: "",
      err: `peerlane: ${message}\n(--help shows what it takes)\n`,
    });
  });

  test("without a command the help goes to standard error", () => {
    const { code, out, err } = peerlane([]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^Usage: peerlane <command>/);
  });
});

describe("input that cannot be read", () => {
  test("a file that is not there", () => {
    const { code, out, err } = peerlane(["list", "-i", "/nonexistent/lspci.txt"]);
    expect({ code, out, err }).toEqual({
      code: 2,
      out: "",
      err: "peerlane: /nonexistent/lspci.txt: no such file or directory\n",
    });
  });

  test("a format that nobody knows: says what it starts with and what is known", () => {
    const { code, out, err } = peerlane(["list", "-i", "-"], { input: "hello world" });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(
      /^peerlane: standard input: not a format that is known: it starts with "hello world"\. Known are lspci /,
    );
  });

  test("a description that cannot be true: every problem at once", () => {
    const machine = {
      peerlane: 1,
      systems: [{ functions: [{ bdf: "0000:01:00.0" }, { bdf: "0000:01:00.0" }, { bdf: "1:00.0" }] }],
    };
    const { code, out, err } = peerlane(["list", "-i", "-"], { input: JSON.stringify(machine) });
    expect([code, out]).toEqual([2, ""]);
    expect(err).not.toContain("internal error");
    expect(err.match(/0000:01:00\.0 is described twice|1:00\.0/g)!.length).toBeGreaterThan(0);
  });
});

describe("functions may be written as people write them", () => {
  test.each(["03:00.0", "0000:03:00.0", "00000000:03:00.0", "3:0.0", "GPU0"])("%s", (name) => {
    expect(JSON.parse(ask("can", name, "04:00.0", "--json").out)).toMatchObject({ provider: "0000:03:00.0" });
  });

  test("upper case included", () => {
    const input = MACHINE.replaceAll("0000:03:00.0", "000a:0b:00.0");
    const { out } = peerlane(["common", "000A:0B:00.0", "0000:04:00.0", "--json", "-i", "-"], { input });
    expect(JSON.parse(out)).toMatchObject({ a: "000a:0b:00.0" });
  });

  test.each([
    ["4096", 4096],
    ["0x1000", 4096],
    ["4K", 4096],
    ["4KiB", 4096],
    ["1m", 1 << 20],
    ["16T", 16 * 2 ** 40],
    ["9007199254740992", "0x20000000000000"],
  ])("a size of %s", (text, size) => {
    expect(JSON.parse(ask("owner", "0x1000", text, "--json").out)).toMatchObject({ size });
  });
});

describe("one word with -q", () => {
  test.each([
    ["can GPU0 mlx5_0", "no", 1],
    ["can GPU0 mlx5_0 --cpu AuthenticAMD:25", "yes-through-host-bridge", 0],
    ["can GPU0 02:00.0 --kernel 6.1", "no", 1],
    ["map mlx5_0 0xf9000000 4K", "no", 1],
    ["common GPU0 mlx5_0", "0000:01:00.0", 0],
    ["owner 0xf9000001", "0000:03:00.0", 0],
    ["owner 0x1", "unknown", 3],
  ])("%s: %s", (words, word, code) => {
    expect(ask(...words.split(" "), "-q")).toEqual({ code, out: `${word}\n`, err: "" });
  });

  test("list prints the names, one a line", () => {
    expect(ask("list", "-q").out.trimEnd().split("\n")).toHaveLength(7);
  });
});

describe("colours", () => {
  const colored = (words: string[], env: Record<string, string>) =>
    peerlane(["can", "GPU0", "mlx5_0", ...words, "-i", "-"], { input: MACHINE, env }).out.includes("\u001b[");

  test("are for terminals, unless somebody wants them elsewhere", () => {
    expect(colored([], {})).toBe(false);
    expect(colored([], { FORCE_COLOR: "1" })).toBe(true);
    expect(colored([], { FORCE_COLOR: "0" })).toBe(false);
    expect(colored([], { FORCE_COLOR: "1", NO_COLOR: "1" })).toBe(false);
    expect(colored(["--color", "always"], { NO_COLOR: "1" })).toBe(true);
    expect(colored(["--color", "never"], { FORCE_COLOR: "1" })).toBe(false);
  });

  test("never get into JSON, and add nothing to the words", () => {
    expect(colored(["--json", "--color", "always"], {})).toBe(false);
    const plain = ask("can", "GPU0", "mlx5_0").out;
    const painted = ask("can", "GPU0", "mlx5_0", "--color", "always").out;
    expect(painted.replace(/\u001b\[\d+m/g, "")).toBe(plain);
  });
});

describe("terminals and pipes", () => {
  test("the tree is drawn in ASCII where the locale is not UTF-8", () => {
    const drawn = (LANG: string) => peerlane(["tree", "-i", "-"], { input: MACHINE, env: { LANG } }).out;
    expect(drawn("C")).toMatch(/^[\x20-\x7e\n]+$/);
    expect(drawn("C")).toContain("`- 0000:00:01.0");
    expect(drawn("C.UTF-8")).toContain("└─ 0000:00:01.0");
  });

  test("COLUMNS makes lines shorter", () => {
    const { out } = peerlane(["can", "GPU0", "mlx5_0", "-i", "-"], { input: MACHINE, env: { COLUMNS: "60" } });
    const words = out.split("\n").filter((line) => !line.includes("pci=") && !line.includes("<--"));
    expect(Math.max(...words.map(({ length }) => length))).toBeLessThanOrEqual(60);
  });

  test("a reader that has seen enough ends the command quietly", () => {
    const functions = Array.from({ length: 256 * 8 }, (_, index) => {
      const bus = (index >> 3).toString(16).padStart(2, "0");
      return { bdf: `0000:${bus}:00.${index & 7}`, parent: null };
    });
    const input = JSON.stringify({ peerlane: 1, systems: [{ functions }] });
    const script = `"${process.execPath}" "${COMMAND}" list --json -i - | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { input, encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "{\n0\n", stderr: "" });
  });

  test("what was odd about the source is noted on standard error, in full with -v, never with --json or -q", () => {
    const input = ["41", "42", "43", "44"].map((bus) => `${bus}:00.0 Network controller: N\n`).join("");
    const list = (...words: string[]) => peerlane(["list", "-i", "-", ...words], { input });
    expect(list().err.match(/^note: nothing shows /gm)).toHaveLength(3);
    expect(list().err).toMatch(/^note: 1 more; -v shows them$/m);
    expect(list("-v").err.match(/^note: nothing shows .*\(PARENT_UNKNOWN\)$/gm)).toHaveLength(4);
    expect([list("--json").err, list("-q").err]).toEqual(["", ""]);
    expect(list().out).not.toContain("note:");
  });
});

describe("help and version", () => {
  test("--version prints that of the package, and of the names of devices", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      version: string;
    };
    expect(peerlane(["--version"])).toEqual({ code: 0, out: `${version} (pci.ids ${PCI_IDS.version})\n`, err: "" });
  });

  test("--help of the program and of every command goes to standard output", () => {
    const { code, out } = peerlane(["--help"]);
    expect(code).toBe(0);
    const commands = ["list", "tree", "common", "owner", "export", "can", "map", "matrix"];
    for (const command of commands) expect(out).toMatch(new RegExp(`^ {2}${command} `, "m"));
    for (const command of commands) {
      const help = peerlane([command, "--help"]);
      expect([help.code, help.err]).toEqual([0, ""]);
      expect(help.out).toContain("Exit code");
      expect(help.out).toContain("--input <source>");
    }
  });
});
