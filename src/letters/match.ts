import type { Claims, ClaimedDevice } from "./claims.js";

/** A device that both sides have, by its places in their lists. */
export interface Match {
  readonly theirs: number;
  readonly ours: number;
  /** How it was found out: told by the caller, by address, by a name that both have, by counting. */
  readonly by: "hand" | "address" | "name" | "order";
}

/** The devices that both sides have, and what had to be assumed to tell. */
export interface Matching {
  readonly matches: readonly Match[];
  /** In sentences without a full stop. */
  readonly assumptions: readonly string[];
}

/**
 * Which devices of one side are which of the other.
 *
 * @param byHand places in `theirs` and in `ours` that the caller knows to be one device.
 */
export function matchDevices(
  { devices: theirs, origin }: Pick<Claims, "devices" | "origin">,
  { devices: ours }: Pick<Claims, "devices">,
  byHand: ReadonlyMap<number, number> = new Map(),
): Matching {
  const found = new Map<number, Match>();
  const taken = new Set<number>();
  const take = (their: number, our: number | undefined, by: Match["by"]) => {
    if (our === undefined || found.has(their) || taken.has(our)) return;
    found.set(their, { theirs: their, ours: our, by });
    taken.add(our);
  };
  for (const [their, our] of byHand) take(their, our, "hand");
  const addresses = onlyPlaces(ours, ({ bdf }) => (bdf === null ? [] : [bdf]));
  theirs.forEach((device, their) => {
    const our = device.bdf === null ? undefined : addresses.get(device.bdf);
    // Topology files are also written with addresses that are made up.
    if (our !== undefined && areAlike(device, ours[our]!)) take(their, our, "address");
  });
  const names = onlyPlaces(ours, allNames);
  theirs.forEach((device, their) => {
    for (const name of allNames(device)) take(their, names.get(name), "name");
  });
  for (const kind of ["gpu", "nic"] as const) {
    if (canCount(kind, theirs, ours)) {
      const numbers = onlyPlaces(ours, (device) => (device.kind === kind ? numberOf(device) : []));
      theirs.forEach((device, their) => {
        if (device.kind === kind) take(their, numbers.get(String(device.number)), "order");
      });
    }
  }
  const matches = theirs.flatMap((_, their) => found.get(their) ?? []);
  return { matches, assumptions: assumptionsOf(matches, theirs, ours, origin) };
}

/** Where each key is, unless several have it. */
function onlyPlaces(
  devices: readonly ClaimedDevice[],
  keysOf: (device: ClaimedDevice) => readonly string[],
): Map<string, number> {
  const places = new Map<string, number>();
  const several = new Set<string>();
  devices.forEach((device, place) => {
    for (const key of new Set(keysOf(device))) {
      if (places.has(key)) several.add(key);
      places.set(key, place);
    }
  });
  for (const key of several) places.delete(key);
  return places;
}

function allNames({ name, names }: ClaimedDevice): string[] {
  return [name, ...names];
}

function numberOf({ number }: ClaimedDevice): string[] {
  return number === null ? [] : [String(number)];
}

function areAlike(a: ClaimedDevice, b: ClaimedDevice): boolean {
  return a.kind === b.kind || a.kind === "other" || b.kind === "other";
}

/** GPUs are numbered in one order everywhere; network devices only count where there are as many on both sides. */
function canCount(kind: "gpu" | "nic", theirs: readonly ClaimedDevice[], ours: readonly ClaimedDevice[]): boolean {
  if (kind === "gpu") return true;
  const [their, our] = [theirs, ours].map((devices) => devices.filter((device) => device.kind === kind));
  const numbers = new Set(their!.flatMap(numberOf));
  return numbers.size === their!.length && their!.length === our!.flatMap(numberOf).length;
}

function assumptionsOf(
  matches: readonly Match[],
  theirs: readonly ClaimedDevice[],
  ours: readonly ClaimedDevice[],
  origin: string,
): string[] {
  const counted = (kind: ClaimedDevice["kind"]) =>
    matches.filter(({ theirs: their, by }) => by === "order" && theirs[their]!.kind === kind);
  const assumptions: string[] = [];
  const [gpu] = counted("gpu");
  if (gpu !== undefined) {
    const [there, here] = [theirs, ours].map((devices) =>
      devices.filter(({ kind, number }) => kind === "gpu" && number !== null),
    );
    assumptions.push(
      `${theirs[gpu.theirs]!.name} is ${ours[gpu.ours]!.name}, and so on: NVIDIA's GPUs are numbered in the order of their ` +
        `addresses (${origin} has ${there!.length}, the other side ${here!.length})`,
    );
  }
  const [nic] = counted("nic");
  if (nic !== undefined) {
    assumptions.push(
      `${theirs[nic.theirs]!.name} is ${ours[nic.ours]!.name}, and so on: Mellanox' network functions are numbered in the ` +
        "order of their addresses (there are as many on both sides)",
    );
  }
  return assumptions;
}
