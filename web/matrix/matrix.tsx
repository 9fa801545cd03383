import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Choice, MatrixHead, MatrixView } from "../machine/protocol.js";
import { differs, kindOf, labelOf, legendOf, markOf, shortTitle } from "./cell.js";
import "./matrix.css";
import { moveBy, scrollTo, windowOf } from "./window.js";

export interface MatrixProps {
  readonly view: MatrixView;
  readonly choice: Choice;
  /** Ids: provider and client. */
  readonly pair: readonly [number, number] | null;
  readonly onChoose: (choice: Choice) => void;
  readonly onPick: (provider: number, client: number) => void;
  /** In one sentence. */
  readonly reasonOf: (provider: number, client: number) => Promise<string>;
}

const CHOICES: readonly (readonly [Choice, string])[] = [
  ["talking", "devices that talk to each other"],
  ["gpu", "GPUs"],
  ["nic", "network adapters"],
  ["nvme", "NVMe drives"],
  ["endpoint", "all endpoints"],
  ["all", "all functions"],
];

/** All ordered pairs as a heat map: rows own the memory, columns do the DMA. */
export function Matrix({ view, choice, pair, onChoose, onPick, reasonOf }: MatrixProps) {
  const { ids, left, rules, granted, changes } = view;
  return (
    <>
      <div class="matrix-bar">
        <span>
          <label for="matrix-choice">Between</label>{" "}
          <select
            id="matrix-choice"
            value={choice}
            onChange={({ currentTarget }) => onChoose(CHOICES.find(([each]) => each === currentTarget.value)![0])}
          >
            {CHOICES.map(([each, words]) => (
              <option key={each} value={each}>
                {words}
              </option>
            ))}
          </select>
        </span>
        <span>
          Rows own the memory (provider), columns do the DMA (client).
          {left > 0 && ` ${left.toLocaleString("en-US")} more have no room here: choose fewer.`}
        </span>
      </div>
      {changes !== null && (
        <p class="matrix-changes">
          {changes.certain + changes.learned === 0
            ? `None of these ${changes.pairs} ordered pairs would change.`
            : `${changes.certain + changes.learned} of ${changes.pairs} ordered pairs would change: they have a corner.`}
        </p>
      )}
      {ids.length === 0 ? (
        <p>There are no such functions here.</p>
      ) : (
        <Grid view={view} pair={pair} onPick={onPick} reasonOf={reasonOf} />
      )}
      <dl class="matrix-legend">
        {legendOf(view).map(([mark, meaning, kind]) => (
          <div key={mark}>
            <dt class={`matrix-mark matrix-${kind}`}>{mark}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <details class="matrix-rules">
        <summary>By the rules of {rules}</summary>
        <ul>
          {granted.length === 0 && <li>Nothing was guessed or taken for granted.</li>}
          {granted.map((fact) => (
            <li key={fact}>Taken for granted: {fact}.</li>
          ))}
        </ul>
      </details>
    </>
  );
}

/** Pixels, as matrix.css has them. */
const CELL = 34;
const HEAD = 132;

type GridProps = Pick<MatrixProps, "view" | "pair" | "onPick" | "reasonOf">;

/** Only the cells in sight are in the document: there may be a million. */
function Grid({ view, pair, onPick, reasonOf }: GridProps) {
  const { ids, heads, now, before } = view;
  const count = ids.length;
  const scroller = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: 0, left: 0, height: 600, width: 800, side: 0 });
  const [active, setActive] = useState<readonly [number, number]>([0, Math.min(1, count - 1)]);
  const [pointed, setPointed] = useState<readonly [number, number] | null>(null);
  const [isFocused, setFocused] = useState(false);

  const look = () => {
    const element = scroller.current;
    // Gone while its size was about to be told.
    if (element === null) return;
    const { scrollTop, scrollLeft, clientHeight, clientWidth } = element;
    const side = element.querySelector<HTMLElement>(".matrix-corner")!.offsetWidth;
    setSight({ top: scrollTop, left: scrollLeft, height: clientHeight, width: clientWidth, side });
  };
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    setActive(([row, column]) => [Math.min(row, count - 1), Math.min(column, count - 1)]);
  }, [count]);
  const places = pair?.map((id) => ids.indexOf(id)) ?? [];
  const chosen = places.length === 2 && !places.includes(-1) ? (places as [number, number]) : null;
  useEffect(() => {
    if (chosen !== null) bring(chosen);
  }, [chosen?.[0], chosen?.[1]]);

  const bring = ([row, column]: readonly [number, number]) => {
    setActive([row, column]);
    const element = scroller.current!;
    const side = element.querySelector<HTMLElement>(".matrix-corner")!.offsetWidth;
    element.scrollTop = scrollTo(element.scrollTop, element.clientHeight - HEAD, CELL, row);
    element.scrollLeft = scrollTo(element.scrollLeft, element.clientWidth - side, CELL, column);
  };
  const rows = windowOf(sight.top, Math.max(sight.height - HEAD, CELL), CELL, count);
  const columns = windowOf(sight.left, Math.max(sight.width - sight.side, CELL), CELL, count);
  const range = ({ from, to }: typeof rows) => Array.from({ length: to - from }, (_, place) => from + place);
  const shown = pointed ?? (isFocused ? active : null);
  // Where there is but one segment, its number says nothing.
  const isOneSegment = useMemo(() => heads.every(({ bdf }) => bdf.startsWith("0000:")), [heads]);
  const bdfOf = (place: number) => heads[place]!.bdf.slice(isOneSegment ? "0000:".length : 0);
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return pickAt(active);
    }
    const page = Math.max(1, Math.floor((sight.height - HEAD) / CELL) - 1);
    const next = moveBy(event.key, event.ctrlKey || event.metaKey, active, count, page);
    if (next === null) return;
    event.preventDefault();
    setPointed(null);
    bring(next);
  };
  const pickAt = ([row, column]: readonly [number, number]) => {
    if (row !== column) onPick(ids[row]!, ids[column]!);
  };
  const cellAt = (event: Event): readonly [number, number] | null => {
    const cell = (event.target as Element).closest<HTMLElement>("[data-row]");
    return cell === null ? null : [Number(cell.dataset["row"]), Number(cell.dataset["column"])];
  };

  return (
    <div class="matrix-frame">
      <div
        ref={scroller}
        class="matrix-scroller"
        role="grid"
        tabIndex={0}
        aria-label="Who may reach whom: rows own the memory, columns do the DMA"
        aria-rowcount={count + 1}
        aria-colcount={count + 1}
        aria-activedescendant={cellId(...active)}
        onScroll={look}
        onKeyDown={press}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onPointerOver={(event) => event.pointerType === "mouse" && setPointed(cellAt(event))}
        onPointerLeave={() => setPointed(null)}
        onClick={(event) => {
          const cell = cellAt(event);
          if (cell === null) return;
          setActive(cell);
          pickAt(cell);
        }}
      >
        <div
          class="matrix-heads"
          role="row"
          aria-rowindex={1}
          style={{ width: `calc(var(--side) + ${count * CELL}px)` }}
        >
          <div class="matrix-corner" role="columnheader" aria-colindex={1}>
            <span class="matrix-corner-client">client →</span>
            <span>provider ↓</span>
          </div>
          <div class="matrix-gap" role="none" style={{ width: `${columns.from * CELL}px` }} />
          {range(columns).map((column) => (
            <div
              key={column}
              class={`matrix-column ${chosen?.[1] === column || shown?.[1] === column ? "matrix-lit" : ""}`}
              role="columnheader"
              aria-colindex={column + 2}
              title={fullName(heads[column]!)}
            >
              <span class="matrix-title">{shortTitle(heads[column]!.title)}</span>
              <span class="matrix-bdf">{bdfOf(column)}</span>
            </div>
          ))}
        </div>
        <div class="matrix-body" role="rowgroup" style={{ height: `${count * CELL}px` }}>
          {range(rows).map((row) => (
            <div
              key={row}
              class="matrix-row"
              role="row"
              aria-rowindex={row + 2}
              style={{ top: `${row * CELL}px`, width: `calc(var(--side) + ${count * CELL}px)` }}
            >
              <div
                class={`matrix-rowhead ${chosen?.[0] === row || shown?.[0] === row ? "matrix-lit" : ""}`}
                role="rowheader"
                aria-colindex={1}
                title={fullName(heads[row]!)}
              >
                <span class="matrix-title">{heads[row]!.title}</span>
                <span class="matrix-bdf">{bdfOf(row)}</span>
              </div>
              <div class="matrix-gap" role="none" style={{ width: `${columns.from * CELL}px` }} />
              {range(columns).map((column) => {
                const at = row * count + column;
                const isChanged = before !== null && differs(now, before, at);
                const marks = [
                  `matrix-cell matrix-${kindOf(now, at)}`,
                  isChanged ? "matrix-changed" : "",
                  chosen?.[0] === row && chosen[1] === column ? "matrix-chosen" : "",
                  isFocused && active[0] === row && active[1] === column ? "matrix-active" : "",
                ];
                return (
                  <div
                    key={column}
                    id={cellId(row, column)}
                    class={marks.filter((mark) => mark !== "").join(" ")}
                    role="gridcell"
                    aria-colindex={column + 2}
                    aria-selected={chosen?.[0] === row && chosen[1] === column}
                    aria-label={labelOf(view, row, column)}
                    data-row={row}
                    data-column={column}
                  >
                    {markOf(now, at)}
                  </div>
                );
              })}
            </div>
          ))}
        </div>
      </div>
      <Reason view={view} cell={shown} isPointed={pointed !== null} sight={sight} reasonOf={reasonOf} />
    </div>
  );
}

