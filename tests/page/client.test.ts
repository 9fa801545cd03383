import { beforeAll, describe, expect, test, vi } from "vitest";
import { connect, type MachineClient, type Port } from "../../web/machine/client.js";
import { takeApart } from "../../web/machine/parts.js";
import type { Call, OutlineRow, Settings, Told, Wanted } from "../../web/machine/protocol.js";
import { Session } from "../../web/machine/session.js";
import { AS_IT_IS } from "../../web/question.js";

const AS_SHOWN: Settings = { ...AS_IT_IS, system: 0 };
const off = (bdf: string): Settings => ({ ...AS_SHOWN, redirects: { [bdf]: false } });

/** A worker whose answers the test gives. */
class FakeWorker implements Port {
  readonly asked: Call[] = [];
  readonly #listeners = new Map<string, ((event: never) => void)[]>();

  postMessage(call: Call): void {
    this.asked.push(call);
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  tell(told: Told): void {
    this.#fire("message", { data: structuredClone(told) });
  }

  /** Answers the call that it was given last. */
  answer(value: unknown): void {
    this.tell({ call: this.asked.at(-1)!.call, kind: "done", value });
  }

  die(event: object): void {
    this.#fire("error", event);
  }

  #fire(type: string, event: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event as never);
  }
}

function connected() {
  const worker = new FakeWorker();
  const progress: string[] = [];
  return { worker, progress, client: connect(worker, (what) => progress.push(what)) };
}

/** Why a promise was broken; "kept" if it was not. */
const broken = (promise: Promise<unknown>) =>
  promise.then(
    () => "kept",
    (error: unknown) => (error as Error).message,
  );

describe("questions", () => {
  test("are asked one after the other, and answered in their order", async () => {
    const { worker, client } = connected();
    const [opened, reason] = [client.open({ kind: "made-up", functions: 9 }), client.reason(AS_SHOWN, 1, 2)];
    expect(worker.asked.map(({ method }) => method)).toEqual(["open"]);
    worker.answer({ systems: [], findings: [] });
    expect(await opened).toEqual({ systems: [], findings: [] });
    expect(worker.asked.map(({ method, args }) => [method, args])).toEqual([
      ["open", [{ kind: "made-up", functions: 9 }]],
      ["reason", [AS_SHOWN, 1, 2]],
    ]);
    worker.answer("because");
    expect(await reason).toBe("because");
  });

  test("that the worker cannot answer fail with its words, and the next one is asked", async () => {
    const { worker, client } = connected();
    const [first, second] = [client.owner(AS_SHOWN, "x"), client.redacted()];
    worker.tell({ call: worker.asked[0]!.call, kind: "failed", message: "expected an address" });
    expect(await broken(first)).toBe("expected an address");
    worker.answer("{}");
    expect(await second).toBe("{}");
  });

  test("about what is in sight that wait give way to later ones; all others are asked", async () => {
    const { worker, client } = connected();
    const first = client.matrix(off("0"), "all");
    const waiting = [
      client.matrix(off("1"), "all"),
      client.report(off("1"), null),
      client.outline(off("1")),
      client.matrix(off("2"), "all"),
      client.report(off("2"), null),
      client.matrix(off("3"), "all"),
    ];
    const settings = () =>
      worker.asked.map(({ method, args }) => [method, Object.keys((args[0] as Settings).redirects)[0]]);
    for (let answered = 0; answered < 5; answered++) worker.answer("x");
    expect(await first).toBe("x");
    expect(settings()).toEqual([
      ["matrix", "0"],
      ["report", "1"],
      ["outline", "1"],
      ["report", "2"],
      ["matrix", "3"],
    ]);
    const given = "another question took its place";
    expect(await Promise.all(waiting.map(broken))).toEqual([given, "kept", "kept", given, "kept", "kept"]);
  });

  test("say how far they are, while they are answered and no longer", async () => {
    const { worker, client, progress } = connected();
    const opened = client.open({ kind: "made-up", functions: 9 });
    const { call } = worker.asked[0]!;
    worker.tell({ call, kind: "progress", what: "reading" });
    worker.answer({ systems: [], findings: [] });
    await opened;
    worker.tell({ call, kind: "progress", what: "too late" });
    worker.tell({ call: 99, kind: "done", value: "nobody asked" });
    expect(progress).toEqual(["reading"]);
  });
});

describe("a worker that stops", () => {
  test("breaks every promise, those that are made later too", async () => {
    const { worker, client } = connected();
    const promises = [client.redacted(), client.matrix(AS_SHOWN, "all")];
    worker.die({ message: "out of memory" });
    const told = "the part of this page that computes has stopped (out of memory): reload it";
    expect(await Promise.all(promises.map(broken))).toEqual([told, told]);
    expect(await broken(client.redacted())).toBe(told);
    expect(worker.asked).toHaveLength(1);
  });

  test("need not say why", async () => {
    const { worker, client } = connected();
    const promise = client.redacted();
    worker.die({});
    expect(await broken(promise)).toBe("the part of this page that computes has stopped: reload it");
  });
});

