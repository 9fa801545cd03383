import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Address } from "./address/address.js";
import { Answer } from "./answer/answer.js";
import { Glance } from "./answer/glance.js";
import "./app.css";
import type { Choice, Opened, OutlineRow, Settings, Wanted } from "./machine/protocol.js";
import { SHIPPED } from "./machine/shipped.js";
import { Matrix } from "./matrix/matrix.js";
import { OpenPanel } from "./open/open-panel.js";
import { Outline } from "./outline/outline.js";
import { Picture } from "./picture/picture.js";
import { AS_IT_IS, formatQuestion, questionText, readQuestion, settingsFor, type Question } from "./question.js";
import { Share } from "./share/share.js";
import { summaryOf, summaryParts } from "./summary.js";
import { ThemeButton } from "./theme-button.js";
import { useHash } from "./use-hash.js";
import { useOpen, useViews, useWorker } from "./use-machine.js";
import { WhatIf } from "./what-if/what-if.js";

const NOWHERE: Settings = { ...AS_IT_IS, system: 0 };

/** What is in sight, and what was asked about it. The worker knows the machine. */
export function App() {
  const [question, setQuestion] = useState<Question>(() => readQuestion(location.hash));
  const { client, progress } = useWorker();
  const machine = useOpen(client);
  const { opened, edition, opening, problem } = machine;
  const [title, setTitle] = useState("");
  const [settings, setSettings] = useState<Settings>(NOWHERE);
  const [choice, setChoice] = useState<Choice>("talking");
  const [pair, setPair] = useState<readonly [number, number] | null>(null);
  /** Picked alone: the first of a pair to be. */
  const [first, setFirst] = useState<string | null>(null);
  const [address, setAddress] = useState(question.address);
  const [shown, setShown] = useState<{ readonly bdf: string } | null>(null);
  const { matrix, outline, picture, asked } = useViews(client, machine, settings, choice, pair);
  const rows = outline.value ?? NO_ROWS;
  const byBdf = useMemo(() => new Map(rows.map((row) => [row.bdf, row])), [rows]);
  const bridges = useMemo(() => rows.filter(({ acs }) => acs !== null), [rows]);
  const byId = useMemo(() => new Map(rows.map((row) => [row.id, row])), [rows]);

  const open = async (wanted: Wanted, name: string, about = question): Promise<boolean> => {
    const now = await machine.open(wanted);
    if (now === null) return false;
    setTitle(name);
    setSettings(settingsFor(about, now.systems));
    setPair(null);
    setFirst(null);
    setChoice("talking");
    setQuestion((before) => ({ ...before, machine: wanted.kind === "shipped" ? wanted.name : null }));
    return true;
  };
  const openShipped = (name: string, about: Question) =>
    open({ kind: "shipped", name }, SHIPPED.find((each) => each.name === name)?.title ?? name, about);
  useEffect(() => {
    if (question.machine !== null) void openShipped(question.machine, question);
  }, []);

  // A machine just opened answers the link's question, or shows what is most telling about it.
  const settled = useRef(0);
  useEffect(() => {
    if (settled.current === edition || matrix.value === null || rows.length === 0) return;
    settled.current = edition;
    const [a, b] = question.pair?.map((bdf) => byBdf.get(bdf)?.id) ?? [];
    setPair(a !== undefined && b !== undefined ? [a, b] : matrix.value.telltale);
  }, [edition, matrix.value, rows]);

  useHash((hash) => {
    const next = readQuestion(hash);
    const isOther = next.machine !== null && next.machine !== question.machine;
    setQuestion({ ...next, machine: next.machine ?? question.machine });
    setAddress(next.address);
    if (isOther) return void openShipped(next.machine, next);
    if (opened === null) return;
    const [a, b] = next.pair?.map((bdf) => byBdf.get(bdf)?.id) ?? [];
    const to = settingsFor(next, opened.systems);
    changeSettings(to);
    setFirst(null);
    if (a !== undefined && b !== undefined && to.system === settings.system) setPair([a, b]);
  });

  // What was just asked about is answered at its top.
  const side = useRef<HTMLDivElement>(null);
  useEffect(() => side.current?.scrollTo({ top: 0 }), [pair?.[0], pair?.[1]]);

  const named = pair?.map((id) => byId.get(id)?.bdf ?? "");
  const chosen = first !== null ? [first] : (named ?? []);
  const [there, back] = asked.value?.ways ?? [];
  const isAnswered = first === null && asked.value !== null;
  const path = isAnswered ? [...new Set([...there!.path, ...back!.path])] : [];
  const culprits = isAnswered ? [...new Set([...there!.culprits, ...back!.culprits])] : [];

  const pick = (bdf: string) => {
    const row = byBdf.get(bdf);
    if (row === undefined || row.depth === 0) return;
    if (first === null) return setFirst(bdf);
    setFirst(null);
    const other = byBdf.get(first);
    if (other !== undefined && other !== row) setPair([other.id, row.id]);
  };
  const turn = (bdf: string, redirects: boolean) => {
    const { [bdf]: _, ...others } = settings.redirects;
    const isBack = settings.redirects[bdf] !== undefined && settings.redirects[bdf] !== redirects;
    setSettings({ ...settings, redirects: isBack ? others : { ...others, [bdf]: redirects } });
  };
  const changeSettings = (next: Settings) => {
    if (next.system !== settings.system) {
      setPair(null);
      setFirst(null);
      settled.current = edition - 1;
    }
    setSettings(next);
  };

  const system = opened?.systems[settings.system];
  const asking: Question = {
    pair: named === undefined ? null : [named[0]!, named[1]!],
    address,
    system: opened !== null && opened.systems.length > 1 ? (system?.name ?? null) : null,
    machine: question.machine,
    settings,
  };
  const hash = formatQuestion(asking);
  useEffect(() => {
    if (opened !== null && named !== undefined) history.replaceState(null, "", `#${hash}`);
  }, [hash, opened]);

  return (
    <div class="app">
      <header class="app-header">
        <h1 class="app-brand">
          peerlane<span class="app-claim"> may these two devices reach each other?</span>
        </h1>
        <ThemeButton />
      </header>
      <main>
        <OpenPanel
          edition={edition}
          progress={opening ? (progress ?? "reading") : null}
          problem={problem}
          question={opened === null ? questionText(question) : null}
          onOpen={open}
        />
        {opened !== null && system !== undefined && (
          <div class="app-main" key={edition}>
            <Heading title={title} opened={opened} settings={settings} onChange={changeSettings}>
              {matrix.value !== null && (
                <ul class="app-summary" aria-label="All ordered pairs of devices">
                  {matrix.value.ids.length > 1 && (
                    <li class="app-pairs">
                      {matrix.value.ids.length.toLocaleString("en-US")} devices, each to each other:
                    </li>
                  )}
                  {summaryParts(summaryOf(matrix.value.counts)).map(({ kind, text }) => (
                    <li key={kind} class={`app-count app-count-${kind}`}>
                      {text}
                    </li>
                  ))}
                </ul>
              )}
            </Heading>
            <Panel name="picture" title="The machine" problem={picture.problem} isWaiting={picture.value === null}>
              {picture.value !== null && (
                <Picture
                  view={picture.value}
                  chosen={chosen}
                  path={path}
                  culprits={culprits}
                  shown={shown}
                  onPick={pick}
                />
              )}
            </Panel>
            <div class="app-side" ref={side}>
              <Panel
                name="answer"
                title="The answer"
                problem={asked.problem}
                isWaiting={pair !== null && asked.value === null}
              >
                <p class="app-next" role="status">
                  {first === null
                    ? pair === null && "Pick two devices: in the picture, the list or the matrix."
                    : `${first} is picked: pick another device.`}
                </p>
                {asked.value !== null && (
                  <Answer
                    asked={asked.value}
                    rowOf={(bdf) => byBdf.get(bdf)}
                    onTurn={turn}
                    onShow={(bdf) => setShown({ bdf })}
                  />
                )}
              </Panel>
              <Panel name="what-if" title="What if" problem={null} isWaiting={false}>
                <WhatIf
                  system={system}
                  settings={settings}
                  bridges={bridges}
                  changes={matrix.value?.changes ?? null}
                  path={path}
                  culprits={culprits}
                  onChange={changeSettings}
                  onTurn={turn}
                />
              </Panel>
              <Panel name="address" title="Whose address is it?" problem={null} isWaiting={false}>
                <Address
                  key={question.address}
                  initial={address}
                  ownerOf={(text) => client.owner(settings, text)}
                  onAsk={setAddress}
                  onShow={(bdf) => setShown({ bdf })}
                />
              </Panel>
              <Panel name="share" title="Take it with you" problem={null} isWaiting={false}>
                <Share
                  link={`${location.origin}${location.pathname}#${hash}`}
                  report={() => client.report(settings, pair)}
                  redacted={() => client.redacted()}
                />
              </Panel>
            </div>
            <Panel name="matrix" title="Who may reach whom" problem={matrix.problem} isWaiting={matrix.value === null}>
              {matrix.value !== null && (
                <Matrix
                  view={matrix.value}
                  choice={choice}
                  pair={pair}
                  onChoose={setChoice}
                  onPick={(provider, client) => {
                    setFirst(null);
                    setPair([provider, client]);
                  }}
                  reasonOf={(provider, initiator) => client.reason(settings, provider, initiator)}
                />
              )}
            </Panel>
            <Panel name="outline" title="Everything in it" problem={outline.problem} isWaiting={outline.value === null}>
              {outline.value !== null && (
                <Outline
                  rows={outline.value}
                  chosen={chosen}
                  path={path}
                  culprits={culprits}
                  shown={shown}
                  onPick={(bdf) => {
                    setShown({ bdf });
                    pick(bdf);
                  }}
                  onTurn={turn}
                />
              )}
            </Panel>
          </div>
        )}
      </main>
      {isAnswered && <Glance asked={asked.value!} of="answer" />}
      <footer class="app-footer">
        Nothing leaves this browser: no server is asked, nothing is stored. The same answers on the command line:{" "}
        <code>npx peerlane</code>.
      </footer>
    </div>
  );
}

