import { describe, expect, test } from "vitest";
import { readLspci } from "../../src/readers/lspci/lspci.js";
import { read } from "../../src/readers/read.js";

const one = (text: string) => {
  const { system, findings } = readLspci(text, "paste");
  expect(findings).toEqual([]);
  expect(system.functions).toHaveLength(1);
  return system.functions[0]!;
};
const findingsOf = (text: string) =>
  readLspci(text, "paste").findings.map(({ code, line, message }) => `${line} ${code} ${message}`);

const IDS = { class: "030200", vendor: "10de", device: "2330", revision: "a1" };
const SUBSYSTEM = { subsystemVendor: "10de", subsystemDevice: "16c1" };
const LABEL = { label: 'NVIDIA Corporation GH100 "H100" \\ SXM' };
const GH100 = String.raw`GH100 \"H100\" \\ SXM`;

describe("lspci -mm", () => {
  test("with numbers (-n), names, or both (-nn)", () => {
    expect(one('01:00.0 "0302" "10de" "2330" -ra1 -p00 "10de" "16c1"\n')).toEqual({
      bdf: "0000:01:00.0",
      ...IDS,
      ...SUBSYSTEM,
    });
    expect(one(`0001:01:00.0 "3D controller" "NVIDIA Corporation" "${GH100}" -ra1 -p00 "" ""\n`)).toEqual({
      bdf: "0001:01:00.0",
      class: "030200",
      revision: "a1",
      ...LABEL,
    });
    expect(
      one(
        `01:00.0 "3D controller [0302]" "NVIDIA Corporation [10de]" "${GH100} [2330]" -ra1 -p00 "NVIDIA Corporation [10de]" "Device [16c1]"\n`,
      ),
    ).toEqual({ bdf: "0000:01:00.0", ...IDS, ...SUBSYSTEM, ...LABEL });
  });

  test("without the parts that old versions leave out where they are zero", () => {
    expect(one('01:00.0 "0302" "10de" "2330" "" ""\n')).toEqual({
      bdf: "0000:01:00.0",
      class: "0302",
      vendor: "10de",
      device: "2330",
    });
  });

  test("with numbers where lspci knows no names, and names that are numbers", () => {
    expect(one('01:00.0 "Class 1300" "Vendor 1def" "Device e100" -p00 "Unknown vendor 1def" "Device 0001"\n')).toEqual({
      bdf: "0000:01:00.0",
      class: "130000",
      vendor: "1def",
      device: "e100",
      subsystemVendor: "1def",
      subsystemDevice: "0001",
    });
    expect(one('01:00.0 "Unassigned class [ff00]" "Example" "5300" "" ""\n')).toEqual({
      bdf: "0000:01:00.0",
      class: "ff00",
      label: "Example 5300",
    });
  });

  test("wrapped, quoted, with Windows line ends, and without the last line end", () => {
    const text = '> 01:00.0 "3D controller [0302]" "NVIDIA\r\n> Corporation [10de]" "H100 [2330]" -ra1 -p00 "" ""\r\n';
    const expected = { bdf: "0000:01:00.0", ...IDS, label: "NVIDIA Corporation H100" };
    expect(one(text)).toEqual(expected);
    expect(one(text.replace("\r\n>", "").trimEnd())).toEqual(expected);
  });

  test("with a hexadecimal dump below (-x), and with the path of -PP", () => {
    const hex = ["10: 00", "20: 00", "30: 00"].map((line) => line + " 00".repeat(15)).join("\n");
    const text = `00:01.0/01:00.0 "0302" "10de" "2330" "" ""\n00: de 10 30 23 06 00 10 00 a1 00 02 03 00 00 00 00\n${hex}\n`;
    const { system, findings } = readLspci(text, "paste");
    expect(findings).toEqual([]);
    expect(system.functions[1]).toMatchObject({ parent: "0000:00:01.0", ...IDS, command: 6 });
  });

  test("that is cut, or goes on with something else, says so", () => {
    const start = '00:00.0 "0600" "8086" "29c0" "" ""\n';
    for (const end of ['"0302" "10de" "23', '"0302" "10de"', '"0302" "10de" "2330" -r', '"0302" "10de" "2330" "" ']) {
      expect(findingsOf(`${start}01:00.0 ${end}`)).toEqual([expect.stringMatching(/^2 CUT_SHORT 0000:01:00\.0: /)]);
    }
    expect(findingsOf(`01:00.0 "0302" "10de" "2330" "" "" what\n${start}`)).toEqual([
      '1 MALFORMED_LINE 0000:01:00.0: expected "class" "vendor" "device" -rxx -pxx "subsystem vendor" "subsystem", got what',
    ]);
    expect(findingsOf('01:00.0 "0302" "10de" "80" "" ""\n')).toEqual([
      '1 MALFORMED_LINE 0000:01:00.0: Device: expected four hexadecimal digits, got "80"',
    ]);
  });

  test("of a function that does not answer has no ids", () => {
    const { system, findings } = readLspci('01:00.0 "ffff" "ffff" "ffff" -rff -pff "" ""\n', "paste");
    expect(system.functions).toEqual([{ bdf: "0000:01:00.0" }]);
    expect(findings).toMatchObject([{ code: "UNREADABLE_FUNCTION", line: 1 }]);
    const remembered = readLspci('01:00.0 "0302" "ffff" "ffff" -rff -pff "" ""\n', "paste").system.functions;
    expect(remembered).toEqual([{ bdf: "0000:01:00.0", class: "0302" }]);
  });
});

