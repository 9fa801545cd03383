import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { ANSWERS, ROUTES } from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { UNKNOWN_DISTANCE } from "../../src/explain/peer-dma.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import type { FixDocument } from "../../src/writers/fix.js";
import type { MatrixDocument } from "../../src/writers/matrix.js";
import type { OwnerDocument } from "../../src/writers/owner.js";
import { policyText } from "../../src/writers/policy.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";
import type { WhatIfDocument } from "../../src/writers/what-if.js";
import type { Cells, MatrixView, Settings, Wanted } from "../../web/machine/protocol.js";
import { Session } from "../../web/machine/session.js";
import { AS_IT_IS } from "../../web/question.js";
import { capture, json, peerlane } from "../cli/run.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

const AS_SHOWN: Settings = { ...AS_IT_IS, system: 0 };
const SERVER = "gpu-server-intel-iommu";
/** Below two ports of one switch that redirect, and each a GPU. */
const [GPU0, GPU1, PORT0, PORT1] = ["0000:23:00.0", "0000:24:00.0", "0000:22:00.0", "0000:22:01.0"];

function newSession(onProgress: (what: string) => void = () => {}): Session {
  return new Session({ onProgress, shipped: (name) => Promise.reject(new RangeError(`no machine named ${name}`)) });
}

const files = (...each: readonly (readonly [name: string, content: string | Uint8Array])[]): Wanted => ({
  kind: "files",
  files: each.map(([name, content]) => ({
    name,
    bytes: typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content),
  })),
});

/** A session that has a capture open. */
async function openCapture(name: string, file = "snapshot.tar.gz"): Promise<Session> {
  const session = newSession();
  await session.open(files([file, captureFile(name, file)]));
  return session;
}

/** Ids of functions by their names. */
async function idsOf(session: Session, ...names: readonly string[]): Promise<number[]> {
  const rows = await session.outline(AS_SHOWN);
  return names.map((name) => rows.find(({ bdf }) => bdf === name)!.id);
}

/** A matrix of the page in the words of the command line's. */
function asDocument({ heads, now }: MatrixView): Omit<MatrixDocument, "policy"> {
  const rows = <T>(cell: (at: number) => T): T[][] =>
    heads.map((_, row) => heads.map((_, column) => cell(row * heads.length + column)));
  return {
    functions: heads.map(({ bdf }) => bdf),
    distance: rows((at) => (now.distance[at] === UNKNOWN_DISTANCE ? null : now.distance[at]!)),
    route: rows((at) => ROUTES[now.route[at]!]!),
    answer: rows((at) => ANSWERS[now.answer[at]!]!),
  };
}

/** The cell of a pair, in words. */
function cell({ ids }: MatrixView, { answer, route }: Cells, [provider, client]: readonly number[]): string {
  const at = ids.indexOf(provider!) * ids.length + ids.indexOf(client!);
  return `${ANSWERS[answer[at]!]} ${ROUTES[route[at]!]}`;
}

/** The same matrix from the command line. */
function byCommand(name: string, words: readonly string[], file = "snapshot.tar.gz"): MatrixDocument {
  return json<MatrixDocument>(["matrix", "-i", capture(name, file), ...words]).document;
}

/** How many pairs of two different functions come to what, counted one by one. */
function counted({ ids, now }: MatrixView): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let row = 0; row < ids.length; row++) {
    for (let column = 0; column < ids.length; column++) {
      if (row === column) continue;
      const kind = `${now.answer[row * ids.length + column]} ${now.route[row * ids.length + column]}`;
      counts[kind] = (counts[kind] ?? 0) + 1;
    }
  }
  return counts;
}

async function expectSame(session: Session, settings: Settings, document: MatrixDocument): Promise<void> {
  const view = await session.matrix(settings, "all");
  expect(Object.fromEntries(view.counts.map(({ answer, route, pairs }) => [`${answer} ${route}`, pairs]))).toEqual(
    counted(view),
  );
  const { policy, ...others } = document;
  expect(asDocument(view)).toEqual(others);
  expect(view.rules).toBe(policyText(policy));
  expect(view.granted).toEqual([...policy.inferred, ...policy.assumed]);
}

