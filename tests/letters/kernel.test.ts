import { expect, test } from "vitest";
import { gpu, lettersOf, nic, switched } from "./machines.js";

const acs = { capability: 0x5f, control: 0x1d };

/** Below one switch, ACS redirecting at both ports; the CPU of an allowed kind, or of none. */
function behindAcs(family: number | undefined) {
  const ports = switched(2).map((each) =>
    each.kind === "downstream-port" ? { ...each, acs } : { ...each, acs: null },
  );
  const ends = [gpu("03:00.0", { acs: null }), nic("04:00.0", { acs: null })];
  const cpu = family === undefined ? {} : { cpu: { architecture: "x86", vendor: "AuthenticAMD", family } };
  return lettersOf([...ports, ...ends], "kernel", { complete: true, kernel: { p2pdma: true }, ...cpu });
}

test("the kernel's letters have its answer and its distance", () => {
  const { letter, why } = behindAcs(25);
  expect(letter("03:00.0", "04:00.0")).toBe("H4");
  expect(letter("03:00.0", "03:00.0")).toBe("B0");
  expect(why("03:00.0", "04:00.0")).toContain("they meet at 0000:01:00.0");
  expect(why("03:00.0", "04:00.0")).toContain("0000:02:00.0");
});

test("without ACS on the way it is a bus address; where ACS is not shown, one of the two", () => {
  const whole = switched(2).map((each) => ({ ...each, acs: null }));
  const ends = [gpu("03:00.0", { acs: null }), nic("04:00.0", { acs: null })];
  const cpu = { cpu: { architecture: "x86", vendor: "AuthenticAMD", family: 25 } };
  expect(lettersOf([...whole, ...ends], "kernel", cpu).letter("03:00.0", "04:00.0")).toBe("B4");
  expect(lettersOf([...switched(2), ...ends], "kernel", cpu).letter("03:00.0", "04:00.0")).toBe("~4");
  expect(lettersOf([...switched(2), ...ends], "kernel").letter("03:00.0", "04:00.0")).toBe("?");
});

test("Linux knows nothing of links beside PCIe", () => {
  const functions = [
    ...switched(2).map((each) => ({ ...each, acs: null })),
    gpu("03:00.0", { acs: null }),
    gpu("04:00.0", { acs: null }),
  ];
  const sideLinks = [{ kind: "nvlink", from: "0000:03:00.0", to: "0000:04:00.0", read: true, write: true }];
  const { letter } = lettersOf(functions, "kernel", { sideLinks });
  expect(letter("03:00.0", "04:00.0")).toBe("B4");
});
