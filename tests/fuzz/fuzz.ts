import { Random } from "../../src/random.js";
import type { Coverage } from "./coverage.js";
import { mutant } from "./mutate.js";
import type { Target } from "./targets.js";

export interface FuzzOptions {
  readonly seed: number;
  /** Stops after so many executions, */
  readonly executions: number;
  /** or so many milliseconds, whichever is first; missing: no matter how long it takes. */
  readonly milliseconds?: number;
  /** What is mutated; missing: the seeds of the target. */
  readonly corpus?: readonly Uint8Array[];
  /** Inputs that reach what none before reached are mutated further. To count what is reached takes most of the time. */
  readonly coverage?: Coverage;
  /** Called with each input before it is run. */
  readonly before?: (bytes: Uint8Array) => void;
  /** Called for an input that an error other than ours came out of; missing: it is thrown. */
  readonly found?: (error: unknown, bytes: Uint8Array) => void;
}

export interface FuzzResult {
  readonly executions: number;
  /** Inputs that are mutated: seeds, and those that reached something new. */
  readonly corpus: readonly Uint8Array[];
  /** The input that took longest, in milliseconds. */
  readonly slowest: { readonly milliseconds: number; readonly bytes: Uint8Array };
}

const LONGEST = 3072;

/** Coverage is looked at after so many inputs: to look takes as long as to run some of them. */
const BATCH = 1024;

/** Who it was that reached something new is looked for in groups first. */
const GROUP = 32;

/** An input of which an error came out that is not ours. */
export class Finding extends Error {
  override readonly name = "Finding";
  constructor(cause: unknown, bytes: Uint8Array) {
    const start = new TextDecoder().decode(bytes.subarray(0, 400));
    const said = cause instanceof Error ? cause.stack : String(cause);
    super(`${said}\nof ${bytes.length} bytes that begin with ${JSON.stringify(start)}`, { cause });
  }
}

/** Runs a target on its seeds, and then on what mutation makes of them. */
export async function fuzz(target: Target, options: FuzzOptions): Promise<FuzzResult> {
  const { seed, executions, milliseconds = Infinity, coverage, before, found } = options;
  const random = new Random(seed, 0);
  const corpus = [...(options.corpus ?? (await target.seeds()))];
  const longest = target.longest ?? LONGEST;
  const end = performance.now() + milliseconds;
  let slowest: FuzzResult["slowest"] = { milliseconds: 0, bytes: new Uint8Array() };
  const execute = async (bytes: Uint8Array) => {
    before?.(bytes);
    const start = performance.now();
    try {
      const pending = target.run(bytes);
      if (pending !== undefined) await pending;
    } catch (error) {
      if (found === undefined) throw new Finding(error, bytes);
      found(error, bytes);
    }
    const took = performance.now() - start;
    if (took > slowest.milliseconds) slowest = { milliseconds: took, bytes };
  };
  for (const each of corpus) await execute(each);
  if (coverage !== undefined) coverage.add(coverage.news());
  let done = corpus.length;
  while (done < executions && performance.now() < end) {
    const batch = Array.from({ length: Math.min(BATCH, executions - done) }, () => {
      // Those that came last have been tried least.
      const recent = corpus.slice(-16);
      return mutant(random.below(2) === 0 ? recent : corpus, random, longest);
    });
    for (const bytes of batch) await execute(bytes);
    done += batch.length;
    if (coverage === undefined || coverage.news().length === 0) continue;
    for (let at = 0; at < batch.length; at += GROUP) {
      const group = batch.slice(at, at + GROUP);
      for (const bytes of group) await execute(bytes);
      done += group.length;
      if (coverage.news().length === 0) continue;
      for (const bytes of group) {
        await execute(bytes);
        const news = coverage.news();
        coverage.add(news);
        if (news.length > 0) corpus.push(bytes);
      }
      done += group.length;
    }
  }
  return { executions: done, corpus, slowest };
}
