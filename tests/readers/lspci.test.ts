import { describe, expect, it } from "vitest";
import { toBigInt } from "../../src/topology/address.js";
import type { BarDescription, FunctionDescription, WindowDescription } from "../../src/topology/description.js";
import { looksLikeLspci, readLspci } from "../../src/readers/lspci/lspci.js";
import { ReadError } from "../../src/readers/reading.js";
import { captureNames, captureText } from "./fixtures.js";

/** Reads text that is whole: lspci ends each function with a blank line. */
function read(text: string, end = "\n\n") {
  const { system, findings } = readLspci(text + end, "paste");
  const at = (bdf: string): FunctionDescription => {
    const found = system.functions.find((described) => described.bdf === bdf);
    if (found === undefined) throw new Error(`no ${bdf} among ${system.functions.map(({ bdf }) => bdf).join(" ")}`);
    return found;
  };
  return { system, findings, at, codes: findings.map(({ code }) => code) };
}

/** A root port as `lspci -vv` prints it; `lines` replace or follow its own. */
const PORT = [
  "00:01.0 PCI bridge [0604]: Example Corp Root Port [1234:0001] (rev 02) (prog-if 00 [Normal decode])",
  "\tControl: I/O+ Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx+",
  "\tStatus: Cap+ 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-",
  "\tBus: primary=00, secondary=01, subordinate=05, sec-latency=0",
  "\tI/O behind bridge: 0000f000-00000fff [disabled]",
  "\tMemory behind bridge: fda00000-fdffffff [size=6M]",
  "\tPrefetchable memory behind bridge: 00000060e0000000-00000060e09fffff [size=10M]",
  "\tCapabilities: [54] Express (v2) Root Port (Slot+), MSI 00",
  "\t\tLnkCap:\tPort #0, Speed 16GT/s, Width x16, ASPM L0s, Exit Latency L0s <64ns",
  "\t\tLnkSta:\tSpeed 8GT/s (downgraded), Width x4 (downgraded)",
  "\tCapabilities: [80] Power Management version 3",
  "\t\tFlags: PMEClk- DSI- D1- D2- AuxCurrent=0mA PME(D0+,D1-,D2-,D3hot+,D3cold+)",
  "\t\tStatus: D3 NoSoftRst+ PME-Enable- DSel=0 DScale=0 PME-",
  "\tCapabilities: [148 v1] Access Control Services",
  "\t\tACSCap:\tSrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans+",
  "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
  "\tKernel driver in use: pcieport",
];

const ENDPOINT = [
  "01:00.0 Non-Volatile memory controller [0108]: Example Corp SSD [X] (fast) [1234:0002] (rev 01) (prog-if 02 [NVM Express])",
  "\tSubsystem: Example Corp SSD [1234:00aa]",
  "\tFlags: bus master, fast devsel, latency 0, IRQ 25, NUMA node 1, IOMMU group 7",
  "\tMemory at f0000000 (64-bit, prefetchable) [size=32M]",
  "\tI/O ports at e000 [disabled] [size=64]",
  "\tExpansion ROM at fb000000 [disabled] [size=512K]",
  "\tCapabilities: [60] Express Endpoint, MSI 00",
  "\tCapabilities: [100] Advanced Error Reporting",
];

describe("the text of a function", () => {
  it("gives ids, class, command, bus numbers, windows, link and ACS words of a bridge", () => {
    expect(read(PORT.join("\n")).at("0000:00:01.0")).toEqual({
      bdf: "0000:00:01.0",
      kind: "root-port",
      class: "060400",
      vendor: "1234",
      device: "0001",
      revision: "02",
      label: "Example Corp Root Port",
      physicalFunction: null,
      bus: { primary: 0, secondary: 1, subordinate: 5 },
      command: { value: 0x407, mask: 0x7ff },
      bars: [],
      windows: [
        { kind: "mem", start: "0xfda00000", end: "0xfdffffff" },
        { kind: "pref", start: "0x60e0000000", end: "0x60e09fffff" },
      ],
      acs: { capability: 0x5f, control: 0x1d },
      sriov: null,
      link: { speed: 8, width: 4, maxSpeed: 16, maxWidth: 16, port: 0 },
      powerState: "D3hot",
      driver: "pcieport",
    });
  });

  it("gives at -v what the flags and the marks on the BARs tell of the command register, and no BAR indices", () => {
    expect(read(ENDPOINT.join("\n")).at("0000:01:00.0")).toEqual({
      bdf: "0000:01:00.0",
      kind: "endpoint",
      class: "010802",
      vendor: "1234",
      device: "0002",
      subsystemVendor: "1234",
      subsystemDevice: "00aa",
      revision: "01",
      label: "Example Corp SSD [X] (fast)",
      // Bus master and memory decode are on; I/O decode, palette snoop, stepping and back-to-back are off.
      command: { value: 0x006, mask: 0x2a7 },
      bars: [
        { type: "mem64", prefetchable: true, start: "0xf0000000", size: 32 * 2 ** 20 },
        { type: "io", prefetchable: false, start: "0xe000", size: 64 },
        { index: 6, type: "rom", start: "0xfb000000", size: 512 * 2 ** 10, romEnabled: false },
      ],
      acs: null,
      sriov: null,
      numaNode: 1,
      iommuGroup: 7,
    });
  });

  it("reads numbers without names and names without numbers", () => {
    const { at } = read(
      [
        "00:00.0 0600: 8086:2f00 (rev 02)",
        "00:02.0 PCI bridge: Example Corp PCI Express Gen 3 (8.0 GT/s) Switch [Quiet]",
        "00:03.0 Non-Essential Instrumentation [1300]: Example Corp Dummy",
        "00:04.0 Class 1300: Device 1e0f:0001",
      ].join("\n"),
    );
    expect(at("0000:00:00.0")).toEqual({
      bdf: "0000:00:00.0",
      class: "0600",
      vendor: "8086",
      device: "2f00",
      revision: "02",
    });
    expect(at("0000:00:02.0")).toMatchObject({
      class: "0604",
      label: "Example Corp PCI Express Gen 3 (8.0 GT/s) Switch [Quiet]",
    });
    expect(at("0000:00:02.0").kind).toBeUndefined();
    expect(at("0000:00:03.0").class).toBe("1300");
    expect(at("0000:00:04.0").class).toBe("1300");
  });

  it.each([
    ["Root Port (Slot-), MSI 00", "root-port"],
    ["Upstream Port, IntMsgNum 0", "upstream-port"],
    ["Downstream Port (Slot+), MSI 00", "downstream-port"],
    ["Endpoint, IntMsgNum 0", "endpoint"],
    ["Legacy Endpoint, MSI 00", "legacy-endpoint"],
    ["Root Complex Integrated Endpoint, MSI 00", "rc-integrated-endpoint"],
    ["Root Complex Event Collector, MSI 00", "rc-event-collector"],
    ["PCI-Express to PCI/PCI-X Bridge, MSI 00", "pcie-to-pci-bridge"],
    ["PCI/PCI-X to PCI-Express Bridge, MSI 00", "pci-to-pcie-bridge"],
  ])("calls Express %s what it is, with and without a version", (name, kind) => {
    for (const version of ["", "(v1) ", "(v2) "]) {
      const text = `01:00.0 System peripheral: X\n\tFlags: fast devsel\n\tCapabilities: [40] Express ${version}${name}`;
      expect(read(text).at("0000:01:00.0").kind).toBe(kind);
    }
  });

  it("does not take an Express kind that it does not know for no Express at all", () => {
    const text = "01:00.0 Bridge: X\n\tFlags: fast devsel\n\tCapabilities: [40] Express Unknown type 11, MSI 00";
    const unknown = read(text).at("0000:01:00.0");
    for (const field of ["kind", "link"]) expect(unknown).not.toHaveProperty(field);
  });

  it("takes a function of class 0600 for a host bridge function even where it calls itself a root port", () => {
    const text = "00:00.0 Host bridge: X\n\tFlags: fast devsel\n\tCapabilities: [90] Express Root Port (Slot-), MSI 00";
    expect(read(text).at("0000:00:00.0").kind).toBe("host-bridge-function");
  });

  it("does not take names for Express kinds", () => {
    const text =
      "01:00.0 Bridge: Express Root Port Switch\n\tSubsystem: X PCI Express Root Port [1234:5678]\n\tFlags: fast devsel";
    expect(read(text).at("0000:01:00.0").kind).toBeUndefined();
  });
});

