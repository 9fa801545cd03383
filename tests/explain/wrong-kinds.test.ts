import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as ofLinux from "../../src/explain/linux/index.js";
import * as main from "../../src/index.js";
import { readJson } from "../../src/readers/json.js";
import * as transfer from "../../src/transfer/index.js";

const source = new URL("../../examples/nvlink-server.json", import.meta.url);
const peerDma = new main.PeerDma(
  main.Topology.of(readJson(readFileSync(source, "utf8"), "machine")),
  main.linux("6.12"),
);

/** As callers without types call them. */
type Anything = (...values: unknown[]) => unknown;
const ask = { ...main, ...ofLinux, ...transfer } as unknown as Readonly<Record<string, Anything>>;
const bar = { exporter: "GPU0", ranges: [] };

describe("an argument of the wrong kind is told what was expected and what came", () => {
  test.each<[call: string, kind: typeof TypeError | typeof RangeError, message: string, values: unknown[]]>([
    ["bestProvider", TypeError, "expected a PeerDma", [null, [], { among: [] }]],
    ["bestProvider", TypeError, "expected options with the candidates (`among`), got undefined", [peerDma, ["GPU0"]]],
    ["attach", TypeError, "expected a PeerDma", [{}, bar, []]],
    ["attach", TypeError, "expected what is exported, an exporter and its ranges, got null", [peerDma, null, []]],
    ["attach", TypeError, "importers: expected a list, got GPU3", [peerDma, bar, "GPU3"]],
    ["attach", TypeError, "importers[1]: expected a function, or an object with", [peerDma, bar, ["GPU3", null]]],
    ["attach", RangeError, "expected an id from 1 to 46, got null", [peerDma, bar, [{ importer: null }]]],
    ["attach", TypeError, "ranges: expected a list of ranges", [peerDma, { ...bar, ranges: {} }, []]],
    [
      "attach",
      TypeError,
      "ranges[0]: expected an address and a size, got null",
      [peerDma, { ...bar, ranges: [null] }, []],
    ],
    ["mapScatterList", TypeError, "segments[0]: expected an address and a size, got null", [peerDma, "GPU0", [null]]],
    ["linux", TypeError, 'expected a Linux release such as "6.12" or "5.15.0-105-generic", got null', [null]],
    ["findCommonUpstreamDevice2018", TypeError, "expected a Topology", [null, "GPU0", "GPU1"]],
    ["findCommonUpstreamDevice2018", RangeError, "got null", [peerDma.topology, null, "GPU1"]],
    ["findCommonUpstreamDevice2018", RangeError, "expected a function, got", [peerDma.topology, "GPU0", 1]],
    ["peerTrafficSupported2018", TypeError, "expected a Topology", [null, "GPU0", "GPU1"]],
    ["linuxDmaMapResource", TypeError, "expected a Topology", [null, "6.12", "GPU0", 0n, 1n]],
    ["linuxDmaMapResource", TypeError, 'such as "6.12", got 6.12', [peerDma.topology, 6.12, "GPU0", 0n, 1n]],
  ])("%s: %s, %s", (call, kind, message, values) => {
    expect(() => ask[call]!(...values)).toThrow(kind);
    expect(() => ask[call]!(...values)).toThrow(message);
  });

  test.each(["4096", null, {}])("a size of map that is no number: %j", (size) => {
    expect(() => peerDma.map("GPU0", 0x1000n, size as never)).toThrow(TypeError);
    expect(() => peerDma.map("GPU0", 0x1000n, size as never)).toThrow("expected the size as a bigint or a number, got");
  });
});
