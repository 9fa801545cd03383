import { RangeBuilder, type Build, type PlainRange, type Terms, type TermsTable } from "../core.js";
import { ADDRESS_LIMIT, formatHex, parseAddress } from "./address.js";
import type { Problem, Problems } from "./errors.js";
import type { Finding } from "./finding.js";

/** Where a range may end at most: beyond it the core has the one segment that is never anybody's. */
const LAST_END = ADDRESS_LIMIT - 2n;

/** A range of CPU physical addresses, and whose it is: outside PCI its place among the surroundings of the system. */
export type Range = Omit<PlainRange, "terms">;

/** Collects ranges of described numbers, those that no address space can hold left out with a word. */
export class RangeRows {
  readonly rows: PlainRange[] = [];

  constructor(
    private readonly problems: Problems,
    private readonly findings: Finding[],
  ) {}

  /** @param label who claims the range, for problems and findings. */
  add(label: string, range: Range, terms: Terms): void {
    const { start } = range;
    let { size } = range;
    if (size === 0n) return;
    if (start + size > 1n << 64n) {
      this.problem("RANGE_WRAPS", `${label}: ${formatHex(size)} bytes at ${formatHex(start)} end beyond 2^64`, label);
      return;
    }
    if (start + size > LAST_END) {
      if (isCertain(terms)) {
        this.findings.push({
          code: "ADDRESS_TOO_HIGH",
          message: `${label} at ${formatHex(start)} ends at or above 2^63; no CPU addresses that, it is left out`,
          functions: namesIn(label),
        });
        return;
      }
      size = LAST_END - start;
      if (size <= 0n) return;
    }
    this.rows.push({ ...range, size, terms });
  }

  number(value: string | number, label: string): bigint | null {
    const parsed =
      typeof value === "number"
        ? Number.isSafeInteger(value) && value >= 0
          ? BigInt(value)
          : null
        : parseAddress(value);
    if (parsed === null) {
      this.problem(
        "BAD_NUMBER",
        `${label}: expected an address or size such as "0xf9000000", got ${JSON.stringify(value)}`,
        label,
      );
    }
    return parsed;
  }

  problem(code: Problem["code"], message: string, label: string): void {
    this.problems.push({ code, message, functions: namesIn(label) });
  }

  /** The columns of the core with these rows, and room for `more` behind them, which the caller fills in. */
  builder(table: TermsTable, systems: number, more = 0, build?: Build): RangeBuilder {
    const builder = new RangeBuilder(this.rows.length + more, systems, build);
    this.rows.forEach((row, index) => builder.put(index, row, table.row(row.terms)));
    return builder;
  }

  /** One byte per system: whether anything but windows claims addresses of it. */
  addressed(systems: number): Uint8Array {
    const addressed = new Uint8Array(systems);
    for (const { system, terms } of this.rows) if (terms.kind !== "window") addressed[system] = 1;
    return addressed;
  }
}

/** False where a range is what a BAR of unknown place or size may cover. */
export function isCertain({ rank }: Terms): boolean {
  return rank !== "maybe" && rank !== "unsized";
}

/** The functions and host bridges that a label mentions. */
function namesIn(label: string): string[] {
  return label.match(/[0-9a-f]{4,8}:[0-9a-f]{2}(?::[0-9a-f]{2}\.[0-7])?/g) ?? [];
}
