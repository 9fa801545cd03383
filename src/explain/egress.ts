import type { Way } from "../core.js";
import type { Missing } from "../policy/policy.js";
import { ACS_REQUEST, bit, vectorBits } from "../topology/register.js";
import type { Topology } from "../topology/topology.js";

/** What an egress control vector makes of a request; the way is null where that is not known. */
export type Egress =
  { readonly way: Way; readonly missing: readonly [] } | { readonly way: null; readonly missing: readonly Missing[] };

/**
 * What a port with egress control does with requests to another port of its switch (PCIe 6.0 6.12.1.1, 7.7.11.4): each
 * bit of its vector stands for a port number. A bit that is clear lets requests through, whatever request redirect
 * says; one that is set has them redirected, or without request redirect blocked.
 *
 * In functions of one device the bits stand for functions or groups of them, which the description does not tell apart.
 *
 * @param from id of the port that the request enters by; its ACS control word shows RR and has EC.
 * @param to id of the port that it would leave by; 0: none, it is to the switch itself.
 */
export function egressOf(topology: Topology, from: number, to: number): Egress {
  const { bdf, kind, acs } = topology.registers(from)!;
  const port = to === 0 ? undefined : topology.registers(to)!;
  if (kind !== "downstream-port" || port?.kind !== "downstream-port") {
    const target = port?.bdf ?? `the bridge above ${bdf}`;
    const what = `which bit of the egress control vector of ${bdf} stands for ${target}`;
    return unknown([{ what, where: "the manual of the device" }]);
  }
  const missing: Missing[] = [];
  const number = port.link?.port;
  if (acs?.egressVector === undefined) {
    missing.push({ what: `the egress control vector of ${bdf}`, where: "lspci -xxxx or /sys, read as root" });
  }
  if (number === undefined) missing.push({ what: `the port number of ${port.bdf}`, where: "lspci -vv or /sys" });
  if (missing.length > 0) return unknown(missing);
  const word = number! < vectorBits(acs!.capability) ? acs!.egressVector![number! >>> 5] : undefined;
  if (word === undefined) {
    const what = `a bit for port ${number} in the egress control vector of ${bdf}`;
    return unknown([{ what, where: "lspci -xxxx or /sys, read as root" }]);
  }
  if (((word >>> (number! & 31)) & 1) === 0) return { way: "direct", missing: [] };
  return { way: bit(acs!.control, ACS_REQUEST) === "on" ? "redirected" : "blocked", missing: [] };
}

function unknown(missing: readonly Missing[]): Egress {
  return { way: null, missing };
}