describe("what the text does not show", () => {
  it("is unknown where lspci was denied the capabilities", () => {
    const text = [...ENDPOINT.slice(0, 6), "\tCapabilities: <access denied>"].join("\n");
    const denied = read(text).at("0000:01:00.0");
    expect(denied.bars).toHaveLength(3);
    for (const field of ["acs", "kind", "sriov", "link"]) expect(denied).not.toHaveProperty(field);
  });

  it("is unknown where no capability line is there, unless the status register says that there is none", () => {
    const lines = ["01:00.0 Bridge: X", "\tControl: I/O+ Mem+", "\tStatus: Cap+ 66MHz-"];
    expect(read(lines.join("\n")).at("0000:01:00.0")).not.toHaveProperty("acs");
    expect(read(lines.join("\n").replace("Cap+", "Cap-")).at("0000:01:00.0")).toMatchObject({
      acs: null,
      kind: "conventional",
    });
  });

  it("is unknown for ACS where -v shows the capability without its words, and absent where it shows others only", () => {
    const port = PORT.filter((line) => !line.includes("ACSC"));
    expect(read(port.join("\n")).at("0000:00:01.0")).not.toHaveProperty("acs");
    const others = port.filter((line) => !line.includes("Access Control"));
    others.splice(others.length - 1, 0, "\tCapabilities: [200 v1] Advanced Error Reporting");
    expect(read(others.join("\n")).at("0000:00:01.0").acs).toBeNull();
  });

  it("is unknown for ACS and SR-IOV where no function shows an extended capability, as of dumps of 256 bytes", () => {
    const without = PORT.filter((line) => !line.includes("Access Control"));
    const plain = without.filter((line) => !/\[[1-9a-f][0-9a-f]{2}[ \]]|ACSC/.test(line));
    expect(read(plain.join("\n")).at("0000:00:01.0")).not.toHaveProperty("acs");
    expect(read(plain.join("\n")).at("0000:00:01.0")).not.toHaveProperty("sriov");
    const beside = [...plain, "", "00:02.0 0200: 8086:0001", "\tFlags: fast devsel", "\tCapabilities: [100] Foo", ""];
    expect(read(beside.join("\n")).at("0000:00:01.0").acs).toBeNull();
    // Conventional PCI has nothing beyond.
    const old = [
      "00:03.0 0200: 8086:0002",
      "\tFlags: fast devsel",
      "\tCapabilities: [40] Power Management version 2",
      "",
    ];
    expect(read(old.join("\n")).at("0000:00:03.0").acs).toBeNull();
  });

  it("is unknown beyond a capability list that lspci could not follow", () => {
    const { at, findings } = read([...ENDPOINT, "\tCapabilities: [790 v0] <chain looped>"].join("\n"));
    expect(at("0000:01:00.0")).not.toHaveProperty("acs");
    expect(findings).toMatchObject([
      { code: "CAPABILITY_CHAIN", functions: ["0000:01:00.0"], source: "paste", line: 9 },
    ]);
  });

  it("is everything but the name and the kernel's BARs for a function that reads all ones", () => {
    const text = [
      "03:00.0 SD Host controller [0805]: Example Corp Reader [1234:0003] (rev ff) (prog-if ff)",
      "\t!!! Unknown header type 7f",
      "\tRegion 0: Memory at 84200000 (32-bit, non-prefetchable) [size=4K]",
      "\tKernel driver in use: sdhci-pci",
    ].join("\n");
    const { at, findings } = read(text);
    expect(at("0000:03:00.0")).toEqual({
      bdf: "0000:03:00.0",
      class: "0805",
      vendor: "1234",
      device: "0003",
      label: "Example Corp Reader",
      driver: "sdhci-pci",
      bars: [{ index: 0, type: "mem32", prefetchable: false, start: "0x84200000", size: 4096 }],
    });
    expect(findings).toMatchObject([{ code: "UNREADABLE_FUNCTION", functions: ["0000:03:00.0"], line: 1 }]);
  });
});

describe("a function whose ids read all ones", () => {
  it.each([
    "03:00.0 Class [ffff]: Illegal Vendor ID Device [ffff:ffff] (rev ff) (prog-if ff)",
    "03:00.0 ffff: ffff:ffff (rev ff)",
  ])("has no ids, class or name: %s", (line) => {
    const { at, findings } = read(line);
    expect(at("0000:03:00.0")).toEqual({ bdf: "0000:03:00.0" });
    expect(findings).toMatchObject([{ code: "UNREADABLE_FUNCTION", functions: ["0000:03:00.0"], line: 1 }]);
  });

  it("keeps the class that the kernel remembers", () => {
    expect(read("03:00.0 3D controller [0302]: Device [ffff:ffff] (rev ff)").at("0000:03:00.0")).toEqual({
      bdf: "0000:03:00.0",
      class: "0302",
    });
  });
});

describe("BARs", () => {
  const bars = (...lines: string[]) =>
    read(["01:00.0 Bridge: X", "\tControl: I/O+ Mem+", ...lines.map((line) => `\t${line}`)].join("\n")).at(
      "0000:01:00.0",
    ).bars;

  it("are read in the spelling of every version", () => {
    expect(bars("Region 0: [virtual] Memory at fe600000 (64-bit, prefetchable) [size=16K]")).toEqual(
      bars("Region 0: Memory at fe600000 (64-bit, prefetchable) [virtual] [size=16K]"),
    );
    expect(bars("Region 1: Memory at df000000 (low-1M, non-prefetchable) [enhanced] [size=64G]")).toEqual([
      { index: 1, type: "mem32", prefetchable: false, start: "0xdf000000", size: 64 * 2 ** 30 },
    ]);
    expect(bars("Region 0: Memory at df000000 (32-bit, non-prefetchable)")).toEqual([
      { index: 0, type: "mem32", prefetchable: false, start: "0xdf000000" },
    ]);
  });

  it.each(["<unassigned>", "<ignored>"])("that are %s have no place", (place) => {
    expect(bars(`Region 2: Memory at ${place} (64-bit, prefetchable) [disabled] [size=16M]`)).toEqual([
      { index: 2, type: "mem64", prefetchable: true, start: null, size: 2 ** 24 },
    ]);
  });

  it("of I/O at 0 have no place", () => {
    expect(bars("Region 4: I/O ports at 0000")).toEqual([{ index: 4, type: "io", prefetchable: false, start: null }]);
  });

  it("that are legacy IDE ports are I/O although lspci calls them memory", () => {
    expect(bars("Region 0: [virtual] Memory at 000001f0 (32-bit, non-prefetchable) [size=8]")).toEqual([
      { index: 0, type: "io", prefetchable: false, start: "0x1f0", size: 8 },
    ]);
  });

  it("are not read from the upper half of a 64-bit BAR, which version 3.14 prints", () => {
    expect(
      bars(
        "Region 0: Memory at 622c000000 (64-bit, non-prefetchable)",
        "Region 1: Memory at <unassigned> (low-1M, non-prefetchable)",
      ),
    ).toHaveLength(1);
  });

  it("say which sizes they may take, and those of virtual functions do not", () => {
    const { at } = read(
      [
        "01:00.0 3D controller [0302]: Example Corp GPU [1234:0002]",
        "\tControl: I/O- Mem+ BusMaster+ SpecCycle-",
        "\tRegion 0: Memory at f8000000 (32-bit, non-prefetchable) [size=16M]",
        "\tRegion 1: Memory at 7000000000 (64-bit, prefetchable) [size=256M]",
        "\tCapabilities: [bb0 v1] Physical Resizable BAR",
        "\t\tBAR 1: current size: 256MB, supported: 64MB 256MB 32GB 1TB",
        "\tCapabilities: [c00 v1] Virtual Resizable BAR",
        "\t\tBAR 0: current size: 16MB, supported: 16MB 32MB",
      ].join("\n"),
    );
    expect(at("0000:01:00.0").bars!.map(({ sizes }) => sizes)).toEqual([
      undefined,
      [2 ** 26, 2 ** 28, 2 ** 35, 2 ** 40],
    ]);
  });

  it("inside the SR-IOV capability are apertures at bus addresses, not BARs of the function", () => {
    expect(
      bars(
        "Region 0: Memory at fdc00000 (32-bit, non-prefetchable) [size=128K]",
        "Capabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)",
        "\tRegion 0: Memory at 00000000fe600000 (64-bit, prefetchable)",
      ),
    ).toEqual([
      { index: 0, type: "mem32", prefetchable: false, start: "0xfdc00000", size: 131072 },
      { index: 7, type: "mem64", prefetchable: true, bus: "0xfe600000" },
    ]);
  });

  it("say at -v whether memory decode is on, and a ROM that only the command register blocks is enabled", () => {
    const command = (line: string) => {
      const text = `01:00.0 Bridge: X\n\tFlags: fast devsel\n\t${line}`;
      const { command, bars } = read(text).at("0000:01:00.0");
      return {
        memory: (command as { mask: number; value: number }).value & 2,
        mask: (command as { mask: number }).mask & 2,
        bars,
      };
    };
    expect(command("Memory at df000000 (32-bit, non-prefetchable) [size=4K]")).toMatchObject({ memory: 2, mask: 2 });
    expect(command("Memory at df000000 (32-bit, non-prefetchable) [disabled] [size=4K]")).toMatchObject({
      memory: 0,
      mask: 2,
    });
    expect(command("[virtual] Memory at df000000 (64-bit, prefetchable) [size=4K]")).toMatchObject({ mask: 0 });
    expect(command("Expansion ROM at fb000000 [disabled by cmd] [size=64K]")).toMatchObject({
      memory: 0,
      mask: 2,
      bars: [{ romEnabled: true }],
    });
    expect(command("Expansion ROM at fb000000 [disabled] [size=64K]")).toMatchObject({
      mask: 0,
      bars: [{ romEnabled: false }],
    });
  });
});

