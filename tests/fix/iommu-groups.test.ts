import { describe, expect, test } from "vitest";
import { Topology } from "../../src/index.js";
import { iommuGroups, shareGroup } from "../../src/fix/iommu-groups.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

describe("IOMMU groups as Linux on x86 forms them", () => {
  for (const capture of captureNames()) {
    test(capture, async () => {
      const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(capture, "snapshot.tar.gz") }]);
      const topology = Topology.of(machine);
      const ids = [...topology.functions()].filter((id) => typeof topology.registers(id)!.iommuGroup === "number");
      if (ids.length === 0) return;
      const bounds = iommuGroups(topology, 0);
      const wrong: string[] = [];
      for (const a of ids)
        for (const b of ids) {
          const theirs = topology.registers(a)!.iommuGroup === topology.registers(b)!.iommuGroup;
          const ours = shareGroup(bounds, a, b);
          if (ours !== theirs) wrong.push(`${topology.name(a)} ${topology.name(b)} ${ours} ${theirs}`);
        }
      expect(wrong.slice(0, 10)).toEqual([]);
    });
  }
});
