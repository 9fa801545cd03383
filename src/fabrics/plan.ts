import { checkKind, Draw, drawByDevice, shown, whole, type DrawByDevice } from "./counts.js";
import { ACCELERATOR, accelerator, large, small, type Bar, type Device, type DeviceKind } from "./devices.js";
import { rowFacts, type RowFacts } from "./facts.js";
import type { SynthesizeOptions } from "./options.js";
import type { Random } from "../random.js";
import { Weighted } from "./weighted.js";

/** More functions than this no topology has room for; refused before any column is made. */
export const ROW_LIMIT = 2 ** 27;
/** The same for BARs. */
export const BAR_LIMIT = 2 ** 26;

/** {@link SynthesizeOptions} that have been checked. */
export interface Plan {
  /** Null: as many as the systems have. */
  readonly functions: number | null;
  readonly systems: number;
  readonly hostBridges: Draw;
  readonly rootPorts: Draw;
  readonly switchLevels: Draw;
  readonly fanout: Draw;
  readonly functionsPerEndpoint: DrawByDevice;
  readonly vfs: DrawByDevice;
  /** Kind of the endpoint of an ordinal below its host bridge. */
  readonly kindOf: (random: Random, ordinal: number) => DeviceKind;
  readonly accelerator: Device;
  readonly facts: RowFacts;
}

const BUSES = 256;
const MAX_BAR_REGISTERS = 6;
const MIB = 2 ** 20;

/** @throws TypeError, RangeError: the first option that cannot be, by its name. */
export function planOf(options: SynthesizeOptions): Plan {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`expected options such as { functions: 1000 }, got ${shown(options)}`);
  }
  const { functions = null, systems = functions === null ? 1 : ROW_LIMIT } = options;
  if (functions !== null) whole("functions", functions, 1, ROW_LIMIT);
  whole("systems", systems, 1, ROW_LIMIT);
  const { kinds, kindOf, accelerator } = devicesOf(options.bars ?? { gpu: 1, nic: 1, nvme: 2 });
  const one = { gpu: 1, nic: 2, nvme: 1, accelerator: 1 };
  const none = { gpu: 0, nic: 0, nvme: 0, accelerator: 0 };
  const plan: Plan = {
    functions,
    systems,
    hostBridges: Draw.of("hostBridges", options.hostBridges ?? 2, 1, functions === null ? ROW_LIMIT : Infinity),
    rootPorts: Draw.of("rootPorts", options.rootPorts ?? 4, 1, 31),
    switchLevels: Draw.of("switchLevels", options.switchLevels ?? 1, 0, 100),
    fanout: Draw.of("fanout", options.fanout ?? 4, 1, 32),
    functionsPerEndpoint: drawByDevice("functionsPerEndpoint", options.functionsPerEndpoint ?? one, one, 1, 8),
    vfs: drawByDevice("vfs", options.vfs ?? 0, none, 0, 65535),
    kindOf,
    accelerator,
    facts: rowFacts(options),
  };
  checkBuses(plan, kinds);
  checkRows(plan, kinds);
  return plan;
}

/** What endpoints are: which kinds at all, and of which kind each one. */
function devicesOf(bars: NonNullable<SynthesizeOptions["bars"]>): {
  kinds: readonly DeviceKind[];
  kindOf: Plan["kindOf"];
  accelerator: Device;
} {
  if (typeof bars !== "object" || bars === null) {
    throw new TypeError(`bars: expected sizes, kinds of devices or their weights, got ${shown(bars)}`);
  }
  if (!Array.isArray(bars)) {
    for (const kind of Object.keys(bars)) checkKind("bars", kind);
    const weighted = Weighted.of("bars", bars as Readonly<Partial<Record<DeviceKind, number>>>);
    return { kinds: weighted.things, kindOf: (random) => weighted.take(random), accelerator: ACCELERATOR };
  }
  const list: readonly unknown[] = bars;
  if (typeof list[0] === "string") {
    const kinds = list.map((kind, index): DeviceKind => {
      checkKind(`bars[${index}]`, kind);
      return kind;
    });
    return { kinds, kindOf: (_, ordinal) => kinds[ordinal % kinds.length]!, accelerator: ACCELERATOR };
  }
  return { kinds: ["accelerator"], kindOf: () => "accelerator", accelerator: accelerator(barsOfSizes(list)) };
}

