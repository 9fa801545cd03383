import { EditError } from "../../src/edits/errors.js";
import { ReadError } from "../../src/readers/reading.js";
import { BufferError } from "../../src/topology/buffer/sections.js";
import { TopologyError } from "../../src/topology/errors.js";
import type { PlacedGroup } from "../../src/writers/pictures/svg-layout.js";
import type { Call, OutlineRow, PictureView, Told } from "./protocol.js";
import { Session } from "./session.js";
import { shippedFile } from "./shipped-files.js";
import { SHIPPED } from "./shipped.js";

/** So many rows or boxes the page takes in without a pause that a person would notice. */
const PART = 500;

let current = 0;
const tell = (told: Told) => self.postMessage(told);

const session = new Session({
  onProgress: (what) => tell({ call: current, kind: "progress", what }),
  async shipped(name) {
    const machine = SHIPPED.find((each) => each.name === name);
    if (machine === undefined) {
      const names = SHIPPED.map((each) => each.name).join(", ");
      throw new RangeError(`no machine named "${name}" comes with this page; there are ${names}`);
    }
    return { name: machine.file.slice(machine.file.lastIndexOf("/") + 1), bytes: await shippedFile(machine.file) };
  },
});

// One question after another: an answer depends on what was opened before it was asked.
let before: Promise<void> = Promise.resolve();
self.addEventListener("message", ({ data }: MessageEvent<Call>) => {
  before = before.then(() => answer(data));
});

async function answer({ call, method, args }: Call): Promise<void> {
  current = call;
  try {
    const value = await (session[method] as (...args: readonly unknown[]) => Promise<unknown>).apply(session, [
      ...args,
    ]);
    tell({ call, kind: "done", value: inParts(call, value) });
  } catch (error) {
    tell({ call, kind: "failed", message: sentenceOf(error) });
  }
}

/** Sends what is large piece by piece, and returns the rest. */
function inParts(call: number, value: unknown): unknown {
  if (Array.isArray(value)) {
    const rows = value as readonly OutlineRow[];
    for (let at = 0; at < rows.length; at += PART) tell({ call, kind: "rows", rows: rows.slice(at, at + PART) });
    return null;
  }
  if (!isPicture(value)) return value;
  for (const group of value.layout.groups)
    for (const part of partsOf(group)) tell({ call, kind: "boxes", group: part });
  return { ...value, layout: { ...value.layout, groups: [] } } satisfies PictureView;
}

function isPicture(value: unknown): value is PictureView {
  return typeof value === "object" && value !== null && "layout" in value;
}

/** A group with some of its boxes and edges after the other. */
function* partsOf(group: PlacedGroup): Generator<PlacedGroup> {
  const { boxes, edges } = group;
  for (let at = 0; at === 0 || at < Math.max(boxes.length, edges.length); at += PART) {
    yield { ...group, boxes: boxes.slice(at, at + PART), edges: edges.slice(at, at + PART) };
  }
}

const MOST_PROBLEMS = 10;

/** What is wrong, for people. */
function sentenceOf(error: unknown): string {
  if (error instanceof TopologyError) {
    const shown = error.problems.slice(0, MOST_PROBLEMS).map(({ message }) => message);
    const more = error.problems.length - shown.length;
    return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join("\n");
  }
  const isExpected = [ReadError, EditError, BufferError, RangeError].some((kind) => error instanceof kind);
  const message = error instanceof Error ? error.message : String(error);
  if (isExpected) return message;
  return `${message}\nThis is a fault of the page, not of your file: please report it, with what you did.`;
}
