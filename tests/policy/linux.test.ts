import { describe, expect, test } from "vitest";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { ALLOW_LIST } from "../../src/policy/allow-list.js";
import { formatCpu, parseCpu } from "../../src/topology/cpu.js";
import { linux, NEWEST_KERNEL } from "../../src/policy/linux.js";
import type { HostBridge } from "../../src/policy/policy.js";
import type { CpuDescription, FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { Topology } from "../../src/topology/topology.js";

const INTEL: CpuDescription = { architecture: "x86", vendor: "GenuineIntel", family: 6 };
const ZEN: CpuDescription = { architecture: "x86", vendor: "AuthenticAMD", family: 0x17 };

/** A root bus with a host bridge function of these ids at 00.0 and two root ports. */
function root(bus: string, ids: string): FunctionDescription[] {
  const [vendor, device] = ids.split(":") as [string, string];
  const port = { kind: "root-port", parent: null, acs: null } as const;
  return [
    { bdf: `${bus}:00.0`, vendor, device, class: "0600", parent: null, acs: null },
    { bdf: `${bus}:01.0`, ...port },
    { bdf: `${bus}:02.0`, ...port },
  ];
}

function system(ids: string, more: Partial<SystemDescription> = {}): SystemDescription {
  return {
    complete: true,
    cpu: INTEL,
    iommu: "off",
    functions: [...root("0000:00", ids), ...root("0000:80", ids)],
    ...more,
  };
}

/** The answer for two root ports of one host bridge and of two: the pairs that only the policy decides. */
function answers(release: string, described: SystemDescription): string {
  const peers = new PeerDma(Topology.of({ peerlane: 1, systems: [described] }), linux(release));
  return [peers.can("00:01.0", "00:02.0"), peers.can("00:01.0", "80:01.0")].map(({ answer }) => answer).join(" ");
}

describe("the list of host bridges", () => {
  // For each release the answers below one host bridge and across two, on both sides of every boundary (linux-p2pdma C1).
  const ROWS: readonly (readonly [ids: string, releases: Record<string, string>])[] = [
    ["1022:1450", { "5.1": "no no", "5.2": "yes yes", "5.8": "yes yes", "5.9": "unknown unknown", "5.10": "no no" }],
    ["1022:15d0", { "5.7": "no no", "5.8": "yes yes", "5.9": "unknown unknown", "5.10": "no no" }],
    ["1022:1630", { "5.7": "no no", "5.8": "yes yes", "5.9": "unknown unknown", "5.10": "no no" }],
    ...["8086:3c00", "8086:3c01", "8086:2f00", "8086:2f01"].map(
      (id) => [id, { "5.3": "no no", "5.4": "yes no", "6.1": "yes no", [NEWEST_KERNEL]: "yes no" }] as const,
    ),
    ...["8086:2030", "8086:2031", "8086:2032", "8086:2033", "8086:2020"].map(
      (id) => [id, { "5.6": "no no", "5.7": "unknown unknown", "5.8": "yes yes", "6.1": "yes yes" }] as const,
    ),
    ["8086:09a2", { "5.17": "no no", "5.18": "unknown unknown", "5.19": "yes yes", "6.12": "yes yes" }],
    ...["0b25", "0cfe", "11fb", "1212", "1216", "4940", "4942", "4944", "4946", "4948"].map(
      (id) => [`8086:${id}`, { "7.0": "no no", "7.1": "unknown unknown", "7.2": "yes yes" }] as const,
    ),
    ["1ae0:1234", { "6.15": "no no", "6.16": "unknown unknown", "7.0": "unknown unknown", "7.1": "yes yes" }],
    ...["2f95", "2f96", "2f97", "2f98"].map(
      (id) => [`10de:${id}`, { "6.18": "no no", "7.3": "unknown unknown" }] as const,
    ),
    ["1d17:1008", { "6.18": "no no", "7.3": "unknown unknown" }],
    ...["1003", "1005", "1006", "1007"].map((id) => [`1d17:${id}`, { "6.18": "no no", "7.3": "unknown no" }] as const),
    ["8086:1237", { "5.4": "no no", "6.1": "no no", [NEWEST_KERNEL]: "no no" }],
    ["8086:6f00", { "6.1": "no no" }],
  ];

  test.each(ROWS)("has %s in the releases that have it", (ids, releases) => {
    for (const [release, expected] of Object.entries(releases)) {
      // Old AMD CPUs leave the list to decide where the CPU test would.
      const cpu = ids.startsWith("1022") ? { ...ZEN, family: 0x16 } : INTEL;
      expect([release, answers(release, system(ids, { cpu }))]).toEqual([release, expected]);
    }
  });

  test("of 6.1 and 6.12 has exactly ten rows", () => {
    for (const release of ["6.1", "6.12"]) {
      const listed = ALLOW_LIST.filter(({ vendor, device }) => {
        return answers(release, system(`${vendor}:${device ?? "0000"}`, { cpu: { ...INTEL } })).startsWith("yes");
      });
      expect(listed.map(({ device }) => device)).toEqual([
        "3c00",
        "3c01",
        "2f00",
        "2f01",
        "2030",
        "2031",
        "2032",
        "2033",
        "2020",
        "09a2",
      ]);
    }
  });

  test("accepts two host bridges only where both are listed", () => {
    const functions = [...root("0000:00", "8086:2030"), ...root("0000:80", "8086:1237")];
    expect(answers("6.1", system("", { functions }))).toBe("yes no");
    const same = [...root("0000:00", "8086:2030"), ...root("0000:80", "8086:2f00")];
    expect(answers("6.1", system("", { functions: same }))).toBe("yes no");
    const both = [...root("0000:00", "8086:2030"), ...root("0000:80", "8086:09a2")];
    expect(answers("6.1", system("", { functions: both }))).toBe("yes yes");
  });

  test("names the release that would list the host bridge", () => {
    const peers = new PeerDma(Topology.of({ peerlane: 1, systems: [system("8086:09a2")] }), linux("5.15"));
    const hints = peers.can("00:01.0", "00:02.0").hints.map(({ text }) => text);
    expect(hints).toContain("Linux 5.18 or newer lists 8086:09a2 (Intel Ice Lake-SP and later Xeon)");
  });
});

describe("the CPU test", () => {
  const accepted = (cpu: CpuDescription | undefined, release = "6.1", ids = "8086:1234") => {
    const { cpu: _, ...rest } = system(ids);
    return answers(release, cpu === undefined ? rest : { ...rest, cpu });
  };

  test("accepts AMD from family 17h on, any pair", () => {
    for (const family of [0x17, 0x19, 0x1a]) expect(accepted({ ...ZEN, family })).toBe("yes yes");
  });

  test("does not accept older AMD, Hygon, Intel, or anything but x86", () => {
    expect(accepted({ ...ZEN, family: 0x16 })).toBe("no no");
    expect(accepted({ architecture: "x86", vendor: "HygonGenuine", family: 0x18 })).toBe("no no");
    expect(accepted(INTEL)).toBe("no no");
    expect(accepted({ architecture: "arm64", vendor: "0x41" })).toBe("no no");
    expect(accepted({ architecture: "ppc64", vendor: "POWER9" })).toBe("no no");
  });

  test("came about 5.9", () => {
    expect(accepted(ZEN, "5.8")).toBe("no no");
    expect(accepted(ZEN, "5.9")).toBe("unknown unknown");
    expect(accepted(ZEN, "5.10")).toBe("yes yes");
  });

  test("is open where the description does not say enough", () => {
    expect(accepted(undefined, "6.1", "1234:1234")).toBe("unknown unknown");
    expect(accepted({})).toBe("unknown unknown");
    expect(accepted({ architecture: "x86" })).toBe("unknown unknown");
    expect(accepted({ vendor: "AuthenticAMD" })).toBe("unknown unknown");
    expect(accepted({ family: 0x19 })).toBe("unknown unknown");
    expect(accepted({ family: 0x10 })).toBe("no no");
    expect(accepted({ vendor: "GenuineIntel" })).toBe("no no");
  });

  test("does not matter where the list accepts", () => {
    expect(accepted(undefined, "6.1", "8086:2030")).toBe("yes yes");
    expect(accepted({ architecture: "x86" }, "6.1", "8086:2f00")).toBe(accepted(undefined, "6.1", "8086:2f00"));
  });

  test("takes the CPU from a root complex that is part of it, and from no other", () => {
    expect(accepted(undefined, "6.1", "1022:1480")).toBe("yes yes");
    expect(accepted(undefined, "6.1", "1d94:1450")).toBe("no no");
    expect(accepted(undefined, "6.1", "8086:29c0")).toBe("unknown unknown");
    expect(accepted(INTEL, "6.1", "1022:1480")).toBe("no no");
    // Sources that name the CPU without its vendor leave the vendor open; one of another architecture is another.
    expect(accepted({ model: "EPYC" }, "6.1", "1022:1480")).toBe("yes yes");
    expect(accepted({ architecture: "x86" }, "6.1", "1022:1480")).toBe("yes yes");
    expect(accepted({ architecture: "arm64" }, "6.1", "1022:1480")).toBe("no no");
    expect(accepted({ family: 0x10 }, "6.1", "1022:1480")).toBe("no no");
  });
});

describe("spelling of CPUs", () => {
  test.each([
    ["AuthenticAMD:25", { architecture: "x86", vendor: "AuthenticAMD", family: 25 }],
    ["AuthenticAMD:0x19", { architecture: "x86", vendor: "AuthenticAMD", family: 25 }],
    ["ppc64:POWER9", { architecture: "ppc64", vendor: "POWER9" }],
    ["arm64:0x41", { architecture: "arm64", vendor: "0x41" }],
  ])("reads %s", (text, cpu) => expect(parseCpu(text)).toEqual(cpu));

  test.each(["", "AuthenticAMD", "AuthenticAMD:", "AuthenticAMD:x", "Somebody:6", "AuthenticAMD:1.5"])(
    "refuses %j",
    (text) => expect(parseCpu(text)).toBeNull(),
  );

  test("writes what it reads", () => {
    for (const text of ["AuthenticAMD:25", "ppc64:POWER9", "arm64:0x41"]) expect(formatCpu(parseCpu(text)!)).toBe(text);
    expect(formatCpu(undefined)).toBeNull();
    expect(formatCpu({ architecture: "x86" })).toBeNull();
  });
});

describe("which function identifies a host bridge", () => {
  const port = { kind: "root-port", acs: null, parent: null } as const;
  const listed = { vendor: "8086", device: "2030" } as const;
  const other = { vendor: "8086", device: "1234" } as const;
  const host = (functions: FunctionDescription[], more: Partial<SystemDescription> = {}): HostBridge => {
    return { root: "0000:00", functions, system: { complete: true, cpu: INTEL, functions, ...more } };
  };
  const classes = (release: string, given: HostBridge) => [...linux(release).judge(given).classes].sort();

  const withoutZero: FunctionDescription[] = [
    { bdf: "0000:00:02.0", ...port, ...listed },
    { bdf: "0000:00:03.0", ...port, ...other },
  ];
  const pluggedIn: FunctionDescription[] = [
    { bdf: "0000:00:02.0", ...port, ...other },
    { bdf: "0000:00:00.0", parent: null, acs: null, ...listed },
  ];

  test("up to 5.13 is the one at 00.0, wherever in the list", () => {
    expect(classes("5.13", host(pluggedIn))).toEqual(["listed"]);
    expect(classes("5.13", host(withoutZero))).toEqual(["not listed"]);
  });

  test("from 5.15 is the first, at 00.0 or a root port", () => {
    expect(classes("5.16", host(pluggedIn))).toEqual(["not listed"]);
    expect(classes("5.16", host(withoutZero))).toEqual(["listed"]);
    expect(classes("5.15", host(withoutZero))).toEqual(["listed", "not listed"]);
    expect(classes("5.14", host(withoutZero))).toEqual(["not listed"]);
    expect(classes("5.14", host(pluggedIn))).toEqual(["listed", "listed for pairs below it", "not listed"]);
  });

  test("is none where the first is an integrated endpoint", () => {
    const first: FunctionDescription = { bdf: "0000:00:01.0", kind: "rc-integrated-endpoint", parent: null, ...listed };
    const judgement = linux("6.1").judge(host([first, ...withoutZero]));
    expect(judgement.classes).toEqual(["not listed"]);
    expect(judgement.because).toContain("0000:00:01.0, is neither at 00.0 nor a root port");
  });

  test("is open where its kind, its ids or its place in the list are not shown", () => {
    const unkind: FunctionDescription = { bdf: "0000:00:01.0", parent: null, ...listed };
    expect(classes("6.1", host([unkind]))).toEqual(["listed", "not listed"]);
    expect(linux("6.1").judge(host([unkind])).missing[0]!.what).toBe("whether 0000:00:01.0 is a root port");
    const nameless: FunctionDescription = { bdf: "0000:00:00.0", parent: null };
    expect(classes("6.1", host([nameless]))).toEqual(["listed", "listed for pairs below it", "not listed"]);
    expect(linux("6.1").judge(host([nameless])).missing[0]!.what).toBe("vendor and device of 0000:00:00.0");
    const partial = host(withoutZero, { complete: false });
    expect(classes("6.1", partial)).toEqual(["listed", "listed for pairs below it", "not listed"]);
    expect(linux("6.1").judge(partial).missing[0]!.what).toBe("every function on root bus 0000:00");
  });

  test("needs no whole description where the first is at 00.0", () => {
    const functions: FunctionDescription[] = [{ bdf: "0000:00:00.0", parent: null, ...listed }, ...withoutZero];
    expect(classes("6.1", host(functions, { complete: false }))).toEqual(["listed"]);
  });

  test("is open for a root of which nothing is shown", () => {
    expect(classes("6.1", { ...host([]), root: null })).toEqual(["listed", "listed for pairs below it", "not listed"]);
  });

  test("is never a virtual function on a bus of its own", () => {
    const physical: FunctionDescription = {
      bdf: "0000:00:1f.0",
      kind: "rc-integrated-endpoint",
      parent: null,
      acs: null,
    };
    const virtual: FunctionDescription = { bdf: "0000:01:00.0", physicalFunction: physical.bdf, acs: null, ...listed };
    for (const release of ["5.13", "6.1"]) {
      const functions = release === "6.1" ? [virtual, physical] : [physical, virtual];
      const topology = Topology.of({ peerlane: 1, systems: [{ complete: true, cpu: INTEL, functions }] });
      const peers = new PeerDma(topology, linux(release));
      expect(topology.roots.map((_, root) => peers.judgement(root).classes)).toEqual([["not listed"]]);
    }
  });
});

describe("releases at the edges", () => {
  const below = (release: string) => {
    const functions: FunctionDescription[] = [
      ...root("0000:00", "8086:2030"),
      { bdf: "0000:05:00.0", parent: "0000:00:01.0", acs: null },
      { bdf: "0000:05:00.1", parent: "0000:00:01.0", acs: null },
    ];
    const topology = Topology.of({ peerlane: 1, systems: [system("", { functions })] });
    return new PeerDma(topology, linux(release)).can("05:00.0", "05:00.1");
  };

  test("before 4.20 there is no peer-to-peer DMA, even below one bridge", () => {
    for (const release of ["4.19", "4.4", "3.10"]) {
      expect(below(release)).toMatchObject({ answer: "no", code: "P2PDMA_NOT_BUILT" });
    }
    expect(below("4.20")).toMatchObject({ answer: "yes", route: "bus-address" });
  });

  test("beyond the newest known the newest rules hold, and it says so", () => {
    const policy = linux("9.9.1");
    expect(policy.inferred).toEqual([`rules of Linux ${NEWEST_KERNEL}, the newest known, for kernel 9.9.1`]);
    expect(policy.name).toBe("linux-9.9");
    expect(answers("9.9.1", system("1ae0:1"))).toBe(answers(NEWEST_KERNEL, system("1ae0:1")));
    expect(linux(NEWEST_KERNEL).inferred).toBeUndefined();
    expect(linux().name).toBe(`linux-${NEWEST_KERNEL}`);
  });

  test("what is no release throws", () => {
    expect(() => linux("mainline")).toThrow(
      'expected a Linux release such as "6.12" or "5.15.0-105-generic", got "mainline"',
    );
  });

  test("refuses where either has a kernel without it, for whoever asks the policy itself", () => {
    const policy = linux("6.12");
    const classOf = (p2pdma: boolean): string => {
      const described = system("8086:2030", { kernel: { p2pdma } });
      return policy.judge({ root: "0000:00", functions: described.functions, system: described }).classes[0]!;
    };
    const [built, not] = [classOf(true), classOf(false)];
    const decide = (providerClass: string, clientClass: string) =>
      policy.decide({ relation: "across-host-bridges", path: "direct", direction: "read", providerClass, clientClass });
    expect(decide(built, built)).toBe("through-host-bridge");
    for (const [a, b] of [
      [built, not],
      [not, built],
      [not, not],
    ] as const) {
      expect(decide(a, b)).toBe("policy-refused");
    }
  });

  test("a kernel built without it refuses every pair", () => {
    expect(answers("6.1", system("8086:2030", { kernel: { p2pdma: false } }))).toBe("no no");
    expect(answers("6.1", system("8086:2030", { kernel: { p2pdma: true } }))).toBe("yes yes");
    expect(answers("6.1", system("8086:2030"))).toBe("yes yes");
    const assumed = (kernel: object) =>
      linux("6.1").judge({ root: "0000:00", functions: [], system: system("8086:2030", kernel) }).assumed;
    expect(assumed({})).toEqual(["CONFIG_PCI_P2PDMA is set"]);
    expect(assumed({ kernel: { p2pdma: true } })).toBeUndefined();
    expect(assumed({ kernel: { p2pdma: false } })).toBeUndefined();
  });

  test("text that looks whole is believed where it refuses, and says so, not where it allows", () => {
    const root = (device: string, complete: boolean | "likely" | undefined) => {
      const functions = [{ bdf: "0000:80:02.0", kind: "root-port", vendor: "8086", device, parent: null }] as const;
      const cpu = { architecture: "x86", vendor: "GenuineIntel", family: 6 };
      const system = complete === undefined ? { cpu, functions } : { cpu, functions, complete };
      const { classes, assumed } = linux("6.12").judge({ root: "0000:80", functions, system });
      return [classes.length, ...assumed!.slice(1)];
    };
    const believed = "the source shows every function on root bus 0000:80";
    expect([true, "likely" as const, undefined].map((complete) => root("6f04", complete))).toEqual([
      [1],
      [1, believed],
      [3],
    ]);
    expect([true, "likely" as const, undefined].map((complete) => root("2030", complete))).toEqual([[1], [3], [3]]);
  });

  test("5.2 and 5.3 depend on the IOMMU, 5.4 does not", () => {
    const { iommu: _, ...unknown } = system("1022:1450");
    const each = (release: string) =>
      [{ iommu: "off" } as const, { iommu: "translating" } as const, {}].map((more) =>
        answers(release, { ...unknown, ...more }),
      );
    expect(each("5.2")).toEqual(["yes yes", "no no", "unknown unknown"]);
    expect(each("5.3")).toEqual(["yes yes", "no no", "unknown unknown"]);
    expect(each("5.4")).toEqual(["yes yes", "yes yes", "yes yes"]);
  });

  test("a redirect below a common bridge is fatal before 5.4, whatever the host bridge takes", () => {
    const redirecting = { capability: 0x5f, control: 0x04 };
    const host = system("1022:1450");
    const functions: FunctionDescription[] = [
      ...host.functions,
      { bdf: "0000:05:00.0", parent: "0000:00:01.0", kind: "upstream-port", acs: null },
      { bdf: "0000:06:00.0", parent: "0000:05:00.0", kind: "downstream-port", acs: redirecting },
      { bdf: "0000:06:01.0", parent: "0000:05:00.0", kind: "downstream-port", acs: null },
      { bdf: "0000:07:00.0", parent: "0000:06:00.0", acs: null },
      { bdf: "0000:08:00.0", parent: "0000:06:01.0", acs: null },
    ];
    const topology = Topology.of({ peerlane: 1, systems: [{ ...host, functions }] });
    const asked = (release: string, ...pair: [string, string]) => new PeerDma(topology, linux(release)).can(...pair);
    for (const release of ["5.2", "5.3"]) {
      expect(asked(release, "07:00.0", "08:00.0")).toMatchObject({ answer: "no", code: "ACS_REDIRECT" });
      // The host bridge would take it.
      expect(asked(release, "00:01.0", "00:02.0")).toMatchObject({ answer: "yes", route: "through-host-bridge" });
    }
    expect(asked("5.4", "07:00.0", "08:00.0")).toMatchObject({ answer: "yes", route: "through-host-bridge" });
  });

  test("5.2 and 5.3 add 0x1000 to a distance through a host bridge", () => {
    expect(
      [linux("5.1"), linux("5.2"), linux("5.3"), linux("5.4")].map((policy) => policy.throughHostDistance),
    ).toEqual([0, 0x1000, 0x1000, 0]);
  });
});

describe("what is said of a host bridge", () => {
  const listed = { vendor: "8086", device: "2030" } as const;
  const port = { bdf: "0000:00:02.0", kind: "root-port", parent: null } as const;
  const zero = { bdf: "0000:00:00.0", parent: null } as const;
  const kernel = { p2pdma: true };
  const judged = (
    release: string,
    functions: readonly FunctionDescription[],
    more: Partial<SystemDescription> = {},
    root: string | null = "0000:00",
  ) => linux(release).judge({ root, functions, system: { complete: true, cpu: INTEL, kernel, functions, ...more } });

  test("is whole where Linux has no peer-to-peer DMA, or the kernel was built without", () => {
    expect(judged("4.19", [{ ...zero, ...listed }])).toStrictEqual({
      classes: ["kernel without peer-to-peer DMA"],
      because: "Linux 4.19 has no peer-to-peer DMA; it arrived with 4.20",
      missing: [],
      remedy: "a kernel from 4.20 on",
    });
    expect(judged("6.12", [{ ...zero, ...listed }], { kernel: { p2pdma: false } })).toStrictEqual({
      classes: ["kernel without peer-to-peer DMA"],
      because: "the kernel is built without CONFIG_PCI_P2PDMA",
      missing: [],
      remedy: "a kernel built with CONFIG_PCI_P2PDMA=y",
    });
  });

  test("is whole where the CPU accepts, or may", () => {
    expect(judged("6.12", [zero], { cpu: ZEN })).toStrictEqual({
      classes: ["any pair accepted"],
      because: "AMD Zen CPU: Linux takes every pair through the host bridge",
      missing: [],
    });
    const other = { ...zero, vendor: "8086", device: "1234" };
    const open = (release: string, cpu: CpuDescription) => judged(release, [other], { cpu });
    expect(open("6.12", { architecture: "x86" })).toStrictEqual({
      classes: ["not listed", "any pair accepted"],
      because: "host bridge 8086:1234 is not in the list of Linux 6.12",
      identifiedBy: "0000:00:00.0",
      missing: [{ what: "CPU vendor and family", where: "/proc/cpuinfo, or --cpu VENDOR:FAMILY" }],
    });
    expect(open("5.9", ZEN).missing).toEqual([
      { what: "whether Linux 5.9 tests for AMD Zen CPUs", where: "--kernel with another release" },
    ]);
  });

  test("is whole where the list decides, or may", () => {
    expect(judged("5.1", [{ ...zero, ...listed }])).toStrictEqual({
      classes: ["not listed"],
      because: "Linux 5.1 takes no pair through a host bridge; the first list came with 5.2",
      missing: [],
      remedy: "a newer kernel",
    });
    const by = { identifiedBy: "0000:00:00.0", missing: [] };
    const xeon = "host bridge 8086:2030 (Intel Skylake-E)";
    expect(judged("5.8", [{ ...zero, ...listed }])).toStrictEqual({
      ...by,
      classes: ["listed"],
      because: `${xeon} is in the list of Linux 5.8`,
    });
    expect(judged("5.7", [{ ...zero, ...listed }])).toStrictEqual({
      ...by,
      classes: ["listed", "not listed"],
      because: `${xeon} may or may not be in the list of Linux 5.7`,
      missing: [{ what: "whether Linux 5.7 lists 8086:2030", where: "the kernel's drivers/pci/p2pdma.c" }],
    });
    expect(judged("5.4", [{ ...zero, ...listed }])).toStrictEqual({
      ...by,
      classes: ["not listed"],
      because: "host bridge 8086:2030 is not in the list of Linux 5.4",
      remedy: "Linux 5.7 or newer lists 8086:2030 (Intel Skylake-E)",
    });
    expect(judged("5.4", [{ ...zero, ...listed, device: "3c00" }])).toStrictEqual({
      ...by,
      classes: ["listed for pairs below it"],
      because:
        "host bridge 8086:3c00 (Intel Xeon E5 / Core i7 (Sandy Bridge-E)) is in the list of Linux 5.4, " +
        "for pairs below one host bridge only",
    });
    expect(judged("6.12", [zero])).toStrictEqual({
      identifiedBy: "0000:00:00.0",
      classes: ["listed", "listed for pairs below it", "not listed"],
      because: "0000:00:00.0 gives the host bridge its identity, and its ids are not shown",
      missing: [{ what: "vendor and device of 0000:00:00.0", where: "lspci -n" }],
    });
    // Both are needed, and either alone is not enough.
    for (const half of [{ vendor: "8086" }, { device: "2030" }]) {
      expect(judged("6.12", [{ ...zero, ...half }]).classes).toHaveLength(3);
    }
  });

  test("offers a newer kernel only where one that is known lists the host bridge", () => {
    const remedy = (release: string, vendor: string, device: string) =>
      judged(release, [{ ...zero, vendor, device }]).remedy;
    expect(remedy("6.12", "1ae0", "0001")).toBe("Linux 7.1 or newer lists 1ae0:* (Google SoC)");
    expect(remedy("6.12", "8086", "0b25")).toBe("Linux 7.2 or newer lists 8086:0b25 (Intel DSA (Sapphire Rapids))");
    expect(remedy("6.12", "10de", "2f95")).toBeUndefined(); // in no release that is known
    expect(remedy("6.12", "1022", "1450")).toBeUndefined(); // taken out again
    expect(remedy("5.7", "1022", "15d0")).toBeUndefined(); // and before it came
    expect(remedy("6.12", "8086", "1234")).toBeUndefined();
  });

  test("is whole where nothing identifies it, or something may", () => {
    const noneAtZero = "no function at 0000:00:00.0 identifies the host bridge";
    const all = ["listed", "listed for pairs below it", "not listed"];
    const wholeBus = {
      what: "every function on root bus 0000:00",
      where: "the whole output of lspci, or sysfs",
    };
    expect(judged("6.12", [], {}, null)).toStrictEqual({
      classes: all,
      because: "the description does not show which host bridge this is",
      missing: [{ what: "the bridges above, up to the host bridge", where: "the whole output of lspci, or sysfs" }],
    });
    expect(judged("5.13", [{ ...port, ...listed }])).toStrictEqual({
      classes: ["not listed"],
      because: noneAtZero,
      missing: [],
    });
    expect(judged("5.13", [{ ...port, ...listed }], { complete: false })).toStrictEqual({
      classes: all,
      because: noneAtZero,
      missing: [wholeBus],
    });
    expect(judged("6.12", [])).toStrictEqual({ classes: ["not listed"], because: noneAtZero, missing: [] });
    expect(judged("6.12", [], { complete: false })).toStrictEqual({
      classes: all,
      because: noneAtZero,
      missing: [wholeBus],
    });
    expect(judged("6.12", [{ ...port, ...listed }], { complete: false })).toStrictEqual({
      classes: all,
      because: "the first function on root bus 0000:00 is not known",
      missing: [wholeBus],
    });
    expect(judged("5.14", [port, { ...zero, ...listed }])).toStrictEqual({
      classes: all,
      because: noneAtZero,
      missing: [
        {
          what: "whether Linux 5.14 identifies host bridges by the first function only",
          where: "--kernel with another release",
        },
      ],
    });
    expect(judged("6.12", [{ ...port, ...listed, kind: "endpoint" }])).toStrictEqual({
      classes: ["not listed"],
      because:
        "the first function on root bus 0000:00, 0000:00:02.0, is neither at 00.0 nor a root port, " +
        "so that Linux cannot identify the host bridge",
      missing: [],
    });
    const { kind: _, ...unkind } = port;
    const kindMissing = { what: "whether 0000:00:02.0 is a root port", where: "sudo lspci -vv" };
    const rule = {
      what: "whether Linux 5.15 identifies host bridges by root ports",
      where: "--kernel with another release",
    };
    const because = (release: string) => `host bridge 8086:2030 (Intel Skylake-E) is in the list of Linux ${release}`;
    const identifiedBy = "0000:00:02.0";
    expect(judged("5.16", [{ ...port, ...listed }])).toStrictEqual({
      classes: ["listed"],
      because: because("5.16"),
      identifiedBy,
      missing: [],
    });
    expect(judged("5.15", [{ ...unkind, ...listed }])).toStrictEqual({
      classes: ["listed", "not listed"],
      because: because("5.15"),
      identifiedBy,
      missing: [kindMissing, rule],
    });
  });

  test("is the same of a POWER host bridge, whichever function it is", () => {
    const cpu = { architecture: "ppc64", vendor: "POWER9" };
    const refused = { classes: ["not listed"], because: "no POWER host bridge is in Linux's list", missing: [] };
    expect(judged("6.12", [port], { cpu, complete: false })).toStrictEqual(refused);
    expect(judged("6.12", [], { cpu, complete: false })).toStrictEqual(refused);
    expect(judged("6.12", [port], { cpu: { vendor: "GenuineIntel" }, complete: false }).classes).toHaveLength(3);
    // Where its function is known, its ids say so.
    expect(judged("6.12", [{ ...zero, vendor: "1014", device: "04c1" }], { cpu }).because).toBe(
      "host bridge 1014:04c1 is not in the list of Linux 6.12",
    );
    expect(judged("6.12", [port], { cpu: { architecture: "arm64" }, complete: false }).classes).toHaveLength(3);
  });

  test("under 5.2 and 5.3 is about the IOMMU where the list would accept, and only there", () => {
    const zen = { ...zero, vendor: "1022", device: "1450" };
    expect(judged("5.3", [zen], { iommu: "translating" })).toStrictEqual({
      classes: ["not listed"],
      because: "Linux 5.2 and 5.3 take no pair through the host bridge where an IOMMU is on",
      missing: [],
      remedy: "Linux 5.4 or newer",
    });
    const open = judged("5.3", [zen]);
    expect(open.classes).toEqual(["listed", "not listed"]);
    expect(open.missing).toEqual([{ what: "whether an IOMMU is on", where: "/sys/kernel/iommu_groups" }]);
    for (const more of [{}, { iommu: "translating" } as const]) {
      expect(judged("5.3", [{ ...zero, vendor: "8086", device: "1234" }], more)).toStrictEqual({
        classes: ["not listed"],
        because: "host bridge 8086:1234 is not in the list of Linux 5.3",
        identifiedBy: "0000:00:00.0",
        missing: [],
      });
    }
  });

  test("before the CPU test is open for no CPU", () => {
    const { cpu: _, ...anyCpu } = system("8086:1234");
    expect(answers("5.8", anyCpu)).toBe("no no");
    expect(answers("5.10", anyCpu)).toBe("unknown unknown");
  });

  test("takes nothing for granted where the host bridge is known without it", () => {
    const { assumed } = judged("6.12", [{ ...zero, vendor: "8086", device: "1234" }], { complete: "likely" });
    expect(assumed).toBeUndefined();
  });
});
