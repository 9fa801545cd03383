import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Wanted } from "../machine/protocol.js";
import { SHIPPED } from "../machine/shipped.js";
import { Copy } from "../parts/copy.js";
import "./open-panel.css";
import { emphasised, pasted, readFiles, titleOf, type SourceFile } from "./sources.js";

export interface OpenPanelProps {
  /** Counts the machines that were opened. */
  readonly edition: number;
  /** What the worker is doing; null: nothing. */
  readonly progress: string | null;
  /** Why the last attempt failed; null: it did not. */
  readonly problem: string | null;
  /** What a link asks about, in words; null: the page was not opened by one. */
  readonly question: string | null;
  /** Resolves to whether it was opened. */
  readonly onOpen: (wanted: Wanted, title: string) => Promise<boolean>;
}

const COMMAND = "sudo lspci -D -vvvnnxxxx";
const MADE_UP = 20_000;

/** The way in: a paste, files, or a machine that comes with the page. */
export function OpenPanel({ edition, progress, problem, question, onOpen }: OpenPanelProps) {
  const [files, setFiles] = useState<readonly SourceFile[]>([]);
  const [text, setText] = useState("");
  const [isAdded, setAdded] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const picker = useRef<HTMLInputElement>(null);

  /** What the next file goes with. */
  const before = isAdded ? files : [];
  const open = async (wanted: readonly SourceFile[]) => {
    setTrouble(null);
    if (wanted.length === 0) return;
    // What could not be read is not tried again with the next file.
    if (await onOpen({ kind: "files", files: wanted }, titleOf(wanted))) setFiles(wanted);
  };
  const add = async (more: readonly File[]) => {
    try {
      await open([...before, ...(await readFiles(more))]);
    } catch (error) {
      setTrouble(error instanceof Error ? error.message : String(error));
    }
  };
  const paste = (pastedText: string) => {
    if (pastedText.trim() === "") return setTrouble("There is nothing in it: paste what lspci printed.");
    setText("");
    void open([...before, pasted(pastedText, before)]);
  };
  const isOver = useDrop((dropped) => void add(dropped));
  const choose = (wanted: Wanted, title: string) => {
    setTrouble(null);
    setFiles([]);
    void onOpen(wanted, title);
  };
  const said = trouble ?? problem;
  return (
    <>
      <Fold edition={edition} said={said}>
        <div class="open">
          {edition === 0 && (
            <p class="open-claim">
              Which of a machine’s GPUs, network adapters and NVMe drives may do peer-to-peer DMA with each other, by
              which way, which bridge refuses, and what to do about it. <b>Nothing leaves this browser.</b>
            </p>
          )}
          {question !== null && (
            <p class="open-question">
              <b>This link asks: {question}</b> The machine itself is not in the link: paste or open it here.
            </p>
          )}
          <div class="open-ways">
            <div class="open-paste">
              <label for="open-text">Paste what this prints, or any other dump of a machine:</label>
              <div class="open-command">
                <code>{COMMAND}</code> <Copy label="Copy" text={() => COMMAND} />
              </div>
              <textarea
                id="open-text"
                rows={6}
                value={text}
                spellcheck={false}
                autocomplete="off"
                placeholder="0000:00:00.0 Host bridge [0600]: …"
                onInput={({ currentTarget }) => setText(currentTarget.value)}
                onPaste={(event) => {
                  const clip = event.clipboardData;
                  if (clip === null) return;
                  event.preventDefault();
                  if (clip.files.length > 0) void add([...clip.files]);
                  else paste(`${text}${clip.getData("text/plain")}`);
                }}
              />
              <div class="open-buttons">
                <button type="button" class="primary" onClick={() => paste(text)}>
                  Answer
                </button>
                <button type="button" onClick={() => picker.current!.click()}>
                  Open files…
                </button>
                <input
                  ref={picker}
                  type="file"
                  multiple
                  hidden
                  aria-label="Files of a machine"
                  onChange={({ currentTarget }) => {
                    const picked = [...(currentTarget.files ?? [])];
                    currentTarget.value = "";
                    void add(picked);
                  }}
                />
                <span class="open-hint">or drop them anywhere</span>
              </div>
              {files.length > 0 && (
                <ul class="open-sources" aria-label="What is open">
                  {files.map((file) => (
                    <li key={file.name}>
                      {file.name}{" "}
                      {files.length > 1 && (
                        <button
                          type="button"
                          aria-label={`Leave ${file.name} out`}
                          onClick={() => void open(files.filter((each) => each !== file))}
                        >
                          ✕
                        </button>
                      )}
                    </li>
                  ))}
                </ul>
              )}
              {files.length > 0 && (
                <label class="open-add">
                  <input
                    type="checkbox"
                    checked={isAdded}
                    onChange={({ currentTarget }) => setAdded(currentTarget.checked)}
                  />{" "}
                  The next one is of the same machine: put them together
                </label>
              )}
              <p class="open-hint">
                {files.length > 0 && isAdded ? (
                  <>
                    Such as <code>/proc/cpuinfo</code>, <code>/proc/iomem</code>, <code>nvidia-smi topo -m</code>, an
                    NCCL topology.
                  </>
                ) : (
                  <>
                    Also read: <code>lspci</code> of any form, tarballs of <code>/sys</code> and <code>/proc</code> (
                    <code>peerlane snapshot</code>), hwloc XML, NCCL topologies, <code>nvidia-smi topo -m</code>,{" "}
                    <code>rdma_topo</code> dumps, peerlane JSON. Files opened together are one machine.
                  </>
                )}
              </p>
            </div>
            <div class="open-shipped">
              <p id="open-shipped-title">Or look at one that comes with the page:</p>
              <ul aria-labelledby="open-shipped-title">
                {SHIPPED.map(({ name, title, line }) => (
                  <li key={name}>
                    <button type="button" onClick={() => choose({ kind: "shipped", name }, title)}>
                      <b>{title}</b>
                      <span>{line}</span>
                    </button>
                  </li>
                ))}
                <li>
                  <button
                    type="button"
                    onClick={() => choose({ kind: "made-up", functions: MADE_UP }, "A made-up machine")}
                  >
                    <b>A made-up machine</b>
                    <span>20,000 functions, to see what the page can take</span>
                  </button>
                </li>
              </ul>
            </div>
          </div>
          {said !== null && progress === null && (
            <div class="open-problem" role="alert">
              {emphasised(said).map((line) => (
                <p key={line}>{line}</p>
              ))}
            </div>
          )}
        </div>
      </Fold>
      <p class="open-progress" role="status">
        {progress === null ? "" : `${progress} …`}
      </p>
      {isOver && <div class="open-over">Drop it: it stays in this browser.</div>}
    </>
  );
}

interface FoldProps extends Pick<OpenPanelProps, "edition"> {
  /** What went wrong; null: nothing. */
  readonly said: string | null;
  readonly children: ComponentChildren;
}

/** All there is at first, put away once a machine is open, and back where something has to be said. */
function Fold({ edition, said, children }: FoldProps) {
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (details.current !== null) details.current.open = edition === 0;
  }, [edition]);
  useEffect(() => {
    if (details.current === null || said === null) return;
    details.current.open = true;
    details.current.scrollIntoView({ block: "nearest" });
  }, [said]);
  return (
    <details class={`app-open ${edition > 0 ? "" : "app-open-first"}`} ref={details} open>
      <summary tabIndex={edition > 0 ? 0 : -1}>{edition > 0 ? "Open another machine" : "Open a machine"}</summary>
      {children}
    </details>
  );
}

/** Files dropped anywhere on the page; whether some are above it now. */
function useDrop(onDrop: (files: readonly File[]) => void): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onDrop);
  latest.current = onDrop;
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") === true;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setOver(false);
      latest.current([...event.dataTransfer!.files]);
    };
    window.addEventListener("dragover", over);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", over);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);
  return isOver;
}