describe("windows", () => {
  const windows = (bus: string, ...lines: string[]) =>
    read(
      [
        "00:01.0 PCI bridge: X",
        "\tFlags: fast devsel",
        `\tBus: ${bus}, sec-latency=0`,
        ...lines.map((l) => `\t${l}`),
      ].join("\n"),
    ).at("0000:00:01.0").windows;
  const BUSES = "primary=00, secondary=01, subordinate=01";

  it.each([
    "Memory behind bridge: fff00000-000fffff",
    "Memory behind bridge: None",
    "Memory behind bridge: fff00000-000fffff [empty]",
    "Memory behind bridge: [disabled]",
    "Memory behind bridge: [disabled] [32-bit]",
    "Memory behind bridge: fff00000-000fffff [disabled] [32-bit]",
    "Prefetchable memory behind bridge: [disabled] [64-bit]",
    "I/O behind bridge: 0000f000-00000fff",
    "I/O behind bridge: f000-0fff [disabled] [16-bit]",
  ])("that are closed are left out: %s", (line) => {
    expect(windows(BUSES, line)).toEqual([]);
  });

  it("that are open are read whatever the version appends", () => {
    expect(
      windows(
        BUSES,
        "I/O behind bridge: e000-efff [size=4K] [16-bit]",
        "Memory behind bridge: f9f00000-f9ffffff",
        "Prefetchable memory behind bridge: 60e0000000-60e09fffff [size=10M] [32-bit]",
      ),
    ).toEqual([
      { kind: "io", start: "0xe000", end: "0xefff" },
      { kind: "mem", start: "0xf9f00000", end: "0xf9ffffff" },
      { kind: "pref", start: "0x60e0000000", end: "0x60e09fffff" },
    ]);
  });

  it("at address 0 are no claim after a reset, nor where the bridge has no such window", () => {
    const memory = "Memory behind bridge: 00000000-000fffff [size=1M]";
    const others = [
      "I/O behind bridge: 00000000-00000fff [size=4K]",
      "Prefetchable memory behind bridge: 0000000000000000-00000000000fffff [size=1M]",
    ];
    expect(windows("primary=00, secondary=00, subordinate=00", memory, ...others)).toEqual([]);
    expect(windows(BUSES, memory, ...others)).toEqual([{ kind: "mem", start: "0x0", end: "0xfffff" }]);
  });

  it("of a CardBus bridge come in pairs", () => {
    const text = [
      "02:03.0 CardBus bridge: X",
      "\tControl: I/O+ Mem+",
      "\tStatus: Cap-",
      "\tBus: primary=02, secondary=03, subordinate=06, sec-latency=176",
      "\tMemory window 0: d1000000-d23fffff (prefetchable)",
      "\tMemory window 1: d2400000-d2ffffff [disabled]",
      "\tI/O window 0: 00001000-000010ff",
      "\tI/O window 1: 00000000-00000003",
    ];
    expect(read(text.join("\n")).at("0000:02:03.0")).toMatchObject({
      kind: "cardbus-bridge",
      class: "0607",
      bus: { primary: 2, secondary: 3, subordinate: 6 },
      windows: [
        { kind: "pref", start: "0xd1000000", end: "0xd23fffff" },
        { kind: "mem", start: "0xd2400000", end: "0xd2ffffff" },
        { kind: "io", start: "0x1000", end: "0x10ff" },
      ],
    });
  });

  const displacedPort = [
    "00:01.0 PCI bridge: X",
    "\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0",
    "\tMemory behind bridge: 00000000-007fffff [size=8M] [32-bit]",
  ];
  const displacedBar = [
    "01:00.0 3D controller: Y",
    "\tControl: I/O- Mem+",
    "\tRegion 0: Memory at 600c000400000 (32-bit, non-prefetchable) [size=4M]",
  ];

  it("get back the upper address half that lspci cuts off, from the BARs below", () => {
    const { at } = read([...displacedPort, ...displacedBar].join("\n"));
    expect(at("0000:00:01.0").windows).toEqual([{ kind: "mem", start: "0x600c000000000", end: "0x600c0007fffff" }]);
  });

  it("are printed as they are where only a ROM that is switched off holds another address", () => {
    const text = [
      "00:01.0 PCI bridge: X",
      "\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0",
      "\tMemory behind bridge: 50000000-500fffff",
      "01:00.0 Ethernet controller: Y",
      "\tControl: I/O- Mem+",
      "\tExpansion ROM at 50020000 [disabled] [size=64K]",
      "00: 34 12 02 00 02 00 00 00 00 00 00 02 00 00 00 00",
      "10: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
      "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
      "30: 00 00 fe ff 00 00 00 00 00 00 00 00 00 00 00 00",
    ];
    const { at } = read(text.join("\n"));
    expect(at("0000:01:00.0").bars).toMatchObject([{ index: 6, start: "0x50020000", bus: "0xfffe0000" }]);
    expect(at("0000:00:01.0").windows).toEqual([{ kind: "mem", start: "0x50000000", end: "0x500fffff" }]);
  });

  it("keep no address where CPU and bus addresses differ and no BAR below tells by how much", () => {
    const elsewhere = displacedBar.join("\n").replace("01:00.0", "02:00.0");
    const { at } = read([...displacedPort, elsewhere].join("\n"));
    expect(at("0000:00:01.0").windows).toEqual([{ kind: "mem" }]);
  });
});