describe("lspci -vmm", () => {
  const RECORD = [
    "Slot:\t01:00.0",
    "Class:\t3D controller [0302]",
    "Vendor:\tNVIDIA Corporation [10de]",
    "Device:\tGH100 [2330]",
    "SVendor:\tNVIDIA Corporation [10de]",
    "SDevice:\tDevice [16c1]",
    "PhySlot:\t2-1",
    "Rev:\ta1",
    "ProgIf:\t00",
    "Driver:\tnvidia",
    "Module:\tnouveau",
    "Module:\tnvidia",
    "NUMANode:\t1",
    "DTNode:\t/pcie@1/gpu@0",
    "IOMMUGroup:\t17",
    "",
    "",
  ].join("\n");
  const DESCRIBED = {
    bdf: "0000:01:00.0",
    ...IDS,
    ...SUBSYSTEM,
    label: "NVIDIA Corporation GH100",
    slot: "2-1",
    driver: "nvidia",
    numaNode: 1,
    iommuGroup: 17,
  };

  test("with every field, whatever became of its tabs and line ends", () => {
    expect(one(RECORD)).toEqual(DESCRIBED);
    for (const mangled of [
      RECORD.replaceAll("\t", "        "),
      RECORD.replaceAll("\t", "\u00a0\u00a0"),
      RECORD.replaceAll("\n", "\r\n"),
      RECORD.replaceAll("\n", "\n\n"),
      RECORD.replaceAll(/^/gm, "> "),
      RECORD.replaceAll(/^/gm, "    "),
      RECORD.replace("NVIDIA Corporation [10de]", "NVIDIA\nCorporation [10de]"),
      RECORD.replace("Slot:", "Device:"), // -vm
    ]) {
      expect(one(mangled)).toEqual(DESCRIBED);
    }
  });

  test("with fields that are not known yet, and without those that are not shown", () => {
    expect(one("Slot:\t01:00.0\nClass:\t0302\nVendor:\t10de\nDevice:\t2330\nColour:\tgreen\n\n")).toEqual({
      bdf: "0000:01:00.0",
      class: "0302",
      vendor: "10de",
      device: "2330",
    });
  });

  test("with fields that make no sense says where", () => {
    const text = "Slot:\t01:00.0\nClass:\t0302\nVendor:\t10de\nDevice:\t2330\nRev:\tx\nNUMANode:\t-1\n\n";
    expect(findingsOf(text)).toEqual([
      '5 MALFORMED_LINE 0000:01:00.0: Rev: expected two hexadecimal digits, got "x"',
      '6 MALFORMED_LINE 0000:01:00.0: NUMANode: expected a number, got "-1"',
    ]);
  });

  test("that is cut says so, and does not believe half a value", () => {
    const { system, findings } = readLspci(RECORD.slice(0, RECORD.indexOf("2330")), "paste");
    expect(system.functions).toEqual([{ bdf: "0000:01:00.0", class: "0302", vendor: "10de" }]);
    expect(findings).toMatchObject([{ code: "CUT_SHORT", line: 1 }]);
    expect(one(RECORD.slice(0, RECORD.indexOf("17\n") + 1))).not.toHaveProperty("iommuGroup");
  });
});

