import type { FunctionDescription, SystemDescription } from "../../src/topology/description.js";
import { linux, PeerDma, Topology } from "../../src/index.js";
import { claimsOf } from "../../src/letters/letters.js";
import type { Dialect } from "../../src/letters/dialect.js";

type Facts = Partial<FunctionDescription>;

export function bridge(
  bdf: string,
  kind: FunctionDescription["kind"],
  secondary: number,
  subordinate: number,
  facts: Facts = {},
): FunctionDescription {
  return {
    bdf: `0000:${bdf}`,
    class: "0604",
    ...(kind === undefined ? {} : { kind }),
    bus: { secondary, subordinate },
    ...facts,
  };
}

export function gpu(bdf: string, facts: Facts = {}): FunctionDescription {
  return { bdf: `0000:${bdf}`, kind: "endpoint", class: "0302", vendor: "10de", ...facts };
}

export function nic(bdf: string, facts: Facts = {}): FunctionDescription {
  return { bdf: `0000:${bdf}`, kind: "endpoint", class: "0200", vendor: "15b3", ...facts };
}

/** A root port, a switch below it, and a port for each of some devices: on buses 01 to 05 and up. */
export function switched(devices: number, facts: Facts = {}): FunctionDescription[] {
  return [
    bridge("00:01.0", "root-port", 1, 0x2f),
    bridge("01:00.0", "upstream-port", 2, 0x2f, facts),
    ...Array.from({ length: devices }, (_, port) => bridge(`02:0${port}.0`, "downstream-port", 3 + port, 3 + port)),
  ];
}

/**
 * Two levels of switches, as cascades are and as Broadcom's are built inside: one device beside the lower switch, on bus
 * 10, two below it, on buses 05 and 06.
 */
export function cascaded(upper: Facts = {}, lower: Facts = {}, kinds = true): FunctionDescription[] {
  const of = (kind: FunctionDescription["kind"]) => (kinds ? kind : undefined);
  return [
    bridge("00:01.0", of("root-port"), 1, 0x2f, { parent: null }),
    bridge("01:00.0", of("upstream-port"), 2, 0x2f, upper),
    bridge("02:00.0", of("downstream-port"), 3, 0x0f),
    bridge("02:01.0", of("downstream-port"), 0x10, 0x10),
    bridge("03:00.0", of("upstream-port"), 4, 0x0f, lower),
    bridge("04:00.0", of("downstream-port"), 5, 5),
    bridge("04:01.0", of("downstream-port"), 6, 6),
  ];
}

/** Letters by name, of everything that is no bridge. */
export function lettersOf(
  functions: readonly FunctionDescription[],
  dialect: Dialect,
  system: Partial<SystemDescription> = {},
) {
  const topology = Topology.of({ peerlane: 1, systems: [{ functions, ...system }] });
  const peer = new PeerDma(topology, linux("6.12"));
  const ids = [...topology.functions()].filter((id) => topology.describe(id)!.bus === undefined);
  const claims = claimsOf(peer, ids, dialect);
  const place = (bdf: string) => claims.devices.findIndex((device) => device.bdf === `0000:${bdf}`);
  return {
    claims,
    letter: (a: string, b: string) => claims.letter(place(a), place(b)),
    onPcie: (a: string, b: string) => claims.onPcie(place(a), place(b)),
    why: (a: string, b: string) => claims.why(place(a), place(b)),
  };
}
