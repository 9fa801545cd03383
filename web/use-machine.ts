import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { connect, type MachineClient } from "./machine/client.js";
import workerAddress from "./machine/worker.ts?worker&url";
import type {
  Asked,
  Choice,
  MatrixView,
  Opened,
  OutlineRow,
  PictureView,
  Settings,
  Wanted,
} from "./machine/protocol.js";

/**
 * A worker that is loaded by its address has no policy for content but what the host sends along with it, and many send
 * none. One that is made here has that of the page: what it imports comes from beside the page, and it can ask no other host.
 */
function startWorker(): Worker {
  const program = new Blob([`import ${JSON.stringify(new URL(workerAddress, document.baseURI).href)};`], {
    type: "text/javascript",
  });
  return new Worker(URL.createObjectURL(program), { type: "module", name: "machine" });
}

/** The worker of this page, which lives as long as the page does. */
export function useWorker(): { readonly client: MachineClient; readonly progress: string | null } {
  const [progress, setProgress] = useState<string | null>(null);
  const client = useMemo(() => {
    const worker = startWorker();
    return connect(worker, setProgress);
  }, []);
  return { client, progress };
}

/** A machine as it was opened; `opening` while the worker reads it. */
export interface OpenMachine {
  readonly opened: Opened | null;
  /** Counts the machines of this page, so that answers about an earlier one are told apart. */
  readonly edition: number;
  readonly opening: boolean;
  readonly problem: string | null;
  readonly open: (wanted: Wanted) => Promise<Opened | null>;
}

export function useOpen(client: MachineClient): OpenMachine {
  const [state, setState] = useState<Omit<OpenMachine, "open">>({
    opened: null,
    edition: 0,
    opening: false,
    problem: null,
  });
  const open = async (wanted: Wanted): Promise<Opened | null> => {
    setState((before) => ({ ...before, opening: true, problem: null }));
    try {
      const opened = await client.open(wanted);
      setState(({ edition }) => ({ opened, edition: edition + 1, opening: false, problem: null }));
      return opened;
    } catch (error) {
      // What was open before still is.
      setState((before) => ({ ...before, opening: false, problem: messageOf(error) }));
      return null;
    }
  };
  return { ...state, open };
}

/** An answer, and the question that it answers; an answer stays in sight until the next one is there. */
export interface Answered<Value> {
  readonly value: Value | null;
  readonly problem: string | null;
}

/**
 * Asks whenever what is asked about changes, and forgets answers to what is no longer asked.
 *
 * @param edition of the machine: its change forgets the answer at once.
 * @param ask null: there is nothing to ask.
 */
export function useAnswer<Value>(
  edition: number,
  ask: (() => Promise<Value>) | null,
  about: readonly unknown[],
): Answered<Value> {
  const [state, setState] = useState<Answered<Value> & { readonly edition: number }>({
    value: null,
    problem: null,
    edition,
  });
  const latest = useRef(0);
  useEffect(() => {
    const turn = ++latest.current;
    if (ask === null) {
      setState({ value: null, problem: null, edition });
      return;
    }
    ask().then(
      (value) => turn === latest.current && setState({ value, problem: null, edition }),
      (error: unknown) => turn === latest.current && setState({ value: null, problem: messageOf(error), edition }),
    );
  }, [edition, ask === null, ...about]);
  return state.edition === edition ? state : { value: null, problem: null };
}

/** Everything that is in sight of an open machine. */
export interface Views {
  readonly matrix: Answered<MatrixView>;
  readonly outline: Answered<readonly OutlineRow[]>;
  readonly picture: Answered<PictureView>;
  readonly asked: Answered<Asked>;
}

export function useViews(
  client: MachineClient,
  { opened, edition }: OpenMachine,
  settings: Settings,
  choice: Choice,
  pair: readonly [number, number] | null,
): Views {
  const isOpen = opened !== null;
  // In the order in which a person looks: the worker answers one question after another.
  const matrix = useAnswer(edition, isOpen ? () => client.matrix(settings, choice) : null, [settings, choice]);
  const asked = useAnswer(edition, isOpen && pair !== null ? () => client.ask(settings, ...pair) : null, [
    settings,
    pair?.[0],
    pair?.[1],
  ]);
  // Another IOMMU mode takes a boot, and what a boot leaves in ACS is for the kernel to say.
  const drawn = [settings.system, settings.redirects, settings.iommu, settings.kernel];
  const outline = useAnswer(edition, isOpen ? () => client.outline(settings) : null, drawn);
  const picture = useAnswer(edition, isOpen ? () => client.picture(settings) : null, drawn);
  return { matrix, outline, picture, asked };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
