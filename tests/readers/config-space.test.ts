import { describe, expect, it } from "vitest";
import { decodeConfigSpace, kindOf, type Extent } from "../../src/readers/config-space.js";

const BDF = "0000:01:00.0";

/** Configuration space with little-endian values of 8, 16, 32 bits, given as [offset, "hexadecimal digits"]. */
function space(length: number, ...values: readonly (readonly [number, string])[]): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const [offset, digits] of values) {
    const octets = digits.match(/../g)!.reverse();
    bytes.set(
      octets.map((octet) => parseInt(octet, 16)),
      offset,
    );
  }
  return bytes;
}

const decode = (bytes: Uint8Array, extent: Extent = "part") => decodeConfigSpace(BDF, bytes, extent);

/** An endpoint with an Express capability at 0x40. */
const ENDPOINT: readonly (readonly [number, string])[] = [
  [0x00, "00021234"],
  [0x04, "00100006"],
  [0x08, "01080203"],
  [0x2c, "00aa5678"],
  [0x34, "40"],
  [0x40, "00020010"],
  [0x4c, "00000104"],
  [0x52, "0043"],
];
/** A bridge with buses 01 to 05 below it, and a root port's Express capability. */
const BRIDGE: readonly (readonly [number, string])[] = [
  [0x00, "00011234"],
  [0x04, "00100007"],
  [0x08, "06040002"],
  [0x0e, "81"],
  [0x18, "00050100"],
  [0x34, "40"],
  [0x40, "01420010"],
];

describe("the header", () => {
  it("gives ids, class, revision, command and kind", () => {
    expect(decode(space(256, ...ENDPOINT))).toEqual({
      function: {
        bdf: BDF,
        kind: "endpoint",
        class: "010802",
        vendor: "1234",
        device: "0002",
        subsystemVendor: "5678",
        subsystemDevice: "00aa",
        revision: "03",
        physicalFunction: null,
        command: 6,
        bars: [],
        link: { speed: 8, width: 4, maxSpeed: 16, maxWidth: 16, port: 0 },
      },
      findings: [],
    });
  });

  it("gives bus numbers of bridges, whatever bit 7 of the header type says", () => {
    expect(decode(space(256, ...BRIDGE)).function).toMatchObject({
      kind: "root-port",
      bus: { primary: 0, secondary: 1, subordinate: 5 },
    });
  });

  it("leaves out the ids and BARs of a virtual function, which its registers do not hold", () => {
    const { function: virtual } = decode(space(256, ...ENDPOINT, [0x00, "ffffffff"]));
    for (const field of ["vendor", "device", "bars", "physicalFunction"]) expect(virtual).not.toHaveProperty(field);
    expect(virtual.class).toBe("010802");
  });

  it.each([
    ["all ones", new Uint8Array(256).fill(0xff), "reads all ones"],
    ["fewer bytes than a header", new Uint8Array(48), "48 bytes of configuration space, expected at least 64"],
    ["an unknown header type", space(64, [0x0e, "03"]), "header type 0x3, expected 0, 1 or 2"],
  ])("of %s is a finding and a bare function", (_, bytes, message) => {
    const { function: bare, findings } = decode(bytes);
    expect(bare).toEqual({ bdf: BDF });
    expect(findings).toMatchObject([{ code: "UNREADABLE_FUNCTION", functions: [BDF] }]);
    expect(findings[0]!.message).toContain(message);
  });
});

