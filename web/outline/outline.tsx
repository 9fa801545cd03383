import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { OutlineRow } from "../machine/protocol.js";
import { scrollTo, windowOf } from "../matrix/window.js";
import { Switch } from "../parts/switch.js";
import "./outline.css";
import { linesOf, parentOf, search, unfolded, type Line } from "./tree.js";

export interface OutlineProps {
  readonly rows: readonly OutlineRow[];
  readonly chosen: readonly string[];
  readonly path: readonly string[];
  readonly culprits: readonly string[];
  readonly shown: { readonly bdf: string } | null;
  readonly onPick: (bdf: string) => void;
  /** Turns the redirection of a bridge on or off. */
  readonly onTurn: (bdf: string, redirects: boolean) => void;
}

/** Pixels, as outline.css has them. */
const ROW = 30;

/** Everything there is, as a tree that can be searched: for the keyboard, for ears, and for those who like lists. */
export function Outline({ rows, chosen, path, culprits, shown, onPick, onTurn }: OutlineProps) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const [wanted, setWanted] = useState("");
  const [active, setActive] = useState(0);
  const [sight, setSight] = useState({ top: 0, height: 400 });
  const [isFocused, setFocused] = useState(false);
  const tree = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => linesOf(rows, folded), [rows, folded]);
  const found = useMemo(() => search(rows, wanted), [rows, wanted]);
  const isFound = useMemo(() => new Set(found), [found]);
  const at = Math.max(
    0,
    lines.findIndex(({ place }) => place === active),
  );

  const look = () => {
    // Gone while its size was about to be told.
    if (tree.current !== null) setSight({ top: tree.current.scrollTop, height: tree.current.clientHeight });
  };
  useEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    observer.observe(tree.current!);
    return () => observer.disconnect();
  }, []);
  /** Into sight, whatever is folded. */
  const go = (place: number) => {
    const open = unfolded(rows, folded, place);
    setFolded(open);
    setActive(place);
    const line = linesOf(rows, open).findIndex((each) => each.place === place);
    const element = tree.current!;
    element.scrollTop = scrollTo(element.scrollTop, element.clientHeight, ROW, line);
  };
  useEffect(() => {
    const place = shown === null ? -1 : rows.findIndex(({ bdf }) => bdf === shown.bdf);
    if (place >= 0) go(place);
  }, [shown]);

  const fold = (line: Line, isFolded: boolean) => {
    const next = new Set(folded);
    if (isFolded) next.add(line.row.bdf);
    else next.delete(line.row.bdf);
    setFolded(next);
  };
  const typed = useRef({ text: "", when: 0 });
  const press = (event: KeyboardEvent) => {
    const line = lines[at];
    if (line === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const to = (index: number) => go(lines[Math.max(0, Math.min(lines.length - 1, index))]!.place);
    switch (event.key) {
      case "ArrowDown":
        to(at + 1);
        break;
      case "ArrowUp":
        to(at - 1);
        break;
      case "PageDown":
        to(at + Math.floor(sight.height / ROW));
        break;
      case "PageUp":
        to(at - Math.floor(sight.height / ROW));
        break;
      case "Home":
        to(0);
        break;
      case "End":
        to(lines.length - 1);
        break;
      case "ArrowRight":
        if (line.isFolded) fold(line, false);
        else if (line.isParent) to(at + 1);
        break;
      case "ArrowLeft":
        if (line.isParent && !line.isFolded) fold(line, true);
        else if (line.row.depth > 0) go(parentOf(rows, line.place));
        break;
      case "Enter":
        onPick(line.row.bdf);
        break;
      case " ":
        if (canTurn(line.row)) onTurn(line.row.bdf, line.row.acs!.redirects !== true);
        else onPick(line.row.bdf);
        break;
      default:
        if (event.key.length !== 1) return;
        typeAhead(event.key, event.timeStamp);
    }
    event.preventDefault();
  };
  /** The next row that has what was typed without a pause. */
  const typeAhead = (letter: string, when: number) => {
    typed.current = { text: when - typed.current.when < 700 ? typed.current.text + letter : letter, when };
    const { text } = typed.current;
    const from = text.length === 1 ? at + 1 : at;
    const order = [...lines.slice(from), ...lines.slice(0, from)];
    const next = order.find(({ row }) => startsWith(row, text.toLowerCase()));
    if (next !== undefined) go(next.place);
  };
  const nextFound = () => {
    const next = found.find((place) => place > active) ?? found[0];
    if (next !== undefined) go(next);
  };

  const { from, to } = windowOf(sight.top, sight.height, ROW, lines.length);
  return (
    <div class="outline">
      <form
        class="outline-search"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          nextFound();
        }}
      >
        <input
          type="search"
          value={wanted}
          placeholder="find: 41:00, nvme, mellanox, root port …"
          aria-label="Find a function"
          onInput={({ currentTarget }) => setWanted(currentTarget.value)}
        />
        <button type="submit">Next</button>
        <span role="status">
          {wanted.trim() === ""
            ? ""
            : `${found.length.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")}`}
        </span>
      </form>
      <div
        ref={tree}
        class="outline-tree"
        role="tree"
        tabIndex={0}
        aria-label="Every function, below what it hangs"
        aria-activedescendant={lines[at] === undefined ? undefined : lineId(lines[at].place)}
        onScroll={look}
        onKeyDown={press}
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
      >
        <div class="outline-space" role="none" style={{ height: `${lines.length * ROW}px` }}>
          {lines.slice(from, to).map((line, index) => (
            <Row
              key={line.place}
              line={line}
              top={(from + index) * ROW}
              isActive={isFocused && line.place === active}
              isFound={isFound.has(line.place)}
              chosen={chosen.indexOf(line.row.bdf)}
              isOnPath={path.includes(line.row.bdf)}
              isCulprit={culprits.includes(line.row.bdf)}
              onFold={() => fold(line, !line.isFolded)}
              onPick={() => {
                setActive(line.place);
                onPick(line.row.bdf);
              }}
              onTurn={onTurn}
            />
          ))}
        </div>
      </div>
      <p class="outline-help">
        Enter picks a device, arrows fold and unfold, the space bar turns a bridge's redirection; what is typed is
        looked for.
      </p>
    </div>
  );
}

