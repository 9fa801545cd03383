import type { Call, MachineWorker, OutlineRow, PictureView, Told } from "./protocol.js";
import type { PlacedBox, PlacedEdge, PlacedGroup } from "../../src/writers/pictures/svg-layout.js";

/** The worker's methods as the page calls them. */
export type MachineClient = {
  [Method in keyof MachineWorker]: (
    ...args: Parameters<MachineWorker[Method]>
  ) => Promise<ReturnType<MachineWorker[Method]>>;
};

interface Pending {
  readonly method: keyof MachineWorker;
  readonly rows: OutlineRow[];
  readonly groups: PlacedGroup[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A worker that answers. Answers come in the order of the questions.
 *
 * @param onProgress gets a few words on what the worker is doing.
 */
export function connect(worker: Worker, onProgress: (what: string) => void): MachineClient {
  const pending = new Map<number, Pending>();
  let calls = 0;
  worker.addEventListener("message", ({ data }: MessageEvent<Told>) => {
    const waiting = pending.get(data.call);
    if (waiting === undefined) return;
    switch (data.kind) {
      case "progress":
        return onProgress(data.what);
      case "rows":
        return void waiting.rows.push(...data.rows);
      case "boxes":
        return addPart(waiting.groups, data.group);
      case "done":
        pending.delete(data.call);
        return waiting.resolve(whole(waiting, data.value));
      case "failed":
        pending.delete(data.call);
        return waiting.reject(new Error(data.message));
    }
  });
  // A worker that could not even start, or ran out of memory, answers nothing.
  worker.addEventListener("error", (event) => {
    for (const { reject } of pending.values()) reject(new Error(event.message || "the worker of this page stopped"));
    pending.clear();
  });
  const call = (method: keyof MachineWorker, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      const number = ++calls;
      pending.set(number, { method, rows: [], groups: [], resolve, reject });
      worker.postMessage({ call: number, method, args } satisfies Call);
    });
  return new Proxy({} as MachineClient, {
    get:
      (_, method) =>
      (...args: unknown[]) =>
        call(method as keyof MachineWorker, args),
  });
}

/** Puts a part of a group behind those of the same group that came before it. */
function addPart(groups: PlacedGroup[], part: PlacedGroup): void {
  const last = groups.at(-1);
  if (last === undefined || last.y !== part.y) groups.push({ ...part, boxes: [...part.boxes], edges: [...part.edges] });
  else {
    (last.boxes as PlacedBox[]).push(...part.boxes);
    (last.edges as PlacedEdge[]).push(...part.edges);
  }
}

/** What came in parts, put together. */
function whole({ method, rows, groups }: Pending, value: unknown): unknown {
  if (method === "outline") return rows;
  if (method !== "picture") return value;
  const view = value as PictureView;
  return { ...view, layout: { ...view.layout, groups } } satisfies PictureView;
}
