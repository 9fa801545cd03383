import { describe, expect, test } from "vitest";
import * as peerlane from "../../src/index.js";
import * as transfer from "../../src/transfer/index.js";
import { blocks, page, run, table } from "./pages.js";

const PAGE = page("docs/transfers.md");
const [SCATTER, ATTACH, CHOOSE] = blocks(PAGE, "ts") as [string, string, string];

describe("the page on transfers", () => {
  test("its scatter lists are mapped as its comments say", async () => {
    expect(await run(SCATTER, "{ mapping, inColumns, failure }")).toMatchObject({
      mapping: {
        ok: true,
        spans: [
          { address: 0x100000n, size: 8192, route: "system-memory", translation: "none", segment: 0 },
          { address: 0xf9000000n, size: 65536, route: "bus-address", translation: "none", segment: 2 },
          { address: 0xfa000000n, size: 65536, route: "through-host-bridge", translation: "none", segment: 3 },
        ],
      },
      inColumns: { spans: { address: BigUint64Array.of(0xf9000000n), size: Float64Array.of(16777216) } },
      failure: {
        ok: false,
        index: 1,
        code: "LEAVES_OWNER",
        message: expect.stringContaining("0x2000 bytes from 0xf9fff000 in 0000:03:00.0 BAR 0, ") as string,
      },
    });
  });

  test("its buffers are where its comments say", async () => {
    expect(await run(ATTACH, "{ shared, vfio }")).toMatchObject({
      shared: {
        placement: "system",
        forcedBy: ["0000:02:00.0"],
        importers: [
          { importer: "0000:01:00.1", answer: "yes", route: "bus-address" },
          { importer: "0000:02:00.0", answer: "no", code: "HOST_BRIDGE_NOT_ALLOWED" },
        ],
      },
      vfio: { placement: "device", forcedBy: [] },
    });
  });

  test("its providers are chosen as its comments say", async () => {
    const found = (await run(CHOOSE, "{ chosen, direct, among: among.length }")) as {
      chosen: transfer.BestProvider;
      direct: transfer.BestProvider;
      among: number;
    };
    expect(found.among).toBeGreaterThan(99_000);
    expect(found.chosen).toMatchObject({
      answer: "yes",
      total: 1,
      unknown: new Uint32Array(),
      contenders: new Uint32Array(),
    });
    expect(found.direct.provider).toBe(found.direct.ties[0]);
  });

  test("lists the codes with the kernel's errors", () => {
    const listed = table(PAGE, "code", "errno").map(([code, errno]) => [code, errno === "" ? null : errno]);
    expect(listed).toEqual(Object.entries(transfer.ERRNOS));
    expect(Object.keys(transfer.ATTACH_CODES)).toEqual(Object.keys(transfer.ERRNOS));
  });

  test("lists the columns of spans", () => {
    const peerDma = new peerlane.PeerDma(peerlane.Topology.of(empty), peerlane.linux("6.12"));
    const mapping = transfer.mapScatterList(peerDma, "0000:00:01.0", { address: new Float64Array(), size: 1 });
    const spans = mapping.ok ? mapping.spans : {};
    const listed = table(PAGE, "column", "type").map(([name, type]) => [name, type]);
    expect(listed).toEqual(Object.entries(spans).map(([name, column]) => [name, (column as object).constructor.name]));
  });
});

const empty: peerlane.MachineDescription = {
  peerlane: 1,
  systems: [{ functions: [{ bdf: "0000:00:01.0", parent: null }] }],
};
