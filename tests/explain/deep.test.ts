import { describe, expect, test, vi } from "vitest";
import { linux } from "../../src/policy/linux.js";
import { PeerDma } from "../../src/explain/peer-dma.js";
import { shapes } from "../../src/fabrics/index.js";
import { redirects } from "../../src/topology/register.js";
import { Topology } from "../../src/topology/topology.js";

/** A chain in which some functions redirect, and of some the ACS is not known. */
function chain(length: number, redirecting: readonly number[], unreadable: readonly number[]) {
  const columns = shapes["deep-chain"]({ functions: length });
  const acs = columns.functions.acs!.slice();
  for (const row of redirecting) acs[row] = 0x005f001d;
  for (const row of unreadable) acs[row] = 0;
  const { topology, functions } = Topology.fromColumns({ ...columns, functions: { ...columns.functions, acs } });
  return { topology, functions, peer: new PeerDma(topology, linux("6.12")) };
}

function named(topology: Topology, ids: Iterable<number>, state: "on" | "unknown"): string[] {
  return [...ids].flatMap((id) => {
    const description = topology.describe(id)!;
    return redirects(description) === state ? [description.bdf] : [];
  });
}

describe("culprits on a long chain", () => {
  test.each([
    [200, [3, 40, 41, 199], [5, 60]],
    [1000, [30, 31, 500, 999], [29, 32, 700]],
  ])("of %d functions are all that redirect up to the common bridge, the provider's side first", (length, on, open) => {
    const { topology, functions, peer } = chain(length, on, open);
    for (const [provider, client] of [
      [length - 1, 30],
      [30, length - 1],
      [length - 1, 0],
      [length - 1, length - 1],
    ]) {
      const [a, b] = [functions[provider!]!, functions[client!]!];
      const { bridge } = topology.common(a, b);
      const [up, down] = [topology.path(a), topology.path(b)];
      const ids = [
        ...up.subarray(0, up.indexOf(bridge as number) + 1),
        ...down.subarray(0, down.indexOf(bridge as number)),
      ];
      const verdict = peer.can(a, b);
      const redirecting = verdict.culprits.filter(({ bits }) => bits.length > 0).map(({ bdf }) => bdf);
      expect(redirecting).toEqual(named(topology, ids, "on"));
      expect(redirecting.length).toBeGreaterThan(0);
    }
  });

  test("what is not known of it is missing", () => {
    const { topology, functions, peer } = chain(1000, [], [29, 32, 700]);
    const verdict = peer.can(functions[999]!, functions[30]!);
    const missing = "missing" in verdict ? verdict.missing.map(({ what }) => what) : [];
    const names = named(topology, [functions[700]!, functions[32]!], "unknown");
    expect(missing.filter((what) => what.startsWith("the ACS"))).toEqual(
      names.map((bdf) => `the ACS control word of ${bdf}`),
    );
  });

  test("no function is described that is none", () => {
    const { functions, peer, topology } = chain(3000, [1500], []);
    const [describe, registers] = [vi.spyOn(topology, "describe"), vi.spyOn(topology, "registers")];
    const verdict = peer.can(functions[2999]!, functions[10]!);
    expect(verdict.culprits).toHaveLength(1);
    const { start } = topology.describe(functions[2999]!)!.bars![0]!;
    expect(peer.map(functions[10]!, BigInt(start!), 4096).culprits).toHaveLength(1);
    expect(describe.mock.calls.length + registers.mock.calls.length).toBeLessThan(20);
  });
});