describe("an outline and a picture of thousands", () => {
  const session = new Session({ onProgress: () => {}, shipped: () => Promise.reject(new Error("none")) });
  beforeAll(async () => void (await session.open({ kind: "made-up", functions: 3_000 })));

  /** What arrives of an answer that the worker sends in pieces; the longest piece. */
  async function sent(method: "outline" | "picture", whole: unknown) {
    const { worker, client } = connected();
    const promise = client[method](AS_SHOWN);
    const { call } = worker.asked[0]!;
    const parts = takeApart(whole);
    let longest = 0;
    let part = parts.next();
    for (; part.done !== true; part = parts.next()) {
      worker.tell({ call, ...part.value });
      const { value } = part;
      longest = Math.max(
        longest,
        value.kind === "rows" ? value.rows.length : value.group.boxes.length + value.group.edges.length,
      );
    }
    worker.answer(part.value);
    return { arrived: await promise, longest, rest: JSON.stringify(part.value).length };
  }

  test("come in pieces, and are whole thereafter", async () => {
    for (const method of ["outline", "picture"] as const) {
      const whole = await session[method](AS_SHOWN);
      const { arrived, longest, rest } = await sent(method, whole);
      expect(arrived).toEqual(whole);
      expect(longest).toBeLessThanOrEqual(1_000);
      expect(longest).toBeGreaterThan(100);
      expect(rest).toBeLessThan(2_000);
    }
  });

  test("with several groups, and with none", async () => {
    const view = await session.picture(AS_SHOWN);
    const [group] = view.layout.groups;
    const below = { ...group!, y: group!.y + group!.height + 16, boxes: group!.boxes.slice(0, 3), edges: [] };
    const empty = { ...below, y: below.y + 100, boxes: [] };
    const several = { ...view, layout: { ...view.layout, groups: [group!, below, empty] } };
    const none = { ...view, layout: { ...view.layout, groups: [] } };
    expect((await sent("picture", several)).arrived).toEqual(several);
    expect((await sent("picture", none)).arrived).toEqual(none);
    expect((await sent("outline", [])).arrived).toEqual([]);
  });
});

/** The worker as it is, in this thread: what it is told, and what it tells. */
describe("the worker", () => {
  let client: MachineClient;
  const progress: string[] = [];
  const told: Told[] = [];

  beforeAll(async () => {
    let hear: ((event: { data: Told }) => void) | undefined;
    let receive: ((event: { data: Call }) => void) | undefined;
    vi.stubGlobal("self", {
      postMessage(message: Told) {
        told.push(message);
        hear!({ data: structuredClone(message) });
      },
      addEventListener: (_type: string, listener: typeof receive) => (receive = listener),
    });
    await import("../../web/machine/worker.js");
    const port = {
      postMessage: (call: Call) => receive!({ data: structuredClone(call) }),
      addEventListener: (type: string, listener: never) => {
        if (type === "message") hear = listener;
      },
    };
    client = connect(port as Port, (what) => progress.push(what));
    return () => vi.unstubAllGlobals();
  });

  test("says what is missing before anything is open", async () => {
    expect(await broken(client.matrix(AS_SHOWN, "all"))).toBe("no machine is open: open one first");
  });

  test("opens, says how far it is, and answers", async () => {
    const opened = await client.open({ kind: "made-up", functions: 2_000 });
    expect(opened.systems[0]!.functions).toBe(2_000);
    expect(progress).toEqual(["making up 2,000 functions", "packing 2,000 functions"]);
    const [rows, view, { layout }] = await Promise.all([
      client.outline(AS_SHOWN),
      client.matrix(AS_SHOWN, "gpu"),
      client.picture(AS_SHOWN),
    ]);
    const names = new Set(rows.map(({ bdf }: OutlineRow) => bdf));
    expect(names.size).toBe(rows.length);
    expect(view.now.answer).toBeInstanceOf(Uint8Array);
    expect(view.heads.every(({ bdf }) => names.has(bdf))).toBe(true);
    expect(layout.groups.flatMap(({ boxes }) => boxes).length).toBeGreaterThan(500);
    // In pieces: no message is as long as the whole.
    const long = told.filter((each) => JSON.stringify(each).length > 1_000_000);
    expect(long).toEqual([]);
  });

  test("says in words what is wrong with a file, and which machines there are", async () => {
    const file = (name: string, text: string): Wanted => ({
      kind: "files",
      files: [{ name, bytes: new TextEncoder().encode(text) }],
    });
    expect(await broken(client.open(file("notes.txt", "nothing that is known")))).toMatch(
      /^notes\.txt: not a format that is known/,
    );
    expect(await broken(client.open({ kind: "shipped", name: "no-such" }))).toMatch(
      /^no machine named "no-such" .* there are gpu-server,/,
    );
    const impossible = {
      peerlane: 1,
      systems: [{ functions: Array.from({ length: 30 }, () => ({ bdf: "0000:00:00.0" })) }],
    };
    const told = (await broken(client.open(file("a.json", JSON.stringify(impossible))))).split("\n");
    expect(told).toHaveLength(11);
    expect(told.at(-1)).toBe("and 19 more");
  });

  test("says that a fault is its own", async () => {
    expect(await broken(client.open(null as never))).toMatch(
      /\nThis is a fault of the page, not of your file: please report it/,
    );
  });
});
