import { describe, expect, test } from "vitest";
import { linux, PeerDma, Topology } from "../../src/index.js";
import { compareClaims } from "../../src/letters/compare.js";
import { claimsOf } from "../../src/letters/letters.js";
import { viewClaims } from "../../src/letters/views.js";
import { read } from "../../src/readers/read.js";
import type { NcclView } from "../../src/topology/views.js";
import { REAL, realFile } from "../readers/fixtures.js";
import { ncclSystem } from "./nccl-file.js";

const ASUS = "asus-esc8000a-e12-4xada";

async function opened(...files: string[]) {
  const { machine } = await read(files.map((name) => ({ name, bytes: realFile(`${ASUS}/${name}`) })));
  return machine;
}

async function against(...files: string[]) {
  const topology = Topology.of(await opened(...files));
  const [view] = (await opened("topo-m.txt")).systems[0]!.views!;
  const ends = [...topology.functions()].filter((id) => topology.describe(id)!.bus === undefined);
  return compareClaims(viewClaims(view!), claimsOf(new PeerDma(topology, linux("6.12")), ends, "nvidia"));
}

describe.skipIf(REAL === null)("a machine that has both a tree and a matrix", () => {
  test("all 28 letters are equal", async () => {
    const { equal, different, notComparable, unmatched, matches, ours, theirs } = await against(
      "lspci-tv.txt",
      "lspci-vvv-endpoints.txt",
    );
    expect([equal, different, notComparable, unmatched.theirs]).toEqual([28, [], [], []]);
    const named = matches.map((match) => `${theirs.devices[match.theirs]!.name} ${ours.devices[match.ours]!.bdf}`);
    expect(named).toEqual([
      "GPU0 0000:01:00.0",
      "GPU1 0000:41:00.0",
      "GPU2 0000:c1:00.0",
      "GPU3 0000:e1:00.0",
      "NIC0 0000:21:00.0",
      "NIC1 0000:21:00.1",
      "NIC2 0000:81:00.0",
      "NIC3 0000:81:00.1",
    ]);
  });

  test("without the NUMA nodes it is open what lies between host bridges, and with all that is shown nothing differs", async () => {
    const { equal, different, notComparable } = await against("lspci-tv.txt");
    expect([equal, different.length, notComparable.length]).toEqual([2, 0, 26]);
    expect(notComparable[0]!.reason).toContain("the NUMA node near 0000:01:00.0 is not shown");
  });

  test("without the tree it is all open", async () => {
    const { equal, different, notComparable } = await against("lspci-vvv-endpoints.txt");
    expect([equal, different.length]).toEqual([0, 0]);
    expect(notComparable.length).toBeGreaterThan(0);
  });
});

/** Devices, and the pairs of each letter; of p4d and ndv5 counted in the files by hand, of the others as first read. */
const FILES: Readonly<Record<string, string>> = {
  "aws-xml/p4d-24xl-topo.xml": "12 PIX:12 PHB:18 SYS:36",
  "azhpc-xml/ndv4-topo.xml": "16 PIX:24 SYS:96",
  "azhpc-xml/ndv5-topo.xml": "16 PIX:8 PHB:48 SYS:64",
  "nccl-xml/nccl-ndv5-ndv5-topo-new.xml": "16 PIX:8 PHB:48 SYS:64",
  "oci-xml/topo-flattened-b4.xml": "16 PIX:24 SYS:96",
  "rccl-xml/topo_8p_940.xml": "16 XGMI:28 PXB:8 PHB:36 SYS:48",
};

describe.skipIf(REAL === null)("topology files", () => {
  test.each(Object.entries(FILES))("%s: %s", (file, expected) => {
    const tool = file.startsWith("rccl") ? "rccl" : "nccl";
    const view: NcclView = { tool, system: ncclSystem(new TextDecoder().decode(realFile(file))) };
    const claims = viewClaims(view);
    const counts = new Map<string, number>();
    for (let row = 0; row < claims.devices.length; row++) {
      for (let column = row + 1; column < claims.devices.length; column++) {
        const letter = claims.letter(row, column)!;
        expect(claims.letter(column, row)).toBe(letter);
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
      }
    }
    const order = ["XGMI", "PIX", "PXB", "PHB", "SYS"].filter((letter) => counts.has(letter));
    expect([claims.devices.length, ...order.map((letter) => `${letter}:${counts.get(letter)}`)].join(" ")).toBe(
      expected,
    );
    // A description with the view in it, written and read back, says the same.
    const again = viewClaims(JSON.parse(JSON.stringify(view)) as NcclView);
    const { equal, different, notComparable, unmatched } = compareClaims(again, claims);
    const pairs = (claims.devices.length * (claims.devices.length - 1)) / 2;
    expect([equal, different, notComparable, unmatched]).toEqual([pairs, [], [], { theirs: [], ours: [] }]);
  });
});
