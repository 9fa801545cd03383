import { describe, expect, test } from "vitest";
import { bootWith, type BootOptions } from "../../src/edits/boot-with.js";
import { linux, PeerDma, ROUTES, Topology, type MachineDescription } from "../../src/index.js";
import { read } from "../../src/readers/read.js";
import { formatWord, knownBits } from "../../src/topology/register.js";
import { kernelAnswers } from "../kernel/answers.js";
import { captureFile, captureNames } from "../readers/fixtures.js";

async function machineOf(capture: string): Promise<MachineDescription> {
  const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(capture, "snapshot.tar.gz") }]);
  return machine;
}

/** What a firmware of QEMU leaves in every ACS control word, as captures without an IOMMU show it. */
function withFirmware(machine: MachineDescription, firmware = 0): MachineDescription {
  const systems = machine.systems.map((system) => ({
    ...system,
    functions: system.functions.map((each) => (each.acs ? { ...each, acs: { ...each.acs, firmware } } : each)),
  }));
  return { ...machine, systems };
}

function words(machine: MachineDescription): string[] {
  return machine.systems[0]!.functions.flatMap(({ bdf, acs }) => (acs ? [`${bdf} ${formatWord(acs.control)}`] : []));
}

/** Bits that are known, and are not what the other machine shows. */
function contradictions(predicted: MachineDescription, shown: MachineDescription): string[] {
  return predicted.systems[0]!.functions.flatMap(({ bdf, acs }, index) => {
    const actual = shown.systems[0]!.functions[index]!.acs;
    if (!acs || !actual) return [];
    const [word, is] = [knownBits(acs.control), knownBits(actual.control)];
    return ((word.value ^ is.value) & word.mask) === 0 ? [] : [`${bdf} ${formatWord(acs.control)}`];
  });
}

/** The route of every ordered pair by the rules of the machine's own kernel. */
function routes(machine: MachineDescription): Map<string, string> {
  const topology = Topology.of(machine);
  const peerDma = new PeerDma(topology, linux(machine.systems[0]!.kernel!.release!));
  const { ids, route } = peerDma.matrix(topology.functions());
  const names = [...ids].map((id) => topology.name(id));
  return new Map(
    [...route].map((code, at) => [`${names[Math.floor(at / ids.length)]} ${names[at % ids.length]}`, ROUTES[code]!]),
  );
}

function kernelRoutes(capture: string): Map<string, string> {
  return new Map(
    kernelAnswers(capture).pairs.map(({ provider, client, route }) => [
      `${provider} ${client}`,
      provider === client && route === "bus-address" ? "local" : route,
    ]),
  );
}

function flips(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...after]
    .filter(([pair, route]) => before.get(pair) !== route)
    .map(([pair, route]) => `${pair} ${route}`)
    .sort();
}

function isPair(flip: string): boolean {
  const [provider, client] = flip.split(" ");
  return provider !== client;
}

const DISABLE =
  "pci=disable_acs_redir=0000:02:00.0;0000:02:01.0;0000:02:02.0;0000:02:03.0;0000:07:00.0;0000:07:01.0;0000:07:02.0";

