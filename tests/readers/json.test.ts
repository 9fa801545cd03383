import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { looksLikeJson, readJson } from "../../src/readers/json.js";
import type { MachineDescription } from "../../src/topology/description.js";
import { checkAgainstSchema } from "../../src/topology/validate.js";

const root = new URL("../../", import.meta.url);
const schema = JSON.parse(readFileSync(new URL("machine.schema.json", root), "utf8"));
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, strictTypes: false }).compile(
  schema,
);

/** Every field that a description can have, in each of its forms. */
const FULL: MachineDescription = {
  peerlane: 1,
  systems: [
    {
      name: "a",
      kernel: { release: "6.12.1", commandLine: "quiet", p2pdma: true },
      cpu: { architecture: "x86", vendor: "GenuineIntel", family: 6, model: "Xeon" },
      iommu: "passthrough",
      complete: true,
      allAddresses: true,
      functions: [
        {
          bdf: "0000:00:01.0",
          kind: "root-port",
          class: "060400",
          vendor: "8086",
          device: "2030",
          subsystemVendor: "1028",
          subsystemDevice: "0001",
          revision: "02",
          serialNumber: "00-01",
          parent: null,
          physicalFunction: null,
          bus: { primary: 0, secondary: 1, subordinate: 3 },
          command: 0x407,
          bars: [
            {
              index: 0,
              type: "mem64",
              prefetchable: true,
              start: "0xfe000000",
              bus: null,
              size: "0x80000000000000",
              exported: "driver",
            },
          ],
          windows: [{ kind: "mem", start: "0xfe000000", end: "0xfe0fffff", bus: "0x0", busEnd: "0xfffff" }],
          acs: { capability: 0x27f, control: 0x3d, egressVector: [0x3, 0xffffffff] },
          sriov: null,
          link: { speed: 2.5, width: null, maxSpeed: 16, maxWidth: 8, port: 255 },
          dmaMaskBits: 64,
          powerState: "D0",
          slot: "1",
          numaNode: 0,
          iommuGroup: null,
          driver: null,
          names: ["x"],
          label: "Port",
        },
        {
          bdf: "10000:01:1f.7",
          parent: "0000:00:01.0",
          command: { value: 2, mask: 6 },
          bars: [{ index: 6, type: "rom", start: null, size: 65536, romEnabled: false }],
          acs: null,
          sriov: { control: 9, totalVfs: 4, numVfs: 2, firstOffset: 1, stride: 1, vfDevice: "0010" },
          link: null,
        },
      ],
      hostBridges: [
        { root: "0000:00", lastBus: 127, numaNode: null, windows: [], inbound: [{ start: "0x9000000", size: 4096 }] },
      ],
      platformDevices: [
        { name: "uart", regions: [{ start: "0x9000000", size: 4096, exported: "none" }], dmaMaskBits: 32 },
      ],
      ranges: [{ kind: "system-ram", name: "System RAM", start: "0x0", size: 1 }],
      sideLinks: [
        {
          kind: "nvlink",
          from: "0000:00:01.0",
          to: "10000:01:1f.7",
          bandwidth: 2.5e10,
          read: true,
          write: true,
          atomics: false,
          coherent: false,
          oneWay: true,
          addresses: [{ start: "0xfe000000", size: 4096, link: "0x0" }],
        },
      ],
      hostAttachments: [{ kind: "cxl", function: "0000:00:01.0" }],
    },
  ],
};

const WRONG: readonly unknown[] = [
  null,
  true,
  "",
  "x",
  "0000:00:01.8",
  "0000:00:01.0 ",
  "00000:00:01.0",
  "0X1",
  "0x01",
  "0x1ffffffffffffffff",
  "0x1\n",
  -1,
  0.5,
  300,
  70000,
  1e300,
  [],
  [1],
  {},
  { value: 1 },
  { __proto__: null, extra: 1 },
];

