import { failureText } from "./failure.js";
import { takeApart } from "./parts.js";
import type { Call, Told } from "./protocol.js";
import { Session } from "./session.js";
import { shippedFile } from "./shipped-files.js";
import { SHIPPED } from "./shipped.js";

let current = 0;
const tell = (told: Told) => self.postMessage(told);

const session = new Session({
  onProgress: (what) => tell({ call: current, kind: "progress", what }),
  async shipped(name) {
    const machine = SHIPPED.find((each) => each.name === name);
    if (machine === undefined) {
      const names = SHIPPED.map((each) => each.name).join(", ");
      throw new RangeError(`no machine named "${name}" comes with this page; there are ${names}`);
    }
    return { name: machine.file.slice(machine.file.lastIndexOf("/") + 1), bytes: await shippedFile(machine.file) };
  },
});

self.addEventListener("message", ({ data }: MessageEvent<Call>) => void answer(data));

async function answer({ call, method, args }: Call): Promise<void> {
  current = call;
  try {
    const ask = session[method] as (...args: readonly unknown[]) => Promise<unknown>;
    const parts = takeApart(await ask.apply(session, [...args]));
    let part = parts.next();
    for (; part.done !== true; part = parts.next()) tell({ call, ...part.value });
    tell({ call, kind: "done", value: part.value });
  } catch (error) {
    tell({ call, kind: "failed", message: failureText(error) });
  }
}