function cellId(row: number, column: number): string {
  return `matrix-${row}-${column}`;
}

function fullName({ title, bdf }: MatrixHead): string {
  return `${title} (${bdf})`;
}

/** A pointer that only passes asks nothing. */
const REST_MS = 60;

interface ReasonProps extends Pick<MatrixProps, "view" | "reasonOf"> {
  readonly cell: readonly [number, number] | null;
  readonly isPointed: boolean;
  readonly sight: { readonly top: number; readonly left: number; readonly height: number; readonly side: number };
}

/** Why a cell is as it is: beside the cell, and read out where the keyboard led there. */
function Reason({ view, cell, isPointed, sight, reasonOf }: ReasonProps) {
  const [reason, setReason] = useState<{ readonly about: string; readonly text: string } | null>(null);
  const known = useRef(new Map<string, string>());
  useEffect(() => {
    known.current.clear();
    setReason(null);
  }, [view]);
  const about = cell === null ? "" : cell.join(" ");
  useEffect(() => {
    if (cell === null) return;
    const before = known.current.get(about);
    if (before !== undefined) return setReason({ about, text: before });
    let isWanted = true;
    const rest = setTimeout(() => {
      const [row, column] = cell;
      const keep = known.current;
      reasonOf(view.ids[row]!, view.ids[column]!).then(
        (text) => {
          keep.set(about, text);
          if (isWanted) setReason({ about, text });
        },
        (error: unknown) => isWanted && setReason({ about, text: String(error) }),
      );
    }, REST_MS);
    return () => {
      isWanted = false;
      clearTimeout(rest);
    };
  }, [about, view]);
  const text = cell !== null && reason?.about === about ? reason.text : "";
  const isLow = cell !== null && cell[0] * CELL - sight.top + HEAD + 3 * CELL > sight.height;
  return (
    <>
      {text !== "" && cell !== null && (
        <div
          class={`matrix-reason ${isLow ? "matrix-reason-above" : ""}`}
          style={{
            top: `${HEAD + (isLow ? cell[0] : cell[0] + 1) * CELL - sight.top}px`,
            left: `clamp(0px, ${sight.side + cell[1] * CELL - sight.left - 120}px, calc(100% - 20rem))`,
          }}
          aria-hidden="true"
        >
          {text}
        </div>
      )}
      <div class="visually-hidden" role="status">
        {isPointed ? "" : text}
      </div>
    </>
  );
}
