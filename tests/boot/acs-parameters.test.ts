import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acsRulesOf } from "../../src/boot/acs-release.js";
import { bootProblems } from "../../src/boot/problems.js";
import { bootWith } from "../../src/edits/boot-with.js";
import { compose } from "../../src/edits/edit.js";
import type { AcsDescription, MachineDescription, SystemDescription } from "../../src/topology/description.js";
import { formatWord, knownBits } from "../../src/topology/register.js";

const FIRST = "0000:00:04.0";
const SECOND = "0000:00:05.0";

function machine(acs: readonly AcsDescription[], system: Partial<SystemDescription> = {}): MachineDescription {
  const ports = acs.map((each, at) => ({
    bdf: `0000:00:0${4 + at}.0`,
    kind: "root-port" as const,
    parent: null,
    vendor: "1b36",
    device: "000c",
    acs: each,
  }));
  const functions = [...ports, { bdf: "0000:00:1f.0", parent: null, vendor: "8086", device: "2918", acs: null }];
  const rest = { cpu: { architecture: "x86", vendor: "GenuineIntel" }, iommu: "translating" as const, complete: true };
  return { peerlane: 1, systems: [{ ...rest, functions, ...system }] };
}

function words({ systems }: MachineDescription): string[] {
  return systems[0]!.functions.flatMap(({ acs }) => (acs ? [formatWord(acs.control)] : []));
}

const port = { capability: 0x5f, control: 0x1d, firmware: 0 };

describe("measured with a vIOMMU, firmware value 0, capability 0x5f", () => {
  test.each([
    ["6.1.190", "", ["0x001d", "0x001d"]],
    ["6.1.190", `pci=disable_acs_redir=${FIRST}`, ["0x0011", "0x001d"]],
    ["6.12.107", `pci=disable_acs_redir=${FIRST}`, ["0x0000", "0x001d"]],
    ["6.12.107", `pci=config_acs=1100@${SECOND}`, ["0x001d", "0x000c"]],
    ["6.12.107", "pci=config_acs=0xx@pci:0:0", ["0x0000", "0x0000"]],
    ["6.12.107", "pci=config_acs=10x", ["0x001d", "0x001d"]],
  ])("%s %s", (kernel, parameters, expected) => {
    expect(words(bootWith(parameters, { kernel })(machine([port, port])))).toEqual(expected);
  });
});

describe("as the authors of the fix of config_acs show it", () => {
  // With an IOMMU, and capabilities that have every bit.
  const before = [0x53, 0x00].map((firmware) => ({ capability: 0x7f, control: 0x7f, firmware }));
  const list = `pci=config_acs=1111011@${FIRST};101xxxx@${SECOND}`;

  test("without it the second entry is not read", () => {
    expect(words(bootWith(list, { kernel: "6.12.1" })(machine(before)))).toEqual(["0x007b", "0x001d"]);
  });

  test("with it both are", () => {
    expect(words(bootWith(list, { kernel: "6.15" })(machine(before)))).toEqual(["0x007b", "0x0050"]);
  });

  test.each([
    ["6.12.1", ["0x007b", "0x005f", "0x0053"]],
    ["6.15", ["0x0053", "0x0053", "0x0000"]],
  ])("%s: disable_acs_redir", (kernel, expected) => {
    // 0xfffb, 0xffdf and 0xffd3 are written; the register keeps the bits it has.
    const three = [0x7b, 0x5f, 0x00].map((firmware) => ({ capability: 0x7f, control: 0x7f, firmware }));
    const parameter = "pci=disable_acs_redir=0:4.0;0:5.0;0:6.0";
    expect(words(bootWith(parameter, { kernel })(machine(three)))).toEqual(expected);
  });
});

