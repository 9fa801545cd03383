/** A member of an archive as its header says it, true or not. */
export interface Member {
  readonly name: string;
  /** `0` a file, `1` a hard link, `2` a symbolic link, `5` a directory, `L` a long name of GNU, `x` records of POSIX. */
  readonly type?: string;
  readonly link?: string;
  readonly body?: Uint8Array | string;
  /** What the header says of the body's length, where that is not true: digits in base 8, or bytes as GNU has them. */
  readonly size?: string | Uint8Array;
}

const BLOCK = 512;

/** An archive written byte by byte: tools refuse to write most of these. */
export function tar(members: readonly Member[]): Uint8Array {
  const blocks = members.flatMap((member) => [header(member), padded(bytesOf(member.body ?? ""))]);
  const whole = new Uint8Array(blocks.reduce((sum, { length }) => sum + length, 2 * BLOCK));
  blocks.reduce((at, block) => (whole.set(block, at), at + block.length), 0);
  return whole;
}

export function header({ name, type = "0", link = "", body = "", size }: Member): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (at: number, text: string | Uint8Array) => block.set(bytesOf(text), at);
  put(0, name);
  for (const at of [100, 108, 116]) put(at, "0000644");
  put(124, size ?? bytesOf(body).length.toString(8).padStart(11, "0"));
  put(136, "00000000000");
  put(148, "        ");
  put(156, type);
  put(157, link);
  put(257, "ustar\u000000");
  const sum = block.reduce((all, byte) => all + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** GNU's way to a name that is longer than a header has room for. */
export function longName(name: string): readonly Member[] {
  return [{ name: "././@LongLink", type: "L", body: `${name}\0` }, { name: name.slice(0, 99) }];
}

function padded(body: Uint8Array): Uint8Array {
  const block = new Uint8Array(Math.ceil(body.length / BLOCK) * BLOCK);
  block.set(body);
  return block;
}

function bytesOf(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? new TextEncoder().encode(text) : text;
}