describe("records beside other forms", () => {
  test("in one paste are one machine, with or without prompts and blank lines", () => {
    const parts = [
      "00:00.0 Host bridge [0600]: Example Host [1234:0001]",
      "Slot:\t01:00.0\nClass:\t0302\nVendor:\t10de\nDevice:\t2330\nNUMANode:\t1",
      '00:01.0 "0604" "1234" "0002" -p00 "" ""',
      "-[0000:00]-+-00.0\n           \\-01.0-[01]----00.0",
    ];
    for (const between of ["\n", "\n\n", "\n$ lspci\n"]) {
      const { system, findings } = readLspci(parts.join(between) + "\n", "paste");
      expect(findings).toEqual([]);
      expect(system).toEqual({
        complete: "likely",
        functions: [
          {
            bdf: "0000:00:00.0",
            parent: null,
            class: "0600",
            vendor: "1234",
            device: "0001",
            label: "Example Host",
          },
          {
            bdf: "0000:00:01.0",
            parent: null,
            class: "060400",
            vendor: "1234",
            device: "0002",
            bus: { secondary: 1, subordinate: 1 },
          },
          {
            bdf: "0000:01:00.0",
            parent: "0000:00:01.0",
            class: "0302",
            vendor: "10de",
            device: "2330",
            numaNode: 1,
          },
        ],
      });
    }
  });

  test("in several sources, too; contradictions are named", async () => {
    const sources = {
      "mm.txt": '00:01.0 "0604" "1234" "0002" -p00 "" ""\n',
      "nn.txt": "00:01.0 PCI bridge [0604]: Example Port [1234:0003]\n",
    };
    const given = Object.entries(sources).map(([name, text]) => ({ name, bytes: new TextEncoder().encode(text) }));
    const { machine, findings } = await read(given);
    expect(machine.systems[0]!.functions).toEqual([
      { bdf: "0000:00:01.0", class: "060400", vendor: "1234", label: "Example Port" },
    ]);
    expect(findings).toMatchObject([
      { code: "SOURCES_DISAGREE", message: '0000:00:01.0: device: mm.txt says "0002", nn.txt says "0003"' },
    ]);
  });

  test("say nothing of places: they never look like a whole machine below bridges", () => {
    const text = '00:00.0 "0600" "1234" "0001" "" ""\n01:00.0 "0302" "10de" "2330" "" ""\n';
    expect(readLspci(text, "paste").system).not.toHaveProperty("complete");
  });

  test("that mean to hang a careless pattern are read at once", () => {
    const quotes = `01:00.0 "${'\\"'.repeat(100_000)}" "${'" "'.repeat(50_000)}`;
    expect(readLspci(`${quotes}\n`, "paste").system.functions).toHaveLength(1);
    const entries = `Slot:\t01:00.0\nClass:\t${"[0000] ".repeat(50_000)}\nVendor:\t${" [".repeat(50_000)}\nDevice:\tx\n`;
    expect(readLspci(entries, "paste").system.functions).toHaveLength(1);
  });
});