describe("the page says what the command line says", () => {
  test.each(captureNames())("of all pairs of %s", async (name) => {
    await expectSame(await openCapture(name), AS_SHOWN, byCommand(name, []));
  });

  test.each<[string, Partial<Settings>, string[]]>([
    ["another kernel", { kernel: "4.19" }, ["--kernel", "4.19"]],
    ["the rules of the hardware", { rules: "precise" }, ["--policy", "precise"]],
    ["those of an earlier kernel's", { rules: "precise", kernel: "5.4" }, ["--policy", "precise", "--kernel", "5.4"]],
    ["another CPU", { cpu: "AuthenticAMD:23" }, ["--cpu", "AuthenticAMD:23"]],
    ["a CPU of another architecture", { cpu: "ppc64:POWER9" }, ["--cpu", "ppc64:POWER9"]],
  ])("under %s", async (_name, settings, words) => {
    for (const name of [SERVER, "rootports-intel"]) {
      await expectSame(await openCapture(name), { ...AS_SHOWN, ...settings }, byCommand(name, words));
    }
  });

  test("where text of lspci shows neither CPU nor IOMMU, and where a person says so", async () => {
    const session = await openCapture("rootports-amd", "lspci.txt");
    const of = (...words: string[]) => byCommand("rootports-amd", words, "lspci.txt");
    await expectSame(session, AS_SHOWN, of());
    await expectSame(session, { ...AS_SHOWN, iommu: "passthrough" }, of("--iommu", "passthrough"));
    const known = { cpu: "AuthenticAMD:25", iommu: "off" } as const;
    await expectSame(session, { ...AS_SHOWN, ...known }, of("--cpu", known.cpu, "--iommu", known.iommu));
    const { changes, before } = await session.matrix({ ...AS_SHOWN, ...known }, "talking");
    expect(before).not.toBeNull();
    expect(changes!.learned).toBeGreaterThan(0);
    expect(changes!.alike).toEqual([
      expect.stringMatching(/^\d+ pairs: not known .* → allowed, through the host bridge$/),
    ]);
  });

  test.each([SERVER, "rootports-amd", "sriov-intel", "arm64-virt-acs-smmu", "cascade3-intel"])(
    "of a pair of %s, both ways, and what to do",
    async (name) => {
      const session = await openCapture(name);
      const { telltale, heads, ids } = await session.matrix(AS_SHOWN, "talking");
      const [a, b] = telltale!;
      const [first, second] = [a, b].map((id) => heads[ids.indexOf(id)]!.bdf) as [string, string];
      const input = ["-i", capture(name)];
      const { ways, fix } = await session.ask(AS_SHOWN, a, b);
      expect(ways.map(({ document }) => document)).toEqual([
        json<VerdictDocument>(["can", first, second, ...input]).document,
        json<VerdictDocument>(["can", second, first, ...input]).document,
      ]);
      const { document } = json<FixDocument>(["fix", first, second, ...input]);
      if (fix === null) expect(document.status).toBe("nothing");
      else expect(fix.document).toEqual(document);
    },
  );

  test("whose an address is, and who caused a fault", async () => {
    const session = await openCapture(SERVER);
    const bar = "0x83001000";
    const input = ["-i", capture(SERVER)];
    const [{ start }] = (await described(SERVER)).systems[0]!.functions.find(({ bdf }) => bdf === GPU0)!.bars as [
      { start: string },
    ];
    for (const address of [start, bar, "0x1000", "0xfffffffffffff000"]) {
      const { document } = json<OwnerDocument>(["owner", address, ...input]);
      expect((await session.owner(AS_SHOWN, ` ${address}\n`)).document).toEqual(document);
    }
    const owned = await session.owner(AS_SHOWN, start);
    expect(owned.bdf).toBe(GPU0);
    expect(
      owned.text
        .flat()
        .map(({ text }) => text)
        .join(""),
    ).toContain(GPU0);
    const line = `DMAR: [DMA Write NO_PASID] Request device [25:00.0] fault addr ${start} [fault reason 0x05]`;
    const fault = await session.owner(AS_SHOWN, line);
    expect(fault.document).toEqual(json<OwnerDocument>(["owner", "--fault", line, ...input]).document);
    expect(fault.bdf).toBe(GPU0);
  });

  test("in a report", async () => {
    const session = await openCapture(SERVER);
    const { out } = peerlane(["export", "--to", "markdown", "--redact", "-i", capture(SERVER)]);
    expect(await session.report(AS_SHOWN, null)).toBe(out);
  });

  test("of a description to be saved, which opens again and says the same", async () => {
    const session = await openCapture(SERVER);
    const saved = await session.redacted();
    expect(saved).not.toContain("serialNumber");
    const again = newSession();
    await again.open(files(["machine.json", saved]));
    await expectSame(again, AS_SHOWN, byCommand(SERVER, []));
    const exported = peerlane(["export", "--redact", "-i", capture(SERVER)]).out;
    expect(withoutLabels(JSON.parse(saved))).toEqual(withoutLabels(JSON.parse(exported)));
  });
});

