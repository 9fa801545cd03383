import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import schema from "../../machine.schema.json" with { type: "json" };
import { Random } from "../../src/random.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { VALUES } from "./edited.js";
import { interrogateMachine } from "./interrogate.js";
import { isOwnError } from "./own-error.js";
import { MACHINES } from "./targets.js";

// Every field of a description, with every kind of value in its place, for callers without types.

const EXAMPLES = new URL("../../examples/", import.meta.url);
const examples = readdirSync(EXAMPLES)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, EXAMPLES), "utf8")) as MachineDescription);

const PORT = "0000:00:01.0";
const GPU = "0000:01:00.0";
/** What no source of those says. */
const RARE: MachineDescription = {
  peerlane: 1,
  systems: [
    {
      functions: [
        {
          bdf: PORT,
          parent: null,
          command: { value: 2, mask: 2 },
          acs: { capability: 0x25f, control: 0x1d, firmware: 0x1d, egressVector: [3] },
        },
        {
          bdf: GPU,
          parent: PORT,
          bars: [{ index: 0, type: "mem64", start: "0x1000", size: 4096, sizes: [4096, 8192] }],
          sriov: { control: 9, totalVfs: 8, numVfs: 4, firstOffset: 1, stride: 1, vfDevice: "1234" },
        },
      ],
      views: [
        { tool: "nccl", system: { element: "system", attributes: { version: "1" }, children: [] } },
        { tool: "nvidia-smi", devices: [{ name: "NIC0", legend: "mlx5_0" }], cells: [["X"]] },
      ],
      hostBridges: [{ root: "0000:00", windows: [{ kind: "mem", bus: "0x1000", busEnd: "0xffff" }] }],
      sideLinks: [
        {
          kind: "nvlink",
          from: PORT,
          to: GPU,
          oneWay: true,
          addresses: [{ start: "0x1000", size: 64, link: "0x2000" }],
        },
      ],
    },
  ],
};
type Holder = Record<string, unknown>;
/** `systems.*.functions.*.acs`, and how to get to one of them. */
type Places = Map<string, { readonly machine: number; readonly keys: readonly string[] }[]>;

const OF_EACH = process.env["PEERLANE_LONG"] === "1" ? 12 : 2;

function placesOf(machines: readonly MachineDescription[]): Places {
  const places: Places = new Map();
  const walk = (machine: number, value: unknown, keys: readonly string[], name: readonly string[]) => {
    const same = places.get(name.join(".")) ?? [];
    places.set(name.join("."), same);
    if (same.length < OF_EACH) same.push({ machine, keys });
    if (typeof value !== "object" || value === null) return;
    for (const [key, part] of Object.entries(value)) {
      walk(machine, part, [...keys, key], [...name, Array.isArray(value) ? "*" : key]);
    }
  };
  machines.forEach((machine, number) => walk(number, machine, [], []));
  return places;
}

const kindOf = (value: unknown) => (typeof value === "object" ? JSON.stringify(value) : String(value));

test("whatever stands in the place of whatever, it is taken for what it is or refused in words", () => {
  const machines = [...MACHINES, ...examples, RARE];
  const random = new Random(3, 0);
  const outcomes = { taken: 0, refused: 0 };
  const faults = new Set<string>();
  const places = placesOf(machines);
  for (const [name, of] of places) {
    for (const { machine, keys } of of) {
      for (const value of VALUES) {
        const whole = { machine: structuredClone(machines[machine]) as unknown };
        const path = ["machine", ...keys];
        const holder = path.slice(0, -1).reduce((at, key) => at[key] as Holder, whole as Holder);
        holder[path.at(-1)!] = value;
        try {
          interrogateMachine(whole.machine as MachineDescription, random);
          outcomes.taken++;
        } catch (error) {
          if (isOwnError(error)) outcomes.refused++;
          else faults.add(`${name}: ${kindOf(value)}: ${String(error)}`);
        }
      }
    }
  }
  expect([...faults]).toEqual([]);
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(1000);
  // No field is left out.
  const fields = Object.values(schema.$defs).flatMap((each) =>
    Object.keys("properties" in each ? each.properties : {}),
  );
  const met = new Set([...places.keys()].map((name) => name.split(".").at(-1)));
  expect(fields.filter((field) => !met.has(field))).toEqual([]);
});
