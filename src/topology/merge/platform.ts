import { toBigInt } from "../address.js";
import type { PlatformDeviceDescription, RegionDescription } from "../description.js";
import { mergeStances } from "./bars.js";
import type { Said, Settlement } from "./settlement.js";

type Devices = readonly PlatformDeviceDescription[];

/**
 * Combines what several sources say of devices outside PCI, which are the same by name: one shows where they are
 * (`/proc/iomem`), another what they drive. Where one source has a name twice, nothing tells which of them another means,
 * and all are kept.
 */
export function mergePlatformDevices(settlement: Settlement, said: readonly Said<Devices>[]): Devices | undefined {
  const [only] = said;
  if (only === undefined || said.length === 1) return only?.value;
  const byName = new Map<string, Said<PlatformDeviceDescription>[]>();
  for (const { source, value } of said) {
    for (const device of value) {
      const group = byName.get(device.name);
      if (group === undefined) byName.set(device.name, [{ source, value: device }]);
      else group.push({ source, value: device });
    }
  }
  return [...byName].flatMap(([name, group]) => {
    const sources = new Set(group.map(({ source }) => source));
    return sources.size === group.length ? [mergeDevice(settlement, name, group)] : distinct(group);
  });
}

function mergeDevice(
  settlement: Settlement,
  name: string,
  group: readonly Said<PlatformDeviceDescription>[],
): PlatformDeviceDescription {
  const bits = group.flatMap(({ source, value: { dmaMaskBits } }) => {
    return dmaMaskBits === undefined ? [] : [{ source, value: dmaMaskBits }];
  });
  const dmaMaskBits = settlement.agreed(`${name}: dmaMaskBits`, bits);
  const regions = mergeRegions(settlement, name, group);
  return { name, regions, ...(dmaMaskBits === undefined ? {} : { dmaMaskBits }) };
}

/** Every region that some source shows, each once, in the order in which they are first said. */
function mergeRegions(
  settlement: Settlement,
  name: string,
  group: readonly Said<PlatformDeviceDescription>[],
): RegionDescription[] {
  const byPlace = new Map<string, Said<RegionDescription>[]>();
  for (const { source, value } of group) {
    for (const region of value.regions) {
      const place = `${toBigInt(region.start)} ${toBigInt(region.size)}`;
      const same = byPlace.get(place);
      if (same === undefined) byPlace.set(place, [{ source, value: region }]);
      else same.push({ source, value: region });
    }
  }
  return [...byPlace.values()].map((same) => {
    const { start, size } = same[0]!.value;
    const exported = mergeStances(settlement, `${name}: region at ${start} exported`, same, []);
    return { start, size, ...(exported === undefined ? {} : { exported }) };
  });
}

/** Those that differ. */
function distinct(group: readonly Said<PlatformDeviceDescription>[]): PlatformDeviceDescription[] {
  return [...new Map(group.map(({ value }) => [JSON.stringify(value), value])).values()];
}
