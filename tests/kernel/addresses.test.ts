import { describe, expect, test } from "vitest";
import { linux, PeerDma, Topology } from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { captureFile, captureNames } from "../readers/fixtures.js";
import { kernelAnswers } from "./answers.js";

const MEMORY = 0x200;
const FIRST_WINDOW = 13;

describe("addresses of the captures", () => {
  for (const capture of captureNames()) {
    test(`${capture}: every BAR owns its first and last byte, and maps to the kernel's bus address or not at all`, async () => {
      const kernel = kernelAnswers(capture);
      const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(capture, "snapshot.tar.gz") }]);
      const topology = Topology.of(machine);
      const peerDma = new PeerDma(topology, linux(kernel.release));
      const route = new Map(kernel.pairs.map((pair) => [`${pair.provider} ${pair.client}`, pair.route]));
      const bars = kernel.bars.filter(({ index, flags, start, end }) => {
        return index < 6 && (flags & MEMORY) !== 0 && start !== 0n && end > start;
      });
      const wrong: string[] = [];
      for (const { bdf, index, start, end, bus } of bars) {
        for (const address of [start, end]) {
          const { owners } = topology.owners(address);
          const owner = owners.map(({ name, bar }) => `${name} ${bar}`).join(", ");
          if (owner !== `${bdf} ${index}`)
            wrong.push(`owner of ${address.toString(16)}: ${owner}, expected ${bdf} ${index}`);
        }
        for (const client of kernel.functions) {
          const mapping = peerDma.map(client, end, 1);
          const expected = route.get(`${bdf} ${client}`)!;
          const at = `${client} to ${bdf} BAR ${index}`;
          if (!mapping.ok) {
            // What the kernel's peer-to-peer decision does not look at.
            const silent = mapping.code === "MEMORY_DECODE_OFF" && peerDma.can(bdf, client).memory === "off";
            const bits = topology.describe(client)!.dmaMaskBits ?? 64;
            const beyond = mapping.code === "DMA_MASK" && (bus + (end - start)) >> BigInt(bits) !== 0n;
            if (expected !== "not-supported" && !silent && !beyond) wrong.push(`${at}: ${mapping.message}`);
          } else if (mapping.route !== (client === bdf && expected === "bus-address" ? "local" : expected)) {
            wrong.push(`${at}: ${mapping.route}, the kernel says ${expected}`);
          } else if (expected === "bus-address" && mapping.dmaAddress !== bus + (end - start)) {
            wrong.push(
              `${at}: DMA address ${mapping.dmaAddress?.toString(16)}, the kernel's is ${(bus + end - start).toString(16)}`,
            );
          }
        }
      }
      expect(wrong).toEqual([]);
      expect(bars.length).toBeGreaterThan(0);
      const holes = kernel.bars.filter(
        ({ index, flags, start }) => index > FIRST_WINDOW && (flags & MEMORY) !== 0 && start !== 0n,
      );
      for (const { bdf, end } of holes) {
        const { answer, window } = topology.owners(end);
        // The last byte of a window is a BAR's or nobody's; then the innermost window that holds it is named.
        if (answer === "none") expect(window, `${bdf} ${end.toString(16)}`).not.toBeNull();
      }
    });
  }

  // Where the windows of the host bridges lie behind the bus: 2 GiB from 0x80000000 in each, and the high ones as they are.
  const OFFSETS: Readonly<Record<string, (cpu: bigint, segment: bigint) => bigint>> = {
    "ppc-powernv8": (cpu, segment) => (cpu < 0x3ff8000000000n ? 0n : 0x80000000n - 0x3ff8000000000n - (segment << 31n)),
    "ppc-powernv9": (cpu, segment) =>
      cpu < 0x600c000000000n || cpu >= 0x6020000000000n ? 0n : 0x80000000n - 0x600c000000000n - (segment << 31n),
    "ppc-pseries-bridges": (cpu, segment) =>
      cpu >= 0x210000000000n ? 0n : 0x80000000n - 0x200080000000n - (segment << 31n),
  };

  test.each(Object.keys(OFFSETS))(
    "%s: every DMA address is the CPU address plus the offset of its window",
    async (capture) => {
      const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(capture, "snapshot.tar.gz") }]);
      const topology = Topology.of(machine);
      const peerDma = new PeerDma(topology, linux("6.12"));
      const offsetOf = OFFSETS[capture]!;
      const seen = new Set<bigint>();
      let asked = 0;
      for (const { bdf, index, flags, start, end, bus } of kernelAnswers(capture).bars) {
        if (index >= 6 || (flags & MEMORY) === 0 || start === 0n || end <= start) continue;
        const offset = offsetOf(start, BigInt(`0x${bdf.slice(0, bdf.indexOf(":"))}`));
        expect([bdf, index, bus]).toEqual([bdf, index, start + offset]);
        for (const initiator of topology.functions()) {
          const mapping = peerDma.map(initiator, start + 1n, 1);
          if (!mapping.ok) continue;
          asked++;
          seen.add(offset);
          expect([mapping.initiator, bdf, mapping.dmaAddress]).toEqual([mapping.initiator, bdf, start + 1n + offset]);
          expect(mapping.translation).toBe(offset === 0n ? "none" : "bus-offset");
        }
      }
      expect(asked).toBeGreaterThan(20);
      // Several host bridges of different offsets, and on each also windows without.
      expect(seen.size).toBeGreaterThan(2);
      expect(seen).toContain(0n);
    },
  );

  test("POWER: bus addresses differ from CPU addresses by the offset of the window, not of the host bridge", async () => {
    const { machine } = await read([
      { name: "snapshot.tar.gz", bytes: captureFile("ppc-powernv9", "snapshot.tar.gz") },
    ]);
    const topology = Topology.of(machine);
    const peerDma = new PeerDma(topology, linux("6.12"));
    const low = peerDma.map("0000:03:00.0", 0x600c000400000n, 4096);
    const high = peerDma.map("0000:03:00.0", 0x6000020000000n, 4096);
    expect(low).toMatchObject({ ok: true, route: "bus-address", dmaAddress: 0x80400000n, translation: "bus-offset" });
    expect(high).toMatchObject({ ok: true, route: "bus-address", dmaAddress: 0x6000020000000n, translation: "none" });
  });
});