interface RowProps extends Pick<OutlineProps, "onTurn"> {
  readonly line: Line;
  readonly top: number;
  readonly isActive: boolean;
  readonly isFound: boolean;
  /** 0: the first that was chosen, 1: the second, -1: neither. */
  readonly chosen: number;
  readonly isOnPath: boolean;
  readonly isCulprit: boolean;
  readonly onFold: () => void;
  readonly onPick: () => void;
}

function Row({ line, top, isActive, isFound, chosen, isOnPath, isCulprit, onFold, onPick, onTurn }: RowProps) {
  const { row, place, isParent, isFolded, position, siblings } = line;
  const { bdf, depth, alias, what, label, memory, link, acs } = row;
  const classes = [
    "outline-row",
    isActive ? "outline-active" : "",
    isFound ? "outline-found" : "",
    isOnPath ? "outline-path" : "",
    chosen >= 0 ? "outline-chosen" : "",
    isCulprit ? "outline-culprit" : "",
  ];
  return (
    <div
      id={lineId(place)}
      class={classes.filter((name) => name !== "").join(" ")}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={position}
      aria-setsize={siblings}
      aria-expanded={isParent ? !isFolded : undefined}
      aria-selected={chosen >= 0}
      style={{ top: `${top}px`, paddingLeft: `${depth * 16 + 4}px` }}
      onClick={onPick}
    >
      <span
        class="outline-fold"
        aria-hidden="true"
        onClick={(event) => {
          if (!isParent) return;
          event.stopPropagation();
          onFold();
        }}
      >
        {isParent ? (isFolded ? "▸" : "▾") : ""}
      </span>
      {chosen >= 0 && (
        <b class="outline-letter">
          <span class="visually-hidden">chosen as </span>
          {chosen === 0 ? "A" : "B"}
        </b>
      )}{" "}
      <code class="outline-bdf">{bdf}</code> {alias !== "" && <b>{alias}</b>} <span class="outline-what">{what}</span>{" "}
      {[label, memory, link].map((text) => text !== "" && <span class="outline-label">{text} </span>)}
      {acs?.redirects === "unknown" && <span class="outline-unknown">ACS ?</span>}
      {acs?.bits && <span class="outline-acs">ACS {acs.bits}</span>}{" "}
      {isCulprit && <span class="outline-fault">in the way</span>}
      {isOnPath && !isCulprit && <span class="visually-hidden">on the way</span>}
      {canTurn(row) && (
        <span class="outline-turn" onClick={(event) => event.stopPropagation()}>
          <Switch
            label={`${bdf} redirects peer-to-peer requests`}
            isOn={acs!.redirects === true}
            isInTree
            onTurn={(isOn) => onTurn(bdf, isOn)}
          />
        </span>
      )}
    </div>
  );
}

function lineId(place: number): string {
  return `outline-${place}`;
}

function canTurn({ acs }: OutlineRow): boolean {
  return acs !== null && acs.canTurn && acs.redirects !== "unknown";
}

function startsWith({ bdf, alias, what, label }: OutlineRow, text: string): boolean {
  return [bdf, bdf.replace(/^0000:/, ""), alias, what, label].some((each) => each.toLowerCase().startsWith(text));
}