describe("what a kernel reads", () => {
  const boot = (parameters: string, kernel = "6.15", acs: readonly AcsDescription[] = [port, port]) =>
    words(bootWith(parameters, { kernel })(machine(acs)));

  test.each([
    ["the first entry that matches", "pci=config_acs=1@0:4.0;0@0:4.0", ["0x0001", "0x001d"]],
    [
      "config_acs after disable_acs_redir",
      "pci=disable_acs_redir=0:4.0;0:5.0,config_acs=1@0:4.0",
      ["0x0001", "0x0000"],
    ],
    ["the last of two parameters", "pci=disable_acs_redir=0:4.0 pci=disable_acs_redir=0:5.0", ["0x001d", "0x0000"]],
    ["nothing behind a comma", "pci=disable_acs_redir=0:4.0,0:5.0", ["0x0000", "0x001d"]],
    ["nothing behind what it cannot read", "pci=disable_acs_redir=x;0:5.0", ["0x001d", "0x001d"]],
    ["eight flags, the first an x", "pci=config_acs=x0000001@0:4.0", ["0x0001", "0x001d"]],
    ["no flag above the seventh", "pci=config_acs=10000001@0:4.0;1@0:5.0", ["0x001d", "0x001d"]],
    ["no other characters as flags", "pci=config_acs=1y@0:4.0;1@0:5.0", ["0x001d", "0x001d"]],
    ["no entry without @", "pci=config_acs=1@0:4.0;0:5.0", ["0x0001", "0x001d"]],
    ["quotes", '"pci=disable_acs_redir=0:4.0;0:5.0"', ["0x0000", "0x0000"]],
  ])("%s", (_, parameters, expected) => expect(boot(parameters)).toEqual(expected));

  test("is nothing of config_acs before 6.11", () => {
    expect(boot(`pci=config_acs=0000000@${FIRST}`, "6.10.14")).toEqual(["0x001d", "0x001d"]);
  });

  test("sets no bit that the capability lacks, and keeps what it cannot change", () => {
    const odd = { capability: 0x0c, control: 0x0c, firmware: 0x00 };
    expect(boot("pci=config_acs=1111111@pci:0:0", "6.15", [odd])).toEqual(["0x000c"]);
    const enhanced = { capability: 0x8d, control: 0x80d, firmware: 0x800 };
    expect(boot("pci=disable_acs_redir=0:4.0", "6.11.3", [enhanced])).toEqual(["0x0801, not known: 0x1780"]);
  });

  test("leaves Intel's ports alone whose register is elsewhere", () => {
    const { systems } = machine([port]);
    const functions = systems[0]!.functions.map((each) => ({ ...each, vendor: "8086", device: "a110" }));
    const changed = bootWith("pci=disable_acs_redir=0:4.0", { kernel: "6.15" })({
      peerlane: 1,
      systems: [
        {
          ...systems[0]!,
          functions: functions.map((each) => (each.acs ? { ...each, acs: { capability: 0xf, control: 0xf } } : each)),
        },
      ],
    });
    expect(words(changed)).toEqual(["0x000f"]);
  });

  test("depends on ids that are not shown", () => {
    const { systems } = machine([port]);
    const functions = systems[0]!.functions.map(({ device: _, ...each }) => each);
    const changed = bootWith("pci=config_acs=0000x@pci:1b36:c", { kernel: "6.15" })({
      peerlane: 1,
      systems: [{ ...systems[0]!, functions }],
    });
    expect(words(changed)).toEqual(["0x0000, not known: 0x001d"]);
  });
});

describe("rules by release", () => {
  test.each([
    ["4.18.20", ["none"]],
    ["4.19", ["clears"]],
    ["5.15.0-105-generic", ["clears"]],
    ["6.10", ["clears"]],
    ["6.11.11", ["combines"]],
    ["6.11.0-29-generic", ["combines", "rebuilds"]],
    ["6.12", ["combines"]],
    ["6.12.21", ["combines"]],
    ["6.12.23", ["combines", "rebuilds"]],
    ["6.12.107", ["rebuilds"]],
    ["6.12.117+deb13-amd64", ["rebuilds"]],
    ["6.13.5", ["combines"]],
    ["6.14.0-rc2", ["combines"]],
    ["6.14.11", ["rebuilds"]],
    ["6.15", ["rebuilds"]],
    ["7.3.4", ["rebuilds"]],
    ["custom", ["none", "clears", "combines", "rebuilds"]],
    [undefined, ["none", "clears", "combines", "rebuilds"]],
  ])("%s: %j", (release, expected) => expect(acsRulesOf(release)).toEqual(expected));
});

