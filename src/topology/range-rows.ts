import { TermsTable, type RangeSource, type Terms } from "../core.js";
import { ADDRESS_LIMIT, formatHex, parseAddress } from "./address.js";
import type { Problem } from "./errors.js";
import type { Finding } from "./finding.js";

/** Where a range may end at most: beyond it the core has the one segment that is never anybody's. */
const LAST_END = ADDRESS_LIMIT - 2n;

/** A range of CPU physical addresses, and whose it is. */
export interface Range {
  readonly system: number;
  readonly start: bigint;
  readonly size: bigint;
  /** Id of the function, bridge or host bridge; outside PCI its place among the surroundings of the system. */
  readonly owner: number;
}

export interface RangeRow extends Range {
  readonly terms: Terms;
}

/** Collects ranges of described numbers, those that no address space can hold left out with a word. */
export class RangeRows {
  readonly rows: RangeRow[] = [];

  constructor(
    private readonly problems: Problem[],
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

  /** Columns for the core with room for `more` rows, which the caller fills in. */
  source(table: TermsTable, more = 0): RangeSource {
    const { rows } = this;
    const count = rows.length + more;
    const source = {
      system: new Uint32Array(count),
      start: new BigUint64Array(count),
      size: new BigUint64Array(count),
      owner: new Uint32Array(count),
      terms: new Uint32Array(count),
    };
    rows.forEach((row, index) => {
      source.system[index] = row.system;
      source.start[index] = row.start;
      source.size[index] = row.size;
      source.owner[index] = row.owner;
      source.terms[index] = table.row(row.terms);
    });
    return source;
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
