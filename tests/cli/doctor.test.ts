import { describe, expect, test } from "vitest";
import type { DoctorDocument } from "../../src/writers/index.js";
import { DESKTOP, DIRECT, gpuServer, REDIRECTS, SECOND_GPU } from "../doctor/machines.js";
import { capture, json, peerlane } from "./run.js";

const input = (functions = gpuServer(REDIRECTS), facts = {}) =>
  JSON.stringify({ peerlane: 1, systems: [{ ...DESKTOP, ...facts, functions }] });

const ask = (words: readonly string[], machine = input()) =>
  peerlane(["doctor", "-i", "-", ...words], { input: machine });

describe("peerlane doctor", () => {
  test("says what is wrong, on what it rests, what comes of it and what to do", () => {
    const { code, out } = ask([]);
    expect(code).toBe(1);
    const text = out.replace(/\s+/g, " ");
    expect(text).toContain("error ACS_REDIRECTS: ACS sends requests between devices up to the host");
    expect(text).toContain(
      "0000:02:00.0 and 0000:02:01.0, downstream port: ACS control 0x001d, ReqRedir and CmpltRedir on",
    );
    expect(text).toContain("1 pair of devices (0000:03:00.0 and 0000:04:00.0): linux-6.12 refuses them");
    expect(text).toContain("`peerlane fix 0000:03:00.0 0000:04:00.0`");
    expect(text).toContain("1 error: 7 functions looked at, 2 of which do DMA with others; Linux 6.12.117");
  });

  test("exits by what was found, what is waited for, and what could not be seen", () => {
    expect(ask([], input(gpuServer(DIRECT)))).toMatchObject({ code: 0 });
    expect(ask(["--fail-on", "HOST_BRIDGE_REFUSES"])).toMatchObject({ code: 0 });
    expect(ask(["--fail-on", "host-bridge-refuses, acs_redirects"])).toMatchObject({ code: 1 });
    expect(ask(["--ignore", "ACS_REDIRECTS"])).toMatchObject({ code: 0 });
    const unseen = input(gpuServer(undefined));
    expect(ask([], unseen)).toMatchObject({ code: 3 });
    expect(ask(["--fail-on", "ACS_NOT_SHOWN"], unseen)).toMatchObject({ code: 1 });
    expect(ask(["--fail-on", "note"], unseen)).toMatchObject({ code: 1 });
    expect(ask(["--fail-on", "ACS_REDIRECTS"], unseen)).toMatchObject({ code: 3 });
    expect(ask(["--fail-on", "P2PDMA_NOT_BUILT_IN"], unseen)).toMatchObject({ code: 0 });
  });

  test("has virtual functions drive their own requests, which their physical one does not switch on", () => {
    const { out } = peerlane(["doctor", "-i", capture("sriov-intel")]);
    expect(out).toContain("note BUS_MASTER_OFF");
    expect(out).toContain("COMMAND=0004:0004`");
    expect(out).not.toContain("sriov_numvfs");
  });

  test("does not call clean what it has not seen", () => {
    const { code, out, err } = peerlane(["doctor", "--of", "gpu", "-i", capture("acs-iommu-disabled-intel")]);
    expect([code, err]).toEqual([3, expect.stringContaining("none of the 26 is one of gpu")]);
    expect(out).toContain("nothing found");
  });

  test("says where it took the newest kernel for that of the source", () => {
    const { kernel: _, ...facts } = DESKTOP;
    const text = JSON.stringify({ peerlane: 1, systems: [{ ...facts, functions: gpuServer(DIRECT) }] });
    expect(ask([], text).out).toMatch(/\n {2}inferred kernel /);
    expect(ask(["--kernel", "6.12"], text).out).not.toContain("inferred");
  });

  test("speaks of one pair as of several", () => {
    const { out } = peerlane(["doctor", "-i", capture("rootports-intel")]);
    expect(out.replace(/\s+/g, " ")).toContain(
      "1 pair of devices (0000:01:00.0 and 0000:02:00.0), neither of which is known to have memory for the other: " +
        "they have no bridge in common",
    );
  });

  test("an id that there is not is a wrong question, and the ids are listed", () => {
    const { code, out, err } = ask(["--fail-on", "ACS_BROKEN"]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/--fail-on: expected error, warning, note, ACS_REDIRECTS, .*, got "ACS_BROKEN"/);
    expect(ask(["--ignore", "error"]).code).toBe(2);
  });

  test("-q prints the ids, worst first, and nothing where nothing was found", () => {
    expect(ask(["-q"], input(gpuServer(REDIRECTS, SECOND_GPU)))).toEqual({
      code: 1,
      out: "HOST_BRIDGE_REFUSES\nACS_REDIRECTS\n",
      err: "",
    });
    expect(ask(["-q"], input(gpuServer(DIRECT))).out.trim()).toBe("");
  });

  test("--json has every id that was looked for, and what was not to be seen", () => {
    const { code, document } = json<DoctorDocument>(["doctor", "-i", "-"], { input: input(gpuServer(undefined)) });
    expect(code).toBe(3);
    expect(document).toMatchObject({ outcome: "unknown", functions: 7, talkers: 2 });
    expect(document.checked.find(({ id }) => id === "ACS_REDIRECTS")).toMatchObject({
      found: 0,
      missing: [{ where: "lspci -vvv or /sys, read as root" }],
    });
    expect(document.missing).toHaveLength(1);
  });

  test("--of says which devices matter", () => {
    expect(ask(["--of", "gpu"])).toMatchObject({ code: 0 });
    expect(ask(["--of", "03:00.0,04:00.0"])).toMatchObject({ code: 1 });
  });

  test("several systems are told apart", () => {
    const system = { ...DESKTOP, functions: gpuServer(REDIRECTS) };
    const machine = JSON.stringify({
      peerlane: 1,
      systems: [
        { ...system, name: "a" },
        { ...system, name: "b", functions: gpuServer(DIRECT) },
      ],
    });
    expect(ask([], machine).out).toContain("error ACS_REDIRECTS (a):");
    expect(ask(["--system", "b"], machine).code).toBe(0);
  });
});