describe("the kind of a function", () => {
  it.each([
    [{ classCode: "0600", headerType: 0 }, "host-bridge-function"],
    [{ classCode: "060000", headerType: 0, expressType: 4 }, "host-bridge-function"],
    [{ classCode: "0600", headerType: 1, expressType: 4 }, "root-port"],
    [{ classCode: "0600" }, undefined],
    [{ classCode: "0600", expressType: null }, "host-bridge-function"],
    [{ classCode: "0604", headerType: 1 }, undefined],
    [{ classCode: "0604", headerType: 1, expressType: null }, "pci-bridge"],
    [{ classCode: "0604", headerType: 1, expressType: 7 }, "pcie-to-pci-bridge"],
    [{ headerType: 2 }, "cardbus-bridge"],
    [{ classCode: "0200", headerType: 0, expressType: null }, "conventional"],
    [{ classCode: "0200", headerType: 0 }, undefined],
    [{ classCode: "0200", headerType: 0, expressType: 9 }, "rc-integrated-endpoint"],
    [{ classCode: "0807", headerType: 0, expressType: 10 }, "rc-event-collector"],
    [{ classCode: "0200", headerType: 0, expressType: 2 }, undefined],
  ])("%o is %s", (evidence, kind) => {
    expect(kindOf(evidence)).toBe(kind);
  });

  it("is conventional in 64 bytes where the status register denies a capability list, and open where it has one", () => {
    const bytes = space(64, ...ENDPOINT.filter(([at]) => at < 64));
    expect(decode(bytes).function).not.toHaveProperty("kind");
    bytes[0x06] = 0;
    expect(decode(bytes).function).toMatchObject({ kind: "conventional", acs: null, sriov: null, link: null });
  });
});

describe("BARs", () => {
  const bars = (...values: readonly (readonly [number, string])[]) =>
    decode(space(256, ...ENDPOINT, ...values)).function.bars;

  it("are told apart by their low bits, and a 64-bit one takes two registers", () => {
    expect(
      bars(
        [0x10, "8000000c"],
        [0x14, "00000060"],
        [0x18, "0000e001"],
        [0x1c, "f0000008"],
        [0x20, "f1000000"],
        [0x24, "000a0002"],
        [0x30, "fb000001"],
      ),
    ).toEqual([
      { index: 0, type: "mem64", prefetchable: true, bus: "0x6080000000" },
      { index: 2, type: "io", prefetchable: false, bus: "0xe000" },
      { index: 3, type: "mem32", prefetchable: true, bus: "0xf0000000" },
      { index: 4, type: "mem32", prefetchable: false, bus: "0xf1000000" },
      { index: 5, type: "mem32", prefetchable: false, bus: "0xa0000" },
      { index: 6, type: "rom", bus: "0xfb000000", romEnabled: true },
    ]);
  });

  it("without an address are null, and those that read zero or nonsense are left out", () => {
    expect(bars([0x10, "0000000c"], [0x18, "ffffffff"], [0x1c, "80000006"], [0x20, "00000001"])).toEqual([
      { index: 0, type: "mem64", prefetchable: true, bus: null },
      { index: 4, type: "io", prefetchable: false, bus: null },
    ]);
  });

  it("that need a register past the last are left out", () => {
    expect(bars([0x24, "f000000c"])).toEqual([]);
    expect(decode(space(256, ...BRIDGE, [0x14, "f000000c"])).function.bars).toEqual([]);
  });

  it("of bridges are two and the ROM, of CardBus bridges one", () => {
    const values = [
      [0x10, "e0000000"],
      [0x14, "e1000000"],
      [0x38, "e2000000"],
    ] as const;
    const indices = (bytes: Uint8Array) => decode(bytes).function.bars!.map(({ index }) => index);
    expect(indices(space(256, ...BRIDGE, ...values))).toEqual([0, 1, 6]);
    expect(indices(space(256, ...BRIDGE, [0x0e, "02"], ...values))).toEqual([0]);
  });

  it("may be fixed by Enhanced Allocation, which knows their size", () => {
    expect(
      bars(
        [0x40, "00025010"],
        [0x50, "00030014"],
        // BAR 0, memory, 64-bit base, 32-bit offset
        [0x54, "80ff0003"],
        [0x58, "00000002"],
        [0x5c, "000ffffc"],
        [0x60, "00000084"],
        // BAR 2, not enabled
        [0x64, "00ff0022"],
        [0x68, "10000000"],
        [0x6c, "000ffffc"],
        // BAR 0 of the virtual functions, prefetchable, 64-bit base and offset
        [0x70, "80ff0394"],
        [0x74, "00000002"],
        [0x78, "0000fffe"],
        [0x7c, "00000085"],
      ),
    ).toEqual([
      { index: 0, type: "mem64", prefetchable: false, bus: "0x8400000000", size: 0x100000 },
      { index: 7, type: "mem64", prefetchable: true, bus: "0x8500000000" },
    ]);
  });
});

