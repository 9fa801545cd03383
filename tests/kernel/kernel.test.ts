import { describe, expect, test } from "vitest";
import { ROUTES, parseCpu, linux, PeerDma, Topology, type SystemDescription } from "../../src/index.js";
import { readLspci } from "../../src/readers/lspci/lspci.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames, captureText } from "../readers/fixtures.js";
import { kernelAnswers, type KernelAnswers } from "./answers.js";

/** CPUs of the captures, as one would give them with --cpu. */
function cpuOf(capture: string): string {
  if (capture === "hygon") return "HygonGenuine:24";
  if (capture === "rootports-qemu64") return "AuthenticAMD:15";
  if (capture.startsWith("arm64")) return "arm64:0x41";
  if (capture.startsWith("ppc")) return capture === "ppc-powernv8" ? "ppc64:POWER8" : "ppc64:POWER9";
  return capture.endsWith("-amd") ? "AuthenticAMD:23" : "GenuineIntel:6";
}

/** Every disagreement between the kernel and peerlane, in words. */
function disagreements(system: SystemDescription, kernel: KernelAnswers): { wrong: string[]; compared: number } {
  const topology = Topology.of({ peerlane: 1, systems: [system] });
  const peerDma = new PeerDma(topology, linux(kernel.release));
  const { ids, distance, route } = peerDma.matrix(topology.functions());
  const column = new Map([...ids].map((id, index) => [topology.name(id), index]));
  const wrong: string[] = [];
  if (ids.length !== kernel.functions.length)
    wrong.push(`${ids.length} functions, the kernel has ${kernel.functions.length}`);
  for (const { a, b, bridge } of kernel.common) {
    const common = topology.common(a, b).bridge;
    const ours = typeof common === "number" ? topology.name(common) : common;
    if (ours !== bridge) wrong.push(`common ${a} ${b}: ${ours}, the kernel says ${bridge}`);
  }
  for (const pair of kernel.pairs) {
    const at = column.get(pair.provider)! * ids.length + column.get(pair.client)!;
    const self = pair.provider === pair.client;
    const expected = self && pair.route === "bus-address" ? "local" : pair.route;
    const verdict = peerDma.can(pair.provider, pair.client);
    const ours = `${distance[at]} ${ROUTES[route[at]!]} ${verdict.distance} ${verdict.route}`;
    const theirs = `${pair.distance} ${expected} ${pair.hops} ${expected}`;
    if (ours !== theirs) wrong.push(`${pair.provider} ${pair.client}: ${ours}, the kernel says ${theirs}`);
  }
  return { wrong, compared: kernel.pairs.length };
}

const captures = captureNames();

test("all 41 captures are there", () => {
  expect(captures).toHaveLength(41);
});

describe("Linux's policy agrees with the kernel on every ordered pair and the diagonal", () => {
  for (const capture of captures) {
    const kernel = kernelAnswers(capture);
    const pairs = kernel.functions.length ** 2;

    test(`${capture}: ${pairs} answers from the snapshot`, async () => {
      const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(capture, "snapshot.tar.gz") }]);
      const { wrong, compared } = disagreements(machine.systems[0]!, kernel);
      expect(wrong).toEqual([]);
      expect(compared).toBe(pairs);
    });

    test(`${capture}: ${pairs} answers from lspci, CPU and kernel given`, () => {
      const { system } = readLspci(captureText(capture, "lspci.txt"), "lspci.txt");
      const { wrong, compared } = disagreements({ ...system, cpu: parseCpu(cpuOf(capture))! }, kernel);
      expect(wrong).toEqual([]);
      expect(compared).toBe(pairs);
    });
  }
});