const NO_ROWS: readonly OutlineRow[] = [];

interface HeadingProps {
  readonly title: string;
  readonly opened: Opened;
  readonly settings: Settings;
  readonly onChange: (settings: Settings) => void;
  readonly children: preact.ComponentChildren;
}

/** Which machine it is, and what it comes to in one line. */
function Heading({ title, opened, settings, onChange, children }: HeadingProps) {
  const { systems, findings } = opened;
  const { name, functions, facts, complete } = systems[settings.system]!;
  const whole = complete === true ? "" : complete === "likely" ? ", likely all" : ", there may be others";
  return (
    <div class="app-heading">
      <h2 class="app-title">{systems.length === 1 ? (name ?? title) : title}</h2>
      {systems.length > 1 && (
        <div class="app-system">
          <label for="system">System</label>{" "}
          <select
            id="system"
            value={settings.system}
            onChange={({ currentTarget }) =>
              onChange({ ...settings, redirects: {}, system: Number(currentTarget.value) })
            }
          >
            {systems.map((system, place) => (
              <option key={place} value={place}>
                {system.name ?? `system ${place}`}
              </option>
            ))}
          </select>
        </div>
      )}
      <p class="app-facts">
        {[`${functions.toLocaleString("en-US")} functions${whole}`, ...facts].map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </p>
      {children}
      {findings.length > 0 && (
        <details class="app-findings">
          <summary>
            {findings.length === 1 ? "1 thing is odd about it" : `${findings.length} things are odd about it`}
          </summary>
          <ul>
            {findings.map((finding) => (
              <li key={finding}>{finding}</li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

interface PanelProps {
  readonly name: string;
  readonly title: string;
  readonly problem: string | null;
  readonly isWaiting: boolean;
  readonly children: preact.ComponentChildren;
}

/** A card with a heading; what went wrong in place of what it would show. */
function Panel({ name, title, problem, isWaiting, children }: PanelProps) {
  return (
    <section
      id={name}
      class={`app-panel app-${name}`}
      tabIndex={-1}
      aria-labelledby={`${name}-title`}
      aria-busy={isWaiting && problem === null}
    >
      <h3 id={`${name}-title`} class="app-panel-title">
        {title}
      </h3>
      {problem !== null && (
        <p class="app-problem" role="alert">
          {problem}
        </p>
      )}
      {children}
    </section>
  );
}