describe("bridge windows", () => {
  const windows = (...values: readonly (readonly [number, string])[]) =>
    decode(space(256, ...BRIDGE, ...values)).function.windows;

  it("are three, with upper halves where the low nibble says so", () => {
    expect(
      windows(
        [0x1c, "2111"],
        [0x20, "fdf0fda0"],
        [0x24, "0091e001"],
        [0x28, "00000060"],
        [0x2c, "00000061"],
        [0x30, "00030002"],
      ),
    ).toEqual([
      { kind: "io", bus: "0x21000", busEnd: "0x32fff" },
      { kind: "mem", bus: "0xfda00000", busEnd: "0xfdffffff" },
      { kind: "pref", bus: "0x60e0000000", busEnd: "0x61009fffff" },
    ]);
  });

  it("are closed where the base is above the limit, and absent where optional registers read zero", () => {
    expect(windows([0x1c, "00f0"], [0x20, "0000fff0"], [0x24, "0001fff1"])).toEqual([]);
    expect(windows([0x20, "fda0fdb0"])).toEqual([]);
    expect(windows()).toEqual([{ kind: "mem", bus: "0x0", busEnd: "0xfffff" }]);
  });

  it("at address 0 are no claim while the bus numbers are those of reset", () => {
    expect(windows([0x18, "00000000"])).toEqual([]);
    expect(windows([0x18, "00000000"], [0x20, "00100010"])).toEqual([
      { kind: "mem", bus: "0x100000", busEnd: "0x1fffff" },
    ]);
  });

  it("of CardBus bridges are two for memory and two for I/O", () => {
    const bytes = space(
      256,
      ...BRIDGE,
      [0x0e, "02"],
      [0x1c, "d1000000"],
      [0x20, "d23ff000"],
      [0x2c, "00001000"],
      [0x30, "000010fc"],
      [0x34, "00012001"],
      [0x38, "00012101"],
      [0x3e, "0100"],
    );
    expect(decode(bytes).function).toMatchObject({
      kind: "cardbus-bridge",
      windows: [
        { kind: "pref", bus: "0xd1000000", busEnd: "0xd23fffff" },
        { kind: "io", bus: "0x1000", busEnd: "0x10ff" },
        { kind: "io", bus: "0x12000", busEnd: "0x12103" },
      ],
    });
  });
});

