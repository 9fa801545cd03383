import { Parts } from "./parts.js";
import type { Call, MachineWorker, Told } from "./protocol.js";

/** The worker's methods as the page calls them. */
export type MachineClient = {
  [Method in keyof MachineWorker]: (
    ...args: Parameters<MachineWorker[Method]>
  ) => Promise<ReturnType<MachineWorker[Method]>>;
};

/** What the page needs of a worker. */
export interface Port {
  postMessage(call: Call): void;
  addEventListener(type: "message", listener: (event: { readonly data: Told }) => void): void;
  addEventListener(type: "error" | "messageerror", listener: (event: object) => void): void;
}

interface Question extends Call {
  readonly parts: Parts;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** What is in sight: of several such questions that wait, the answer to the last alone is wanted. */
const VIEWS: readonly (keyof MachineWorker)[] = ["matrix", "ask", "outline", "picture", "reason"];

/**
 * A worker that answers one question after another, in their order: an answer depends on what was opened before.
 *
 * @param onProgress gets a few words on what the worker is doing.
 */
export function connect(worker: Port, onProgress: (what: string) => void): MachineClient {
  const waiting: Question[] = [];
  let asked: Question | null = null;
  let stopped: Error | null = null;
  let calls = 0;

  const next = () => {
    if (asked !== null) return;
    asked = waiting.shift() ?? null;
    if (asked !== null) worker.postMessage({ call: asked.call, method: asked.method, args: asked.args });
  };
  const settle = (how: (question: Question) => void) => {
    const question = asked!;
    asked = null;
    how(question);
    next();
  };
  worker.addEventListener("message", ({ data }) => {
    if (data.call !== asked?.call) return;
    switch (data.kind) {
      case "progress":
        return onProgress(data.what);
      case "rows":
      case "boxes":
        return asked.parts.add(data);
      case "done":
        return settle(({ parts, resolve }) => resolve(parts.with(data.value)));
      case "failed":
        return settle(({ reject }) => reject(new Error(data.message)));
    }
  });
  // A worker that could not start, or ran out of memory, answers nothing any more.
  const stop = (event: object) => {
    const why = "message" in event && typeof event.message === "string" && event.message !== "" ? event.message : null;
    stopped = new Error(`the part of this page that computes has stopped${why === null ? "" : ` (${why})`}: reload it`);
    for (const { reject } of [...(asked === null ? [] : [asked]), ...waiting.splice(0)]) reject(stopped);
    asked = null;
  };
  worker.addEventListener("error", stop);
  worker.addEventListener("messageerror", stop);

  const call = (method: keyof MachineWorker, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      if (stopped !== null) return reject(stopped);
      const before = VIEWS.includes(method) ? waiting.findIndex((each) => each.method === method) : -1;
      if (before !== -1) waiting.splice(before, 1)[0]!.reject(new Error("another question took its place"));
      waiting.push({ call: ++calls, method, args, parts: new Parts(), resolve, reject });
      next();
    });
  return new Proxy({} as MachineClient, {
    get:
      (_, method) =>
      (...args: unknown[]) =>
        call(method as keyof MachineWorker, args),
  });
}
