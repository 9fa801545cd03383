import {
  DOWNSTREAM_PORT,
  GPUS,
  HOST_FUNCTION,
  NIC,
  NVME,
  ROOT_PORT,
  UPSTREAM_PORT,
  type Device,
  type DeviceKind,
  type Part,
} from "./devices.js";
import { FIRST_VF, lastRequesterId, type Plan } from "./plan.js";
import { Random } from "../random.js";
import type { Place, Rows } from "./rows.js";

/** Walks the machines of a plan: host bridges, root ports, switches, endpoints. */
export function walkMachines(plan: Plan, rows: Rows): void {
  new Walk(plan, rows).systems();
}

/** Buses are numbered as an enumerator does: depth first, from the root bus of the host bridge. */
class Walk {
  readonly #random: Random;
  #devices: Readonly<Record<DeviceKind, Device>>;
  /** The last bus that has been handed out. */
  #bus = 0;
  /** Endpoints below this host bridge so far. */
  #endpoints = 0;

  constructor(
    private readonly plan: Plan,
    private readonly rows: Rows,
  ) {
    this.#random = new Random(plan.facts.seed, 0);
    this.#devices = this.#drawDevices();
  }

  systems(): void {
    const { plan, rows } = this;
    for (let system = 0; system < plan.systems && !rows.full; system++) {
      rows.system();
      this.#devices = this.#drawDevices();
      const hostBridges = plan.hostBridges.take(this.#random, system);
      for (let ordinal = 0; ordinal < hostBridges && !rows.full; ordinal++) this.#hostBridge(ordinal);
    }
  }

  #hostBridge(ordinal: number): void {
    const { plan, rows } = this;
    this.#bus = 0;
    this.#endpoints = 0;
    const root = rows.hostBridge();
    rows.part(root, 0, HOST_FUNCTION);
    const rootPorts = plan.rootPorts.take(this.#random, ordinal);
    for (let port = 0; port < rootPorts; port++) {
      const levels = plan.switchLevels.take(this.#random, port);
      this.#port(root, requesterId(0, port + 1), ROOT_PORT, 0, levels);
    }
    rows.closeHostBridge(this.#bus + 1);
  }

  /** A root port or downstream port with what is behind it, `levels` - `level` switches deep. */
  #port(above: Place, id: number, part: Part, level: number, levels: number): void {
    const port = this.rows.part(above, id, part);
    const secondary = ++this.#bus;
    if (level < levels) this.#switch(port, secondary, level, levels);
    else this.#endpoint(port, secondary);
    this.rows.buses(port, secondary, this.#bus);
  }

  #switch(above: Place, bus: number, level: number, levels: number): void {
    const upstream = this.rows.part(above, requesterId(bus, 0), UPSTREAM_PORT);
    const secondary = ++this.#bus;
    const ports = this.plan.fanout.take(this.#random, level);
    for (let device = 0; device < ports; device++) {
      this.#port(upstream, requesterId(secondary, device), DOWNSTREAM_PORT, level + 1, levels);
    }
    this.rows.buses(upstream, secondary, this.#bus);
  }

  #endpoint(above: Place, bus: number): void {
    const { plan, rows } = this;
    const ordinal = this.#endpoints++;
    const kind = plan.kindOf(this.#random, ordinal);
    const device = this.#devices[kind];
    const functions = plan.functionsPerEndpoint[kind].take(this.#random, ordinal);
    const vfs = plan.vfs[kind].take(this.#random, ordinal);
    const first = requesterId(bus, 0);
    const physical: Place[] = [];
    for (let pf = 0; pf < functions; pf++) physical.push(rows.endpoint(above, first + pf, device, vfs));
    for (let pf = 0; pf < functions; pf++) {
      for (let vf = 0; vf < vfs; vf++) {
        rows.virtualFunction(above, first + pf + FIRST_VF + vf * functions, device, physical[pf]!);
      }
    }
    this.#bus = bus + (lastRequesterId(functions, vfs) >> 8);
  }

  /** The GPUs of one machine are alike. */
  #drawDevices(): Readonly<Record<DeviceKind, Device>> {
    return { gpu: GPUS[this.#random.below(GPUS.length)]!, nic: NIC, nvme: NVME, accelerator: this.plan.accelerator };
  }
}

function requesterId(bus: number, device: number): number {
  return (bus << 8) | (device << 3);
}
