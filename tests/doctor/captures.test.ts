import { describe, expect, test } from "vitest";
import { captureFile, captureNames } from "../readers/fixtures.js";
import { summaryOf } from "./summary.js";

/** What is found in the machines that a kernel answered for, by their own kernels; each was looked at. */
const FOUND: Readonly<Record<string, string>> = {
  "acs-iommu-amd": "findings 5/26, 1 warning ACS_REDIRECTS",
  "acs-iommu-disabled-intel": "clean 5/26, 1 note HOST_BRIDGE_REFUSES",
  "acs-iommu-disabled-intel-k61": "clean 5/26, 1 note HOST_BRIDGE_REFUSES",
  "acs-iommu-intel": "findings 5/26, 1 warning ACS_REDIRECTS, 1 note HOST_BRIDGE_REFUSES",
  "acs-iommu-intel-k73": "findings 5/26, 1 warning ACS_REDIRECTS, 1 note HOST_BRIDGE_REFUSES",
  "acs-off-intel": "clean 5/26, 1 note HOST_BRIDGE_REFUSES",
  "arm64-virt-acpi-pxb": "findings 10/36, 1 error HOST_BRIDGE_REFUSES",
  "arm64-virt-acs-smmu": "findings 4/17, 1 warning ACS_REDIRECTS, 1 note HOST_BRIDGE_REFUSES",
  "arm64-virt-dt": "findings 6/18, 1 error HOST_BRIDGE_REFUSES",
  "cascade3-intel": "clean 5/30",
  "cmb-intel": "findings 6/22, 1 error HOST_BRIDGE_REFUSES, 1 note BUS_MASTER_OFF",
  "cmb-intel-k73": "findings 6/22, 1 error HOST_BRIDGE_REFUSES, 1 note BUS_MASTER_OFF",
  "conventional-intel": "clean 1/21",
  "disabled-intel":
    "clean 8/34, 1 note HOST_BRIDGE_REFUSES, 2 note MEMORY_DECODE_OFF, 1 note DEVICE_ASLEEP, 1 note BUS_MASTER_OFF",
  "gpu-server-intel": "findings 27/64, 1 error HOST_BRIDGE_REFUSES, 1 note BUS_MASTER_OFF",
  "gpu-server-intel-iommu":
    "findings 27/64, 1 error HOST_BRIDGE_REFUSES, 4 error ACS_REDIRECTS, 1 warning IOMMU_TRANSLATES_BETWEEN_GPUS, 1 note BUS_MASTER_OFF",
  "huge-bars-intel": "findings 2/19, 1 error HOST_BRIDGE_REFUSES",
  "huge-bars-nowindow-intel": "findings 2/19, 1 error BAR_UNASSIGNED, 1 note HOST_BRIDGE_REFUSES",
  hygon: "clean 5/28, 1 note HOST_BRIDGE_REFUSES",
  "multifunction-intel": "clean 6/20, 1 note HOST_BRIDGE_REFUSES",
  "ppc-powernv8": "findings 7/26, 1 error HOST_BRIDGE_REFUSES",
  "ppc-powernv9": "findings 7/34, 1 error HOST_BRIDGE_REFUSES",
  "ppc-pseries-bridges": "findings 14/37, 1 error HOST_BRIDGE_REFUSES",
  "pxb-intel": "clean 5/28, 1 note HOST_BRIDGE_REFUSES",
  "pxb-intel-k61": "clean 5/28, 1 note HOST_BRIDGE_REFUSES",
  "q35-plain-amd": "clean 3/9",
  "q35-plain-intel": "clean 3/9, 1 note HOST_BRIDGE_REFUSES",
  "random1-intel": "findings 15/76, 1 error HOST_BRIDGE_REFUSES, 2 error ACS_REDIRECTS",
  "random1-intel-k61": "findings 15/76, 1 error HOST_BRIDGE_REFUSES, 2 error ACS_REDIRECTS",
  "rootports-amd": "clean 2/10",
  "rootports-intel": "clean 2/10, 1 note HOST_BRIDGE_REFUSES",
  "rootports-qemu64": "clean 2/10, 1 note HOST_BRIDGE_REFUSES",
  "sriov-intel": "clean 13/23, 1 note HOST_BRIDGE_REFUSES, 1 note BUS_MASTER_OFF",
  "sriov-intel-k61": "clean 13/23, 1 note HOST_BRIDGE_REFUSES, 1 note BUS_MASTER_OFF",
  "sriov-intel-k73": "clean 13/23, 1 note HOST_BRIDGE_REFUSES, 1 note BUS_MASTER_OFF",
  "switch4-intel": "clean 5/17, 1 note HOST_BRIDGE_REFUSES",
  "switch4-intel-k73": "clean 5/17, 1 note HOST_BRIDGE_REFUSES",
  "whitelist-skx-acs-intel": "clean 5/28, 1 note HOST_BRIDGE_REFUSES",
  "whitelist-skx-intel": "clean 5/28, 1 note HOST_BRIDGE_REFUSES",
  "whitelist-snb-intel": "clean 5/30, 1 note HOST_BRIDGE_REFUSES",
  "whitelist-spr-intel": "clean 5/30, 1 note HOST_BRIDGE_REFUSES",
};

describe("captured machines", () => {
  test("are all there", () => expect(captureNames()).toEqual(Object.keys(FOUND)));

  test.each(Object.entries(FOUND))("%s", async (name, found) => {
    expect(await summaryOf(name, captureFile(name, "snapshot.tar.gz"))).toBe(found);
  });
});