describe("what is not known of the boot", () => {
  const word = fc.integer({ min: 0, max: 0x7f });
  const acs = fc.record({ capability: fc.constantFrom(0x5f, 0x7f, 0x0c, 0x2d, 0x1d), firmware: word });
  const device = fc.constantFrom("0:4.0", "0:5.0", "pci:1b36:0", "pci:0:0", "9:0.0", "junk");
  const flags = fc.string({ unit: fc.constantFrom("0", "1", "x"), maxLength: 8 });
  const entries = fc.array(fc.tuple(flags, device), { minLength: 1, maxLength: 3 });
  const option = fc.oneof(
    fc.constant(""),
    fc.array(device, { minLength: 1, maxLength: 3 }).map((list) => `pci=disable_acs_redir=${list.join(";")}`),
    entries.map((list) => `pci=config_acs=${list.map(([bits, name]) => `${bits}@${name}`).join(";")}`),
    fc.constantFrom("intel_iommu=on", "intel_iommu=off", "iommu=pt", "iommu=off", "pci=noats", "amd_iommu=off"),
  );
  const line = fc.array(option, { maxLength: 3 }).map((options) => options.join(" "));
  const kernel = fc.constantFrom("4.18", "6.1", "6.12.5", "6.12.24", "6.15");
  const boot = fc.record({ line, kernel });
  const iommu = fc.constantFrom("off" as const, "translating" as const);

  const forgetful = (
    described: MachineDescription,
    what: { iommu: boolean; release: boolean },
  ): MachineDescription => ({
    ...described,
    systems: described.systems.map(({ iommu: mode, ...system }) => ({
      ...system,
      ...(what.iommu || mode === undefined ? {} : { iommu: mode }),
      kernel: what.release ? { commandLine: system.kernel!.commandLine! } : system.kernel!,
      functions: system.functions.map((each) => {
        if (!each.acs) return each;
        const { firmware: _, ...rest } = each.acs;
        return { ...each, acs: rest };
      }),
    })),
  });

  test("leaves bits unknown, and none wrong", () => {
    fc.assert(
      fc.property(
        fc.array(acs, { minLength: 2, maxLength: 2 }),
        iommu,
        boot,
        boot,
        fc.record({ iommu: fc.boolean(), release: fc.boolean() }),
        (ports, mode, past, next, what) => {
          const described = ports.map((each) => ({ ...each, control: each.firmware }));
          const off = machine(described, { iommu: mode, kernel: { commandLine: "" } });
          const now = bootWith(past.line, { kernel: past.kernel })(off);
          // Only a boot that is known in full can be told from.
          fc.pre(now.systems[0]!.functions.every((each) => !each.acs || typeof each.acs.control === "number"));
          fc.pre(now.systems[0]!.iommu !== undefined);
          const edit = bootWith(next.line, { kernel: next.kernel });
          const [full, less] = [edit(now), edit(forgetful(now, what))];
          less.systems[0]!.functions.forEach(({ acs: predicted }, at) => {
            if (!predicted) return;
            const truth = knownBits(full.systems[0]!.functions[at]!.acs!.control);
            const said = knownBits(predicted.control);
            expect((said.value ^ truth.value) & said.mask & truth.mask).toBe(0);
          });
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("any text as parameters boots, or says what is wrong with it, and leaves its argument alone", () => {
    const described = machine([port, port], { kernel: { release: "6.12.5", commandLine: "quiet" } });
    const copy = structuredClone(described);
    fc.assert(
      fc.property(fc.oneof(fc.string(), line), (text) => {
        const [system] = bootWith(text)(described).systems;
        bootProblems(system!);
        expect(described).toEqual(copy);
      }),
    );
  });
});

describe("edits", () => {
  test("are made in their order", () => {
    const both = compose(bootWith("a", { kernel: "6.1" }), bootWith("b", { kernel: "6.12.117" }));
    expect(both(machine([])).systems[0]!.kernel).toEqual({ release: "6.12.117", commandLine: "a b" });
    expect(compose()(machine([port]))).toEqual(machine([port]));
  });

  test("name what they cannot do", () => {
    expect(() => bootWith("quiet", { kernel: "new" })).toThrow('expected a Linux release such as "6.12", got "new"');
    expect(() => bootWith("quiet", { system: "b" })(machine([], { name: "a" }))).toThrow(
      'no system "b": expected one of a',
    );
    expect(() => bootWith(5 as unknown as string)).toThrow("expected kernel parameters, got 5");
  });
});