describe("extended capabilities", () => {
  const extended = (...values: readonly (readonly [number, string])[]) => decode(space(4096, ...ENDPOINT, ...values));

  it("give ACS words, serial number, SR-IOV and its apertures, in any order of the chain", () => {
    const { function: decoded, findings } = extended(
      [0x100, "30010003"],
      [0x104, "89abcdef"],
      [0x108, "01234567"],
      [0x300, "20010010"],
      [0x308, "00000019"],
      [0x30c, "00080008"],
      [0x310, "00000003"],
      [0x314, "00020080"],
      [0x31a, "10ca"],
      [0x324, "fe60000c"],
      [0x330, "00000004"],
      [0x200, "0001000d"],
      [0x204, "001d085f"],
    );
    expect(findings).toEqual([]);
    expect(decoded).toMatchObject({
      serialNumber: "01-23-45-67-89-ab-cd-ef",
      acs: { capability: 0x85f, control: 0x1d },
      sriov: { control: 0x19, totalVfs: 8, numVfs: 3, firstOffset: 128, stride: 2, vfDevice: "10ca" },
      bars: [
        { index: 7, type: "mem64", prefetchable: true, bus: "0xfe600000" },
        { index: 10, type: "mem64", prefetchable: false, bus: null },
      ],
    });
  });

  it.each([
    ["of 8 bits, in one word", 0xd00, "0020083f", [0x12345678]],
    ["of 33 bits, in two words", 0xd00, "0020213f", [0x12345678, 0xfedcba98]],
    ["of 256 bits, written 0, in eight words", 0xd00, "0020003f", [0x12345678, 0xfedcba98, 0, 0, 0, 0, 0, 0]],
    ["that is not implemented: none", 0xd00, "0000205f", undefined],
    ["that ends beyond the bytes: none", 0xff4, "0020213f", undefined],
  ] as const)("give an egress control vector %s", (_, at, words, egressVector) => {
    const chain = [
      [0x100, `${at.toString(16)}10003`],
      [at, "0001000d"],
      [at + 4, words],
    ] as const;
    const vector =
      at + 12 < 4096
        ? ([
            [at + 8, "12345678"],
            [at + 12, "fedcba98"],
          ] as const)
        : [];
    const { acs } = extended(...chain, ...vector).function;
    const capability = parseInt(words.slice(4), 16);
    expect(acs).toEqual({
      capability,
      control: parseInt(words.slice(0, 4), 16),
      ...(egressVector && { egressVector }),
    });
  });

  it.each([
    ["4096 bytes without any", space(4096, ...ENDPOINT), "part", null],
    ["4096 bytes that read ones there", space(4096, ...ENDPOINT, [0x100, "ffffffff"]), "part", null],
    ["256 bytes of more", space(256, ...ENDPOINT), "part", undefined],
    ["256 bytes that are all", space(256, ...ENDPOINT), "whole", null],
    ["64 bytes of more", space(64, ...ENDPOINT.filter(([at]) => at < 64)), "part", undefined],
    ["256 bytes without Express", space(256, ...ENDPOINT, [0x40, "01"]), "part", null],
    ["256 bytes with PCI-X", space(256, ...ENDPOINT, [0x40, "07"]), "part", undefined],
  ] as const)("are absent or unknown in %s", (_, bytes, extent, acs) => {
    const { function: decoded, findings } = decode(bytes, extent);
    expect(decoded.acs).toBe(acs);
    expect(decoded.sriov).toBe(acs);
    expect(findings).toEqual([]);
  });

  it.each<[string, readonly (readonly [number, string])[], string]>([
    [
      "loop",
      [
        [0x100, "20010001"],
        [0x200, "10010002"],
      ],
      "0x100: loops",
    ],
    ["lead below 0x100", [[0x100, "04010001"]], "0x40: points below 0x100"],
    ["lead to zeros", [[0x100, "20010001"]], "0x200: reads zero, expected a capability"],
    [
      "lead to ones",
      [
        [0x100, "20010001"],
        [0x200, "ffffffff"],
      ],
      "0x200: reads all ones, expected a capability",
    ],
  ])("that %s leave what lies beyond unknown", (_, values, message) => {
    const { function: decoded, findings } = extended(...values);
    expect(decoded).not.toHaveProperty("acs");
    expect(findings).toMatchObject([{ code: "CAPABILITY_CHAIN", functions: [BDF] }]);
    expect(findings[0]!.message).toContain(message);
  });

  it("that the source cuts off leave what lies beyond unknown, and keep what stands before", () => {
    const bytes = space(0x180, ...ENDPOINT, [0x100, "2001000d"], [0x104, "0004001f"]);
    const { function: decoded, findings } = decode(bytes);
    expect(decoded).toMatchObject({ acs: { capability: 0x1f, control: 4 } });
    expect(decoded).not.toHaveProperty("sriov");
    expect(findings[0]!.message).toContain("0x200: the source ends at 0x180");
  });

  it("that are cut in the middle are unknown", () => {
    const bytes = space(0x206, ...ENDPOINT, [0x100, "20010001"], [0x200, "0001000d"], [0x204, "001f"]);
    expect(decode(bytes).function).not.toHaveProperty("acs");
  });
});

