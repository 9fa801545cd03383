import { describe, expect, test } from "vitest";
import { DIRECTIONS, OUTCOME_BITS, PATHS, RELATIONS } from "../../src/core.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { ROUTES } from "../../src/explain/ruling.js";
import { compilePolicy } from "../../src/policy/compile.js";
import { linux } from "../../src/policy/linux.js";
import type { HostBridge, Outcome, Policy, Question } from "../../src/policy/policy.js";
import { Topology } from "../../src/topology/topology.js";

const host = (root: string, classes: string): HostBridge => {
  return { root, functions: [], system: { name: classes, functions: [] } };
};

/** A policy whose host bridges have the classes that their system's name lists. */
function toy(decide: (question: Question) => Outcome): Policy {
  return {
    name: "toy",
    throughHostDistance: 0,
    judge: ({ system }) => ({ classes: system.name!.split("|"), because: "it is a toy", missing: [] }),
    decide,
  };
}

/** Reads pass through the host bridge from a lower class to a higher, writes the other way round. */
const oneWay = toy(({ relation, path, direction, providerClass, clientClass }) => {
  if (relation !== "across-host-bridges") return path === "direct" ? "bus-address" : "redirect-refused";
  const passes = direction === "read" ? providerClass < clientClass : providerClass > clientClass;
  return passes ? "through-host-bridge" : "host-refused";
});

type Cell = readonly [relation: string, path: string, direction: string, provider: number, client: number];

function cell(
  compiled: { table: Uint8Array; classCount: number },
  [relation, path, direction, provider, client]: Cell,
): number {
  const indexes = [RELATIONS, PATHS, DIRECTIONS].map((axis, at) =>
    (axis as readonly string[]).indexOf([relation, path, direction][at]!),
  ) as [number, number, number];
  const row = (indexes[0] * PATHS.length + indexes[1]) * DIRECTIONS.length + indexes[2];
  return compiled.table[(row * compiled.classCount + provider) * compiled.classCount + client]!;
}

const bits = (...names: (keyof typeof OUTCOME_BITS)[]) => names.reduce((sum, name) => sum | OUTCOME_BITS[name], 0);

