import { describe, expect, test } from "vitest";
import type { FixDocument } from "../../src/writers/index.js";
import { capture, json, peerlane } from "./run.js";

const SWITCHES = ["-i", capture("acs-iommu-intel")];
const AFTERWARDS = capture("acs-iommu-disabled-intel");

describe("fix", () => {
  test.each([
    ["6.1", "pci=disable_acs_redir=0000:02:00.0;0000:02:01.0"],
    ["6.10", "pci=disable_acs_redir=0000:02:00.0;0000:02:01.0"],
    ["6.11", ""],
    ["6.12.20", ""],
    ["6.12.117", "pci=config_acs=xx100x1@0000:02:00.0;xx100x1@0000:02:01.0"],
    ["7.3", "pci=config_acs=xx100x1@0000:02:00.0;xx100x1@0000:02:01.0"],
  ])("takes the parameter that Linux %s takes", (kernel, parameter) => {
    const { code, out } = peerlane(["fix", "nvme0", "nvme1", ...SWITCHES, "--kernel", kernel, "-q"]);
    expect([code, out]).toEqual([1, `${parameter}\n`]);
  });

  test("tells the parameters of older and newer kernels where nobody says which one runs", () => {
    const { out: text } = peerlane(["export", "--to", "json", ...SWITCHES]);
    const machine = JSON.parse(text) as { systems: { kernel?: unknown }[] };
    delete machine.systems[0]!.kernel;
    const input = JSON.stringify(machine);
    const older = "pci=disable_acs_redir=0000:02:00.0;0000:02:01.0";
    const newest = "pci=config_acs=xx100x1@0000:02:00.0;xx100x1@0000:02:01.0";
    const asked = ["fix", "nvme0", "nvme1", "-i", "-"];
    const document = JSON.parse(peerlane([...asked, "--json"], { input }).out) as FixDocument;
    expect(document).toMatchObject({ parameter: null, byKernel: { older, newest } });
    expect(peerlane([...asked, "-q"], { input }).out).toBe("\n");
    const { out } = peerlane(asked, { input });
    expect(out).toContain(`before Linux 6.11 it is\n           '${older}'\n`);
    expect(out).toContain(`'${newest}'`);
    expect(peerlane([...asked, "-q", "--kernel", "6.8"], { input }).out).toBe(`${older}\n`);
  });

  test("says now, then, commands, loaders and cost as a document", () => {
    const { code, document } = json<FixDocument>(["fix", "nvme0", "nvme1", ...SWITCHES]);
    expect(code).toBe(1);
    expect(document).toMatchObject({
      status: "acs",
      ways: [
        { provider: "0000:03:00.0", now: { verdict: "no", code: "ACS_REDIRECT" }, then: { route: "bus-address" } },
        { provider: "0000:04:00.0", now: { verdict: "no", code: "ACS_REDIRECT" }, then: { route: "bus-address" } },
      ],
      changes: [
        { bdf: "0000:02:00.0", what: "downstream port", now: "0x1d", wanted: "0x11", clear: ["RR", "CR"], set: [] },
        { bdf: "0000:02:01.0" },
      ],
      boot: {
        option: "config_acs",
        replaces: [],
        results: [{ bdf: "0000:02:00.0", control: "0x11", lost: [], open: [] }, {}],
        loaders: [{ loader: "grub" }, { loader: "grubby" }, { loader: "systemd-boot" }],
      },
      temporary: [{ command: "setpci -s 0000:02:00.0 ECAP_ACS+6.w=0000:000c" }, {}],
      cost: { merged: [], exposed: [{ by: "0000:02:00.0", initiators: ["0000:03:00.0"] }, {}] },
      verified: null,
    });
  });

  test("looks after the reboot whether it was done", () => {
    const ask = (source: string) => peerlane(["fix", "nvme0", "nvme1", ...SWITCHES, "--verify", source, "-q"]);
    expect(ask(AFTERWARDS)).toMatchObject({ code: 0, out: "done\n" });
    expect(ask(SWITCHES[1]!)).toMatchObject({ code: 1, out: "not\n" });
    const text = peerlane(["fix", "nvme0", "nvme1", ...SWITCHES, "--verify", SWITCHES[1]!]).out;
    expect(text).toContain("RR CR still to change");
    expect(text.replace(/\s+/g, " ")).toContain("command line has no pci=config_acs=");
  });

  test("has nothing to fix where the pair is direct, and names what ACS has no part in", () => {
    expect(peerlane(["fix", "nvme0", "nvme1", "-i", AFTERWARDS])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^NOTHING TO FIX/),
    });
    const apart = peerlane(["fix", "0000:03:00.0", "0000:0d:00.0", ...SWITCHES]);
    expect(apart).toMatchObject({ code: 1, out: expect.stringMatching(/^NO ACS BIT HELPS/) });
    expect(apart.out).toContain("put both below one switch");
    expect(apart.out).not.toContain("setpci");
  });

  test("offers the direct way where the host bridge takes the requests", () => {
    const { code, document } = json<FixDocument>(["fix", "nvme0", "nvme1", "-i", capture("acs-iommu-amd")]);
    expect([code, document.status, document.changes.length]).toEqual([0, "optional", 2]);
  });

  test("does not say that it works where the host bridge is not known to take the requests", () => {
    const machine = JSON.parse(peerlane(["export", "--to", "json", ...SWITCHES]).out) as {
      systems: { cpu?: unknown }[];
    };
    delete machine.systems[0]!.cpu;
    const input = JSON.stringify(machine);
    const asked = ["fix", "nvme0", "nvme1", "-i", "-"];
    const { code, out } = peerlane(asked, { input });
    expect([code, out]).toEqual([3, expect.stringMatching(/^UNKNOWN, COULD BE DIRECT: /)]);
    const document = JSON.parse(peerlane([...asked, "--json"], { input }).out) as FixDocument;
    expect([document.status, document.changes.length, document.missing.length]).toEqual(["unknown", 2, 1]);
  });

  test("says where Linux refuses the pair although a profile has what it needs", () => {
    const asked = ["fix", "nvme0", "nvme1", ...SWITCHES, "--profile", "precise"];
    const { out } = peerlane([...asked, "--one-way"]);
    expect(out.replace(/\s+/g, " ")).toContain(
      "warning Linux 6.12.117 looks at more bits than the profile precise: with these changes its own answer is still no, ACS_REDIRECT",
    );
    // Both ways take all that Linux looks at.
    expect(peerlane(asked).out).not.toContain("warning");
    expect(peerlane([...asked, "--one-way", "--policy", "precise"]).out).not.toContain("warning");
  });

  test("names no ACS bit where the kernel has no peer-to-peer DMA", () => {
    const { code, out } = peerlane(["fix", "nvme0", "nvme1", ...SWITCHES, "--kernel", "3.1"]);
    expect([code, out]).toEqual([1, expect.stringMatching(/^NO ACS BIT HELPS/)]);
    expect(out).toContain("a kernel from 4.20 on");
    expect(out).not.toContain("acs_redir");
  });

  test("asks for two functions", () => {
    const one = peerlane(["fix", "nvme0", "0000:03:00.0", ...SWITCHES]);
    expect(one).toMatchObject({ code: 2, out: "", err: expect.stringContaining("one function, 0000:03:00.0") });
  });

  test("takes in the parameter that is there already", () => {
    const words = ["fix", "0000:00:01.0", "0000:03:00.0", "-i", capture("acs-iommu-disabled-intel-k61")];
    const { document } = json<FixDocument>(words);
    expect(document.boot?.replaces).toHaveLength(1);
    expect(document.parameter).toMatch(/^pci=disable_acs_redir=0000:00:01.0;0000:02:00.0;/);
  });

  test("refuses a profile that does not fit, before it says anything", () => {
    const { code, out, err } = peerlane(["fix", "nvme0", "nvme1", ...SWITCHES, "--profile", "gb300"]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("the profile gb300 is about a GPU of NVIDIA");
  });
});