describe("the Resizable BAR capability", () => {
  const MIB = 0x10_0000;
  const bars: readonly (readonly [number, string])[] = [
    [0x10, "f8000000"],
    [0x14, "0000000c"],
    [0x18, "00000070"],
  ];
  const bar1 = { index: 1, type: "mem64", prefetchable: true, bus: "0x7000000000" } as const;
  const decoded = (...values: readonly (readonly [number, string])[]) =>
    decode(space(4096, ...ENDPOINT, ...bars, [0x100, "00010015"], ...values)).function.bars;

  it("gives the size of each BAR that it names, and those that it may take", () => {
    // BAR 1: 64 MiB, 256 MiB, 32 GiB; now 256 MiB. BAR 0: 16 MiB.
    const pairs = [
      [0x104, "00081400"],
      [0x108, "00000841"],
      [0x10c, "00000100"],
      [0x110, "00000400"],
    ] as const;
    expect(decoded(...pairs)).toEqual([
      { index: 0, type: "mem32", prefetchable: false, bus: "0xf8000000", size: 16 * MIB, sizes: [16 * MIB] },
      { ...bar1, size: 256 * MIB, sizes: [64 * MIB, 256 * MIB, 32768 * MIB] },
    ]);
  });

  it("counts sizes above 128 TiB by the upper half of the control register", () => {
    const [, bar] = decoded([0x104, "80000000"], [0x108, "80011c21"])!;
    expect(bar).toEqual({ ...bar1, size: 2 ** 48, sizes: [2 ** 47, 2 ** 48, "0x8000000000000000"] });
  });

  it("says nothing where it names no BAR, more than six, or ends with the dump", () => {
    expect(decoded([0x104, "00081400"], [0x108, "00000801"])![1]).toEqual(bar1);
    expect(decoded([0x104, "00081400"], [0x108, "000008e1"])![1]).toEqual(bar1);
    const cut = decode(space(0x108, ...ENDPOINT, ...bars, [0x100, "00010015"], [0x104, "00081400"])).function;
    expect(cut.bars![1]).toEqual(bar1);
  });
});

describe("capabilities", () => {
  it.each<[string, readonly (readonly [number, string])[], string]>([
    [
      "loop",
      [
        [0x40, "5001"],
        [0x50, "4005"],
      ],
      "0x40: loops",
    ],
    ["point into the header", [[0x40, "1001"]], "0x10: points into the header"],
    ["read all ones", [[0x40, "50ff"]], "0x40: reads all ones"],
  ])("that %s leave kind and link unknown", (_, values, message) => {
    const { function: decoded, findings } = decode(space(256, ...ENDPOINT, ...values));
    for (const field of ["kind", "link", "acs"]) expect(decoded).not.toHaveProperty(field);
    expect(findings).toMatchObject([{ code: "CAPABILITY_CHAIN" }]);
    expect(findings[0]!.message).toContain(message);
  });

  it("beyond the bytes shown are unknown without being odd", () => {
    const bytes = space(128, ...ENDPOINT.filter(([at]) => at < 128), [0x40, "8001"]);
    expect(decode(bytes).findings).toEqual([]);
    expect(decode(bytes).function).not.toHaveProperty("kind");
  });

  it.each(["D0", "D1", "D2", "D3hot"])("give the power state %s", (state) => {
    const code = `0${["D0", "D1", "D2", "D3hot"].indexOf(state)}`;
    const { function: decoded } = decode(space(256, ...ENDPOINT, [0x41, "60"], [0x60, "00030001"], [0x64, code]));
    expect(decoded.powerState).toBe(state);
  });

  it("give no link to what is integrated in the root complex or not Express, and null for a link that is down", () => {
    const link = (...values: readonly (readonly [number, string])[]) =>
      decode(space(256, ...ENDPOINT, ...values)).function.link;
    expect(link([0x42, "0092"])).toBeNull();
    expect(link([0x40, "01"])).toBeNull();
    expect(link([0x52, "0000"])).toEqual({ speed: null, width: null, maxSpeed: 16, maxWidth: 16, port: 0 });
  });

  it("give the port number, of which egress control vectors speak", () => {
    const { function: decoded } = decode(space(256, ...ENDPOINT, [0x4f, "ff"]));
    expect(decoded.link).toEqual({ speed: 8, width: 4, maxSpeed: 16, maxWidth: 16, port: 255 });
  });

  it("never hang or throw, whatever the bytes are", () => {
    let seed = 1;
    const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 24;
    for (let round = 0; round < 2000; round++) {
      const length = [64, 128, 256, 300, 4096][round % 5]!;
      const bytes = Uint8Array.from({ length }, random);
      bytes[0x0e] = round % 3;
      expect(decode(bytes).function.bdf).toBe(BDF);
    }
  });
});
