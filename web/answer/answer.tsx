import { NEWEST_KERNEL } from "../../src/policy/linux.js";
import type { Asked, OutlineRow, Way } from "../machine/protocol.js";
import { Copy } from "../parts/copy.js";
import { Switch } from "../parts/switch.js";
import { Words } from "../parts/words.js";
import "./answer.css";
import { isAlike, missingGroups, planSentence, sentenceOf } from "./sentence.js";

export interface AnswerProps {
  readonly asked: Asked;
  /** What the outline says of a function or host bridge. */
  readonly rowOf: (bdf: string) => OutlineRow | undefined;
  /** Turns the redirection of a bridge on or off. */
  readonly onTurn: (bdf: string, redirects: boolean) => void;
  /** Brings a function into sight. */
  readonly onShow: (bdf: string) => void;
}

/** Two devices, both ways: what is answered, by which way, who is at fault, and what to do. */
export function Answer({ asked, rowOf, onTurn, onShow }: AnswerProps) {
  const [there, back] = asked.ways;
  const isOne = isAlike(there.document, back.document);
  const culprits = [...new Set([...there.culprits, ...back.culprits])];
  return (
    <div class="answer">
      <div role="status">
        {isOne ? (
          <Said way={there} rowOf={rowOf} isBothWays />
        ) : (
          <>
            <Said way={there} rowOf={rowOf} />
            <Said way={back} rowOf={rowOf} />
          </>
        )}
      </div>
      <Path way={there} culprits={culprits} rowOf={rowOf} onTurn={onTurn} onShow={onShow} />
      <Remedy asked={asked} />
      <details class="answer-more">
        <summary>In the words of the command line</summary>
        <Words lines={there.text} />
        <Words lines={back.text} />
      </details>
    </div>
  );
}

type RowOf = AnswerProps["rowOf"];

/** Beside the colour, for those who do not see it. */
export const SIGNS = { good: "✓", doubtful: "✓", bad: "✕", unknown: "?" } as const;

function Said({ way, rowOf, isBothWays = false }: { way: Way; rowOf: RowOf; isBothWays?: boolean }) {
  const { document } = way;
  const { kind, word, why } = sentenceOf(document);
  const provider = <Called name={document.provider} rowOf={rowOf} />;
  const client = <Called name={document.client} rowOf={rowOf} />;
  return (
    <div class={`answer-said answer-${kind}`}>
      <p class="answer-about">
        {isBothWays ? (
          <>
            {provider} and {client}, both ways
          </>
        ) : (
          <>
            DMA by {client} to the memory of {provider}
          </>
        )}
      </p>
      <p class="answer-word">
        <span class="answer-sign" aria-hidden="true">
          {SIGNS[kind]}
        </span>{" "}
        {word}
      </p>
      <p class="answer-why">
        {why}
        {document.code !== null && <code class="answer-code">{document.code}</code>}
      </p>
      {document.memory !== "ok" && document.memory !== "unknown" && document.verdict !== "no" && (
        <p class="answer-why">The provider's memory: {MEMORY[document.memory]}.</p>
      )}
      {document.pcie !== null && (
        <p class="answer-why">PCIe alone: {sentenceOf({ ...document, ...document.pcie, link: null }).word}.</p>
      )}
    </div>
  );
}

const MEMORY: Readonly<Record<string, string>> = {
  off: "its decoding is off, so that nothing would answer",
  unassigned: "no address is assigned to it",
  none: "it has none that others can reach",
  withheld: "its exporter hands none of it out",
};

/** By its name for people and for PCI: a server has eight of the same. */
function Called({ name, rowOf }: { readonly name: string; readonly rowOf: RowOf }) {
  const row = rowOf(name.slice(name.lastIndexOf("/") + 1));
  return (
    <span>
      {row !== undefined && <b>{row.alias || row.label || row.what} </b>}
      <code class="answer-bdf">{name}</code>
    </span>
  );
}

interface PathProps extends Pick<AnswerProps, "rowOf" | "onTurn" | "onShow"> {
  readonly way: Way;
  readonly culprits: readonly string[];
}

