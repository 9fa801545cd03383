import { EditError } from "../../src/edits/errors.js";
import { ReadError } from "../../src/readers/reading.js";
import { BufferError } from "../../src/topology/buffer/sections.js";
import { TopologyError } from "../../src/topology/errors.js";

/** How engines begin the messages of their own TypeErrors and RangeErrors: no caller can make anything of them. */
const ENGINE =
  /^(?:Cannot |Invalid |Maximum call stack|undefined|null|Array buffer|Offset is|Reduce of|Class extends|Iterator|object |The number |Incorrect |Too many|BigInt|Precision|toString|toFixed|repeat)|is not (?:a function|iterable|defined|a constructor|extensible|an object)|before initialization|circular structure|out of memory|unreachable|out of bounds/;

/** Whether an error is one that the documentation promises: of the domain, or of the wrong kind or size and in words. */
export function isOwnError(error: unknown): error is Error {
  if (error instanceof ReadError || error instanceof TopologyError) return true;
  if (error instanceof BufferError || error instanceof EditError) return true;
  return (error instanceof TypeError || error instanceof RangeError) && !ENGINE.test(error.message);
}

/** Does something that may fail in words, and in no other way. */
export function tolerate(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isOwnError(error)) throw error;
  }
}
