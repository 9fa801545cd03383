import { describe, expect, test } from "vitest";
import type { MappingDocument } from "../../src/writers/mapping.js";
import type { OwnerDocument } from "../../src/writers/owner.js";
import type { TreeDocument } from "../../src/writers/tree.js";
import type { VerdictDocument } from "../../src/writers/verdict.js";
import { capture, json, peerlane } from "./run.js";

const SOC = new URL("../../examples/arm-soc.json", import.meta.url).pathname;
const ask = (...words: string[]) => peerlane([...words, "-i", SOC, "--color", "never"]);

describe("map", () => {
  test("takes a device outside PCI by its name", () => {
    const { code, document } = json<MappingDocument>(["map", "8000000.dma-controller", "0x9101000", "64", "-i", SOC]);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      ok: true,
      route: "interconnect",
      dmaAddress: "0x9101000",
      translation: "none",
      initiator: "8000000.dma-controller",
      owner: { kind: "platform", name: "9100000.crypto", bdf: null, bar: null, exported: "driver" },
      distance: null,
      common: null,
      policy: { name: "linux-6.12", cpu: "arm64:0x41" },
    });
    expect(document.policy.assumed).toEqual([
      "Linux's peer-to-peer DMA knows no devices outside PCI: these rules are peerlane's own",
    ]);
  });

  test.each([
    ["8000000.dma-controller 0x44000000", "yes-through-host-bridge", 0],
    ["8000000.dma-controller 0x8000000", "yes", 0],
    ["8000000.dma-controller 0x9100000", "no", 1],
    ["9100000.crypto 0x9100000", "yes", 0],
    ["nvme0 0x9000000", "yes-through-host-bridge", 0],
    ["nvme0 0xa000000", "no", 1],
    ["eth0 0xa000000", "unknown", 3],
  ])("%s: %s", (words, word, code) => {
    expect(ask("map", ...words.split(" "), "4", "-q")).toEqual({ code, out: `${word}\n`, err: "" });
  });

  test("says for people who asks, what the exporter says, and which host bridge is at fault", () => {
    const { out } = ask("map", "8000000.dma-controller", "0x50000000", "64");
    const told = out.replace(/\s+/g, " ");
    expect(told).toContain("YES, THROUGH THE HOST BRIDGE: DMA by 8000000.dma-controller (client, platform device)");
    expect(told).toContain("owner 0001:01:00.0 BAR 0 (eth0), provider");
    expect(told).toContain("exported driver: under its driver's control, user space gets it through the driver only");
    expect(told).toContain("address 0x50000000 (same as the CPU physical address)");
    expect(told).not.toContain("path");
    const refused = ask("map", "nvme0", "0xa000000", "64").out.replace(/\s+/g, " ");
    expect(refused).toContain("NO_INBOUND_WINDOW: 0xa000000 in platform a000000.spi:");
    expect(refused).toContain("0000:00: no inbound window of the host bridge forwards requests to 0xa000000");
  });

  test("takes the names of a capture's /proc/iomem", () => {
    const input = capture("arm64-virt-acs-smmu");
    const { code, document } = json<MappingDocument>(["map", "arm-smmu-v3.0.auto", "0x9000000", "4", "-i", input]);
    expect([code, document.route, document.owner!.name]).toEqual([0, "interconnect", "ARMH0011:00"]);
    expect(document).toMatchObject({ translation: "iommu", dmaAddress: null });
  });
});

describe("can", () => {
  test.each([
    ["9000000.serial 8000000.dma-controller", "yes", 0],
    ["nvme0 8000000.dma-controller", "yes-through-host-bridge", 0],
    ["9000000.serial nvme0", "yes-through-host-bridge", 0],
    ["a000000.spi nvme0", "no", 1],
    ["a000000.spi eth0", "unknown", 3],
  ])("%s: %s", (words, word, code) => {
    expect(ask("can", ...words.split(" "), "-q")).toEqual({ code, out: `${word}\n`, err: "" });
  });

  test("says the same in JSON and for people", () => {
    const { code, document } = json<VerdictDocument>(["can", "a000000.spi", "nvme0", "-i", SOC]);
    expect(code).toBe(1);
    expect(document).toMatchObject({
      provider: "a000000.spi",
      client: "0000:01:00.0",
      verdict: "no",
      code: "NO_INBOUND_WINDOW",
      route: "not-supported",
      distance: null,
      common: null,
      memory: "ok",
      culprits: [{ bdf: "0000:00" }],
    });
    const told = ask("can", "9000000.serial", "8000000.dma-controller").out.replace(/\s+/g, " ");
    expect(told).toContain("to the memory of 9000000.serial (provider, platform device) route interconnect");
    expect(told).toContain("why both are outside PCI: requests pass from one to the other on the chip");
  });
});

