import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import type { MachineDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";
import type { CommonDocument } from "../../src/writers/common.js";
import type { ListDocument } from "../../src/writers/list.js";
import type { MatrixDocument } from "../../src/writers/matrix.js";
import type { OwnerDocument } from "../../src/writers/owner.js";
import type { TreeDocument } from "../../src/writers/tree.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";
import { columnsOf, reduced } from "../topology/columns-of.js";
import { BDF, machineT } from "../vectors/machine.js";
import { json, peerlane } from "./run.js";

const folder = mkdtempSync(`${tmpdir()}/peerlane-`);
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: ArrayBuffer | string): string {
  const path = `${folder}/${name}`;
  writeFileSync(path, typeof bytes === "string" ? bytes : new Uint8Array(bytes));
  return path;
}

const redirecting = { DSP0: { acs: { capability: 0x5f, control: 0x1d } } };
const machines: MachineDescription = {
  peerlane: 1,
  systems: [machineT("N", redirecting), machineT("L")].flatMap(({ systems }, index) =>
    systems.map((each) => ({ ...each, name: `s${index}` })),
  ),
};
const fabric = file("fabric.peerlane", Topology.fromColumns(columnsOf(reduced(machines))).topology.toBuffer());
const machine = file("machine.peerlane", Topology.of(machineT()).toBuffer());
const description = file("machine.json", JSON.stringify(machineT()));

describe("a packed fabric", () => {
  test("is listed and drawn", () => {
    const list = json<ListDocument>(["list", "-i", fabric]).document;
    expect(list.functions).toHaveLength(48);
    expect(list.functions[0]!.bdf).toBe(`s0/${BDF.H0}`);
    expect(json<TreeDocument>(["tree", "-i", fabric]).document.hostBridges.map(({ bus }) => bus)).toEqual([
      "s0/0000:00",
      "s0/0000:80",
      "s1/0000:00",
      "s1/0000:80",
    ]);
    expect(peerlane(["tree", "-i", fabric]).out).toContain(`s1/${BDF.A}`);
  });

  test("is asked by the names of systems", () => {
    const common = json<CommonDocument>(["common", `s0/${BDF.A}`, `s0/${BDF.B}`, "-i", fabric]);
    expect(common).toMatchObject({ code: 0, document: { common: `s0/${BDF.US}`, distance: 4 } });
    const can = json<VerdictDocument>(["can", `s0/${BDF.A}`, `s0/${BDF.B}`, "-i", fabric, "--kernel", "6.1"]);
    expect(can.code).toBe(1);
    expect(JSON.stringify(can.document)).toContain(BDF.DSP0);
    expect(peerlane(["can", `s1/${BDF.A}`, `s1/${BDF.B}`, "-q", "-i", fabric]).out).toBe("yes\n");
    expect(peerlane(["map", `s1/${BDF.A}`, "0xf9000000", "4K", "-q", "-i", fabric]).out).toBe("yes\n");
    const matrix = json<MatrixDocument>(["matrix", "--of", `s0/${BDF.A},s1/${BDF.B}`, "-i", fabric, "--kernel", "6.1"]);
    expect(matrix.code).toBe(0);
    const { code, err } = peerlane(["can", BDF.A, BDF.B, "-i", fabric]);
    expect([code, err]).toEqual([
      2,
      `peerlane: PROVIDER: "${BDF.A}" names 2 nodes: write the system in front, as in system/dddd:bb:dd.f\n`,
    ]);
    expect(peerlane(["can", "s0/0000:03:00.7", BDF.B, "-i", fabric]).err).toContain("did you mean s0/0000:03:00.");
  });

  test("needs a system for an address", () => {
    const asked = peerlane(["owner", "0xf8000000", "-i", fabric]);
    expect(asked.code).toBe(2);
    expect(asked.err).toContain('choose one of "s0", "s1" with --system');
    const { document } = json<OwnerDocument>(["owner", "0xf8000010", "-i", fabric, "--system", "s1"]);
    expect(document.owner).toMatchObject({ bdf: `s1/${BDF.A}`, bar: 0, offset: 0x10 });
    expect(peerlane(["list", "-i", fabric, "--system", "s2"]).err).toBe(
      'peerlane: --system: no system is named "s2"; the source has "s0", "s1"\n',
    );
  });

  test("is exported as a description that says the same", () => {
    const { out } = peerlane(["export", "--to", "json", "-i", fabric]);
    const path = file("export.json", out);
    expect(JSON.parse(out)).toEqual(Topology.fromColumns(columnsOf(reduced(machines))).topology.describeMachine());
    const ask = (source: string) => json<ListDocument>(["list", "-i", source]).document.functions;
    expect(ask(path)).toEqual(ask(fabric));
    expect(JSON.parse(peerlane(["export", "-i", fabric, "--system", "s1"]).out).systems).toHaveLength(1);
  });
});

describe("a packed machine", () => {
  test("answers as its description does", () => {
    for (const words of [
      ["list"],
      ["tree"],
      ["can", BDF.A, BDF.D],
      ["map", BDF.A, "0xf9000000", "4096"],
      ["owner", "0xfe404000"],
      ["matrix"],
      ["export"],
      ["can", BDF.A, BDF.D, "--cpu", "AuthenticAMD:25", "--kernel", "6.1"],
    ]) {
      expect(peerlane([...words, "-i", machine])).toEqual(peerlane([...words, "-i", description]));
    }
  });

  test("takes --cpu", () => {
    const ask = (...more: string[]) => peerlane(["can", BDF.A, BDF.D, "-q", "-i", machine, ...more]).out;
    expect([ask(), ask("--cpu", "AuthenticAMD:25")]).toEqual(["no\n", "yes-through-host-bridge\n"]);
  });

  test("may come from standard input", () => {
    const input = new Uint8Array(Topology.of(machineT()).toBuffer());
    expect(peerlane(["list", "-q", "-i", "-"], { input }).out).toBe(peerlane(["list", "-q", "-i", machine]).out);
  });

  test("stands alone", () => {
    for (const sources of [
      ["-i", machine, "-i", description],
      ["-i", description, "-i", machine],
    ]) {
      expect(peerlane(["list", ...sources])).toMatchObject({
        code: 2,
        err: `peerlane: -i ${machine}: a packed topology is whole and cannot be combined with other sources\n`,
      });
    }
  });

  test("that is damaged is said to be", () => {
    const bytes = new Uint8Array(Topology.of(machineT()).toBuffer());
    const short = file("short.peerlane", bytes.slice(0, 1000).buffer);
    expect(peerlane(["list", "-i", short])).toMatchObject({
      code: 2,
      err: `peerlane: ${short}: cut short: the header says ${bytes.length} bytes, 1000 are here; read or transfer it whole\n`,
    });
    bytes[bytes.length - 200]! ^= 4;
    const damaged = file("damaged.peerlane", bytes.buffer);
    expect(peerlane(["list", "-i", damaged])).toMatchObject({
      code: 2,
      err: `peerlane: ${damaged}: damaged: its checksum is another; read or transfer it again\n`,
    });
  });
});