describe("hexadecimal dumps", () => {
  /** The 64 bytes of a type 0 header with BAR 0 at 80000000. */
  const HEX = [
    "00: 34 12 02 00 06 00 00 00 01 02 08 01 00 00 00 00",
    "10: 04 00 00 80 00 00 00 00 00 00 00 00 00 00 00 00",
    "20: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
    "30: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
  ];
  const HEADER = "01:00.0 Non-Volatile memory controller: Example Corp SSD";

  it("alone give bus addresses", () => {
    expect(read([HEADER, ...HEX].join("\n")).at("0000:01:00.0").bars).toEqual([
      { index: 0, type: "mem64", prefetchable: false, bus: "0x80000000" },
    ]);
  });

  it("give the text's BARs their bus address, whether they follow it, come later, or upper-case", () => {
    const text = [
      HEADER,
      "\tControl: I/O- Mem+ BusMaster+",
      "\tRegion 0: Memory at 600c080000000 (64-bit, non-prefetchable) [size=16K]",
    ];
    const expected = [
      { index: 0, type: "mem64", prefetchable: false, start: "0x600c080000000", size: 16384, bus: "0x80000000" },
    ];
    for (const paste of [
      [...text, ...HEX],
      [...text, "", "$ lspci -x", HEADER, ...HEX],
      [HEADER, ...HEX, "", ...text],
      [...text, ...HEX.map((line) => `${line.toUpperCase()} `)],
    ]) {
      const { at, findings, system } = read(paste.join("\n"));
      expect(system.functions).toHaveLength(1);
      expect(at("0000:01:00.0").bars).toEqual(expected);
      expect(at("0000:01:00.0").command).toBe(6);
      expect(findings).toEqual([]);
    }
  });

  it("give the BARs of -v their index", () => {
    const text = [HEADER, "\tFlags: bus master", "\tMemory at 600c080000000 (64-bit, non-prefetchable) [size=16K]"];
    expect(read([...text, ...HEX].join("\n")).at("0000:01:00.0").bars).toEqual([
      { index: 0, type: "mem64", prefetchable: false, start: "0x600c080000000", size: 16384, bus: "0x80000000" },
    ]);
  });

  it("hold no assigned address where the text does not mention the BAR", () => {
    expect(read([HEADER, "\tControl: I/O- Mem+", ...HEX].join("\n")).at("0000:01:00.0").bars).toEqual([
      { index: 0, type: "mem64", prefetchable: false, bus: "0x80000000", start: null },
    ]);
  });

  it("end where a line is missing, and say so", () => {
    const { findings, at } = read([HEADER, HEX[0], HEX[1], HEX[3]].join("\n"));
    expect(findings.map(({ code, line }) => [code, line])).toEqual([
      ["MALFORMED_LINE", 4],
      ["UNREADABLE_FUNCTION", 2],
    ]);
    expect(at("0000:01:00.0").vendor).toBeUndefined();
  });

  it("without a function above them are a finding, not a function", () => {
    const { system, findings } = read([HEADER, "", "and then:", ...HEX].join("\n"));
    expect(system.functions[0]).not.toHaveProperty("bars");
    expect(findings).toMatchObject([{ code: "MALFORMED_LINE", line: 4 }]);
  });

  it("contradicting the text leave unknown what a verdict may rest on", () => {
    const text = ["01:00.0 Ethernet controller [0200]: Other [9999:0002]", ...HEX];
    const { at, findings } = read(text.join("\n"));
    for (const field of ["vendor", "class"]) expect(at("0000:01:00.0")).not.toHaveProperty(field);
    expect(at("0000:01:00.0")).toMatchObject({ device: "0002", label: "Other" });
    expect(findings.map(({ code, message }) => [code, message])).toEqual([
      ["SOURCES_DISAGREE", '0000:01:00.0: class: line 1 says "0200", line 2 says "010802"'],
      ["SOURCES_DISAGREE", '0000:01:00.0: vendor: line 1 says "9999", line 2 says "1234"'],
    ]);
  });

  it("contradicting the control bits of the text leave those bits unknown", () => {
    const { at, codes } = read([HEADER, "\tControl: I/O- Mem- BusMaster+", ...HEX].join("\n"));
    expect(at("0000:01:00.0").command).toEqual({ value: 0x4, mask: 0xfffd });
    expect(codes).toEqual(["SOURCES_DISAGREE"]);
  });

  it("call the BARs 64-bit that the firmware calls 32-bit, and are no contradiction", () => {
    const region = "\tRegion 0: Memory at 80000000 (32-bit, non-prefetchable) [size=16K]";
    const { at, codes } = read([HEADER, "\tControl: I/O- Mem+ BusMaster+", region, ...HEX].join("\n"));
    expect(at("0000:01:00.0").bars).toMatchObject([{ index: 0, type: "mem64" }]);
    expect(codes).toEqual([]);
  });

  it("contradicting the ACS words of the text leave ACS unknown", () => {
    const rows = Array.from({ length: 256 }, (_, row) => (row * 16).toString(16).padStart(2, "0"));
    const bytes: Readonly<Record<string, string>> = {
      "00": "34 12 01 00 07 04 10 00 02 00 04 06 00 00 01 00",
      "10": "00 00 00 00 00 00 00 00 00 01 05 00 f0 00 00 00",
      "20": "a0 fd f0 fd 01 e0 91 e0 60 00 00 00 60 00 00 00",
      "30": "00 00 00 00 40 00 00 00 00 00 00 00 00 00 00 00",
      "40": "10 00 42 00 00 00 00 00 00 00 00 00 00 00 00 00",
      "100": "0d 00 01 00 5f 00 1d 00 00 00 00 00 00 00 00 00",
    };
    const hex = rows.map((row) => `${row}: ${bytes[row] ?? "00 ".repeat(16).trim()}`);
    const port = PORT.filter((line) => !line.includes("LnkSta") && !line.includes("LnkCap"));
    const agreeing = read([...port, ...hex].join("\n"));
    expect(agreeing.findings).toEqual([]);
    expect(agreeing.at("0000:00:01.0").acs).toEqual({ capability: 0x5f, control: 0x1d });
    const contested = read([...port, ...hex].join("\n").replace("5f 00 1d 00", "5f 00 11 00"));
    expect(contested.codes).toEqual(["SOURCES_DISAGREE"]);
    expect(contested.at("0000:00:01.0")).not.toHaveProperty("acs");
    expect(contested.at("0000:00:01.0")).toMatchObject({ kind: "root-port", vendor: "1234" });
  });
});

describe("two dumps of one machine in one paste", () => {
  const two = (...second: string[]) => read([...PORT, "", ...ENDPOINT, "", ...second].join("\n"));

  it("say no more than one where they say the same", () => {
    const { at, findings } = two(...PORT, "", ...ENDPOINT);
    const once = read([...PORT, "", ...ENDPOINT].join("\n"));
    expect(at("0000:00:01.0")).toEqual(once.at("0000:00:01.0"));
    const { bars, ...endpoint } = once.at("0000:01:00.0");
    expect(at("0000:01:00.0")).toMatchObject(endpoint);
    // BARs without an index are put in the order of their addresses.
    expect(new Set(at("0000:01:00.0").bars)).toEqual(new Set(bars));
    expect(findings).toEqual([]);
  });

  it.each<[string, string, string]>([
    [
      "acs",
      "ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
      "ReqRedir- CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-",
    ],
    ["acs", "ACSCap:\tSrcValid+ TransBlk+", "ACSCap:\tSrcValid+ TransBlk-"],
    ["bus", "subordinate=05", "subordinate=06"],
    ["kind", "Root Port", "Downstream Port"],
    ["device", "1234:0001", "1234:0009"],
    ["powerState", "Status: D3", "Status: D0"],
  ])("leave %s of a function unknown where one says %s, the other %s", (field, one, other) => {
    const { at, codes, findings } = two(...PORT.map((line) => line.replace(one, other)));
    expect(at("0000:00:01.0")).not.toHaveProperty(field);
    expect(codes).toEqual(["SOURCES_DISAGREE"]);
    expect(findings[0]).toMatchObject({ functions: ["0000:00:01.0"], source: "paste" });
  });

  it("leave the place of a BAR that moved unknown, and a decode bit that changed", () => {
    const { at, codes } = two(
      ...ENDPOINT.map((line) => line.replace("f0000000", "e0000000").replace("bus master, ", "")),
    );
    const { bars, command } = at("0000:01:00.0");
    const memory = bars!.find(({ type }) => type === "mem64")!;
    expect(memory).not.toHaveProperty("start");
    expect(memory).toMatchObject({ size: 32 * 2 ** 20 });
    expect(command).toEqual({ value: 0x002, mask: 0x2a3 });
    expect(codes).toEqual(["SOURCES_DISAGREE", "SOURCES_DISAGREE"]);
  });

  it("keep what one of them says of the driver", () => {
    const { at, codes } = two(...PORT.map((line) => line.replace("pcieport", "vfio-pci")));
    expect(at("0000:00:01.0").driver).toBe("pcieport");
    expect(codes).toEqual(["SOURCES_DISAGREE"]);
  });

  it("of more buses below one another than a segment has is refused", () => {
    const nested = (deep: number) => `-[0000:00]-${"+-01.0-[01-07]-".repeat(deep)}`;
    expect(readLspci(nested(255), "tree.txt").system.functions).toHaveLength(2);
    expect(() => readLspci(nested(256), "tree.txt")).toThrow(/at most 256 buses below one another/);
  });

  it("that draw a function below two bridges leave its parent unknown", () => {
    const { at, codes } = read("-[0000:00]---01.0-[01]----00.0\n\n-[0000:00]---02.0-[01]----00.0");
    expect(at("0000:01:00.0")).not.toHaveProperty("parent");
    expect(codes).toEqual(["SOURCES_DISAGREE"]);
  });
});

