import { describe, expect, test } from "vitest";
import { outcomeOf } from "../../src/doctor/outcome.js";
import {
  device,
  DIRECT,
  examined,
  gpu,
  gpuServer,
  hostBridge,
  ids,
  port,
  REDIRECTS,
  SECOND_GPU,
  ZEN,
} from "./machines.js";

/** Faults that people met in the field, on machines written from their descriptions. */
describe("known faults", () => {
  test("two GPUs behind root ports that redirect, one switch each: AllReduce hangs (ACSCtl 0x1d)", () => {
    const found = examined(gpuServer(REDIRECTS));
    expect(ids(found)).toEqual(["error ACS_REDIRECTS"]);
    const [acs] = found.diagnoses;
    expect(acs!.functions).toEqual(["0000:02:00.0", "0000:02:01.0"]);
    expect(acs!.pairs).toBe(1);
    expect(acs!.evidence.join()).toContain("0x001d, ReqRedir and CmpltRedir on");
    expect(acs!.remedy).toContain("peerlane fix 0000:03:00.0 0000:04:00.0");
  });

  test("SrcValid alone is no redirect: the false lead is not followed", () => {
    const found = examined(gpuServer({ capability: 0x5f, control: 0x01 }));
    expect(ids(found)).toEqual([]);
    expect(outcomeOf(found)).toBe("clean");
  });

  test("pci=noacs, the permanent fix that does not exist, leaves the bits on", () => {
    const found = examined(gpuServer(REDIRECTS), {
      kernel: { release: "6.12.117", p2pdma: true, commandLine: "quiet pci=noacs" },
    });
    expect(ids(found)).toEqual(["error ACS_REDIRECTS", "warning KERNEL_OPTION_UNKNOWN"]);
    expect(found.diagnoses[1]!.evidence[0]).toContain("noacs");
  });

  test("pcie_acs_override is out of tree and the opposite of a fix", () => {
    const kernel = { release: "6.12.117", p2pdma: true, commandLine: "pcie_acs_override=downstream,multifunction" };
    expect(ids(examined(gpuServer(DIRECT), { kernel }))).toEqual(["warning ACS_OVERRIDE_ON"]);
  });

  test("a comma between functions loses the second one", () => {
    const commandLine = "pci=disable_acs_redir=0000:02:00.0,0000:02:01.0";
    const found = examined(gpuServer(REDIRECTS), { kernel: { release: "6.1.192", p2pdma: true, commandLine } });
    expect(ids(found)).toContain("warning PARAMETER_NOT_TAKEN");
    expect(ids(found)).toContain("warning PARAMETER_WITHOUT_EFFECT");
  });

  test("config_acs on a kernel before 6.11 is not taken", () => {
    const commandLine = "pci=config_acs=x000x1@0000:02:00.0";
    const found = examined(gpuServer(DIRECT), { kernel: { release: "6.1.192", p2pdma: true, commandLine } });
    expect(ids(found)).toEqual(["warning PARAMETER_NOT_TAKEN"]);
  });

  test("a desktop host bridge is not on the list: across root ports nothing goes", () => {
    const found = examined(gpuServer(DIRECT, SECOND_GPU));
    expect(ids(found)).toEqual(["error HOST_BRIDGE_REFUSES"]);
    expect(found.diagnoses[0]).toMatchObject({ functions: ["0000:00:00.0"], pairs: 2 });
    expect(found.diagnoses[0]!.evidence[0]).toContain("8086:29c0");
    expect(ids(examined(gpuServer(DIRECT, SECOND_GPU), { cpu: ZEN }))).toEqual([]);
  });

  test("behind one switch with ACS off the same host bridge does not matter", () => {
    expect(ids(examined(gpuServer(DIRECT)))).toEqual([]);
  });

  test("on a Zen redirected requests get through, the long way", () => {
    expect(ids(examined(gpuServer(REDIRECTS), { cpu: ZEN }))).toEqual(["warning ACS_REDIRECTS"]);
  });

  test("two GPUs and an IOMMU that translates: writes to raw addresses vanish", () => {
    const translating = examined(gpuServer(DIRECT, SECOND_GPU), { cpu: ZEN, iommu: "translating" });
    expect(ids(translating)).toEqual(["warning IOMMU_TRANSLATES_BETWEEN_GPUS"]);
    for (const iommu of ["passthrough", "off"] as const) {
      expect(ids(examined(gpuServer(DIRECT, SECOND_GPU), { cpu: ZEN, iommu }))).toEqual([]);
    }
    const below = [
      hostBridge(),
      port("0000:00:01.0", null, 1, 4),
      port("0000:01:00.0", "0000:00:01.0", 2, 4, { kind: "upstream-port", acs: null }),
      port("0000:02:00.0", "0000:01:00.0", 3, 3),
      port("0000:02:01.0", "0000:01:00.0", 4, 4),
      gpu("0000:03:00.0", "0000:02:00.0"),
      gpu("0000:04:00.0", "0000:02:01.0"),
    ];
    expect(ids(examined(below, { iommu: "translating" }))).toEqual([]);
  });

  test("CONFIG_PCI_P2PDMA was off", () => {
    const found = examined(gpuServer(DIRECT), { kernel: { release: "6.12.117", p2pdma: false } });
    expect(ids(found)).toEqual(["error P2PDMA_NOT_BUILT_IN"]);
    expect(ids(examined(gpuServer(DIRECT), { kernel: { release: "4.14.0" } }))).toEqual(["error P2PDMA_NOT_BUILT_IN"]);
  });

  test("lspci without root: what it hides decides, and nothing is called clean", () => {
    const found = examined(gpuServer(undefined));
    expect(ids(found)).toEqual(["note ACS_NOT_SHOWN"]);
    expect(outcomeOf(found)).toBe("unknown");
    // On a Zen the verdict is yes, whatever the bits are.
    const zen = examined(gpuServer(undefined), { cpu: ZEN });
    expect(outcomeOf(zen)).toBe("clean");
    expect(outcomeOf(zen, ["ACS_REDIRECTS"])).toBe("unknown");
  });
});