async function described(name: string): Promise<MachineDescription> {
  return (await read([{ name, bytes: captureFile(name, "snapshot.tar.gz") }])).machine;
}

/** The page looks up what devices are called. */
function withoutLabels({ systems, ...rest }: MachineDescription): MachineDescription {
  return {
    ...rest,
    systems: systems.map((system) => ({
      ...system,
      functions: system.functions.map(({ label: _, ...others }) => others),
    })),
  };
}

describe("what if", () => {
  let session: Session;
  let pair: number[];
  let before: MatrixView;
  beforeAll(async () => {
    session = await openCapture(SERVER);
    pair = await idsOf(session, GPU0, GPU1);
    before = await session.matrix(AS_SHOWN, "all");
  });

  test("ports that are at fault let requests through: the pair is direct, and what changes is what the command line says", async () => {
    expect(cell(before, before.now, pair)).toBe("no not-supported");
    expect([before.before, before.changes]).toEqual([null, null]);
    const { ways } = await session.ask(AS_SHOWN, pair[0]!, pair[1]!);
    expect(ways[0].culprits).toEqual([PORT0, PORT1]);

    const settings = { ...AS_SHOWN, redirects: { [PORT0]: false, [PORT1]: false } };
    const after = await session.matrix(settings, "all");
    expect(after.ids).toEqual(before.ids);
    expect(cell(after, after.now, pair)).toBe("yes bus-address");
    expect(after.before).toEqual(before.now);
    expect((await session.ask(settings, pair[0]!, pair[1]!)).ways[0].document.verdict).toBe("yes");
    const words = ["whatif", "--acs", `off=${PORT0},${PORT1}`, "--of", "all", "-i", capture(SERVER)];
    const { document } = json<WhatIfDocument>(words);
    expect(after.changes).toMatchObject({ pairs: 64 * 63, certain: document.changed, learned: document.cannotTell });
    expect(after.changes!.certain).toBeGreaterThan(0);

    // Turned again, all is as it was.
    expect(await session.matrix(AS_SHOWN, "all")).toEqual(before);
  });

  test("what to do is to be done to the machine as it is, whatever is turned", async () => {
    const [gpu0, gpu1] = pair as [number, number];
    const real = await session.ask(AS_SHOWN, gpu0, gpu1);
    expect(real.fix!.document.changes.map(({ bdf }) => bdf)).toEqual([PORT0, PORT1]);
    const one = await session.ask({ ...AS_SHOWN, redirects: { [PORT0]: false } }, gpu0, gpu1);
    expect(one.ways[0].culprits).toEqual([PORT1]);
    expect(one.fix).toEqual(real.fix);
    const both = { ...AS_SHOWN, redirects: { [PORT0]: false, [PORT1]: false } };
    expect((await session.ask(both, gpu0, gpu1)).fix).toEqual(real.fix);
    expect(await session.report(both, [gpu0, gpu1])).toContain(real.fix!.document.parameter!);
    // The kernel and the CPU are those of the question.
    const older = await session.ask({ ...both, kernel: "5.10" }, gpu0, gpu1);
    expect(older.fix!.document.parameter).toBe(`pci=disable_acs_redir=${PORT0};${PORT1}`);
  });

  test("one port of two is not enough", async () => {
    const settings = { ...AS_SHOWN, redirects: { [PORT0]: false } };
    const after = await session.matrix(settings, "all");
    expect(cell(after, after.now, pair)).toBe("no not-supported");
    expect((await session.ask(settings, pair[0]!, pair[1]!)).ways[0].culprits).toEqual([PORT1]);
  });

  test("ports that let requests through redirect them", async () => {
    const open = await openCapture("gpu-server-intel");
    const now = await open.matrix(AS_SHOWN, "all");
    expect(cell(now, now.now, pair)).toBe("yes bus-address");
    const settings = { ...AS_SHOWN, redirects: { [PORT0]: true } };
    const after = await open.matrix(settings, "all");
    expect(cell(after, after.now, pair)).toBe("no not-supported");
    expect(cell(after, after.before!, pair)).toBe("yes bus-address");
    const row = (await open.outline(settings)).find(({ bdf }) => bdf === PORT0)!;
    expect(row.acs).toEqual({ redirects: true, bits: "RR CR", canTurn: true, turned: true });
  });

  test("outline and picture show how it would be", async () => {
    const acsOf = async (settings: Settings) => (await session.outline(settings)).find(({ bdf }) => bdf === PORT0)!.acs;
    const drawn = async (settings: Settings) => JSON.stringify((await session.picture(settings)).layout);
    const settings = { ...AS_SHOWN, redirects: { [PORT0]: false } };
    expect(await acsOf(AS_SHOWN)).toEqual({ redirects: true, bits: "RR CR", canTurn: true, turned: false });
    expect(await acsOf(settings)).toEqual({ redirects: false, bits: "", canTurn: true, turned: true });
    const marks = (text: string) => text.match(/"look":"redirects"/g)!.length;
    expect(marks(await drawn(AS_SHOWN)) - marks(await drawn(settings))).toBe(1);
  });

  test("a port that has nothing but egress control is no switch's business: whom it blocks is for its vector to say", async () => {
    const port = { bdf: "0000:00:01.0", kind: "root-port", class: "060400", parent: null };
    const functions = [
      { ...port, acs: { capability: 0x21, control: 0x20 } },
      { ...port, bdf: "0000:00:02.0", acs: { capability: 0x2d, control: 0x20 } },
    ];
    const egress = newSession();
    await egress.open(files(["egress.json", JSON.stringify({ peerlane: 1, systems: [{ functions }] })]));
    const acsOf = async (redirects: Settings["redirects"]) =>
      (await egress.outline({ ...AS_SHOWN, redirects })).slice(-2).map(({ acs }) => [acs!.bits, acs!.canTurn]);
    const both = (on: boolean) => Object.fromEntries(functions.map(({ bdf }) => [bdf, on]));
    expect(await acsOf({})).toEqual([
      ["EC", false],
      ["EC", true],
    ]);
    expect(await acsOf(both(false))).toEqual([
      ["EC", false],
      ["", true],
    ]);
    expect(await acsOf(both(true))).toEqual([
      ["EC", false],
      ["RR CR EC", true],
    ]);
  });

  test("another IOMMU mode takes a boot, which ACS follows", async () => {
    const words = ["whatif", "--to-iommu", "off", "--of", "all", "-i", capture(SERVER)];
    const { changed, cannotTell } = json<WhatIfDocument>(words).document;
    const { changes } = await session.matrix({ ...AS_SHOWN, iommu: "off" }, "all");
    expect(changes).toMatchObject({ certain: changed, learned: cannotTell });
    expect(changed + cannotTell).toBeGreaterThan(0);
    const port = (await session.outline({ ...AS_SHOWN, iommu: "off" })).find(({ bdf }) => bdf === PORT0)!;
    expect(port.acs!.redirects).not.toBe(true);
  });

  test("what changes nothing is no change", async () => {
    const { before: other, changes } = await session.matrix(
      { ...AS_SHOWN, iommu: "translating", redirects: { "0000:ff:1f.7": false } },
      "all",
    );
    expect([other, changes]).toEqual([null, null]);
  });

  test("a report says that it is one, and a saved machine is as it is", async () => {
    const settings: Settings = {
      ...AS_SHOWN,
      kernel: "6.1",
      cpu: "AuthenticAMD:25",
      redirects: { [PORT0]: false, [PORT1]: false },
    };
    const report = await session.report(settings, [pair[0]!, pair[1]!]);
    expect(report.split("\n\n")[0]).toBe(
      "> **What if:** not as it is, but with the rules of Linux 6.1, CPU AuthenticAMD:25, " +
        `${PORT0} redirecting nothing, ${PORT1} redirecting nothing.`,
    );
    expect(report).toContain(`## May ${GPU0} and ${GPU1} reach each other?`);
    expect(report).toContain("YES: DMA by");
    expect(await session.report(AS_SHOWN, [pair[0]!, pair[1]!])).not.toContain("What if");
    await session.matrix(settings, "all");
    const saved = JSON.parse(await session.redacted()) as MachineDescription;
    const port = saved.systems[0]!.functions.find(({ bdf }) => bdf === PORT0)!;
    expect((port.acs!.control as number) & 0x0c).toBe(0x0c);
  });

  test("a report holds no text that somebody put into a link", async () => {
    const report = await session.report({ ...AS_SHOWN, kernel: "6.12 @everyone ![](x)" }, null);
    expect(report).not.toMatch(/@everyone|!\[\]/);
  });

  test("what is none says so", async () => {
    const ask = (settings: Partial<Settings>) => session.matrix({ ...AS_SHOWN, ...settings }, "all");
    await expect(ask({ cpu: "Transmeta" })).rejects.toThrow(
      'expected a CPU such as AuthenticAMD:25 or GenuineIntel:6, got "Transmeta"',
    );
    await expect(ask({ kernel: "newest" })).rejects.toThrow('expected a Linux release such as "6.12", got "newest"');
    await expect(ask({ system: 1 })).rejects.toThrow("expected a system below 1, got 1");
    await expect(session.ask(AS_SHOWN, 1, 100_000)).rejects.toThrow(RangeError);
    // And nothing is broken.
    expect(await session.matrix(AS_SHOWN, "all")).toEqual(before);
  });
});

