import { describe, expect, test } from "vitest";
import { parseFaultLine } from "../../src/readers/fault-line.js";

describe("lines of IOMMU drivers", () => {
  test.each([
    [
      "DMAR: [DMA Write NO_PASID] Request device [41:00.0] fault addr 0xf9001000 [fault reason 0x05] PTE Write access is not set",
    ],
    ["[   12.345678] DMAR:[DMA Read] Request device [41:00.0] fault addr f9001000 "],
    ["DMAR: [DMA Write] Request device [0000:41:00.0] PASID ffffffff fault addr f9001000 [fault reason 05]"],
    ["AMD-Vi: Event logged [IO_PAGE_FAULT device=41:00.0 domain=0x000a address=0x00000000f9001000 flags=0x0020]"],
    ["nvme 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000e address=0xf9001000 flags=0x0020]"],
    [
      "arm-smmu-v3 arm-smmu-v3.0.auto: event: F_TRANSLATION client: 0000:41:00.0 sid: 0x4100 ssid: 0x0 iova: 0xf9001000 ipa: 0x0",
    ],
  ])("%s", (line) => {
    expect(parseFaultLine(line)).toEqual({ requester: "0000:41:00.0", address: 0xf9001000n });
  });

  test.each([
    [""],
    ["DMAR: DRHD: handling fault status reg 2"],
    ["DMAR: [DMA Write] Request device [zz:00.0] fault addr 0xf9001000"],
    ["DMAR: [DMA Write] Request device [41:00.0] fault addr 0x11112222333344445"],
    ["DMAR: [DMA Write] Request device [41:00.0] fault addr 0xzz"],
    ["AMD-Vi: Event logged [IO_PAGE_FAULT device=41:00.0 domain=0x000a address=0xf900…"],
    ["client: 0000:41:00.0 sid: 0x4100"],
  ])("none: %s", (line) => {
    expect(parseFaultLine(line)).toBeNull();
  });
});
