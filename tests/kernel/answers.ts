import { captureText } from "../readers/fixtures.js";

/** The kernel's words for routes. A function that asks itself and needs no redirect is what peerlane calls local. */
const ROUTES = { BUS: "bus-address", HOST: "through-host-bridge", NONE: "not-supported" } as const;

export interface KernelPair {
  readonly provider: string;
  readonly client: string;
  readonly distance: number;
  readonly route: (typeof ROUTES)[keyof typeof ROUTES];
  /** Length of the path even where the pair is refused. */
  readonly hops: number;
}

export interface KernelBar {
  readonly bdf: string;
  readonly index: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly flags: number;
  readonly bus: bigint;
}

/** What the kernel of a capture said of its own machine. */
export interface KernelAnswers {
  readonly release: string;
  readonly functions: readonly string[];
  readonly bars: readonly KernelBar[];
  readonly common: readonly { readonly a: string; readonly b: string; readonly bridge: string | null }[];
  /** Every ordered pair and the diagonal. */
  readonly pairs: readonly KernelPair[];
}

export function kernelAnswers(capture: string): KernelAnswers {
  const lines = captureText(capture, "kernel-answers.txt")
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
  const of = (kind: string) => lines.filter(([first]) => first === kind).map(([, ...rest]) => rest as string[]);
  const pair = ([provider, client, distance, route, hops]: string[]): KernelPair => ({
    provider: provider!,
    client: client!,
    distance: Number(distance),
    route: ROUTES[route as keyof typeof ROUTES],
    hops: Number(hops),
  });
  return {
    release: of("KERNEL")[0]![0]!,
    functions: of("DEV").map(([bdf]) => bdf!),
    bars: of("BAR").map(([bdf, index, start, end, flags, bus]) => ({
      bdf: bdf!,
      index: Number(index),
      start: BigInt(start!),
      end: BigInt(end!),
      flags: Number(flags),
      bus: BigInt(bus!),
    })),
    common: of("LCA").map(([a, b, bridge]) => ({ a: a!, b: b!, bridge: bridge === "-" ? null : bridge! })),
    pairs: [...of("P2P").map(pair), ...of("SELF").map(([bdf, ...rest]) => pair([bdf!, bdf!, ...rest]))],
  };
}
