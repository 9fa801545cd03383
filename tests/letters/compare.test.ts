import { describe, expect, test } from "vitest";
import type { MatrixView } from "../../src/topology/views.js";
import { compareClaims } from "../../src/letters/compare.js";
import { matchDevices } from "../../src/letters/match.js";
import { viewClaims } from "../../src/letters/views.js";
import { bridge, cascaded, gpu, lettersOf, nic, switched } from "./machines.js";

/** Of a matrix, its rows as words. */
function matrix(devices: readonly string[], ...rows: string[]): MatrixView {
  return {
    tool: "nvidia-smi",
    devices: devices.map((device) => {
      const [name, legend] = device.split("=");
      return legend === undefined ? { name: name! } : { name: name!, legend };
    }),
    cells: rows.map((row) => row.split(" ").map((cell) => (cell === "." ? null : cell))),
  };
}

const MACHINE = [...switched(3), gpu("03:00.0"), gpu("04:00.0"), nic("05:00.0", { names: ["mlx5_0"] })];

function compared(view: MatrixView, functions = MACHINE, system = {}) {
  const theirs = viewClaims(view);
  const ours = lettersOf(functions, "nvidia", system).claims;
  const { equal, different, notComparable, unmatched } = compareClaims(theirs, ours);
  const said = ({ theirs: their, ours: our, reason }: (typeof different)[number]) => `${their} ${our} ${reason}`;
  return {
    counts: `${equal} ${different.length} ${notComparable.length}`,
    different: different.map(said),
    notComparable: notComparable.map(said),
    left: unmatched.theirs.map((place) => theirs.devices[place]!.name),
  };
}

describe("what a matrix says is near its devices", () => {
  const numaNodes = [
    { node: 0, cpus: "0-15,32-47" },
    { node: 1, cpus: "16-31,48-63" },
  ];
  const near = (numaNode: number | null, said: { cpus?: string; numaNodes?: string }) => {
    const view: MatrixView = { tool: "nvidia-smi", devices: [{ name: "GPU0", ...said }], cells: [["X"]] };
    const functions = [...switched(1), gpu("03:00.0", { numaNode })];
    const { nearElsewhere } = compareClaims(viewClaims(view), lettersOf(functions, "nvidia", { numaNodes }).claims);
    return nearElsewhere.map(({ what, theirs, ours }) => `${what}: ${theirs}, ${ours}`);
  };

  test.each([
    [0, { numaNodes: "0", cpus: "0-15,32-47" }],
    // Some CPUs are offline, or the node's is a part of what is near.
    [0, { numaNodes: "0", cpus: "0-3,5" }],
    [1, { numaNodes: "0-1", cpus: "0-31,32-63" }],
    [1, {}],
    [null, { numaNodes: "0", cpus: "0-15" }],
  ])("agrees with node %j: %j", (node, said) => {
    expect(near(node, said)).toEqual([]);
  });

  test.each([
    [1, { numaNodes: "0" }, ["numaNodes: 0, 1"]],
    [0, { cpus: "0-16" }, ["cpus: 0-16, 0-15,32-47"]],
    [0, { numaNodes: "1", cpus: "16-31" }, ["numaNodes: 1, 0", "cpus: 16-31, 0-15,32-47"]],
  ])("differs from node %j: %j", (node, said, differences) => {
    expect(near(node, said)).toEqual(differences);
  });
});