test("owner tells the exporter's stance", () => {
  const stance = (address: string) => json<OwnerDocument>(["owner", address, "-i", SOC]).document.owner!.exported;
  expect(["0x44000000", "0x50000000", "0x9100000", "0x9000000"].map(stance)).toEqual([
    "direct",
    "driver",
    "none",
    null,
  ]);
  expect(ask("owner", "0x44000000").out).toContain("exported direct: its exporter lets it be mapped to user space");
  expect(ask("owner", "0x9000000").out).not.toContain("exported");
});

describe("tree", () => {
  test("has the devices outside PCI at the end, with their regions", () => {
    const { out } = ask("tree");
    expect(out.indexOf("\n\noutside PCI\n")).toBeGreaterThan(out.indexOf("nvme0"));
    expect(out).toMatch(/^ {2}9000000\.serial {2}0x9000000-0x9000fff \(4K\)$/m);
    const { platformDevices } = JSON.parse(ask("tree", "--json").out) as TreeDocument;
    expect(platformDevices).toContainEqual({
      name: "9000000.serial",
      regions: [{ start: "0x9000000", end: "0x9000fff" }],
    });
  });

  test("shows twenty of them to people, and all to scripts", () => {
    const platformDevices = Array.from({ length: 23 }, (_, at) => ({ name: `dev${at}`, regions: [] }));
    const input = JSON.stringify({ peerlane: 1, systems: [{ functions: [], platformDevices }] });
    const { out } = peerlane(["tree", "-i", "-"], { input });
    expect(out).toMatch(/^outside PCI\n {2}dev0\n/);
    expect(out).toMatch(/ {2}dev19\n {2}(…|\.\.\.) and 3 more\n$/);
    const document = JSON.parse(peerlane(["tree", "--json", "-i", "-"], { input }).out) as TreeDocument;
    expect(document.platformDevices).toHaveLength(23);
  });

  test("says nothing of them where there are none", () => {
    const input = JSON.stringify({ peerlane: 1, systems: [{ functions: [{ bdf: "0000:00:01.0" }] }] });
    expect(peerlane(["tree", "-i", "-"], { input }).out).not.toContain("outside PCI");
    expect(JSON.parse(peerlane(["tree", "--json", "-i", "-"], { input }).out)).not.toHaveProperty("platformDevices");
  });
});

describe("a device outside PCI", () => {
  test("is named beside the functions where nothing has a name that can and map are given", () => {
    const { err } = ask("map", "nothing-like-it", "0", "1");
    expect(err).toMatch(/`peerlane list` shows them; outside PCI it has "[^"]+", "[^"]+"/);
    expect(ask("common", "nothing-like-it", "nvme0").err).not.toContain("outside PCI");
  });

  test("is asked for wrongly", () => {
    const input = JSON.stringify({
      peerlane: 1,
      systems: ["a", "b"].map((name) => ({
        name,
        functions: [{ bdf: "0000:00:01.0" }],
        platformDevices: [
          { name: "uart", regions: [] },
          ...(name === "b" ? [] : ["HPET 0", "HPET 1"].map((each) => ({ name: each, regions: [] }))),
        ],
      })),
    });
    const failing = (...words: string[]) => {
      const { code, out, err } = peerlane([...words, "-i", "-"], { input });
      expect([code, out]).toEqual([2, ""]);
      return err;
    };
    expect(failing("map", "uart", "0", "1")).toBe(
      'peerlane: INITIATOR: "uart" names 2 devices outside PCI: write the system in front, as in a/uart\n',
    );
    expect(failing("can", "a/00:01.0", "HPET")).toBe(
      'peerlane: CLIENT: "HPET" names 2 devices outside PCI: give each a name of its own\n',
    );
    expect(failing("common", "a/uart", "a/00:01.0")).toBe(
      "peerlane: A: a/uart is a device outside PCI; can and map take one, and owner its addresses\n",
    );
    expect(ask("map", "9000000.seria", "0", "1").err).toBe(
      'peerlane: INITIATOR: the source has no function named "9000000.seria": did you mean 9000000.serial?\n',
    );
    expect(peerlane(["can", "a/uart", "b/uart", "-q", "-i", "-"], { input })).toMatchObject({ code: 1, out: "no\n" });
  });
});