describe("compiling a policy", () => {
  test("gives host bridges of one set of classes one byte, in whatever order the set came", () => {
    const hosts = [
      host("0000:00", "a"),
      host("0000:40", "b"),
      host("0000:80", "a|b"),
      host("0000:c0", "b|a"),
      host("0000:e0", "a"),
    ];
    const { classes, classCount, table } = compilePolicy(oneWay, hosts);
    expect([...classes]).toEqual([0, 1, 2, 2, 0]);
    expect(classCount).toBe(3);
    expect(table.length).toBe(RELATIONS.length * PATHS.length * DIRECTIONS.length * 3 * 3);
  });

  test("keeps provider and client, and the directions, apart", () => {
    const compiled = compilePolicy(oneWay, [host("0000:00", "a"), host("0000:40", "b")]);
    const across = (direction: string, provider: number, client: number) =>
      cell(compiled, ["across-host-bridges", "direct", direction, provider, client]);
    expect(across("read", 0, 1)).toBe(bits("through-host-bridge"));
    expect(across("read", 1, 0)).toBe(bits("host-refused"));
    expect(across("write", 0, 1)).toBe(bits("host-refused"));
    expect(across("write", 1, 0)).toBe(bits("through-host-bridge"));
    expect(across("both", 0, 1)).toBe(bits("host-refused"));
    expect(across("both", 1, 0)).toBe(bits("host-refused"));
  });

  test("takes the worse of reading and writing for both, in each completion", () => {
    const policy = toy(({ direction, path }) =>
      direction === "write" ? "bus-address" : path === "direct" ? "through-host-bridge" : "redirect-refused",
    );
    const compiled = compilePolicy(policy, [host("0000:00", "a")]);
    const below = (path: string, direction: string) => cell(compiled, ["common-bridge", path, direction, 0, 0]);
    expect(below("direct", "both")).toBe(bits("through-host-bridge"));
    expect(below("maybe", "both")).toBe(bits("through-host-bridge", "redirect-refused"));
    expect(below("maybe", "write")).toBe(bits("bus-address"));
  });

  test("takes the reason of reading for both where neither passes", () => {
    const policy = toy(({ direction }) => (direction === "read" ? "policy-refused" : "host-refused"));
    const compiled = compilePolicy(policy, [host("0000:00", "a")]);
    expect(cell(compiled, ["same-host-bridge", "direct", "both", 0, 0])).toBe(bits("policy-refused"));
  });

  test("joins the completions of a path that may redirect", () => {
    const compiled = compilePolicy(oneWay, [host("0000:00", "a")]);
    expect(cell(compiled, ["self", "maybe", "read", 0, 0])).toBe(bits("bus-address", "redirect-refused"));
    expect(cell(compiled, ["self", "direct", "read", 0, 0])).toBe(bits("bus-address"));
    expect(cell(compiled, ["common-bridge", "redirected", "read", 0, 0])).toBe(bits("redirect-refused"));
  });

  test("joins the completions of a class, of one host bridge once and of two apart", () => {
    const policy = toy(({ providerClass, clientClass }) =>
      providerClass === clientClass ? "through-host-bridge" : "host-refused",
    );
    const compiled = compilePolicy(policy, [host("0000:00", "a|b"), host("0000:40", "a|b")]);
    expect(cell(compiled, ["same-host-bridge", "direct", "read", 0, 0])).toBe(bits("through-host-bridge"));
    expect(cell(compiled, ["across-host-bridges", "direct", "read", 0, 0])).toBe(
      bits("through-host-bridge", "host-refused"),
    );
  });

  test("joins a bridge, a host bridge and two host bridges where nothing shows what functions share", () => {
    const policy = toy(({ relation }) =>
      relation === "common-bridge"
        ? "bus-address"
        : relation === "same-host-bridge"
          ? "through-host-bridge"
          : "host-refused",
    );
    const compiled = compilePolicy(policy, [host("0000:00", "a")]);
    expect(cell(compiled, ["same-unknown", "maybe", "read", 0, 0])).toBe(bits("bus-address", "through-host-bridge"));
    expect(cell(compiled, ["across-unknown", "maybe", "read", 0, 0])).toBe(
      bits("bus-address", "through-host-bridge", "host-refused"),
    );
  });

  test("takes two of which no class is the other's for two, wherever they hang", () => {
    const compiled = compilePolicy(oneWay, [host("0000:00", "a"), host("0000:40", "b")]);
    expect(cell(compiled, ["across-unknown", "direct", "read", 0, 1])).toBe(bits("through-host-bridge"));
    expect(cell(compiled, ["across-unknown", "direct", "read", 1, 0])).toBe(bits("host-refused"));
    expect(cell(compiled, ["same-unknown", "direct", "read", 0, 1])).toBe(0);
  });

  test("tells sets of classes apart whatever letters their names are made of", () => {
    const sets = [["a b"], ["a", "b"], ["a,b"], ['a","b']];
    const policy: Policy = {
      ...toy(({ providerClass }) => (providerClass === "b" ? "host-refused" : "through-host-bridge")),
      judge: ({ root }) => ({ classes: sets[Number(root)]!, because: "", missing: [] }),
    };
    const compiled = compilePolicy(
      policy,
      sets.map((_, at) => host(String(at), "")),
    );
    expect([...compiled.classes]).toEqual([0, 1, 2, 3]);
    const read = (set: number) => cell(compiled, ["same-host-bridge", "direct", "read", set, set]);
    expect(read(0)).toBe(bits("through-host-bridge"));
    expect(read(1)).toBe(bits("through-host-bridge", "host-refused"));
  });

  test.each([[[]], [undefined], ["a"], [["a", 1]], [[undefined]]])("refuses %j for classes", (classes) => {
    const policy: Policy = {
      ...oneWay,
      judge: () => ({ classes: classes as string[], because: "", missing: [] }),
    };
    const compile = () => compilePolicy(policy, [host("0000:40", "a")]);
    expect(compile).toThrow(TypeError);
    expect(compile).toThrow(/^policy toy: expected at least one class, by name, for host bridge 0000:40, got /);
  });

  test.each(["yes", undefined, "toString", "egress-blocked", true])(
    "refuses %j for an outcome, in whichever completion it comes",
    (odd) => {
      for (const [relation, way] of [
        ["self", "read"],
        ["across-host-bridges", "write"],
      ]) {
        const policy = toy((question) => {
          const isOdd = question.relation === relation && question.direction === way;
          return isOdd ? (odd as Outcome) : "bus-address";
        });
        const compile = () => compilePolicy(policy, [host("0000:00", "a|b")]);
        expect(compile).toThrow(TypeError);
        expect(compile).toThrow("policy toy: expected one of bus-address, through-host-bridge, redirect-refused");
        expect(compile).toThrow(`"relation":"${relation}"`);
      }
    },
  );

  test("refuses a model of paths that there is not", () => {
    const policy = { ...oneWay, paths: "exact" as "precise" };
    expect(() => compilePolicy(policy, [])).toThrow(TypeError);
    expect(() => compilePolicy(policy, [])).toThrow('paths of the policy toy: expected "precise" or none, got exact');
  });

  test("asks for egress control under precise paths alone, where by default none is shown", () => {
    expect(compilePolicy(oneWay, [host("0000:00", "a")])).not.toHaveProperty("precise");
    const { precise } = compilePolicy({ ...oneWay, paths: "precise" }, [host("0000:00", "a")]);
    expect(precise!(1, 2)).toBeNull();
  });

  test("adds what a port blocks to the outcomes, and lets no policy say otherwise", () => {
    const lax = compilePolicy(
      toy(() => "bus-address"),
      [host("0000:00", "a|b")],
    );
    const below = (relation: string, path: string) => cell(lax, [relation, path, "read", 0, 0]);
    const [passes, blocked] = [bits("bus-address"), bits("egress-blocked")];
    for (const relation of ["self", "common-bridge"]) {
      expect(below(relation, "blocked")).toBe(blocked);
      expect(below(relation, "direct-or-blocked")).toBe(passes | blocked);
      expect(below(relation, "redirected-or-blocked")).toBe(passes | blocked);
      expect(below(relation, "any")).toBe(passes | blocked);
      for (const path of ["direct", "redirected", "maybe"]) expect(below(relation, path)).toBe(passes);
    }
  });

  test("calls a policy with complete questions only", () => {
    const asked: Question[] = [];
    const policy = toy((question) => {
      asked.push(question);
      return "bus-address";
    });
    compilePolicy(policy, [host("0000:00", "a|b"), host("0000:40", "c")]);
    const relations = ["self", "common-bridge", "same-host-bridge", "across-host-bridges"];
    expect(asked.length).toBeGreaterThan(100);
    for (const { relation, path, direction } of asked) {
      expect(relations).toContain(relation);
      expect(["direct", "redirected"]).toContain(path);
      expect(["read", "write"]).toContain(direction);
    }
    const shared = asked.filter(({ relation }) => relation !== "across-host-bridges");
    expect(shared.every(({ providerClass, clientClass }) => providerClass === clientClass)).toBe(true);
  });
});