describe("what is not a fault", () => {
  test("a service processor's screen, NICs among themselves, functions of one device", () => {
    const functions = [
      hostBridge(),
      port("0000:00:01.0", null, 1, 3, { acs: REDIRECTS }),
      port("0000:01:00.0", "0000:00:01.0", 2, 3, { kind: "upstream-port", acs: REDIRECTS }),
      device("0000:02:00.0", "0000:01:00.0", "0200"),
      device("0000:02:00.1", "0000:01:00.0", "0200"),
      device("0000:02:01.0", "0000:01:00.0", "0200"),
      device("0000:02:02.0", "0000:01:00.0", "0300", { vendor: "1a03", device: "2000" }),
      port("0000:00:02.0", null, 4, 4),
      gpu("0000:04:00.0", "0000:00:02.0"),
      gpu("0000:04:00.1", "0000:00:02.0"),
    ];
    expect(ids(examined(functions, { cpu: ZEN }))).toEqual([]);
  });

  test("a pair that is named is looked at whatever it is", () => {
    const functions = gpuServer(REDIRECTS).map((each) => (each.class === "0302" ? { ...each, class: "0200" } : each));
    expect(ids(examined(functions))).toEqual([]);
    expect(ids(examined(functions, {}, { of: ["0000:03:00.0", "0000:04:00.0"] }))).toEqual(["error ACS_REDIRECTS"]);
  });

  test("GPUs that an NVLink joins do not need the host bridge", () => {
    const sideLinks = [{ kind: "nvlink", from: "0000:01:00.0", to: "0000:02:00.0", read: true, write: true }];
    const functions = [
      hostBridge(),
      port("0000:00:01.0", null, 1, 1),
      gpu("0000:01:00.0", "0000:00:01.0"),
      port("0000:00:02.0", null, 2, 2),
      gpu("0000:02:00.0", "0000:00:02.0"),
    ];
    expect(ids(examined(functions))).toEqual(["error HOST_BRIDGE_REFUSES"]);
    expect(ids(examined(functions, { sideLinks }))).toEqual([]);
  });
});
