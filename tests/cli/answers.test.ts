import { writeFileSync } from "node:fs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { MachineDescription } from "../../src/index.js";
import type {
  CommonDocument,
  ListDocument,
  MappingDocument,
  MatrixDocument,
  OwnerDocument,
  TreeDocument,
  TreeEntry,
  VerdictDocument,
} from "../../src/writers/index.js";
import { CAPTURES, captureText } from "../readers/fixtures.js";
import { capture, json, peerlane } from "./run.js";

const directory = mkdtempSync(join(tmpdir(), "peerlane-cli-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

/** The words of the lines of `kernel-answers.txt` that begin with `tag`. */
function kernel(name: string, tag: string): string[][] {
  const lines = captureText(name, "kernel-answers.txt").split("\n");
  return lines.filter((line) => line.startsWith(`${tag} `)).map((line) => line.split(" ").slice(1));
}

const hex = (text: string) => `0x${BigInt(text.startsWith("0x") ? text : `0x${text}`).toString(16)}`;

/** A machine of which only the leaves are shown. */
const LEAVES = "41:00.0 Non-Volatile memory controller: Storage\n42:00.0 VGA compatible controller: Display\n";

describe.skipIf(CAPTURES === null)("the answers of captured machines", () => {
  describe.each(["sriov-intel", "ppc-powernv9", "arm64-virt-dt"])("list of %s", (name) => {
    const { code, document } = json<ListDocument>(["list", "-i", capture(name)]);
    const functions = new Map(document.functions.map((entry) => [entry.bdf, entry]));
    const devices = kernel(name, "DEV");

    test("shows the kernel's functions, each with its parent, root bus, physical function, class and ids", () => {
      expect(code).toBe(0);
      expect(functions.size).toBe(devices.length);
      for (const [bdf, ids, code, , , root, up, physical] of devices) {
        const entry = functions.get(bdf!)!;
        expect([entry.class, `${entry.vendor}:${entry.device}`]).toEqual([code!.slice(0, 4), ids]);
        expect(entry.physicalFunction).toBe(physical === "pf=-" ? null : physical!.slice(3));
        expect(entry.parent).toBe(up === "up=-" ? null : up!.slice(3));
        expect(entry.hostBridge).toBe(root!.slice(5));
        expect(entry.depth).toBe(entry.parent === null ? 1 : functions.get(entry.parent)!.depth! + 1);
      }
    });

    test("shows the kernel's BARs with both addresses and their sizes, the index ascending", () => {
      const bars = kernel(name, "BAR").filter(([, index, start, end]) => Number(index) < 6 && start !== end);
      expect(bars.length).toBeGreaterThan(10);
      for (const [bdf, index, start, end, , bus] of bars) {
        const entry = functions.get(bdf!)!.bars.find((bar) => bar.index === Number(index))!;
        expect([entry.start, entry.bus]).toEqual([hex(start!), hex(bus!)]);
        expect(BigInt(entry.size!)).toBe(BigInt(hex(end!)) - BigInt(hex(start!)) + 1n);
      }
      for (const { bars } of functions.values()) {
        const indices = bars.map(({ index }) => index!);
        expect(indices).toEqual([...indices].sort((a, b) => a - b));
      }
    });

    test("shows the kernel's ACS words, and null for a function without the capability", () => {
      const words = kernel(name, "ACS");
      expect(words.length).toBe(devices.length);
      for (const [bdf, capability, control] of words) {
        const expected = capability === "-" ? null : { capability: hex(capability!), control: hex(control!) };
        expect(functions.get(bdf!)!.acs).toEqual(expected);
      }
    });

    test("orders functions by segment, bus, device and function", () => {
      const names = document.functions.map(({ bdf }) => bdf);
      expect(names).toEqual([...names].sort());
    });
  });

  test("list marks a BAR as enabled by the bit that enables its kind", () => {
    const { document } = json<ListDocument>(["list", "-i", capture("disabled-intel")]);
    const bars = document.functions.flatMap(({ bars }) => bars);
    expect(new Set(bars.filter(({ type }) => type !== "io").map(({ enabled }) => enabled))).toEqual(
      new Set([true, false]),
    );
  });

  describe.each(["gpu-server-intel-iommu", "acs-iommu-amd", "sriov-intel-k61", "ppc-powernv9"])(
    "matrix of %s",
    (name) => {
      const { code, document } = json<MatrixDocument>(["matrix", "-i", capture(name)]);
      const at = new Map(document.functions.map((bdf, index) => [bdf, index]));
      const ROUTES: Record<string, string> = { BUS: "bus-address", HOST: "through-host-bridge", NONE: "not-supported" };

      test("is the kernel's own answer to every ordered pair", () => {
        const pairs = kernel(name, "P2P");
        expect(code).toBe(0);
        expect(pairs.length).toBe(at.size * (at.size - 1));
        const wrong = pairs.filter(([provider, client, distance, route]) => {
          const [row, column] = [at.get(provider!)!, at.get(client!)!];
          return (
            document.distance[row]![column] !== Number(distance) || document.route[row]![column] !== ROUTES[route!]
          );
        });
        expect(wrong).toEqual([]);
      });

      test("has the kernel's own answer to a function asking itself on its diagonal", () => {
        for (const [bdf, distance, route] of kernel(name, "SELF")) {
          const index = at.get(bdf!)!;
          expect(document.distance[index]![index]).toBe(Number(distance));
          expect(document.route[index]![index]).toBe(route === "BUS" ? "local" : ROUTES[route!]);
        }
      });
    },
  );

  test("matrix takes groups and functions together, each once and in order", () => {
    const { document } = json<MatrixDocument>([
      "matrix",
      "--of",
      "nvme,25:00.0,01:00.0",
      "-i",
      capture("gpu-server-intel"),
    ]);
    const { document: list } = json<ListDocument>(["list", "-i", capture("gpu-server-intel")]);
    const nvme = list.functions.filter((entry) => entry.class === "0108").map(({ bdf }) => bdf);
    expect(document.functions).toEqual([...nvme, "0000:25:00.0"].sort());
    expect(document.policy).toEqual({
      name: "linux-6.12",
      kernel: "6.12.117",
      cpu: "GenuineIntel:6",
      inferred: [],
      assumed: ["CONFIG_PCI_P2PDMA is set"],
    });
  });

  test("common names the kernel's common bridge, and the ways to it without the bridge", () => {
    const words = ["common", "03:00.0", "08:00.0", "-i", capture("acs-iommu-intel")];
    const { code, document } = json<CommonDocument>(words);
    expect(kernel("acs-iommu-intel", "LCA")).toContainEqual(["0000:03:00.0", "0000:08:00.0", "0000:01:00.0"]);
    expect(code).toBe(0);
    expect(document).toEqual({
      a: "0000:03:00.0",
      b: "0000:08:00.0",
      common: "0000:01:00.0",
      sameHostBridge: true,
      distance: 6,
      path: {
        a: ["0000:03:00.0", "0000:02:00.0"],
        b: ["0000:08:00.0", "0000:07:00.0", "0000:06:00.0", "0000:02:03.0"],
      },
    });
    expect(peerlane([...words, "-q"]).out).toBe("0000:01:00.0\n");
  });

  test("common says so where two functions share a host bridge only", () => {
    const { code, document } = json<CommonDocument>(["common", "nvme0", "nvme3", "-i", capture("acs-iommu-intel")]);
    expect(code).toBe(0);
    expect(document).toMatchObject({ common: null, sameHostBridge: true, distance: 8 });
    expect(document.path.b).toEqual(["0000:0d:00.0", "0000:0c:00.0", "0000:0b:00.0", "0000:00:02.0"]);
  });

  test("can refuses a redirected pair on Intel, names the bridges and bits, and gives the parameter", () => {
    const { code, document } = json<VerdictDocument>(["can", "03:00.0", "04:00.0", "-i", capture("acs-iommu-intel")]);
    expect(code).toBe(1);
    expect(document).toMatchObject({
      provider: "0000:03:00.0",
      client: "0000:04:00.0",
      memory: "ok",
      verdict: "no",
      route: "not-supported",
      distance: 4,
      common: "0000:01:00.0",
      code: "ACS_REDIRECT",
      culprits: [
        { bdf: "0000:02:00.0", bits: ["RR", "CR"] },
        { bdf: "0000:02:01.0", bits: ["RR", "CR"] },
      ],
      hints: [{ parameter: "pci=disable_acs_redir=0000:02:00.0;0000:02:01.0" }],
      missing: [],
    });
    expect(Object.keys(document).sort()).toEqual([
      "attachments",
      "client",
      "code",
      "common",
      "culprits",
      "distance",
      "hints",
      "link",
      "memory",
      "missing",
      "pcie",
      "policy",
      "provider",
      "route",
      "verdict",
    ]);
  });

  test("can allows the same pair through the host bridge of a Zen, and --cpu makes it one", () => {
    const words = ["can", "03:00.0", "04:00.0", "-i", capture("acs-iommu-intel"), "--cpu", "AuthenticAMD:25"];
    const { code, document } = json<VerdictDocument>(words);
    expect(code).toBe(0);
    expect(document).toMatchObject({ verdict: "yes-through-host-bridge", route: "through-host-bridge", code: null });
    expect(document.policy.cpu).toBe("AuthenticAMD:25");
    expect(peerlane([...words, "-q"])).toEqual({ code: 0, out: "yes-through-host-bridge\n", err: "" });
  });

  test("--kernel decides by the rules of that kernel: 5.3 refuses what 5.4 lets through", () => {
    const verdict = (release: string) =>
      peerlane(["can", "03:00.0", "04:00.0", "-q", "-i", capture("acs-iommu-amd"), "--kernel", release]);
    expect(verdict("5.3")).toMatchObject({ code: 1, out: "no\n" });
    expect(verdict("6.1")).toMatchObject({ code: 0, out: "yes-through-host-bridge\n" });
  });

  test("can says in words, in order: the answer, the route, the way with the culprits marked, why, what to do", () => {
    const { code, out } = peerlane(["can", "03:00.0", "04:00.0", "-i", capture("acs-iommu-intel")]);
    expect(code).toBe(1);
    const order = [
      /^NO: /,
      /\n {2}route /,
      /\n {2}path /,
      /\n {2}why +ACS_REDIRECT: /,
      /\n {2}fix /,
      /\n {2}rules +Linux 6\.12/,
    ];
    const places = order.map((pattern) => out.search(pattern));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBe(0);
    expect(out).toContain("0000:04:00.0 (client, nvme1)");
    expect(out).toContain("0000:02:00.0  downstream port  <-- redirects: RR CR");
    expect(out).toContain("'pci=disable_acs_redir=0000:02:00.0;0000:02:01.0'");
    expect(Math.max(...out.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test("can prints no bare yes where the provider's memory does not answer", () => {
    const input = capture("disabled-intel");
    const { document: list } = json<ListDocument>(["list", "-i", input]);
    const { document: matrix } = json<MatrixDocument>(["matrix", "--of", "endpoint", "-i", input]);
    const off = list.functions.filter(({ bars }) =>
      bars.some(({ type, enabled }) => type?.startsWith("mem") && enabled === false),
    );
    const pair = matrix.functions.flatMap((provider, row) =>
      matrix.functions
        .filter((client, column) => client !== provider && matrix.route[row]![column] === "bus-address")
        .filter(() => off.some(({ bdf }) => bdf === provider))
        .map((client) => [provider, client] as const),
    )[0]!;
    expect(json<VerdictDocument>(["can", ...pair, "-i", input]).document).toMatchObject({
      verdict: "yes",
      memory: "off",
    });
    const { out } = peerlane(["can", ...pair, "-i", input]);
    expect(out).toMatch(/^YES for Linux, but memory decode is off/);
  });

  test("owner finds the BAR of an address, its start, size and offset", () => {
    const { code, document } = json<OwnerDocument>(["owner", "0xFE000010", "4K", "-i", capture("sriov-intel")]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      address: "0xfe000010",
      size: 4096,
      owner: { kind: "pci", bdf: "0000:06:00.0", bar: 0, start: "0xfe000000", size: 16384, offset: 16 },
      window: null,
      reason: null,
    });
  });

  test("owner takes decimal addresses, and tells RAM, configuration space and holes in windows apart", () => {
    const ask = (...words: string[]) => json<OwnerDocument>(["owner", ...words, "-i", capture("sriov-intel")]);
    expect(ask(String(0x100000))).toMatchObject({
      code: 0,
      document: { owner: { kind: "system-ram", bdf: null, bar: null } },
    });
    expect(ask("0xb0000000").document.owner!.kind).toBe("config-space");
    expect(ask("0xfdf00000")).toMatchObject({
      code: 1,
      document: { owner: null, window: { bridge: "0000:02:00.0", kind: "mem" }, reason: "NO_OWNER" },
    });
    expect(ask("0xc0000000").document.window).toEqual({ bridge: "0000:00", kind: "mem" });
  });

  test("owner refuses a range that reaches beyond its owner", () => {
    const { code, document } = json<OwnerDocument>(["owner", "0xfe000000", "0x4001", "-i", capture("sriov-intel")]);
    expect([code, document.reason, document.owner!.bdf]).toEqual([1, "LEAVES_OWNER", "0000:06:00.0"]);
  });

  test("owner names platform devices as the source does", () => {
    const { document } = json<OwnerDocument>(["owner", "0x9000000", "-i", capture("arm64-virt-dt")]);
    expect(document.owner).toMatchObject({
      kind: "platform",
      bdf: null,
      name: expect.stringContaining("9000000") as string,
    });
  });

  test("map gives the PCI bus address where the host bridge translates", () => {
    const input = capture("ppc-powernv9");
    const bar = kernel("ppc-powernv9", "BAR").find(([bdf, index]) => bdf === "0000:03:00.0" && index === "0")!;
    const { code, document } = json<MappingDocument>(["map", "0000:04:00.0", hex(bar[2]!), "4096", "-i", input]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      ok: true,
      route: "bus-address",
      dmaAddress: hex(bar[5]!),
      translation: "bus-offset",
      initiator: "0000:04:00.0",
      owner: { bdf: "0000:03:00.0", bar: 0, offset: 0 },
    });
    expect(hex(bar[5]!)).not.toBe(hex(bar[2]!));
  });

  test("map refuses with a code, a message, the culprits and what to do", () => {
    const { code, document } = json<MappingDocument>([
      "map",
      "nvme0",
      "0xfe000000",
      "64",
      "-i",
      capture("sriov-intel"),
    ]);
    expect(code).toBe(1);
    expect(document).toMatchObject({ ok: false, route: "not-supported", code: "HOST_BRIDGE_NOT_ALLOWED", missing: [] });
    if (document.ok) throw new Error("expected a refusal");
    expect(document.message).toContain("0000:06:00.0 BAR 0");
    expect(document.culprits).toHaveLength(1);
    expect(document.hints.length).toBeGreaterThan(0);
  });

  test("map labels both ends, though it takes them in the other order than can", () => {
    const { out } = peerlane(["map", "nvme0", "0xfda00000", "4K", "-i", capture("sriov-intel")]);
    expect(out).toMatch(/^YES: DMA by 0000:03:00\.0 \(client, nvme0\) to 4K at 0xfda00000\n/);
    expect(out).toContain("0000:05:00.0  provider");
  });

  test("map says no IOVA where an IOMMU translates", () => {
    const input = capture("acs-iommu-amd");
    const bar = kernel("acs-iommu-amd", "BAR").find(([bdf, index]) => bdf === "0000:03:00.0" && index === "0")!;
    const { document } = json<MappingDocument>(["map", "0000:04:00.0", hex(bar[2]!), "64", "-i", input]);
    expect(document).toMatchObject({ ok: true, route: "through-host-bridge", dmaAddress: null, translation: "iommu" });
  });

  test("tree nests every function below the one above it", () => {
    const { document } = json<TreeDocument>(["tree", "-i", capture("sriov-intel")]);
    const seen: string[] = [];
    const walk = (entry: TreeEntry, parent: string | null): void => {
      seen.push(entry.bdf);
      expect(entry.parent).toBe(parent);
      entry.children.forEach((child) => walk(child, entry.bdf));
    };
    for (const { bus, known, children } of document.hostBridges) {
      expect([bus, known]).toEqual(["0000:00", true]);
      children.forEach((child) => walk(child, null));
    }
    expect(seen.length).toBe(kernel("sriov-intel", "DEV").length);
  });

  test.each(["gpu-server-intel", "ppc-powernv9", "arm64-virt-dt", "sriov-intel"])(
    "tree and matrix of %s fit 80 columns",
    (name) => {
      for (const words of [["tree"], ["matrix"], ["matrix", "--of", "gpu,nic,nvme"]]) {
        const { code, out } = peerlane([...words, "-i", capture(name)]);
        expect(code).toBe(0);
        expect(out.split("\n").filter(({ length }) => length > 80)).toEqual([]);
      }
    },
  );

  test("tree marks redirecting bridges, and those whose ACS the source does not show", () => {
    expect(peerlane(["tree", "-i", capture("acs-iommu-intel")]).out).toMatch(
      /0000:02:00\.0 {2}downstream port .* ACS RR CR$/m,
    );
    const text = captureText("acs-iommu-intel", "lspci.txt").replace(
      /^\t+Capabilities:.*|^\t\t.*|^[0-9a-f]{2,3}: .*/gm,
      (line) => (line.startsWith("\tCapabilities: [") ? "\tCapabilities: <access denied>" : ""),
    );
    expect(peerlane(["tree", "-i", file("no-root.txt", text)]).out).toMatch(/ACS \?$/m);
  });

  test("export prints a description that gives the same answers when read back", () => {
    const input = capture("sriov-intel");
    const { code, out } = peerlane(["export", "--to", "json", "-i", input]);
    expect(code).toBe(0);
    expect((JSON.parse(out) as MachineDescription).peerlane).toBe(1);
    const machine = file("machine.json", out);
    expect(peerlane(["export", "-i", machine]).out).toBe(out);
    expect(peerlane(["list", "--json", "-i", machine]).out).toBe(peerlane(["list", "--json", "-i", input]).out);
  });

  test("several sources are combined: lspci gives the functions, cpuinfo the CPU", () => {
    const cpuinfo = file(
      "cpuinfo",
      "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel name\t: AMD EPYC\n",
    );
    const words = ["can", "03:00.0", "04:00.0", "-i", capture("acs-iommu-intel", "lspci.txt")];
    expect(json<VerdictDocument>(words).document.policy.cpu).toBeNull();
    expect(json<VerdictDocument>([...words, "-i", cpuinfo]).document).toMatchObject({
      verdict: "yes-through-host-bridge",
      policy: { cpu: "AuthenticAMD:25" },
    });
  });

  describe("several systems in one source", () => {
    const systems = ["acs-iommu-intel", "arm64-virt-dt"].map((name, index) => {
      const { systems } = JSON.parse(peerlane(["export", "-i", capture(name)]).out) as MachineDescription;
      return { ...systems[0]!, name: ["alpha", "beta"][index]! };
    });
    const input = file("systems.json", JSON.stringify({ peerlane: 1, systems }));

    test("functions are written with their system, and --system chooses one", () => {
      expect(peerlane(["can", "alpha/03:00.0", "alpha/04:00.0", "-q", "-i", input])).toEqual({
        code: 1,
        out: "no\n",
        err: "",
      });
      expect(peerlane(["can", "03:00.0", "04:00.0", "-q", "--system", "beta", "-i", input]).out).toBe("yes\n");
      const { document } = json<ListDocument>(["list", "--system", "beta", "-i", input]);
      expect(document.functions).toHaveLength(18);
    });

    test("a name that several systems have is asked for again", () => {
      const { code, out, err } = peerlane(["can", "03:00.0", "04:00.0", "-i", input]);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toBe(
        'peerlane: PROVIDER: "03:00.0" names 2 nodes: write the system in front, as in system/dddd:bb:dd.f\n',
      );
    });

    test("no bus connects two systems", () => {
      const { code, document } = json<VerdictDocument>(["can", "alpha/03:00.0", "beta/04:00.0", "-i", input]);
      expect([code, document.verdict, document.code]).toEqual([1, "no", "DIFFERENT_SYSTEM"]);
    });

    test("an address belongs to one system, so that owner needs --system", () => {
      expect(peerlane(["owner", "0x1000", "-i", input]).err).toBe(
        'peerlane: each system has addresses of its own: choose one of "alpha", "beta" with --system\n',
      );
    });
  });
});

describe("what the source does not show", () => {
  const input = file("leaves.txt", LEAVES);

  test("can answers unknown and says what would have to be shown", () => {
    const { code, document } = json<VerdictDocument>(["can", "41:00.0", "42:00.0", "-i", input]);
    expect(code).toBe(3);
    expect(document).toMatchObject({
      verdict: "unknown",
      route: "unknown",
      code: "PARENT_UNKNOWN",
      distance: null,
      common: "unknown",
    });
    expect(document.missing[0]).toContain("the bridge above bus 0000:41");
    expect(document.policy.inferred).toEqual([
      "kernel 7.3, the newest whose rules are known: the source shows no kernel release",
    ]);
  });

  test("common answers unknown", () => {
    const { code, document } = json<CommonDocument>(["common", "41:00.0", "42:00.0", "-i", input]);
    expect(code).toBe(3);
    expect(document).toMatchObject({ common: "unknown", sameHostBridge: "unknown", distance: null });
  });

  test("owner says that there are no addresses", () => {
    const { code, document } = json<OwnerDocument>(["owner", "0x1000", "-i", input]);
    expect([code, document.owner, document.reason]).toEqual([3, null, "NO_ADDRESSES"]);
    expect(peerlane(["owner", "0x1000", "-q", "-i", input]).out).toBe("unknown\n");
  });

  test("map and matrix do not guess either", () => {
    const mapping = json<MappingDocument>(["map", "41:00.0", "0x1000", "8", "-i", input]);
    expect(mapping).toMatchObject({ code: 3, document: { ok: false, route: "unknown", code: "NO_ADDRESSES" } });
    const { document } = json<MatrixDocument>(["matrix", "-i", input]);
    expect(document.distance[0]![1]).toBeNull();
    expect(document.route[0]![1]).toBe("unknown");
  });

  test("list leaves null what is not known, names those fields, and shows the findings", () => {
    const { document } = json<ListDocument>(["list", "-i", input]);
    const [first] = document.functions;
    expect(first).toMatchObject({
      bdf: "0000:41:00.0",
      kind: "unknown",
      parent: "unknown",
      hostBridge: "unknown",
      depth: null,
    });
    expect(first).toMatchObject({ acs: "unknown", link: null, driver: null, bars: [] });
    expect(first!.unknown).toEqual(expect.arrayContaining(["bars", "driver", "link"]));
    expect(document.findings.map(({ code }) => code)).toEqual(["PARENT_UNKNOWN", "PARENT_UNKNOWN"]);
  });
});

describe("apertures of virtual functions that are not enabled", () => {
  const machine: MachineDescription = {
    peerlane: 1,
    systems: [
      {
        complete: true,
        functions: [
          {
            bdf: "0000:00:02.0",
            command: 6,
            acs: null,
            sriov: { control: 0, totalVfs: 4, numVfs: 0, firstOffset: 1, stride: 1 },
            bars: [{ index: 7, type: "mem64", start: "0x80000000", bus: "0x80000000", size: 0x10000 }],
          },
        ],
      },
    ],
  };
  const input = file("aperture.json", JSON.stringify(machine));

  test("belong to the physical function, and owner says why nothing answers there", () => {
    const { code, document } = json<OwnerDocument>(["owner", "0x80004000", "-i", input]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      owner: { bdf: "0000:00:02.0", bar: 7, offset: 0x4000 },
      reason: "VF_NOT_ENABLED",
    });
  });

  test("are shown as not enabled", () => {
    expect(json<ListDocument>(["list", "-i", input]).document.functions[0]!.bars[0]!.enabled).toBe(false);
  });
});
