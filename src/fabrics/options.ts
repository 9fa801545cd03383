import type { SystemFacts } from "../topology/fabric/columns.js";
import type { DeviceKind } from "./devices.js";

/**
 * How many of something: always the same number; one number after the other, and again from the first; or any number
 * from `least` to `most`, by the seed.
 */
export type Count = number | readonly number[] | { readonly least: number; readonly most: number };

/** For all devices alike, or by what they are. Kinds left out have the default. */
export type CountByDevice = Count | Readonly<Partial<Record<DeviceKind, Count>>>;

/**
 * What the ACS of root ports and downstream ports says. `off`: nothing redirects; `redirect`: requests and completions
 * are redirected; `none`: no ACS capability; `unknown`: the source does not show it. No other function has ACS.
 */
export type AcsState = "off" | "redirect" | "none" | "unknown";

/** What {@link synthesize} makes. Whatever is left out has a default; the same options make the same fabric. */
export interface SynthesizeOptions {
  /**
   * Functions in all, exactly, from 1 to 2^27. As many systems are made as this takes, and the last ends where the
   * number is reached; its bridges keep the bus numbers for what is missing. Default: all of `systems`.
   */
  readonly functions?: number;
  /** Machines, from 1 to 2^27. Default: 1; with `functions`, as many as that takes. */
  readonly systems?: number;
  /**
   * Host bridges of a system, at least 1, each with a host function (00.0) and root ports. `Infinity`: as many as
   * `functions` takes. A list is taken in turn by the systems. Default: 2.
   */
  readonly hostBridges?: Count;
  /** Root ports of a host bridge, from 1 to 31. A list is taken in turn by the host bridges of a system. Default: 4. */
  readonly rootPorts?: Count;
  /**
   * Switches between a root port and an endpoint, from 0 to 100. A list is taken in turn by the root ports of a host
   * bridge. Default: 1.
   */
  readonly switchLevels?: Count;
  /**
   * Downstream ports of a switch, from 1 to 32. A list is taken in turn by the levels, from the root port downward.
   * Default: 4.
   */
  readonly fanout?: Count;
  /**
   * Physical functions of an endpoint, from 1 to 8. A list is taken in turn by the endpoints of a host bridge.
   * Default: 1, for NICs 2.
   */
  readonly functionsPerEndpoint?: CountByDevice;
  /**
   * Virtual functions of a physical function, from 0 to 65535, all enabled. A list is taken in turn by the endpoints
   * of a host bridge. Default: 0.
   */
  readonly vfs?: CountByDevice;
  /**
   * What endpoints are and which BARs their functions have.
   *
   * - A list of kinds: taken in turn by the endpoints of a host bridge.
   * - Kinds with weights: drawn for each endpoint by the seed.
   * - A list of sizes in bytes, powers of two from 128 to 2^50: all are accelerators, each function with these BARs. Of
   *   more than 1 MiB they are prefetchable and take two of the six registers, otherwise one. An empty list: no BARs.
   *
   * A GPU has 16 MiB, 16 to 128 GiB (all of a system alike, by the seed) and 32 MiB, a NIC 32 MiB and 64 KiB, NVMe
   * 16 KiB, an accelerator 64 KiB and 64 MiB.
   * Default: `{ gpu: 1, nic: 1, nvme: 2 }`.
   */
  readonly bars?: readonly number[] | readonly DeviceKind[] | Readonly<Partial<Record<DeviceKind, number>>>;
  /**
   * ACS of root ports and downstream ports: one state for all, the fraction (0 to 1) of them that redirects while the
   * others do not, or states with weights, drawn for each port by the seed. Default: `"off"`.
   */
  readonly acs?: AcsState | number | Readonly<Partial<Record<AcsState, number>>>;
  /** Fraction (0 to 1) of the physical endpoint functions whose memory decode is off. Default: 0. */
  readonly memoryOff?: number;
  /**
   * By how many bytes CPU physical addresses lie above PCI bus addresses, as on POWER: a multiple of 4096. Default: 0,
   * and `bars.bus` is the same array as `bars.start`.
   */
  readonly busOffset?: number;
  /**
   * What is known of each system beside its name, in place of the defaults: an Intel x86 machine under Linux 6.12 with
   * its IOMMU off, `complete` and `allAddresses` true. A field that is `undefined` is left unknown.
   */
  readonly facts?: { readonly [K in Exclude<keyof SystemFacts, "name">]?: SystemFacts[K] | undefined };
  /** From 0 to 2^32 - 1. Default: 1. */
  readonly seed?: number;
}