describe("text that ends in the middle of a function", () => {
  const cut = (lines: readonly string[], end: string) => read(lines.join("\n"), end);
  const UNSEEN = ["acs", "sriov", "link"];

  it.each(["", "\n", "\n> ", "\n\t\tLnkC"])("tells nothing by what is absent, where it ends in %j", (end) => {
    const { at, findings } = cut(ENDPOINT, end);
    for (const field of UNSEEN) expect(at("0000:01:00.0")).not.toHaveProperty(field);
    expect(at("0000:01:00.0")).toMatchObject({ kind: "endpoint", vendor: "1234", bars: [{}, {}, {}] });
    expect(findings).toMatchObject([{ code: "CUT_SHORT", functions: ["0000:01:00.0"], line: 1 }]);
  });

  it("tells neither kind, BARs nor windows before the capabilities", () => {
    for (const lines of [ENDPOINT.slice(0, 4), [...PORT.slice(0, 2), PORT[2]!.replace("Cap+", "Cap-"), PORT[3]!]]) {
      const [described] = cut(lines, "\n").system.functions;
      for (const field of [...UNSEEN, "kind", "bars", "windows"]) expect(described).not.toHaveProperty(field);
      const [whole] = cut(lines, "\n\n").system.functions;
      expect(whole).toHaveProperty("bars");
    }
  });

  it("does not make a host bridge function of what may go on as a bridge", () => {
    const lines = ["00:00.0 Host bridge: X", "\tControl: I/O- Mem+"];
    expect(cut(lines, "\n").at("0000:00:00.0")).not.toHaveProperty("kind");
    expect(cut(lines, "\n\n").at("0000:00:00.0").kind).toBe("host-bridge-function");
  });

  it.each(PORT.slice(1).map((_, line) => line + 1))("never says other than the whole, cut within line %i", (line) => {
    const whole = read(PORT.join("\n")).at("0000:00:01.0");
    const before = `${PORT.slice(0, line).join("\n")}\n`;
    for (let length = 0; length < PORT[line]!.length; length++) {
      const { at } = read(before + PORT[line]!.slice(0, length), "");
      const { command, link, class: classCode, ...described } = at("0000:00:01.0");
      expect(whole).toMatchObject(described);
      expect(described).not.toMatchObject({ acs: null });
    }
  });

  it("takes no bit of a word for clear that a lost line end held", () => {
    const line = "\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+";
    expect(cut([...PORT.slice(0, 15), line], "\n\n").at("0000:00:01.0")).not.toHaveProperty("acs");
  });

  it("is whole with its last field, whose value may be cut", () => {
    const { at, findings } = cut(PORT, "");
    const { driver, ...rest } = read(PORT.join("\n")).at("0000:00:01.0");
    expect(driver).toBe("pcieport");
    expect(at("0000:00:01.0")).toEqual(rest);
    expect(findings).toEqual([]);
    expect(cut(PORT, "\n").at("0000:00:01.0")).toEqual({ ...rest, driver });
  });

  it("is whole with a hexadecimal dump, of which a line that is cut is left out", () => {
    const zeros = (count: number) => " 00".repeat(count);
    const hex = [
      "00: 34 12 02 00 06 00 10 00 01 02 08 01 00 00 00 00",
      `10:${zeros(16)}`,
      `20:${zeros(16)}`,
      `30:${zeros(4)} 60${zeros(11)}`,
    ];
    expect(cut([...ENDPOINT, ...hex], "").codes).toEqual([]);
    expect(cut([...ENDPOINT, ...hex], "").at("0000:01:00.0").acs).toBeNull();
    expect(cut([...ENDPOINT, ...hex, "40: 00 0"], "").codes).toEqual([]);
    expect(cut([...ENDPOINT, ...hex, `40:${zeros(16)}`], "").codes).toEqual(["CUT_SHORT"]);
  });

  it("is no concern of one-line forms, nor where something follows", () => {
    const short = cut(["00:00.0 Host bridge [0600]: X [8086:1237]", "00:01.0 ISA bridge [0601]: Y [8086:7000]"], "");
    expect(short.codes).toEqual([]);
    expect(short.system.complete).toBe("likely");
    expect(short.at("0000:00:01.0").device).toBe("7000");
    for (const end of ["\n```", "\n\nThanks", "\n00:1f.0 ISA bridge: Z", "\n\n"]) {
      expect(cut(ENDPOINT, end).at("0000:01:00.0").acs, end).toBeNull();
    }
  });

  it("is found in a double-spaced paste too, and never looks like a whole machine", () => {
    const lines = ["00:00.0 Host bridge: X", "", ...PORT, "", ...ENDPOINT];
    expect(cut(lines, "\n\n").system.complete).toBe("likely");
    expect(cut(lines, "\n").system).not.toHaveProperty("complete");
    const doubled = lines.map((line) => `${line}\n`);
    expect(cut(doubled, "\n").at("0000:01:00.0")).not.toHaveProperty("acs");
    expect(cut(doubled, "\n\n").at("0000:01:00.0").acs).toBeNull();
  });
});