describe("paths, reasons and places", () => {
  test("a path goes up to the switch that both share, and down again", async () => {
    const session = await openCapture(SERVER);
    const [a, b, far] = await idsOf(session, GPU0, GPU1, "0000:a3:00.0");
    const near = await session.ask(AS_SHOWN, a!, b!);
    expect(near.ways[0].path).toEqual([GPU0, PORT0, "0000:21:00.0", PORT1, GPU1]);
    expect(near.ways[1].path).toEqual([...near.ways[0].path].reverse());
    const apart = await session.ask(AS_SHOWN, a!, far!);
    expect(apart.ways[0].path).toEqual([
      ...[GPU0, PORT0, "0000:21:00.0", "0000:20:00.0", "0000:20"],
      ...["0000:a0", "0000:a0:00.0", "0000:a1:00.0", "0000:a2:00.0", "0000:a3:00.0"],
    ]);
  });

  test("all that answers name stands in the outline", async () => {
    const session = await openCapture(SERVER);
    const names = new Set((await session.outline(AS_SHOWN)).map(({ bdf }) => bdf));
    const { layout } = await session.picture(AS_SHOWN);
    const drawn = layout.groups.flatMap(({ boxes }) => boxes.map(({ box }) => box.name));
    expect(drawn.length).toBeGreaterThan(10);
    expect(drawn.filter((name) => !names.has(name))).toEqual([]);
    const { ids } = await session.matrix(AS_SHOWN, "talking");
    for (const id of ids) {
      const { ways } = await session.ask(AS_SHOWN, ids[0]!, id === ids[0] ? ids[1]! : id);
      for (const { path, culprits } of ways)
        expect([...path, ...culprits].filter((name) => !names.has(name))).toEqual([]);
    }
  });

  test("a reason names who is at fault, or where what is missing can be seen", async () => {
    const session = await openCapture(SERVER);
    const [a, b] = await idsOf(session, GPU0, GPU1);
    expect(await session.reason(AS_SHOWN, a!, b!)).toMatch(
      new RegExp(`ACS_REDIRECT.*: ${PORT0} \\(RR CR\\), ${PORT1} \\(RR CR\\)$`),
    );
    expect(await session.reason(AS_SHOWN, a!, a!)).toContain("itself");
    const text = await openCapture("rootports-amd", "lspci.txt");
    const { telltale } = await text.matrix(AS_SHOWN, "talking");
    expect(await text.reason(AS_SHOWN, ...telltale!)).toContain("; to know: ");
  });

  test("an outline has every function once, below what it hangs below", async () => {
    for (const name of captureNames()) {
      const session = await openCapture(name);
      const rows = await session.outline(AS_SHOWN);
      const { functions } = (await described(name)).systems[0]!;
      expect(
        rows
          .filter(({ depth }) => depth > 0)
          .map(({ bdf }) => bdf)
          .sort(),
      ).toEqual(functions.map(({ bdf }) => bdf).sort());
      const above: string[] = [];
      for (const { bdf, depth } of rows) {
        above.length = depth;
        above[depth] = bdf;
        const parent = functions.find((each) => each.bdf === bdf)?.parent;
        if (typeof parent === "string") expect(above[depth - 1]).toBe(parent);
      }
    }
  });
});

