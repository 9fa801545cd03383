import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ANSWERS,
  CODE_NUMBERS,
  DIRECTIONS,
  NO_ADDRESS,
  NO_DISTANCE,
  PeerDma,
  policyNamed,
  ROUTES,
  Topology,
  TRANSLATIONS,
  type Direction,
} from "../../src/index.js";
import { addressesOf, machine } from "./machines.js";

const POLICIES = [
  "linux-4.19",
  "linux-5.3",
  "linux-6.12",
  "linux-7.3+precise",
  "power9",
  "power9+store",
  "power8+precise",
  "linux-6.12,power9+load",
];

/** What the columns of row or cell `at` say. */
const said = (columns: { answer: Uint8Array; route: Uint8Array }, at: number) => [
  ANSWERS[columns.answer[at]!],
  ROUTES[columns.route[at]!],
];

function decisions(peerDma: PeerDma, ids: readonly number[], direction: Direction): void {
  const pairs = ids.flatMap((provider) => ids.map((client) => [provider, client] as const));
  const many = peerDma.canMany(
    Uint32Array.from(pairs, ([provider]) => provider),
    Uint32Array.from(pairs, ([, client]) => client),
    direction,
  );
  const matrix = peerDma.matrix(ids, direction);
  pairs.forEach(([provider, client], at) => {
    const one = peerDma.can(provider, client, direction);
    const alone = [one.answer, one.route];
    const where = `${peerDma.policy.name}: ${one.client} to ${one.provider}, ${direction}`;
    expect(said(matrix, at), `${where}, matrix`).toEqual(alone);
    expect([...said(many, at), CODE_NUMBERS[many.code[at]!]], `${where}, canMany`).toEqual([
      ...alone,
      one.answer === "yes" ? null : one.code,
    ]);
  });
}

function mappings(peerDma: PeerDma, ids: readonly number[], addresses: readonly bigint[], direction: Direction): void {
  const rows = ids.flatMap((initiator) =>
    addresses.flatMap((address) => [0x800n, 0x1_0000n].map((size) => ({ initiator, address, size }))),
  );
  const many = peerDma.mapMany({
    initiator: Uint32Array.from(rows, ({ initiator }) => initiator),
    address: BigUint64Array.from(rows, ({ address }) => address),
    size: BigUint64Array.from(rows, ({ size }) => size),
    direction,
  });
  rows.forEach(({ initiator, address, size }, row) => {
    const one = peerDma.map(initiator, address, size, direction);
    const distance = many.distance[row]!;
    const inColumns = {
      route: ROUTES[many.route[row]!],
      code: CODE_NUMBERS[many.code[row]!],
      distance: distance === NO_DISTANCE ? null : distance,
      dmaAddress: many.dmaAddress[row],
      ...(one.ok ? { translation: TRANSLATIONS[many.translation[row]!] } : {}),
    };
    expect(inColumns, `${peerDma.policy.name}: ${one.initiator} to 0x${address.toString(16)} ${size}`).toEqual({
      route: one.route,
      code: one.ok ? null : one.code,
      distance: one.distance,
      dmaAddress: one.ok ? (one.dmaAddress ?? NO_ADDRESS) : NO_ADDRESS,
      ...(one.ok ? { translation: one.translation } : {}),
    });
  });
}

describe("columns, cells and single questions", () => {
  test.each(POLICIES)(
    "have one answer under %s, with links, platform devices, exporters and egress vectors",
    (name) => {
      const policy = policyNamed(name);
      fc.assert(
        fc.property(machine, fc.constantFrom(...DIRECTIONS), (description, direction) => {
          const topology = Topology.of(description);
          const peerDma = new PeerDma(topology, policy);
          const ids = [...topology.functions()];
          const ends = ids.filter((id) => topology.describe(id)!.kind === "endpoint").slice(0, 4);
          try {
            decisions(peerDma, [...ends, ...ids.filter((id) => !ends.includes(id)).slice(0, 4)], direction);
            mappings(peerDma, ends, addressesOf(description), direction);
          } finally {
            topology.close();
          }
        }),
        { numRuns: 40 },
      );
    },
  );

  test("meet every route and most codes in such machines", () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(machine, (description) => {
        const topology = Topology.of(description);
        for (const name of ["linux-6.12", "linux-7.3+precise"]) {
          const peerDma = new PeerDma(topology, policyNamed(name));
          const [first, second] = topology.functions().filter((id) => topology.describe(id)!.kind === "endpoint");
          for (const address of addressesOf(description)) {
            for (const initiator of [first!, second!]) {
              const mapping = peerDma.map(initiator, address, 0x800n);
              met.add(mapping.ok ? mapping.route : mapping.code);
            }
          }
        }
        topology.close();
      }),
      { numRuns: 300, seed: 1 },
    );
    for (const each of [
      "local",
      "bus-address",
      "through-host-bridge",
      "side-link",
      "system-memory",
      "ACS_REDIRECT",
      "EGRESS_BLOCKED",
      "HOST_BRIDGE_NOT_ALLOWED",
      "MEMORY_DECODE_OFF",
      "MEMORY_DECODE_UNKNOWN",
      "DMA_MASK",
      "NO_INBOUND_WINDOW",
      "WITHHELD",
      "ACS_UNREADABLE",
      "LINK_UNKNOWN",
      "PLATFORM_OWNER",
    ]) {
      expect(met).toContain(each);
    }
  });
});
