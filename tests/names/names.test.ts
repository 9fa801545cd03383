import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { type DeviceNames, unpackNames } from "../../src/names/device-names.js";
import { loadNames, PCI_IDS } from "../../src/names/index.js";

const PACKER = new URL("../../src/names/pack.mjs", import.meta.url).pathname;
const folder = mkdtempSync(`${tmpdir()}/peerlane-names-`);
afterAll(() => rmSync(folder, { recursive: true }));

const TEXT = `#
#\tVersion: 2031.02.03
#\tDate:    2031-02-03 04:05:06
#
# A comment
0001  First Vendor
0e11  Example, Inc. [formerly Exámple]
\t0000  Zeroth device
\t00ff  Board with names
# another
\t\t0e11 0000  Plain board
\t\tffff ffff  Last board
\tffff  Last device
1000  Without devices
ffff  Illegal Vendor

C 00  Unclassified device
\t00  Non-VGA unclassified device
C 03  Display controller
\t00  VGA compatible controller
\t\t00  VGA controller
\t\t01  8514 controller
\t02  3D controller
C ff  Unassigned class
`;

async function pack(file: string): Promise<{ names: DeviceNames; edition: unknown; said: string }> {
  const said = execFileSync(process.execPath, [PACKER, file, folder], { encoding: "utf8" });
  const names = await unpackNames(Uint8Array.from(readFileSync(`${folder}/pci.ids.bin`)));
  return { names, edition: JSON.parse(readFileSync(`${folder}/edition.json`, "utf8")), said };
}

/** Every line of pci.ids as it is asked for, and the name it gives, without regard to how it is packed. */
function* linesOf(text: string) {
  let [top, middle, isClass] = ["", "", false];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const name = line.slice(line.indexOf("  ") + 2);
    const id = line.slice(0, line.indexOf("  ")).replace("C ", "").trim();
    if (!line.startsWith("\t")) {
      [top, isClass] = [id, line.startsWith("C ")];
      yield isClass ? ([{ class: top }, "class", name] as const) : ([{ vendor: top }, "vendor", name] as const);
    } else if (!line.startsWith("\t\t")) {
      middle = id;
      const asked = isClass ? { class: top + middle } : { vendor: top, device: middle };
      yield [asked, isClass ? "subclass" : "device", name] as const;
    } else if (isClass) {
      yield [{ class: top + middle + id }, "programmingInterface", name] as const;
    } else {
      const [subsystemVendor, subsystemDevice] = id.split(" ") as [string, string];
      yield [{ vendor: top, device: middle, subsystemVendor, subsystemDevice }, "subsystem", name] as const;
    }
  }
}

function expectAll(names: DeviceNames, text: string): number {
  const differing: unknown[] = [];
  let lines = 0;
  for (const [asked, what, name] of linesOf(text)) {
    lines++;
    const found = names.lookup(asked)[what];
    if (found !== name) differing.push([asked, what, name, found]);
  }
  expect(differing).toEqual([]);
  return lines;
}

describe("packed names", () => {
  test("are those of the text, each and every one, with its edition", async () => {
    writeFileSync(`${folder}/pci.ids`, TEXT);
    const { names, edition, said } = await pack(`${folder}/pci.ids`);
    expect(expectAll(names, TEXT)).toBe(17);
    expect(edition).toEqual({ version: "2031.02.03", date: "2031-02-03" });
    expect(said).toMatch(/^pci\.ids 2031\.02\.03: 17 names, \d+ bytes packed into \d+\n$/);
  });

  test("say nothing of what the text does not have, and of numbers that are none", async () => {
    writeFileSync(`${folder}/pci.ids`, TEXT);
    const { names } = await pack(`${folder}/pci.ids`);
    expect(names.lookup({})).toEqual({});
    for (const vendor of ["0000", "0002", "", "x", "NaN", "-1"]) expect(names.lookup({ vendor })).toEqual({});
    expect(names.lookup({ vendor: "1000", device: "0000" })).toEqual({ vendor: "Without devices" });
    expect(names.lookup({ vendor: "0001", device: "00ff" })).toEqual({ vendor: "First Vendor" });
    expect(names.lookup({ device: "00ff", subsystemVendor: "0e11", subsystemDevice: "0000" })).toEqual({});
    const board = { vendor: "0e11", device: "ffff", subsystemVendor: "ffff", subsystemDevice: "ffff" };
    expect(names.lookup(board)).not.toHaveProperty("subsystem");
    expect(names.lookup({ class: "030202" })).toEqual({ class: "Display controller", subclass: "3D controller" });
    expect(names.lookup({ class: "0e11" })).toEqual({});
  });

  test("make labels in the words of lspci", async () => {
    writeFileSync(`${folder}/pci.ids`, TEXT);
    const { names } = await pack(`${folder}/pci.ids`);
    expect(names.label({ vendor: "0E11", device: "00FF" })).toBe("Example, Inc. [formerly Exámple] Board with names");
    expect(names.label({ vendor: "0001", device: "00ff" })).toBe("First Vendor Device 00ff");
    expect(names.label({ vendor: "0002", device: "00ff" })).toBeUndefined();
    expect(names.label({ vendor: "0001" })).toBeUndefined();
  });

  test("are not made of something else", () => {
    const attempt = (text: string) => {
      writeFileSync(`${folder}/other`, text);
      return spawnSync(process.execPath, [PACKER, `${folder}/other`, folder], { encoding: "utf8" });
    };
    expect(attempt("hello").stderr).toContain('expected a comment "Version: …"');
    const { status, stderr } = attempt(`${TEXT}what is this\n`);
    expect(status).not.toBe(0);
    expect(stderr).toContain(`other:${TEXT.split("\n").length}: not a line of pci.ids: what is this`);
  });

  const INSTALLED = "/usr/share/misc/pci.ids";
  if (!existsSync(INSTALLED)) console.warn(`skipped: packing all of pci.ids, which is not here (${INSTALLED})`);
  test.skipIf(!existsSync(INSTALLED))(`of a whole ${INSTALLED} are those of the text`, async () => {
    const { names } = await pack(INSTALLED);
    expect(expectAll(names, readFileSync(INSTALLED, "utf8"))).toBeGreaterThan(30_000);
  });
});

describe("the names that come with peerlane", () => {
  test("know the devices that this is about", async () => {
    const names = await loadNames();
    expect(names.label({ vendor: "10de", device: "2330" })).toBe("NVIDIA Corporation GH100 [H100 SXM5 80GB]");
    expect(names.label({ vendor: "15b3", device: "1021" })).toBe("Mellanox Technologies MT2910 Family [ConnectX-7]");
    expect(names.lookup({ vendor: "8086", class: "060400" })).toEqual({
      vendor: "Intel Corporation",
      class: "Bridge",
      subclass: "PCI bridge",
      programmingInterface: "Normal decode",
    });
    expect(names.lookup({ vendor: "ffff" }).vendor).toContain("Illegal Vendor");
  });

  test("are of a stated edition, and unpacked once", () => {
    expect(PCI_IDS.version).toMatch(/^20\d\d\.\d\d\.\d\d$/);
    expect(PCI_IDS.date).toBe(PCI_IDS.version.replaceAll(".", "-"));
    expect(loadNames()).toBe(loadNames());
  });
});
