import { DIRECTIONS, TRANSLATIONS, type Addresses } from "../../core.js";
import type { Policy } from "../../policy/policy.js";
import { Inbound } from "../../topology/inbound.js";
import { SpanReader, type Span } from "../../topology/span.js";
import type { Topology } from "../../topology/topology.js";
import { CODE_NUMBERS, rule, ROUTES, type Ruling } from "../ruling.js";
import { rulePlatform, type InboundState } from "./ruling.js";
import { reachOf, translationIn } from "./map.js";
import type { Answered, MapColumns, Overlay } from "../map-many.js";

const STATES: readonly InboundState[] = ["open", "closed", "unknown"];
const [OPEN, CLOSED, UNKNOWN] = [0, 1, 2];

/**
 * A second pass over requests in columns: those of functions to devices outside PCI, which the core leaves open, get the
 * answer that they would get one at a time.
 */
export class PlatformOverlay implements Overlay {
  /** By direction, then state of the inbound windows. */
  readonly #rulings: readonly (readonly Ruling[])[];
  /** By ordinal of the host bridge; those that state no windows are missing. */
  readonly #inbound: ReadonlyMap<number, Inbound>;

  constructor(
    private readonly topology: Topology,
    policy: Policy,
  ) {
    const ends = { initiator: "pci", owner: "platform" } as const;
    this.#rulings = DIRECTIONS.map((way) => STATES.map((state) => rulePlatform(policy, ends, way, state)));
    this.#inbound = new Map([...topology.inbound].map(([root, windows]) => [root, new Inbound(windows)]));
  }

  /** Whether it may change any answer of the core: only then is there anything to look for. */
  get matters(): boolean {
    return this.#inbound.size > 0 || this.#rulings.some((states) => states[UNKNOWN]!.code !== "PLATFORM_OWNER");
  }

  apply({ initiator, address, size, direction }: Answered, into: MapColumns): void {
    const reader = new SpanReader(address, size);
    for (let row = 0; row < initiator.length; row++) {
      if (into.code[row] !== LEFT_OPEN) continue;
      const way = typeof direction === "number" ? direction : direction[row]!;
      const span = reader.read(row);
      this.#answer(row, initiator[row]!, span, this.#rulings[way]!, into);
    }
  }

  #answer(row: number, initiator: number, span: Span, rulings: readonly Ruling[], into: MapColumns): void {
    const { topology } = this;
    const inbound = this.#inbound.get(topology.core.host(initiator));
    const state = inbound === undefined ? UNKNOWN : inbound.holds(span) ? OPEN : CLOSED;
    let ruling = rulings[state]!;
    if (ruling.code === null) {
      const translation = translationIn(topology, topology.systemOf(initiator));
      const reach = reachOf(translation, span, topology.core.dmaBits(initiator));
      if (reach !== "yes") ruling = reach === "unknown" ? MASK_UNKNOWN : MASK;
      if (into.translation !== undefined) into.translation[row] = TRANSLATIONS.indexOf(translation);
      if (reach === "yes" && translation === "none" && into.dmaAddress !== undefined) put(into.dmaAddress, row, span);
    }
    into.route[row] = ROUTES.indexOf(ruling.route);
    into.code[row] = CODE_NUMBERS.indexOf(ruling.code);
  }
}

/** The one answer that another look may change. */
const LEFT_OPEN = CODE_NUMBERS.indexOf("PLATFORM_OWNER");

const UNDECIDED = { outcomes: 0, relation: "self", path: "direct" } as const;
const MASK = rule("dma-mask", UNDECIDED);
const MASK_UNKNOWN = rule("dma-mask-unknown", UNDECIDED);

/** The first address of a span into a row. */
function put(column: Addresses, row: number, [high, low]: Span): void {
  if (column instanceof Float64Array) {
    column[row] = high! * 2 ** 32 + low!;
    return;
  }
  const words = new Uint32Array(column.buffer, column.byteOffset + 8 * row, 2);
  [words[0], words[1]] = [low!, high!];
}