/** The document with each value in turn replaced by each wrong one, left out, or joined by a stranger. */
function* mutations(): Generator<{ document: unknown; what: string }> {
  for (const path of paths(FULL)) {
    for (const wrong of WRONG)
      yield { document: changed(path, wrong), what: `${path.join(".")} = ${JSON.stringify(wrong)}` };
    yield { document: changed(path, undefined), what: `${path.join(".")} left out` };
    yield { document: changed([...path, "stranger"], 1), what: `${path.join(".")}.stranger` };
  }
}

type Path = readonly (string | number)[];

function* paths(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const key of keys) yield* paths((value as Record<string | number, unknown>)[key], [...path, key]);
}

function changed(path: Path, to: unknown): unknown {
  const document = structuredClone(FULL) as unknown;
  let at = document as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) {
    const next = at[key];
    if (typeof next !== "object" || next === null) return document;
    at = next as Record<string | number, unknown>;
  }
  const last = path.at(-1)!;
  if (to === undefined && Array.isArray(at)) at.splice(Number(last), 1);
  else if (to === undefined) delete at[last];
  else at[last] = to;
  return document;
}

/** Types that are not called as their part of the schema is. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  busNumbers: "BusNumbers",
  numaNodeDescription: "NumaNodeDescription",
  view: "NcclView",
  ncclElement: "NcclElement",
};

describe("machine.schema.json", () => {
  test("accepts a description that uses every field", () => {
    expect(validate(FULL)).toBe(true);
    expect(checkAgainstSchema(FULL)).toEqual([]);
  });

  test("is read the same by us and by ajv, whatever is wrong with a document", () => {
    let count = 0;
    let refused = 0;
    const differences: string[] = [];
    for (const { document, what } of mutations()) {
      const accepted = validate(document);
      if (accepted !== (checkAgainstSchema(document).length === 0)) differences.push(`${what}: ajv ${accepted}`);
      count++;
      if (!accepted) refused++;
    }
    expect(differences).toEqual([]);
    expect(count).toBeGreaterThan(2000);
    expect(refused).toBeGreaterThan(count / 2);
  });

  test("uses no keyword that our check would pass over", () => {
    const known = [
      "$ref",
      "type",
      "const",
      "enum",
      "pattern",
      "minimum",
      "maximum",
      "items",
      "properties",
      "required",
      "additionalProperties",
    ];
    const describing = ["$schema", "$defs", "title", "description"];
    const used = new Set<string>();
    const visit = (rule: Record<string, unknown>): void => {
      for (const [keyword, value] of Object.entries(rule)) {
        used.add(keyword);
        if (keyword === "items") visit(value as Record<string, unknown>);
        if (keyword === "properties" || keyword === "$defs") Object.values(value as object).forEach(visit);
      }
    };
    visit(schema);
    expect([...used].filter((keyword) => !known.includes(keyword) && !describing.includes(keyword))).toEqual([]);
  });

  test("has the fields of description.ts, optional where they are, and the same choices", () => {
    const text = readFileSync(new URL("src/topology/description.ts", root), "utf8");
    const views = readFileSync(new URL("src/topology/views.ts", root), "utf8");
    const inTypes = new Map<string, string[]>();
    const choices = new Map<string, string[]>();
    for (const node of ts.createSourceFile("description.ts", text + views, ts.ScriptTarget.Latest, true).statements) {
      if (ts.isTypeAliasDeclaration(node))
        choices.set(
          node.name.text,
          [...node.type.getText().matchAll(/"([^"]+)"/g)].map(([, choice]) => choice!),
        );
      if (!ts.isInterfaceDeclaration(node)) continue;
      const fields = node.members.filter(ts.isPropertySignature);
      inTypes.set(
        node.name.text,
        fields.map((field) => `${field.name.getText()}${field.questionToken ? "?" : ""}`).sort(),
      );
    }
    const inSchema = (rule: { properties: object; required?: string[] }) =>
      Object.keys(rule.properties)
        .map((name) => (rule.required?.includes(name) ? name : `${name}?`))
        .sort();
    const names = new Map(
      Object.entries(schema.$defs as Record<string, { properties?: object }>)
        .filter(([name, rule]) => rule.properties !== undefined && name !== "registerWord")
        .map(([name]) => [name, TYPE_NAMES[name] ?? `${name[0]!.toUpperCase()}${name.slice(1)}Description`]),
    );
    // One object there, two types here, told apart by their tool.
    const [nccl, matrix] = [inTypes.get("NcclView")!, inTypes.get("MatrixView")!];
    expect(schema.$defs.view.properties.tool.enum).toEqual(
      [...views.matchAll(/readonly tool: (.*);/g)].flatMap(([, tools]) => tools!.replaceAll('"', "").split(" | ")),
    );
    inTypes.delete("MatrixView");
    inTypes.set(
      "NcclView",
      ["tool", ...[...nccl, ...matrix].filter((field) => field !== "tool").map((field) => `${field}?`)].sort(),
    );
    expect([...names.values(), "MachineDescription"].sort()).toEqual([...inTypes.keys()].sort());
    for (const [name, type] of names)
      expect({ [type]: inSchema(schema.$defs[name]) }).toEqual({ [type]: inTypes.get(type) });
    expect(inSchema(schema)).toEqual(inTypes.get("MachineDescription"));
    expect(schema.$defs.function.properties.kind.enum).toEqual(choices.get("FunctionKind"));
    expect(schema.$defs.exportStance.enum).toEqual(choices.get("ExportStance"));
    expect(schema.$defs.system.properties.iommu.enum).toEqual(choices.get("IommuMode"));
    expect(text).toMatch(/^ {2}readonly complete\?: boolean \| "likely";$/m);
    expect(schema.$defs.system.properties.complete.enum).toEqual([true, false, "likely"]);
  });
});

describe("a description in JSON", () => {
  test("comes back as it is", () => {
    expect(readJson(JSON.stringify(FULL), "a.json")).toEqual(FULL);
    expect(looksLikeJson(`\n ${JSON.stringify(FULL)}`)).toBe(true);
    expect(looksLikeJson("0000:00:00.0 Host bridge")).toBe(false);
  });

  test.each([[true], [false], ["likely"]])("may say of its functions that they are complete: %j", (complete) => {
    const text = (value: unknown) => JSON.stringify({ peerlane: 1, systems: [{ functions: [], complete: value }] });
    expect(readJson(text(complete), "a.json").systems[0]!.complete).toBe(complete);
    expect(() => readJson(text("perhaps"), "a.json")).toThrow('expected one of true, false, "likely", got "perhaps"');
  });

  test("is refused with every problem in it: where, what was expected, what came", () => {
    const text = JSON.stringify({
      peerlane: 2,
      systems: [{ functions: [{ bdf: "0:1.0", acs: 7, "co lour": 1 }, {}], iommu: "on" }],
    });
    expect(() => readJson(text, "bad.json")).toThrow(
      new RegExp(
        [
          "^bad.json: not a machine description \\(machine.schema.json\\), 6 problems:",
          "\\$.peerlane: expected 1, got 2",
          '\\$.systems\\[0\\].functions\\[0\\].bdf: expected a string like .*, got "0:1.0"',
          "\\$.systems\\[0\\].functions\\[0\\].acs: expected object or null, got 7",
          '\\$.systems\\[0\\].functions\\[0\\]\\["co lour"\\]: no such field: expected one of bdf, .*',
          "\\$.systems\\[0\\].functions\\[1\\].bdf: expected a value, got nothing",
          '\\$.systems\\[0\\].iommu: expected one of "off", "passthrough", "translating", got "on"$',
        ].join("\n\\s*"),
      ),
    );
  });

  test("with very many problems shows the first and counts the rest", () => {
    const text = JSON.stringify({ peerlane: 1, systems: [{ functions: Array(500).fill(7) }] });
    expect(() => readJson(text, "x")).toThrow(/500 problems:[^]*functions\[19\][^]*and 480 more$/);
  });

  test("that is cut off is refused by name, and `__proto__` is a field like any other", () => {
    expect(() => readJson('{"peerlane": 1, ', "cut.json")).toThrow(/^cut\.json: damaged JSON: /);
    expect(() => readJson('{"peerlane":1,"systems":[],"__proto__":{"x":1}}', "x")).toThrow(/__proto__: no such field/);
  });
});