describe("what is opened", () => {
  test("text of lspci, and what it lacks, together", async () => {
    const session = newSession();
    const lspci = ["lspci.txt", captureFile("rootports-amd", "lspci.txt")] as const;
    const cpuinfo = "processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel name\t: AMD EPYC\n";
    const { systems } = await session.open(files(lspci, ["pasted text", cpuinfo]));
    expect(systems).toMatchObject([{ name: null, cpu: { vendor: "AuthenticAMD", family: 25 }, complete: "likely" }]);
    expect((await session.matrix(AS_SHOWN, "talking")).rules).toContain("AuthenticAMD:25");
  });

  test("a capture shows kernel, CPU and IOMMU", async () => {
    const progress: string[] = [];
    const session = newSession((what) => progress.push(what));
    const { systems } = await session.open(files(["snapshot.tar.gz", captureFile(SERVER, "snapshot.tar.gz")]));
    expect(systems).toMatchObject([{ iommu: "translating", complete: true, functions: 64 }]);
    expect(systems[0]!.facts).toEqual([`Linux ${systems[0]!.kernel}`, expect.any(String), "IOMMU translating"]);
    expect(progress).toEqual(["reading snapshot.tar.gz", "packing 64 functions"]);
  });

  test("a topology that was packed", async () => {
    const topology = Topology.of(await described(SERVER));
    const packed = new Uint8Array(topology.toBuffer());
    topology.close();
    const session = newSession();
    await session.open(files(["machine.peerlane", packed]));
    await expectSame(session, AS_SHOWN, byCommand(SERVER, []));
    await expect(session.open(files(["a", packed], ["b", "more"]))).rejects.toThrow(
      "cannot be combined with other sources",
    );
    await expect(session.open(files(["cut", packed.subarray(0, packed.length / 2)]))).rejects.toThrow();
  });

  test("several systems, each with answers of its own", async () => {
    const machines = await Promise.all([SERVER, "rootports-amd"].map(described));
    const systems = machines.map((machine, place) => ({ ...machine.systems[0]!, name: `node ${place}` }));
    const session = newSession();
    const opened = await session.open(files(["two.json", JSON.stringify({ peerlane: 1, systems })]));
    expect(opened.systems.map(({ name }) => name)).toEqual(["node 0", "node 1"]);
    for (const [system, name] of [SERVER, "rootports-amd"].entries()) {
      const settings = { ...AS_SHOWN, system };
      const { functions: _, policy: __, ...cells } = byCommand(name, []);
      expect(asDocument(await session.matrix(settings, "all"))).toMatchObject(cells);
      const rows = await session.outline(settings);
      expect(rows.filter(({ depth }) => depth > 0)).toHaveLength(systems[system]!.functions.length);
      expect((await session.picture(settings)).title).toContain(`node ${system}`);
      expect(await session.report(settings, null)).toContain(`of node ${system}\n`);
    }
    // A change of one is none of the other.
    const turned = { ...AS_SHOWN, system: 1, redirects: { [PORT0]: false } };
    expect((await session.matrix(turned, "all")).changes).toBeNull();
    expect((await session.matrix({ ...turned, system: 0 }, "all")).changes!.certain).toBeGreaterThan(0);
  });

  test("devices of which the source has numbers alone get their makers' names", async () => {
    const functions = [{ bdf: "0000:01:00.0", class: "030200", vendor: "10de", device: "20b0", parent: null }];
    const session = newSession();
    await session.open(files(["numbers.json", JSON.stringify({ peerlane: 1, systems: [{ functions }] })]));
    expect((await session.outline(AS_SHOWN)).at(-1)!.label).toContain("NVIDIA");
  });

  test("an example with links beside PCIe", async () => {
    const text = readFileSync(new URL("../../examples/nvlink-server.json", import.meta.url));
    const session = newSession();
    await session.open(files(["nvlink-server.json", text]));
    const { sideLinks } = await session.picture(AS_SHOWN);
    expect(sideLinks.length).toBeGreaterThan(0);
    const { now } = await session.matrix(AS_SHOWN, "gpu");
    expect([...now.route].map((route) => ROUTES[route])).toContain("side-link");
  });

  test.each([
    ["nothing", "", "it is empty"],
    ["prose", "my GPUs cannot talk to each other, please help", "lspci"],
    ["JSON that is no machine", '{"hello": 1}', "peerlane"],
    ["JSON that is cut short", '{"peerlane": 1, "systems": [', "JSON"],
    ["a machine that cannot be", '{"peerlane":1,"systems":[{"functions":[{"bdf":"nonsense"}]}]}', "nonsense"],
  ])("%s gets a message that helps", async (_name, text, hint) => {
    const session = await openCapture(SERVER);
    const error = await session.open(files(["pasted text", text])).then(
      () => null,
      (reason: unknown) => reason as Error,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error!.message).toContain(hint);
    // What was open before still is.
    expect((await session.matrix(AS_SHOWN, "all")).ids).toHaveLength(64);
  });

  test("nothing is asked of a machine that is not open", async () => {
    await expect(newSession().matrix(AS_SHOWN, "all")).rejects.toThrow("no machine is open: open one first");
    await expect(newSession().redacted()).rejects.toThrow("no machine is open");
  });

  test("another machine takes the place of the first", async () => {
    const session = await openCapture(SERVER);
    await session.matrix({ ...AS_SHOWN, redirects: { [PORT0]: false } }, "all");
    await session.open(files(["snapshot.tar.gz", captureFile("rootports-amd", "snapshot.tar.gz")]));
    await expectSame(session, AS_SHOWN, byCommand("rootports-amd", []));
  });
});