describe("a policy on a topology", () => {
  const functions = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const bus = (index * 8).toString(16).padStart(2, "0");
      return { bdf: `0000:${bus}:01.0`, parent: null, acs: null };
    });
  const ranked = (classes: number): Policy => ({
    ...oneWay,
    judge: ({ root }) => ({
      classes: [String.fromCharCode(97 + ((parseInt(root!.slice(5), 16) / 8) % classes))],
      because: "",
      missing: [],
    }),
  });

  test("answers by direction and class, one pair at a time and as a matrix", () => {
    const count = 16;
    const topology = Topology.of({ peerlane: 1, systems: [{ functions: functions(count) }] });
    const peers = new PeerDma(topology, ranked(count));
    const ids = topology.functions();
    for (const direction of ["read", "write"] as const) {
      const { route } = peers.matrix(ids, direction);
      ids.forEach((provider, row) => {
        ids.forEach((client, column) => {
          const passes = direction === "read" ? row < column : row > column;
          const expected = row === column ? "yes" : passes ? "yes" : "no";
          expect(peers.can(provider, client, direction).answer).toBe(expected);
          const way = row === column ? "local" : passes ? "through-host-bridge" : "not-supported";
          expect(ROUTES[route[row * count + column]!]).toBe(way);
        });
      });
    }
  });

  test("may be exchanged for another on the same topology", () => {
    const topology = Topology.of({ peerlane: 1, systems: [{ functions: functions(2) }] });
    const [strict, lax] = [new PeerDma(topology, linux("4.19")), new PeerDma(topology, ranked(2))];
    for (let turn = 0; turn < 3; turn++) {
      expect(strict.can(2, 4, "read").answer).toBe("no");
      expect(lax.can(2, 4, "read").answer).toBe("yes");
    }
  });

  test("with more kinds of host bridges than the core has room for throws", () => {
    const topology = Topology.of({ peerlane: 1, systems: [{ functions: functions(17) }] });
    const peers = new PeerDma(topology, ranked(17));
    expect(() => peers.can(2, 4)).toThrow("a policy may tell 16 kinds of host bridges apart, this one has 17");
  });
});