describe("the fields of two functions below one header", () => {
  const bridge = PORT.slice(1);
  const without = (...lost: RegExp[]) => bridge.filter((line) => !lost.some((each) => each.test(line)));

  it.each([
    ["registers again", [...bridge, ...bridge], /^0000:00:01\.0: "Control: I\/O\+.*" is another function's/],
    ["registers behind capabilities", [...without(/Kernel|Control/), bridge[0]!], /"Control: I/],
    ["a bus behind capabilities", [...without(/Kernel|Bus:/), bridge[2]!], /"Bus: primary/],
    ["a capability at an offset that was there", [...without(/Kernel/), bridge[6]!], /"Capabilities: \[54\]/],
    ["control bits again", [...without(/Kernel/), bridge.find((line) => line.includes("ACSCtl"))!], /"ACSCtl:/],
    ["capabilities behind the driver", [...bridge, "\tCapabilities: [a0] MSI"], /"Capabilities: \[a0\]/],
    ["fields behind a dump", [...bridge, "00: 34 12 01 00", "\tNUMA node: 1"], /"NUMA node: 1" is another/],
  ])("%s: nothing is taken for either's", (_, fields, message) => {
    const { at, findings, system } = read([PORT[0], ...fields].join("\n"));
    expect(at("0000:00:01.0")).toEqual({
      bdf: "0000:00:01.0",
      class: "060400",
      label: "Example Corp Root Port",
      vendor: "1234",
      device: "0001",
      revision: "02",
    });
    expect(findings).toMatchObject([{ code: "MALFORMED_LINE", message: expect.stringMatching(message) }]);
    expect(system.complete).toBeUndefined();
  });

  it("is told from apertures of virtual functions, which look like BARs behind capabilities", () => {
    const sriov = [
      "\tRegion 0: Memory at f0000000 (64-bit, prefetchable) [size=32M]",
      "\tCapabilities: [150 v1] Single Root I/O Virtualization (SR-IOV)",
      "\t\tRegion 0: Memory at 00000000fe800000 (64-bit, prefetchable)",
      "\tCapabilities: [200 v1] Advanced Error Reporting",
      "",
    ];
    const { codes, at } = read(["01:00.0 Ethernet controller [0200]: X [1234:5678]", ...sriov].join("\n"));
    expect(codes).toEqual([]);
    expect(at("0000:01:00.0").bars).toHaveLength(2);
  });

  it("shows a capability by its details, where its own line is lost", () => {
    const lost = read([PORT[0], ...without(/Access Control|ACSCap/)].join("\n")).at("0000:00:01.0");
    expect(lost).not.toHaveProperty("acs");
  });
});

describe("a mangled paste", () => {
  const clean = read([...PORT, "", ...ENDPOINT].join("\n")).system;
  const mangle = (change: (line: string) => string) => [...PORT, "", ...ENDPOINT].map(change).join("\n");

  it.each<[string, string]>([
    ["with CRLF", [...PORT, "", ...ENDPOINT].join("\r\n")],
    ["with U+00A0", mangle((line) => line.replace(/[\t ]/g, "\u00a0"))],
    ["with tabs turned into eight spaces", mangle((line) => line.replace(/\t/g, "        "))],
    ["with tabs turned into nine spaces", mangle((line) => line.replace(/\t/g, "         "))],
    ["quoted twice", mangle((line) => `> > ${line}`)],
    ["in a Markdown fence", ["Here it is:", "", "```", ...PORT, "", ...ENDPOINT, "```", "Thanks"].join("\n")],
    ["double-spaced", mangle((line) => `${line}\n`)],
    ["indented as a whole", mangle((line) => `    ${line}`)],
    ["without any indentation", mangle((line) => line.trim())],
    [
      "with a message from standard error inside",
      [PORT[0], "lspci: Unable to load libkmod resources: error -12", ...PORT.slice(1), ...ENDPOINT].join("\n"),
    ],
    [
      "between prompts",
      ["root@host:/# lspci -vvv", ...PORT, "root@host:/# lspci -nnv", ...ENDPOINT, "root@host:/# "].join("\n"),
    ],
    [
      "with each function by its own command",
      ["lspci -vv -s 00:01.0", ...PORT, "", "$ sudo lspci -nnv -s 1:", ...ENDPOINT].join("\n"),
    ],
  ])("says the same %s", (_, text) => {
    const { system, findings } = read(text);
    expect(system).toEqual(clean);
    expect(findings).toEqual([]);
  });

  it.each([52, 60, 76])("says the same hard-wrapped at %i columns", (width) => {
    const wrap = (line: string): string => {
      const at = line.length <= width ? -1 : line.lastIndexOf(" ", width);
      return at <= 0 ? line : `${line.slice(0, at)}\n${wrap(line.slice(at + 1))}`;
    };
    const { system, findings } = read(mangle(wrap));
    expect(system).toEqual(clean);
    expect(findings).toEqual([]);
  });

  it("does not run a message from standard error into the line above it", () => {
    const { at } = read("01:00.0 Bridge: X\npcilib: Cannot open /sys/bus/pci\n");
    expect(at("0000:01:00.0").label).toBe("X");
  });

  it("does not run prose after a blank line into the last field", () => {
    const prose = ["", "so the root port above has", "\tRegion 5: nothing at all"];
    expect(read([...PORT, "", ...ENDPOINT, ...prose].join("\n")).findings).toEqual([]);
  });

  it("names the line of a field it cannot read, and goes on", () => {
    const text = [ENDPOINT[0], "\tFlags: fast devsel", "\tBus: primary=00, secondary=zz", ...ENDPOINT.slice(3)].join(
      "\n",
    );
    const { at, findings } = read(text);
    expect(findings).toMatchObject([{ code: "MALFORMED_LINE", line: 3, functions: ["0000:01:00.0"] }]);
    expect(at("0000:01:00.0").bars).toHaveLength(3);
  });

  it("that names no function is refused with what to give instead", () => {
    expect(() => read("\t\tACSCtl:\tSrcValid+ ReqRedir+\n\t\tACSCtl:\tSrcValid- ReqRedir-\n")).toThrow(ReadError);
    expect(() => read("")).toThrow("paste: no PCI function found: expected lines such as");
  });

  it("with text that means to hang a careless pattern is read at once", () => {
    const run = (unit: string) => unit.repeat(50_000);
    for (const unit of [" ", "(rev ", "(prog-if ", "[", "a+", "> ", "- ", "\u001b["]) {
      const text = [
        `01:00.0 Bridge: x${run(unit)}x`,
        `\tSubsystem: ${run(unit)}x`,
        `\tACSCap:\tSrcValid+ ${run(unit)}x`,
      ];
      expect(read([...text, run(unit), `x${run(unit)}`].join("\n")).system.functions).toHaveLength(1);
    }
  });

  it("that repeats one function thousands of times is one function", () => {
    const block = (i: number) => [
      "01:00.0 Bridge: X",
      "\tFlags: fast devsel",
      `\tMemory at ${(0x10000000 + i * 4096).toString(16)} (32-bit, non-prefetchable) [size=4K]`,
      "00: 34 12 02 00",
    ];
    const { system } = read(Array.from({ length: 3000 }, (_, i) => block(i).join("\n")).join("\n\n"));
    expect(system.functions).toHaveLength(1);
  });

  it("cut or shuffled anywhere never makes the reader fail other than by ReadError", () => {
    const lines = [
      ...PORT,
      "",
      ...ENDPOINT,
      "-[0000:00]-+-00.0",
      "      \\-01.0-[01]----00.0",
      "00: 34 12 02 00 06 00 00 00",
    ];
    let seed = 7;
    const random = (below: number) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;
    let read = 0;
    for (let round = 0; round < 1000; round++) {
      const shuffled = lines
        .map(() => lines[random(lines.length)]!)
        .map((line) => line.slice(random(6) === 0 ? random(40) : 0));
      const paste = shuffled.join(random(3) === 0 ? "" : "\n");
      try {
        readLspci(paste, "paste");
        read++;
      } catch (error) {
        expect(error).toBeInstanceOf(ReadError);
      }
    }
    expect(read).toBeGreaterThan(500);
  });
});

describe("names and places", () => {
  it("are canonical, sorted by segment, bus, device and function, with segments of more than four digits", () => {
    const text = [
      "10000:e0:06.0 PCI bridge: X",
      "0001:00:00.0 Bridge: Y",
      "0000:0A:1f.7 Bridge: Z",
      "0000:02:00.0 Bridge: V",
    ];
    expect(read(text.join("\n")).system.functions.map(({ bdf }) => bdf)).toEqual([
      "0000:02:00.0",
      "0000:0a:1f.7",
      "0001:00:00.0",
      "10000:e0:06.0",
    ]);
  });

  it("come with parents in the path form of -PP", () => {
    const { at, system } = read(
      "0000:00:1c.3 PCI bridge: X\n0000:00:1c.3/08:00.0 PCI bridge: Y\n0000:00:1c.3/08:00.0/09:01.0 Bridge: Z",
    );
    expect(system.functions.map(({ bdf }) => bdf)).toEqual(["0000:00:1c.3", "0000:08:00.0", "0000:09:01.0"]);
    expect(at("0000:00:1c.3").parent).toBeNull();
    expect(at("0000:08:00.0").parent).toBe("0000:00:1c.3");
    expect(at("0000:09:01.0").parent).toBe("0000:08:00.0");
  });

  it("need the bridge's bus numbers in the path form of -P", () => {
    const child = "00:01.0/00.0 3D controller: Y";
    const { at } = read([...PORT, child].join("\n"));
    expect(at("0000:01:00.0")).toMatchObject({ parent: "0000:00:01.0", class: "0302" });
    const { findings, system } = read(`00:01.0 PCI bridge: X\n${child}`);
    expect(findings).toMatchObject([{ code: "MALFORMED_LINE", line: 2 }]);
    expect(findings[0]!.message).toContain("lspci -PP");
    expect(system.functions).toHaveLength(1);
  });

  it("do not come from other lines that begin with a function's name", () => {
    for (const line of [
      "0000:00:00.0 -> ../../../devices/pci0000:00/0000:00:00.0: x",
      '00:00.0 "Host bridge": "X" "Y"',
      "0000:00:00.0: [8086:1237] type 00 class 0x060000: x",
      "fe200000-fe200fff : 0000:00:01.0",
    ]) {
      expect(looksLikeLspci(line), line).toBe(false);
      expect(() => read(line), line).toThrow(ReadError);
    }
  });

  it("of parents are left to the topology where the text shows bus numbers only", () => {
    expect(read([...PORT, ...ENDPOINT].join("\n")).at("0000:01:00.0")).not.toHaveProperty("parent");
  });
});

describe("tree drawings", () => {
  const TREE = `
-+-[0000:20]-+-00.0  Example Corp Host [1234:0010]
 |           \\-03.1-[21-23]--+-00.0  Example Corp NIC
 |                           \\-01.0-[22-23]----00.0-[23]--
 +-[10000:e0]---06.0-[e1]----00.0  Example Corp SSD
 \\-[0000:00]-+-00.0
             \\-01.0-[01]--
`;

  it("give parents, root buses, bus numbers and names", () => {
    const { system, findings } = read(TREE);
    expect(findings).toEqual([]);
    expect(system.functions).toEqual([
      { bdf: "0000:00:00.0", parent: null },
      { bdf: "0000:00:01.0", parent: null, bus: { secondary: 1, subordinate: 1 } },
      { bdf: "0000:20:00.0", parent: null, label: "Example Corp Host", vendor: "1234", device: "0010" },
      { bdf: "0000:20:03.1", parent: null, bus: { secondary: 0x21, subordinate: 0x23 } },
      { bdf: "0000:21:00.0", parent: "0000:20:03.1", label: "Example Corp NIC" },
      { bdf: "0000:21:01.0", parent: "0000:20:03.1", bus: { secondary: 0x22, subordinate: 0x23 } },
      { bdf: "0000:22:00.0", parent: "0000:21:01.0", bus: { secondary: 0x23, subordinate: 0x23 } },
      { bdf: "10000:e0:06.0", parent: null, bus: { secondary: 0xe1, subordinate: 0xe1 } },
      { bdf: "10000:e1:00.0", parent: "10000:e0:06.0", label: "Example Corp SSD" },
    ]);
    expect(system.complete).toBe("likely");
  });

  it("of old versions and of a single root are read, and a bus that several buses share", () => {
    expect(
      read("-[00]-+-00.0\n      \\-01.0-[01-02]--+-[0000:01]---00.0\n                      \\-[0000:02]---00.0").system
        .functions,
    ).toEqual([
      { bdf: "0000:00:00.0", parent: null },
      { bdf: "0000:00:01.0", parent: null, bus: { secondary: 1, subordinate: 2 } },
      { bdf: "0000:01:00.0", parent: "0000:00:01.0" },
      { bdf: "0000:02:00.0", parent: "0000:00:01.0" },
    ]);
  });

  it("give parents and names to what the text in the same paste shows", () => {
    const { at, system } = read([...ENDPOINT, "", "$ lspci -t", "-[0000:00]---01.0-[01]----00.0"].join("\n"));
    expect(system.functions).toHaveLength(2);
    expect(at("0000:01:00.0")).toMatchObject({ kind: "endpoint", parent: "0000:00:01.0" });
  });

  it("that show the buses below a bridge do not contradict text that shows the one above as well", () => {
    const { at, findings } = read([...PORT, "", "-[0000:00]---01.0-[01-05]----00.0"].join("\n"));
    expect(at("0000:00:01.0")).toMatchObject({ parent: null, bus: { primary: 0, secondary: 1, subordinate: 5 } });
    expect(findings).toEqual([]);
  });

  it("begin anew with every first line", () => {
    const { findings } = read("-[0000:00]-+-00.0\n           \\-01.0\n-[0000:00]---00.0\n           \\-02.0");
    expect(findings).toMatchObject([{ code: "MALFORMED_LINE", line: 4 }]);
  });

  it("are read however they were quoted, indented and wrapped, and no prose becomes part of them", () => {
    const drawing = [
      "-+-[0000:20]-+-00.0  Example Semiconductor Corporation Root Complex [1234:0010]",
      " |           \\-03.1-[21]----00.0  Example Semiconductor Corporation NIC [X-7] [1234:0021]",
      " \\-[0000:00]---01.0-[01]--",
      "",
    ].join("\n");
    const { functions } = read(drawing).system;
    expect(functions).toHaveLength(4);
    expect(functions.at(-1)).toMatchObject({ parent: "0000:20:03.1", vendor: "1234", device: "0021" });
    const wrapped = drawing.replace("Corporation NIC", "Corporation\nNIC").replace("Root Complex", "Root\nComplex");
    for (const mangled of [
      drawing.replaceAll(/^(?=.)/gm, "    "),
      drawing.replaceAll(/^(?=.)/gm, "\t"),
      drawing.replaceAll(/^/gm, "> > "),
      drawing.replaceAll("\n", "\n\n"),
      wrapped,
      wrapped.replaceAll(/^/gm, "> "),
      `${drawing}Kind regards\n`,
    ]) {
      const reading = read(mangled);
      expect([mangled, reading.system.functions, reading.findings]).toEqual([mangled, functions, []]);
    }
  });

  it("with a branch that has no trunk are a finding", () => {
    const { findings } = read("-[0000:00]-+-00.0\n  +-01.0");
    expect(findings).toMatchObject([{ code: "MALFORMED_LINE", line: 2 }]);
  });
});

describe("completeness", () => {
  it("is claimed where enumeration begins at 00.0 and every bus has a bridge or is a root bus", () => {
    const host = "00:00.0 Host bridge: X";
    expect(read([host, ...PORT, ...ENDPOINT].join("\n")).system.complete).toBe("likely");
    expect(read([host, ...ENDPOINT].join("\n")).system).not.toHaveProperty("complete");
    expect(read([...PORT, ...ENDPOINT].join("\n")).system).not.toHaveProperty("complete");
  });

  it("takes a root port or a host bridge function for evidence of a root bus, and a bare bus for none", () => {
    const host = "00:00.0 Host bridge: X";
    const second = "80:00.0 System peripheral: Y\n\tControl: I/O+ Mem+\n\tStatus: Cap-";
    expect(read(`${host}\n${second}`).system).not.toHaveProperty("complete");
    expect(read(`${host}\n${second}\n80:01.0 Host bridge: Z\n\tFlags: fast devsel`).system.complete).toBe("likely");
  });
});

describe("virtual functions", () => {
  const physical = [
    "04:00.0 Ethernet controller: PF",
    "\tControl: I/O- Mem+",
    "\tCapabilities: [a0] Express (v2) Endpoint, MSI 00",
    "\tCapabilities: [160 v1] Single Root I/O Virtualization (SR-IOV)",
    "\t\tIOVCtl:\tEnable+ Migration- Interrupt- MSE+ ARIHierarchy+ 10BitTagReq-",
    "\t\tInitial VFs: 8, Total VFs: 8, Number of VFs: 3, Function Dependency Link: 00",
    "\t\tVF offset: 128, stride: 2, Device ID: 10ca",
    "\t\tRegion 0: Memory at 00000000fe600000 (64-bit, prefetchable)",
  ];
  const virtual = (slot: string, address: string) => [
    `${slot} Ethernet controller: VF`,
    "\tControl: I/O- Mem-",
    `\tRegion 0: Memory at ${address} (64-bit, prefetchable) [virtual] [size=16K]`,
  ];

  it("are tied to their physical function, and complete each other's ranges", () => {
    const { at } = read(
      [...physical, ...virtual("04:10.2", "600fe604000"), ...virtual("04:10.6", "600fe60c000")].join("\n"),
    );
    expect(at("0000:04:00.0")).toMatchObject({
      physicalFunction: null,
      sriov: { control: 0x19, totalVfs: 8, numVfs: 3, firstOffset: 128, stride: 2, vfDevice: "10ca" },
      bars: [{ index: 7, bus: "0xfe600000", start: "0x600fe600000", size: 8 * 16384 }],
    });
    expect(at("0000:04:10.2").physicalFunction).toBe("0000:04:00.0");
    expect(at("0000:04:10.2").bars).toMatchObject([{ index: 0, start: "0x600fe604000", bus: "0xfe604000" }]);
    // The fourth would be beyond those that are switched on.
    expect(at("0000:04:10.6")).not.toHaveProperty("physicalFunction");
  });

  it("need no bridge to their bus for the dump to be whole", () => {
    const far = physical.map((line) => line.replace("04:00.0", "00:00.0").replace("offset: 128", "offset: 256"));
    const { system, at } = read([...far, ...virtual("01:00.0", "fe600000")].join("\n"));
    expect(at("0000:01:00.0").physicalFunction).toBe("0000:00:00.0");
    expect(system.complete).toBe("likely");
  });

  it("are none while the physical function has them switched off", () => {
    const off = physical.map((line) => line.replace("Enable+", "Enable-"));
    const { at } = read([...off, ...virtual("04:10.2", "600fe604000")].join("\n"));
    expect(at("0000:04:10.2")).not.toHaveProperty("physicalFunction");
    expect(at("0000:04:00.0").bars).toMatchObject([{ index: 7, bus: "0xfe600000" }]);
  });
});

/*
 * Machines on which a real kernel booted, with what it said of every function:
 *
 *     DEV  bdf vendor:device class hdr=0|1 pcie=type root= up= pf=bdf|- …
 *     BAR  bdf index start end flags bus       0-5 BARs, 6 ROM, 7-12 apertures, 13 I/O, 14 memory, 15 prefetchable window
 *     ACS  bdf capability control  or  - -
 */
const WINDOW_KINDS: readonly WindowDescription["kind"][] = ["io", "mem", "pref"];
const IO = 0x100;
const PREFETCHABLE = 0x2000;
const MEM_64 = 0x100000;
const UNSET = 0x20000000;

/** What the kernel and the reader say differently about one capture, and how much they say alike. */
function compareWithKernel(name: string) {
  const { system, findings } = readLspci(captureText(name, "lspci.txt"), name);
  const functions = new Map(system.functions.map((described) => [described.bdf, described]));
  const differences: string[] = findings.map(({ message }) => message);
  const agreed = {
    functions: 0,
    acs: 0,
    bars: 0,
    windows: 0,
    withoutPlace: [] as string[],
    withoutBus: [] as string[],
  };
  const shown = new Set<string>();
  const isPower = name.startsWith("ppc-");

  const check = (line: string, got: unknown, expected: unknown) => {
    if (got !== expected) differences.push(`${line}: read ${String(got)}, expected ${String(expected)}`);
  };
  const checkRange = (line: string, key: string, range: { start: unknown; end: bigint | undefined; bus: unknown }) => {
    const [, , , start, end, flags, bus] = line.split(" ");
    // POWER counts I/O ports from a base of its own, and shows to user space what the bus sees.
    const isPort = isPower && (Number(flags) & IO) !== 0;
    const shift = isPort ? BigInt(start!) - BigInt(bus!) : 0n;
    if (range.start == null || range.end === undefined) agreed.withoutPlace.push(key);
    else {
      check(line, BigInt(range.start as string), BigInt(start!) - shift);
      check(line, range.end, BigInt(end!) - shift);
    }
    if (range.bus == null) agreed.withoutBus.push(key);
    else check(line, BigInt(range.bus as string), BigInt(bus!));
  };
  const checkBar = (line: string, key: string, bar: BarDescription | undefined, index: number, flags: number) => {
    if (bar === undefined) return void differences.push(`${line}: no BAR read`);
    const end = bar.start != null && bar.size !== undefined ? toBigInt(bar.start) + toBigInt(bar.size) - 1n : undefined;
    checkRange(line, key, { start: bar.start, end, bus: bar.bus });
    // The register of a ROM does not say; the kernel takes it for prefetchable.
    if (index !== 6) check(line, bar.prefetchable, (flags & PREFETCHABLE) !== 0);
    if (index !== 6) check(line, bar.type === "io", (flags & IO) !== 0);
    // The firmware of pseries machines calls 64-bit BARs 32-bit, and the kernel believes it.
    if (index !== 6 && !name.startsWith("ppc-pseries")) check(line, bar.type === "mem64", (flags & MEM_64) !== 0);
    agreed.bars++;
  };

  for (const line of captureText(name, "kernel-answers.txt").split("\n")) {
    const [record, bdf, ...words] = line.split(" ");
    const described = functions.get(bdf ?? "");
    if (record === "COUNT") check(line, functions.size, Number(bdf));
    if (record !== "DEV" && record !== "BAR" && record !== "ACS") continue;
    if (described === undefined) {
      differences.push(`${line}: no such function read`);
    } else if (record === "DEV") {
      const [ids, classCode, header, type, , , pf] = words;
      check(line, `${described.vendor}:${described.device}`, ids);
      check(line, described.class, classCode);
      const conventional = classCode!.startsWith("0600")
        ? "host-bridge-function"
        : header === "hdr=1"
          ? "pci-bridge"
          : "conventional";
      check(line, described.kind, type === "pcie=conventional" ? conventional : type!.slice(5));
      check(line, described.physicalFunction, pf === "pf=-" ? null : pf!.slice(3));
      agreed.functions++;
    } else if (record === "ACS") {
      const words16 = [described.acs?.capability, described.acs?.control].map(
        (word) => `0x${word?.toString(16).padStart(4, "0")}`,
      );
      check(line, described.acs === null ? "- -" : words16.join(" "), words.join(" "));
      agreed.acs++;
    } else {
      const [index, flags] = [Number(words[0]), Number(words[3])];
      const key = `${name} ${bdf} ${index}`;
      // lspci does not print what has no address yet, nor the I/O ranges that some devices have as resource 13.
      if ((flags & UNSET) !== 0 || (index > 12 && described.bus === undefined)) continue;
      shown.add(`${bdf} ${index}`);
      if (index <= 12) {
        checkBar(
          line,
          key,
          described.bars?.find((bar) => bar.index === index),
          index,
          flags,
        );
        continue;
      }
      const window = described.windows?.find(({ kind }) => kind === WINDOW_KINDS[index - 13]);
      if (window === undefined) differences.push(`${line}: no window read`);
      else checkRange(line, key, { start: window.start, end: window.end && toBigInt(window.end), bus: window.bus });
      agreed.windows++;
    }
  }
  for (const { bdf, bars = [], windows = [] } of system.functions) {
    const indices = [
      ...bars.filter(({ start }) => start !== null).map(({ index }) => index),
      ...windows.map(({ kind }) => 13 + WINDOW_KINDS.indexOf(kind)),
    ];
    for (const index of indices)
      if (!shown.has(`${bdf} ${index}`)) differences.push(`${bdf} ${index}: not the kernel's`);
  }
  return { differences, agreed, complete: system.complete };
}

describe("captures of machines that a kernel booted on", () => {
  const results = captureNames().map((name) => [name, compareWithKernel(name)] as const);

  it.each(results)("%s: the dump says what the kernel says", (_, { differences }) => {
    expect(differences).toEqual([]);
  });

  it("leave open only what their dumps do not show", () => {
    const all = results.map(([, { agreed }]) => agreed);
    // Apertures while no virtual function is switched on, and the window of a root port with nothing below it.
    expect(all.flatMap(({ withoutPlace }) => withoutPlace)).toEqual([
      "gpu-server-intel 0000:af:00.0 7",
      "gpu-server-intel 0000:af:00.0 10",
      "gpu-server-intel 0000:2f:00.0 7",
      "gpu-server-intel 0000:2f:00.0 10",
      "gpu-server-intel-iommu 0000:af:00.0 7",
      "gpu-server-intel-iommu 0000:af:00.0 10",
      "gpu-server-intel-iommu 0000:2f:00.0 7",
      "gpu-server-intel-iommu 0000:2f:00.0 10",
      "ppc-powernv9 0005:00:00.0 14",
    ]);
    // An I/O window at bus address 0, which looks like that of a bridge without one.
    expect(all.flatMap(({ withoutBus }) => withoutBus)).toEqual(["arm64-virt-acpi-pxb 0000:02:00.0 13"]);
  });

  it("are all there, and whole except where a machine has no function 00:00.0", () => {
    const sum = (count: (of: ReturnType<typeof compareWithKernel>["agreed"]) => number) =>
      results.reduce((total, [, { agreed }]) => total + count(agreed), 0);
    expect(results).toHaveLength(41);
    expect(sum(({ functions }) => functions)).toBe(1142);
    expect(sum(({ acs }) => acs)).toBe(1142);
    expect(sum(({ bars }) => bars)).toBe(1010);
    expect(sum(({ windows }) => windows)).toBe(1250);
    expect(results.filter(([, { complete }]) => complete !== "likely").map(([name]) => name)).toEqual([
      "ppc-pseries-bridges",
    ]);
  });
});
