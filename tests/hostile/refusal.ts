import { expect } from "vitest";
import { read, type ReadResult } from "../../src/readers/read.js";
import { ReadError } from "../../src/readers/reading.js";

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function readText(text: string): Promise<ReadResult> {
  return read([{ name: "x", bytes: utf8(text) }]);
}

/** Why a source is refused; anything but a ReadError is a failure. */
export async function refusal(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === "string" ? utf8(content) : content;
  const error = await read([{ name: "x", bytes }]).then(
    () => "it was read",
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ReadError);
  return (error as ReadError).message;
}

/** Why a reader refuses what it is called with. */
export function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ReadError);
    return (error as ReadError).message;
  }
  return "nothing thrown";
}