/** The way, a step a line: each can be looked at, and each bridge be turned. */
function Path({ way, culprits, rowOf, onTurn, onShow }: PathProps) {
  const { path, document } = way;
  const faults = new Map(
    document.culprits.map(({ bdf, what, bits }) => [bdf, bits.length > 0 ? bits.join(" ") : what]),
  );
  return (
    <ol class="answer-path" aria-label="The way, from provider to client">
      {path.map((bdf, index) => {
        const row = rowOf(bdf);
        const isCulprit = culprits.includes(bdf);
        const end = index === 0 ? "provider" : index === path.length - 1 ? "client" : null;
        const redirects = row?.acs?.canTurn && row.acs.redirects !== "unknown" ? row.acs.redirects : null;
        return (
          <li key={bdf} class={`answer-step ${isCulprit ? "answer-culprit" : ""} ${end === null ? "" : "answer-end"}`}>
            <button type="button" class="answer-name" onClick={() => onShow(bdf)} title="Show it in the picture">
              {bdf}
            </button>
            <span class="answer-what">
              {[end, end === null ? row?.what : row?.alias || row?.label || row?.what].filter(Boolean).join(", ")}
              {bdf === document.common && ", common bridge"}
            </span>
            {isCulprit && (
              <span class="answer-fault">
                <span aria-hidden="true">✕ </span>
                {row?.acs?.bits ? `redirects: ${row.acs.bits}` : (faults.get(bdf) ?? "refuses")}
              </span>
            )}
            {row !== undefined && redirects !== null && (
              <Switch
                label={`${bdf} redirects peer-to-peer requests`}
                isOn={redirects}
                onTurn={(isOn) => onTurn(bdf, isOn)}
              />
            )}
          </li>
        );
      })}
    </ol>
  );
}

/** What to do, or what to show. */
function Remedy({ asked: { fix, ways } }: { readonly asked: Asked }) {
  const missing = [...new Set(ways.flatMap(({ document }) => document.missing))];
  const hints = [...new Set(ways.flatMap(({ document }) => document.hints.map(({ text }) => text)))];
  const plan = fix !== null && fix.document.changes.length > 0 ? fix : null;
  if (missing.length + hints.length === 0 && plan === null) return null;
  return (
    <div class="answer-remedy">
      {missing.length > 0 && <h4>To know it</h4>}
      {missingGroups(missing).map(({ where, what }) => (
        <div key={where} class="answer-missing">
          {where !== "" && <p>From {where}:</p>}
          <List texts={what} />
        </div>
      ))}
      {(plan !== null || hints.length > 0) && <h4>What to do</h4>}
      {plan === null ? <List texts={hints} /> : <Plan plan={plan} />}
    </div>
  );
}

function List({ texts }: { readonly texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <ul>
      {texts.map((text) => (
        <li key={text}>{text}</li>
      ))}
    </ul>
  );
}

/** Which bits have to change, and what changes them. */
function Plan({ plan: { document, text } }: { readonly plan: NonNullable<Asked["fix"]> }) {
  const { parameter, byKernel, boot, temporary, hints, warnings } = document;
  const isOnBoot = parameter !== null || byKernel !== null;
  return (
    <>
      <p>{planSentence(document)}</p>
      {parameter !== null && <Parameter text={parameter} about="from the next boot on" />}
      {byKernel !== null && byKernel.newest !== null && (
        <Parameter text={byKernel.newest} about={`from the next boot on, Linux ${NEWEST_KERNEL}`} />
      )}
      {byKernel !== null && <Parameter text={byKernel.older} about="from the next boot on, before Linux 6.11" />}
      {byKernel !== null && <p>Which kernel runs is not shown: choose it under “What if”.</p>}
      {isOnBoot && <List texts={(boot?.replaces ?? []).map((old) => `in place of '${old}', which is there now`)} />}
      {!isOnBoot && <p>No kernel parameter of this release does it.</p>}
      {!isOnBoot && temporary.length > 0 && (
        <Command lines={temporary.map(({ command }) => command)} about="until the next reset, as root" />
      )}
      <List texts={[...new Set([...warnings, ...hints.map((hint) => hint.text)])]} />
      <details class="answer-more">
        <summary>Boot loaders, a test until reset, and what it costs</summary>
        <Words lines={text} />
      </details>
    </>
  );
}

interface CopiedProps {
  /** When it holds. */
  readonly about: string;
}

/** In quotes: a shell ends a command at `;`. */
function Parameter({ text, about }: CopiedProps & { readonly text: string }) {
  return (
    <div class="answer-parameter">
      <span class="answer-what">{about}</span>
      <code>'{text}'</code>
      <Copy label="Copy" text={() => text} />
    </div>
  );
}

function Command({ lines, about }: CopiedProps & { readonly lines: readonly string[] }) {
  return (
    <div class="answer-parameter">
      <span class="answer-what">{about}</span>
      <code class="answer-lines">{lines.join("\n")}</code>
      <Copy label="Copy" text={() => lines.join("\n")} />
    </div>
  );
}
