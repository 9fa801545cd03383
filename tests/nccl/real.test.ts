import { describe, expect, test } from "vitest";
import { lintTopology, ncclView, ncclXml } from "../../src/nccl/index.js";
import { readNccl } from "../../src/readers/nccl.js";
import { read } from "../../src/readers/read.js";
import { Topology } from "../../src/topology/topology.js";
import { REAL, realFile } from "../readers/fixtures.js";
import { viewOf } from "./files.js";

/**
 * Files that others published, read where they lie, counted beside the reader as well (elements, endpoints that are no
 * bridges, links by their counts, each once for its two ends, NUMA nodes), and what the checker finds in each:
 *
 *     tool · elements · functions · side links · NUMA nodes · findings of the checker
 */
const FILES: Readonly<Record<string, string>> = {
  "nccl-xml/4x4090-threadripper.xml": "nccl 80 5 0 4",
  "nccl-xml/nccl-ndv5-ndv5-topo-new.xml": "nccl 27 16 0 2",
  // each GPU's links lead to itself
  "azhpc-xml/ncv4-topo.xml": "nccl 19 4 0 4 LINK_MISSING:4 LINK_ZERO:4 TARGET_SELF:4",
  "azhpc-xml/ndv2-topo.xml": "nccl 12 9 0 2",
  "azhpc-xml/ndv4-topo.xml": "nccl 25 16 0 4",
  "azhpc-xml/ndv5-topo.xml": "nccl 27 16 0 2",
  // nothing but names: NCCL looks everything else up
  "aws-xml/g5.48xl-topo.xml": "nccl 12 9 0 2 CLASS_MISSING:9 CPU_INCOMPLETE:2 LINK_MISSING:9",
  "aws-xml/p4d-24xl-topo.xml": "nccl 19 12 0 2",
  "oci-xml/topo-flattened-b4.xml": "nccl 25 16 0 4",
  "rccl-xml/topo_16p1h_vm.xml": "rccl 117 24 56 4",
  // two switches, written again for every pair of devices below them
  "rccl-xml/topo_4p4h.xml": "rccl 150 32 24 1 BUSID_TWICE:14",
  "rccl-xml/topo_8p_90a.xml": "rccl 46 9 12 1",
  "rccl-xml/topo_8p_940.xml": "rccl 123 16 28 2",
  "rccl-xml/topo_8p_rome_4n_2.xml": "rccl 77 12 12 4",
  "rccl-xml/topo_8p_rome_n2_1.xml": "rccl 51 10 8 4",
  "rccl-xml/topo_collnet_n4.xml": "rccl 77 12 12 4",
};

function counted(codes: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${code}:${count}`).sort();
}

describe.skipIf(REAL === null)("topology files that are in use", () => {
  test.each(Object.entries(FILES))("%s", async (path, expected) => {
    const bytes = realFile(path);
    const text = new TextDecoder().decode(bytes);
    const { machine, findings } = await read([{ name: path, bytes }]);
    expect(findings).toEqual([]);
    const [system] = machine.systems as [(typeof machine.systems)[0]];
    const checked = lintTopology(text);
    expect(
      [
        checked.tool,
        checked.elements,
        system.functions.length,
        system.sideLinks?.length ?? 0,
        system.numaNodes?.length ?? 0,
        ...counted(checked.findings.map(({ code }) => code)),
      ].join(" "),
    ).toBe(expected);

    // Read, exported and read again, nothing is lost; and NCCL minds nothing that it did not mind before.
    const topology = Topology.of(machine);
    expect(topology.findings).toEqual([]);
    const { view, notes } = ncclView(topology);
    topology.close();
    expect(notes).toEqual([]);
    const written = ncclXml(view!);
    expect(readNccl(written, path)[0]!.system).toEqual(system);
    expect(ncclXml(viewOf(written))).toBe(written);
    expect(lintTopology(written).findings.map(({ code }) => code)).toEqual(checked.findings.map(({ code }) => code));
  });
});
