import { describe, expect, test } from "vitest";
import type { OwnerDocument } from "../../src/writers/index.js";
import { CAPTURES } from "../readers/fixtures.js";
import { capture, json, peerlane } from "./run.js";

describe.skipIf(CAPTURES === null)("peerlane owner of fault reports", () => {
  const machine = ["-i", capture("acs-iommu-intel")];

  test("says what the address is, and whose it would be", () => {
    const { code, document } = json<OwnerDocument>(["owner", "0xfe800010", "--requester", "0e:00.0", ...machine]);
    expect(code).toBe(0);
    expect(document.owner).toMatchObject({ bdf: "0000:0d:00.0", bar: 0, offset: 0x10 });
    expect(document.fault).toMatchObject({
      requester: "0000:0e:00.0",
      iommu: "translating",
      translated: true,
      cpuAddress: "0xfe800010",
      readings: [{ as: "iova", code: "RAW_PEER_ADDRESS", certain: true }],
    });
  });

  test("takes a line of the kernel's log", () => {
    const line =
      "DMAR: [DMA Write] Request device [0e:00.0] fault addr ffff0000000 [fault reason 05] PTE Write access is not set";
    const { code, out } = peerlane(["owner", "--fault", line, ...machine]);
    expect(code).toBe(1);
    expect(out).toContain("it can only be an IOVA of the requester's");
    expect(out).toContain("peerlane explain IOVA_ONLY");
  });

  test("shows both readings where the mode is not known, and takes it from --iommu", () => {
    const words = ["owner", "0x80000010", "--requester", "0004:01:00.0", "-i", capture("ppc-powernv9")];
    const { document } = json<OwnerDocument>(words);
    expect(document.fault!.readings.map(({ as }) => as)).toEqual(["iova", "bus-address"]);
    expect(document.fault!.cpuAddress).toBe("0x600c200000010");
    expect(document.owner!.bdf).toBe("0004:01:00.0");
    const { document: off } = json<OwnerDocument>([...words, "--iommu", "off"]);
    expect(off.fault!.readings.map(({ as }) => as)).toEqual(["bus-address"]);
  });

  test("a fault that was reported shows that an IOMMU translates, where nothing else does", () => {
    const dmar = "DMAR: [DMA Write] Request device [0004:01:00.0] fault addr 0x80000010";
    const { out } = peerlane(["owner", "--fault", dmar, "-i", capture("ppc-powernv9")]);
    expect(out).toContain("as IOVA  it is the address of a BAR where an IOVA was due");
    expect(out).not.toContain("as bus");
    const { err } = peerlane(["owner", "--fault", dmar, ...machine, "--iommu", "off"]);
    expect(err).toContain("--iommu off says that there is none");
    expect(peerlane(["owner", "--fault", `${dmar}\n${dmar}`, ...machine]).err).toContain(
      "expected one line, got several",
    );
  });

  test("without a requester the document is as it was", () => {
    const { document } = json<OwnerDocument>(["owner", "0xfe800010", ...machine]);
    expect(Object.keys(document)).toEqual(["address", "size", "owner", "owners", "candidates", "window", "reason"]);
  });

  test.each([
    [["owner"], "ADDRESS is missing"],
    [["owner", "--fault", "nonsense"], "--fault: expected a line such as"],
    [["owner", "0x1000", "--fault", "nonsense"], "leave ADDRESS and --requester out"],
    [["owner", "0x1000", "--requester", "ff:00.0"], '--requester: the source has no function named "ff:00.0"'],
  ])("%j is asked wrongly", (words, message) => {
    const { code, out, err } = peerlane([...words, ...machine]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(message);
  });
});