describe("whose an address is", () => {
  const ask = async (text: string) => (await openCapture(SERVER)).owner(AS_SHOWN, text);

  test.each([
    ["fe000000", "expected 0x… or decimal digits: for hexadecimal write 0xfe000000"],
    ["", "expected a CPU physical address such as 0x380000000000"],
    ["somewhere", 'got "somewhere"'],
    [
      "DMAR: [DMA Write] Request device [99:00.0] fault addr 0x1000 [x]",
      "the line names 0000:99:00.0, which this machine does not have",
    ],
  ])("not of %j", async (text, message) => {
    await expect(ask(text)).rejects.toThrow(message);
  });

  test("nobody's", async () => {
    const { bdf, document } = await ask("0xfffffffffffff000");
    expect([bdf, document.owner]).toEqual([null, null]);
  });
});

describe("a machine of 20,000 functions", () => {
  const session = newSession();
  const wanted: Wanted = { kind: "made-up", functions: 20_000 };

  test("opens, is drawn, and answers", async () => {
    const { systems } = await session.open(wanted);
    expect(systems).toMatchObject([{ functions: 20_000, complete: true }]);
    const [rows, { layout }] = [await session.outline(AS_SHOWN), await session.picture(AS_SHOWN)];
    expect(rows.filter(({ depth }) => depth > 0)).toHaveLength(20_000);
    expect(layout.groups.reduce((sum, { boxes }) => sum + boxes.length, 0)).toBeGreaterThan(5_000);
    const view = await session.matrix(AS_SHOWN, "talking");
    expect(view.ids).toHaveLength(1024);
    expect(view.left).toBeGreaterThan(0);
    const routes = new Set([...view.now.route].map((route) => ROUTES[route]));
    expect(routes).toEqual(new Set(["local", "bus-address", "through-host-bridge"]));
  });

  test("changes as a whole", async () => {
    const rows = await session.outline(AS_SHOWN);
    const redirects = Object.fromEntries(
      rows.flatMap(({ bdf, acs }) => (acs?.redirects === true ? [[bdf, false]] : [])),
    );
    expect(Object.keys(redirects).length).toBeGreaterThan(500);
    const settings = { ...AS_SHOWN, redirects };
    const { ids, changes } = await session.matrix(settings, "talking");
    expect(ids).toEqual((await session.matrix(AS_SHOWN, "talking")).ids);
    expect(changes!.certain).toBeGreaterThan(0);
    expect((await session.outline(settings)).filter(({ acs }) => acs?.redirects === true)).toEqual([]);
  });

  test("of more than a page has room for, the command line is named", async () => {
    await expect(session.open({ kind: "made-up", functions: 100_001 })).rejects.toThrow(
      /100,001 functions: a page has room for 100,000.*npx peerlane/,
    );
  });
});
