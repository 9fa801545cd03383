import { isNetworkClass } from "../topology/class-code.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";
import type { Claims } from "./claims.js";
import { devicesOf, isMellanoxNic } from "./devices.js";
import { UNDECIDED } from "./dialect.js";
import { ncclPcieLetter, ncclWay, type Meeting, type NcclSwitch, type NcclWay } from "./nccl-path.js";
import { LinkCounts } from "./side-links.js";
import { Surroundings } from "./surroundings.js";

/** Functions of a topology in the letters of NCCL: as it would see the machine from its /sys. */
export function ncclClaims(topology: Topology, ids: Iterable<number>): Claims {
  const functions = [...ids];
  const view = new NcclEyes(topology);
  return {
    dialect: "nccl",
    origin: "the description",
    showsLinks: view.showsLinks,
    devices: devicesOf(topology, functions),
    letter: (row, column) => view.letter(functions[row]!, functions[column]!),
    onPcie: (row, column) => view.onPcie(functions[row]!, functions[column]!),
    why: (row, column) => view.around.meetingText(functions[row]!, functions[column]!),
  };
}

/** A machine as NCCL sees it: of the bridges above a function every second one, the rest being their ports. */
class NcclEyes {
  readonly around: Surroundings;
  readonly #nvlinks: LinkCounts;
  readonly #xgmi: LinkCounts;
  readonly #overC2c: ReadonlySet<number>;
  readonly #adapters = new Map<number, Adapter>();
  readonly #switches = new Map<number, NcclSwitch>();
  readonly #ways = new Map<number, NcclWay>();

  constructor(readonly topology: Topology) {
    this.around = new Surroundings(topology);
    this.#nvlinks = new LinkCounts(topology, "nvlink");
    this.#xgmi = new LinkCounts(topology, "xgmi");
    const attached = topology.hostAttachments.filter(({ kind }) => kind === "c2c");
    this.#overC2c = new Set(attached.map((attachment) => attachment.function));
  }

  get showsLinks(): boolean {
    return !this.#nvlinks.isEmpty || !this.#xgmi.isEmpty || this.#overC2c.size > 0;
  }

  letter(a: number, b: number): string {
    if (a === b) return "LOC";
    if (this.#nvlinks.between(a, b) > 0) return "NVL";
    if (this.#xgmi.between(a, b) > 0) return "XGMI";
    const letter = this.onPcie(a, b);
    const detour = this.#nvlinks.haveNeighbour(a, b)
      ? "NVB"
      : this.#overC2c.has(a) && this.#overC2c.has(b) && letter !== "SYS" && letter !== "NET"
        ? "C2C"
        : null;
    if (detour === null) return letter;
    // Where the ways are equally long NCCL takes the faster one; beyond one switch the detour is shorter.
    return letter === "PIX" || letter === UNDECIDED ? UNDECIDED : detour;
  }

  onPcie(a: number, b: number): string {
    const oneAdapter = a === b || this.#areOneAdapter(a, b);
    if (oneAdapter !== false) return oneAdapter === "unknown" ? UNDECIDED : "LOC";
    const meeting = () => this.#meeting(a, b);
    if (meeting() === "two-machines") return "NET";
    if (this.topology.common(a, b).bridge === "unknown") return UNDECIDED;
    return ncclPcieLetter(this.#way(a), this.#way(b), meeting);
  }

  /** NCCL takes the functions of a network adapter, virtual ones too, for ports of one. */
  #areOneAdapter(a: number, b: number): boolean | "unknown" {
    const { topology } = this;
    if (topology.systemOf(a) !== topology.systemOf(b)) return false;
    const [one, other] = [this.#adapter(a), this.#adapter(b)];
    if (one.device !== other.device) return false;
    return one.isNetwork === undefined || other.isNetwork === undefined ? "unknown" : one.isNetwork && other.isNetwork;
  }

  #adapter(id: number): Adapter {
    let adapter = this.#adapters.get(id);
    if (adapter === undefined) {
      const description = this.topology.physicalFunction(id) ?? this.topology.describe(id)!;
      adapter = { device: description.bdf.slice(0, -1), isNetwork: isNetwork(description) };
      this.#adapters.set(id, adapter);
    }
    return adapter;
  }

  #switch(id: number): NcclSwitch {
    let found = this.#switches.get(id);
    if (found === undefined) {
      found = { key: id, identity: identityOf(this.topology.registers(id)!) };
      this.#switches.set(id, found);
    }
    return found;
  }

  #way(id: number): NcclWay {
    let way = this.#ways.get(id);
    if (way === undefined) {
      const path = [...this.topology.path(id)];
      // The last is the host bridge, which is no node.
      const nodes = path.filter((_, at) => at > 0 && at % 2 === 0 && at < path.length - 1);
      way = ncclWay(nodes.map((node) => this.#switch(node)));
      this.#ways.set(id, way);
    }
    return way;
  }

  /** A CPU is what is near one NUMA node; functions that Linux knows none for share one, too. */
  #meeting(a: number, b: number): Meeting {
    const { topology, around } = this;
    if (topology.systemOf(a) !== topology.systemOf(b)) return "two-machines";
    const { sameHostBridge } = topology.common(a, b);
    if (sameHostBridge === true) return "one-cpu";
    if (sameHostBridge === "unknown") return "unknown";
    const [one, other] = [around.numaNode(a), around.numaNode(b)];
    if (one !== undefined && other !== undefined) return one === other ? "one-cpu" : "two-cpus";
    return around.sameNode(a, b) === true ? "one-cpu" : "unknown";
  }
}

/** What tells whether functions are ports of one network adapter. */
interface Adapter {
  /** Its address without the function. */
  readonly device: string;
  /** Undefined: not shown. */
  readonly isNetwork: boolean | undefined;
}

/** Undefined: not shown. */
function isNetwork(description: FunctionDescription): boolean | undefined {
  if (description.class !== undefined) return isNetworkClass(description.class);
  return isMellanoxNic(description) ? true : undefined;
}

function identityOf({ vendor, device, subsystemVendor, subsystemDevice }: FunctionDescription) {
  return { vendor, device, subsystemVendor, subsystemDevice };
}