function barsOfSizes(sizes: readonly unknown[]): Bar[] {
  let register = 0;
  const bars = sizes.map((size, index): Bar => {
    whole(`bars[${index}]`, size, 128, 2 ** 50);
    const bytes = size as number;
    if (!Number.isInteger(Math.log2(bytes))) {
      throw new RangeError(`bars[${index}]: expected a power of two, as BARs are, got ${bytes}`);
    }
    const bar = bytes > MIB ? large(register, bytes) : small(register, bytes);
    register += bar.prefetchable ? 2 : 1;
    return bar;
  });
  if (register > MAX_BAR_REGISTERS) {
    throw new RangeError(
      `bars: expected at most ${MAX_BAR_REGISTERS} registers (two for each BAR of more than 1 MiB), got ${register}`,
    );
  }
  return bars;
}

/** Every host bridge has to get by with the buses of one segment, whatever is drawn. */
function checkBuses(
  { rootPorts, switchLevels, fanout, functionsPerEndpoint, vfs }: Plan,
  kinds: readonly DeviceKind[],
) {
  const behindEndpointPort = Math.max(
    ...kinds.map((kind) => 1 + (lastRequesterId(functionsPerEndpoint[kind].most, vfs[kind].most) >> 8)),
  );
  let buses = 1;
  for (let port = 0; port < rootPorts.most; port++) {
    let behind = behindEndpointPort;
    // The bus of the switch's upstream port, then that of its downstream ports.
    for (let level = switchLevels.mostOf(port) - 1; level >= 0; level--) behind = 2 + fanout.mostOf(level) * behind;
    buses += behind;
  }
  if (buses <= BUSES) return;
  const most = `${rootPorts.most} root ports, ${switchLevels.most} switch levels, fanout ${fanout.most}`;
  throw new RangeError(
    `one host bridge may need ${buses} buses (${most}, ${behindEndpointPort} buses behind an endpoint's port), and ` +
      `a segment has ${BUSES}: lower rootPorts, switchLevels, fanout or vfs, and raise hostBridges or systems`,
  );
}

/** Refuses what cannot fit before any of it is counted one by one. */
function checkRows(plan: Plan, kinds: readonly DeviceKind[]) {
  if (plan.functions !== null) return;
  const { rootPorts, switchLevels, fanout, functionsPerEndpoint, vfs } = plan;
  const endpoint = Math.min(...kinds.map((kind) => functionsPerEndpoint[kind].least * (1 + vfs[kind].least)));
  let functions = 1;
  for (let port = 0; port < rootPorts.least; port++) {
    let behind = endpoint;
    for (let level = switchLevels.leastOf(port) - 1; level >= 0; level--) {
      behind = 1 + fanout.leastOf(level) * (1 + behind);
    }
    functions += 1 + behind;
  }
  const least = plan.systems * plan.hostBridges.least * functions;
  if (least > ROW_LIMIT) throw tooManyRows(`at least ${least} functions`);
}

export function tooManyRows(what: string): RangeError {
  return new RangeError(`${what}: no topology has room for them; lower functions, systems or hostBridges`);
}

/** Devices leave room for eight physical functions. */
export const FIRST_VF = 8;

/** Of an endpoint, counted from the beginning of its bus: those of virtual functions may lie on the next buses. */
export function lastRequesterId(physicalFunctions: number, vfs: number): number {
  return physicalFunctions - 1 + (vfs === 0 ? 0 : FIRST_VF + (vfs - 1) * physicalFunctions);
}