describe("a matrix held against a machine", () => {
  test("says the same", () => {
    const view = matrix(["GPU0", "GPU1", "NIC0=mlx5_0"], "X PIX PIX", "PIX X PIX", "PIX PIX X");
    expect(compared(view)).toEqual({ counts: "3 0 0", different: [], notComparable: [], left: [] });
  });

  test("differs, with what both rest on", () => {
    const view = matrix(["GPU0", "GPU1", "NIC0=mlx5_0"], "X PHB PIX", "PHB X PIX", "PIX PIX X");
    expect(compared(view).different).toEqual([
      "PHB PIX the description: they meet at 0000:01:00.0; nvidia-smi: it says PHB, through their host bridge",
    ]);
  });

  test("NVLink hides the distance where the machine shows none, and not where it does", () => {
    const view = matrix(["GPU0", "GPU1", "NIC0=mlx5_0"], "X NV4 PIX", "NV4 X PIX", "PIX PIX X");
    expect(compared(view)).toMatchObject({
      counts: "2 0 1",
      notComparable: ["NV4 PIX NV4 hides the distance on PCIe, and the description shows no such links"],
    });
    const link = { kind: "nvlink", from: "0000:03:00.0", to: "0000:04:00.0" };
    expect(compared(view, MACHINE, { sideLinks: [link, link, link, link] }).counts).toBe("3 0 0");
    expect(compared(view, MACHINE, { sideLinks: [link] }).different[0]).toMatch(/^NV4 NV1 /);
  });

  test("of -mp, which shows no NVLink, is compared on PCIe", () => {
    const view = matrix(["GPU0", "GPU1"], "X PIX", "PIX X");
    const sideLinks = [{ kind: "nvlink", from: "0000:03:00.0", to: "0000:04:00.0" }];
    expect(compared(view, MACHINE, { sideLinks }).counts).toBe("1 0 0");
    expect(compared(matrix(["GPU0", "GPU1"], "X SYS", "SYS X"), MACHINE, { sideLinks }).different[0]).toMatch(
      /^SYS PIX /,
    );
  });

  test("one that shows links elsewhere contradicts a link it does not show", () => {
    const view = matrix(["GPU0", "GPU1", "GPU2"], "X PIX NV2", "PIX X NV2", "NV2 NV2 X");
    const functions = [...switched(3), gpu("03:00.0"), gpu("04:00.0"), gpu("05:00.0")];
    const ends = [
      ["03", "04"],
      ["03", "05"],
      ["04", "05"],
    ] as const;
    const sideLinks = ends.flatMap(([from, to]) => {
      const link = { kind: "nvlink", from: `0000:${from}:00.0`, to: `0000:${to}:00.0` };
      return [link, link];
    });
    expect(compared(view, functions, { sideLinks })).toMatchObject({ counts: "2 1 0" });
  });

  test("cells that are missing, or that the machine does not decide, are not comparable", () => {
    const view = matrix(["GPU0", "GPU1", "NIC0=mlx5_0"], "X . PIX", ". X PIX", ". . X");
    expect(compared(view)).toMatchObject({
      counts: "2 0 1",
      notComparable: ["null PIX nvidia-smi says nothing of the two: the text lacks the cell"],
    });
    const apart = [
      bridge("00:01.0", "root-port", 1, 1, { parent: null }),
      bridge("80:01.0", "root-port", 0x81, 0x81, { parent: null }),
      gpu("01:00.0"),
      gpu("81:00.0"),
    ];
    const { counts, notComparable } = compared(matrix(["GPU0", "GPU1"], "X SYS", "SYS X"), apart);
    expect(counts).toBe("0 0 1");
    expect(notComparable[0]).toMatch(
      /^SYS \? the description leaves it open: .*the NUMA node near 0000:01:00.0 is not shown/,
    );
  });

  test("one that contradicts itself differs", () => {
    expect(compared(matrix(["GPU0", "GPU1"], "X PIX", "PHB X"))).toMatchObject({
      counts: "0 1 0",
      different: ["PIX PIX the matrix contradicts itself: PIX one way, PHB the other"],
    });
  });

  test("known causes are told", () => {
    const functions = [...cascaded(), gpu("05:00.0"), gpu("10:00.0")];
    expect(compared(matrix(["GPU0", "GPU1"], "X PIX", "PIX X"), functions).different[0]).toContain(
      "two levels, each of which counts",
    );
    const apart = [
      bridge("00:01.0", "root-port", 1, 1, { parent: null, numaNode: 0 }),
      bridge("80:01.0", "root-port", 0x81, 0x81, { parent: null, numaNode: 1 }),
      gpu("01:00.0"),
      gpu("81:00.0"),
    ];
    expect(compared(matrix(["GPU0", "GPU1"], "X NODE", "NODE X"), apart).different[0]).toContain(
      "is a setting of the firmware",
    );
  });

  test("two dialects cannot be compared", () => {
    const theirs = viewClaims(matrix(["GPU0"], "X"));
    expect(() => compareClaims(theirs, lettersOf(MACHINE, "nccl").claims)).toThrow(
      "expected claims in one dialect, got nvidia and nccl",
    );
  });

  test("in the kernel's letters each direction counts", () => {
    const { claims } = lettersOf(MACHINE, "kernel");
    expect(compareClaims(claims, claims)).toMatchObject({ equal: 0, different: [], notComparable: { length: 6 } });
    expect(compareClaims(lettersOf(MACHINE, "nccl").claims, lettersOf(MACHINE, "nccl").claims)).toMatchObject({
      equal: 3,
    });
  });
});

describe("which device is which", () => {
  const ours = lettersOf(
    [
      ...switched(6),
      gpu("03:00.0", { class: "0604", vendor: "1a03" }),
      gpu("04:00.0"),
      gpu("05:00.0", { names: ["GPU7"] }),
      nic("06:00.0"),
      nic("07:00.0"),
      gpu("08:00.0", { class: "0403" }),
    ],
    "nvidia",
  ).claims;
  const matched = (view: MatrixView, byHand?: ReadonlyMap<number, number>) => {
    const theirs = viewClaims(view);
    const { matches, assumptions } = matchDevices(theirs, ours, byHand);
    return {
      matches: matches.map(
        (match) => `${theirs.devices[match.theirs]!.name} ${ours.devices[match.ours]!.bdf} ${match.by}`,
      ),
      assumptions,
    };
  };

  test("GPUs by order, network functions by order where there are as many", () => {
    const { matches, assumptions } = matched(matrix(["GPU0", "GPU1", "NIC0=mlx5_0", "NIC1=mlx5_1"]));
    expect(matches).toEqual([
      "GPU0 0000:04:00.0 order",
      "GPU1 0000:05:00.0 order",
      "NIC0 0000:06:00.0 order",
      "NIC1 0000:07:00.0 order",
    ]);
    expect(assumptions).toHaveLength(2);
    expect(assumptions[0]).toContain("GPU0 is 0000:04:00.0, and so on");
    expect(matched(matrix(["mlx5_0", "mlx5_1", "mlx5_2"]))).toEqual({ matches: [], assumptions: [] });
  });

  test("names come first, what the caller knows before them", () => {
    expect(matched(matrix(["GPU7", "GPU0"])).matches).toEqual(["GPU7 0000:05:00.0 name", "GPU0 0000:04:00.0 order"]);
    const place = ours.devices.findIndex(({ bdf }) => bdf === "0000:08:00.0");
    expect(matched(matrix(["GPU7"]), new Map([[0, place]])).matches).toEqual(["GPU7 0000:08:00.0 hand"]);
  });

  test("an address that is of another kind of device here is not believed", () => {
    const device = { name: "x", names: [], bdf: "0000:06:00.0", kind: "gpu", number: null } as const;
    expect(matchDevices({ origin: "a file", devices: [device] }, ours).matches).toEqual([]);
    expect(matchDevices({ origin: "a file", devices: [{ ...device, kind: "nic" }] }, ours).matches).toMatchObject([
      { by: "address" },
    ]);
  });
});