/** A capture, how it boots, and the capture of what it then is. */
const PAIRS: readonly (readonly [string, string, BootOptions, string, number])[] = [
  ["acs-iommu-intel", DISABLE, {}, "acs-iommu-disabled-intel", 210],
  ["acs-iommu-intel", DISABLE, { kernel: "6.1.192" }, "acs-iommu-disabled-intel-k61", 210],
  ["acs-iommu-intel-k73", DISABLE, { kernel: "6.12.117" }, "acs-iommu-disabled-intel", 210],
  ["acs-iommu-intel", "", { kernel: "7.3.4" }, "acs-iommu-intel-k73", 0],
  ["acs-iommu-intel-k73", "", { kernel: "6.12.117" }, "acs-iommu-intel", 0],
  ["acs-iommu-disabled-intel-k61", "", { kernel: "6.12.117" }, "acs-iommu-disabled-intel", 0],
  ["acs-iommu-disabled-intel", "", { kernel: "6.1.192" }, "acs-iommu-disabled-intel-k61", 0],
  ["acs-iommu-disabled-intel", "intel_iommu=on", { replace: true }, "acs-iommu-intel", 210],
  ["acs-iommu-disabled-intel-k61", "intel_iommu=on", { replace: true, kernel: "6.12.117" }, "acs-iommu-intel", 210],
  ["acs-off-intel", "intel_iommu=on", {}, "acs-iommu-intel", 250],
  ["acs-off-intel", "intel_iommu=on", { kernel: "7.3.4" }, "acs-iommu-intel-k73", 250],
  ["acs-off-intel", `intel_iommu=on ${DISABLE}`, {}, "acs-iommu-disabled-intel", 40],
  ["acs-off-intel", `intel_iommu=on ${DISABLE}`, { kernel: "6.1" }, "acs-iommu-disabled-intel-k61", 40],
  ["acs-iommu-intel", "intel_iommu=off", {}, "acs-off-intel", 250],
  ["acs-iommu-disabled-intel", "intel_iommu=off", { replace: true }, "acs-off-intel", 40],
  ["gpu-server-intel", "intel_iommu=on", {}, "gpu-server-intel-iommu", 630],
  ["gpu-server-intel-iommu", "iommu=off", {}, "gpu-server-intel", 630],
];

describe("a boot as a kernel did it", () => {
  for (const [from, parameters, options, to, flipped] of PAIRS) {
    const name = `${from} with ${parameters.slice(0, 40)} ${options.kernel ?? ""} is ${to}`;

    test(`${name}: control words, where the firmware's are known`, async () => {
      const [before, after] = [await machineOf(from), await machineOf(to)];
      expect(words(bootWith(parameters, options)(withFirmware(before)))).toEqual(words(after));
    });

    test(`${name}: no known bit contradicts, where they are not`, async () => {
      const [before, after] = [await machineOf(from), await machineOf(to)];
      const predicted = bootWith(parameters, options)(before);
      expect(contradictions(predicted, after)).toEqual([]);
    });

    test(`${name}: exactly the kernel's pairs flip`, async () => {
      const before = withFirmware(await machineOf(from));
      const expected = flips(kernelRoutes(from), kernelRoutes(to));
      expect(flips(routes(before), routes(bootWith(parameters, options)(before)))).toEqual(expected);
      // Every ordered pair, and functions that ask themselves beside them.
      expect(expected.filter(isPair)).toHaveLength(flipped);
    });
  }

  test("where an IOMMU had asked for isolation, disabling redirect flips the 210 pairs whatever the firmware left", async () => {
    const machine = await machineOf("acs-iommu-intel");
    const expected = flips(kernelRoutes("acs-iommu-intel"), kernelRoutes("acs-iommu-disabled-intel"));
    expect(flips(routes(machine), routes(bootWith(DISABLE)(machine)))).toEqual(expected);
    expect(expected.filter(isPair)).toHaveLength(210);
  });

  test("on arm64 dropping the parameter gives redirect back, and adding it again takes it away", async () => {
    const machine = await machineOf("arm64-virt-acs-smmu");
    const own = machine.systems[0]!.kernel!.commandLine!;
    const parameter = /pci=\S+/.exec(own)![0];
    const twin = bootWith(own.replace(parameter, ""), { replace: true })(withFirmware(machine));
    expect(words(twin).map((line) => line.slice(13))).toEqual(Array(6).fill("0x001d"));
    const again = bootWith(parameter)(twin);
    expect(words(again)).toEqual(words(machine));
    expect(flips(routes(machine), routes(again))).toEqual([]);
    const expected = flips(routes(twin), kernelRoutes("arm64-virt-acs-smmu"));
    expect(flips(routes(twin), routes(again))).toEqual(expected);
    expect(expected.length).toBeGreaterThan(0);
  });

  test.each(captureNames())("%s: a boot with nothing new leaves everything as it is", async (capture) => {
    const machine = await machineOf(capture);
    const again = bootWith("")(machine);
    expect(words(again)).toEqual(words(machine));
    expect(again.systems[0]!.iommu).toBe(machine.systems[0]!.iommu);
    expect(flips(routes(machine), routes(again))).toEqual([]);
  });
});
