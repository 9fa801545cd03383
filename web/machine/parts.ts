import type { PlacedBox, PlacedEdge, PlacedGroup } from "../../src/writers/pictures/svg-layout.js";
import type { OutlineRow, PictureView } from "./protocol.js";

/*
 * Long answers in pieces, of which the page takes in one after the other without a pause that a person would notice.
 */

/** A piece of an outline, or of a picture. */
export type Part =
  | { readonly kind: "rows"; readonly rows: readonly OutlineRow[] }
  | { readonly kind: "boxes"; readonly group: PlacedGroup };

const PART = 500;

/** The pieces of an answer; returns what is left of it. */
export function* takeApart(answer: unknown): Generator<Part, unknown> {
  if (Array.isArray(answer)) {
    const rows = answer as readonly OutlineRow[];
    for (let at = 0; at < rows.length; at += PART) yield { kind: "rows", rows: rows.slice(at, at + PART) };
    return [];
  }
  if (!isPicture(answer)) return answer;
  for (const group of answer.layout.groups) {
    const { boxes, edges } = group;
    for (let at = 0; at === 0 || at < Math.max(boxes.length, edges.length); at += PART) {
      const some = { boxes: boxes.slice(at, at + PART), edges: edges.slice(at, at + PART) };
      yield { kind: "boxes", group: { ...group, ...some } };
    }
  }
  return { ...answer, layout: { ...answer.layout, groups: [] } } satisfies PictureView;
}

/** Pieces of one answer, as they come in. */
export class Parts {
  readonly #rows: OutlineRow[] = [];
  readonly #groups: PlacedGroup[] = [];

  add(part: Part): void {
    if (part.kind === "rows") {
      this.#rows.push(...part.rows);
      return;
    }
    const { group } = part;
    const last = this.#groups.at(-1);
    // Groups stand below one another.
    if (last === undefined || last.y !== group.y) {
      this.#groups.push({ ...group, boxes: [...group.boxes], edges: [...group.edges] });
    } else {
      (last.boxes as PlacedBox[]).push(...group.boxes);
      (last.edges as PlacedEdge[]).push(...group.edges);
    }
  }

  /** The whole answer. */
  with(rest: unknown): unknown {
    if (Array.isArray(rest)) return this.#rows;
    return isPicture(rest)
      ? ({ ...rest, layout: { ...rest.layout, groups: this.#groups } } satisfies PictureView)
      : rest;
  }
}

function isPicture(answer: unknown): answer is PictureView {
  return typeof answer === "object" && answer !== null && "layout" in answer;
}
