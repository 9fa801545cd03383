import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchFunctions, type Recognition } from "../../src/changes/identity.js";
import { Topology, type FunctionDescription, type MachineDescription } from "../../src/index.js";
import { cardsOf, trees, withCards, write, type Card, type Tree } from "./machines.js";

interface Names {
  readonly matched: ReadonlyMap<string, readonly [after: string, by: Recognition, mayBeTwin: boolean]>;
  readonly gone: readonly string[];
  readonly added: readonly string[];
  readonly ambiguous: readonly (readonly [readonly string[], readonly string[]])[];
}

function compare(before: MachineDescription, after: MachineDescription): Names {
  const [old, now] = [Topology.of(before), Topology.of(after)];
  const { matched, gone, added, ambiguous } = matchFunctions([old, 0], [now, 0]);
  const nameOf = (topology: Topology) => (id: number) => topology.name(id);
  const listed = [...matched.map(({ before }) => before), ...gone, ...ambiguous.flatMap(({ before }) => before)];
  expect(listed.sort((a, b) => a - b)).toEqual([...old.functions()].sort((a, b) => a - b));
  const others = [...matched.map(({ after }) => after), ...added, ...ambiguous.flatMap(({ after }) => after)];
  expect(others.sort((a, b) => a - b)).toEqual([...now.functions()].sort((a, b) => a - b));
  const names = {
    matched: new Map(
      matched.map(({ before, after, by, mayBeTwin }) => [old.name(before), [now.name(after), by, mayBeTwin] as const]),
    ),
    gone: gone.map(nameOf(old)),
    added: added.map(nameOf(now)),
    ambiguous: ambiguous.map(({ before, after }) => [before.map(nameOf(old)), after.map(nameOf(now))] as const),
  };
  for (const topology of [old, now]) topology.close();
  return names;
}

function pairs({ matched }: Names): [string, string][] {
  return [...matched].map(([before, [after]]): [string, string] => [before, after]).sort();
}

/** What the tree says. */
function truth(before: Map<string, string>, after: Map<string, string>): [string, string][] {
  return [...before]
    .flatMap(([key, name]): [string, string][] => (after.has(key) ? [[name, after.get(key)!]] : []))
    .sort();
}

const gaps = fc.array(fc.nat(2), { maxLength: 40 });
const order = fc.array(fc.nat(1000), { maxLength: 60 });

describe("functions are recognised", () => {
  test.each([true, false])("whatever their bus numbers and their order, serial numbers shown: %s", (serials) => {
    fc.assert(
      fc.property(trees(serials), gaps, order, (tree, gaps, order) => {
        const [before, after] = [write(tree), write(tree, { gaps, order })];
        const found = compare(before.machine, after.machine);
        expect(pairs(found)).toEqual(truth(before.names, after.names));
        expect([found.gone, found.added, found.ambiguous]).toEqual([[], [], []]);
      }),
    );
  });

  test("by their serial numbers, wherever the cards are now", () => {
    fc.assert(
      fc.property(trees(true), fc.infiniteStream(fc.nat()), gaps, (tree, draw, gaps) => {
        const cards = cardsOf(tree).map((card) => ({ card, rank: draw.next().value as number }));
        const shuffled: (Card | null)[] = cards.sort((a, b) => a.rank - b.rank).map(({ card }) => card);
        const moved = withCards(tree, (card) => (card === null ? null : shuffled.pop()!));
        const [before, after] = [write(tree), write(moved, { gaps })];
        const found = compare(before.machine, after.machine);
        expect(pairs(found)).toEqual(truth(before.names, after.names));
      }),
    );
  });

  test("one card that was moved to another port, without serial numbers, unless another of its model is left over", () => {
    fc.assert(
      fc.property(trees(false), fc.nat(), gaps, (tree, which, gaps) => {
        const cards = cardsOf(tree);
        fc.pre(cards.length > 0);
        const card = cards[which % cards.length]!;
        let free = true;
        const moved = withCards(tree, (each) => {
          if (each === card) return null;
          if (each !== null || !free) return each;
          free = false;
          return card;
        });
        fc.pre(!free);
        const [before, after] = [write(tree), write(moved, { gaps })];
        const found = compare(before.machine, after.machine);
        expect(pairs(found)).toEqual(truth(before.names, after.names));
        for (let fn = 0; fn < card.functions; fn++) {
          expect(found.matched.get(before.names.get(`${card.key} ${fn}`)!)![1]).toBe("only-one");
        }
      }),
    );
  });

  test("a switch by its serial number, and what hangs below it by its ports", () => {
    const gpus = [0, 1].map((index) => gpu(`card ${index}`));
    const box = gpus.map((below) => ({ below }));
    const [before, after] = [write([[{ below: box }, { below: null }]]), write([[{ below: null }, { below: box }]])];
    const found = compare(before.machine, after.machine);
    expect(found.matched.get("0000:03:00.0")).toEqual(["0000:04:00.0", "position", true]);
    expect([found.gone, found.added, found.ambiguous]).toEqual([[], [], []]);
  });
});

function gpu(key: string, facts: Partial<FunctionDescription> = {}): Card {
  const ids = { vendor: "10de", device: "2330", subsystemVendor: "10de", subsystemDevice: "0001" };
  return { key, functions: 1, facts: { ...ids, ...facts } };
}

const rootPorts = (...cards: (Card | null)[]): Tree => [cards.map((below) => ({ below }))];

describe("two cards of one model", () => {
  test("that changed places are told apart by their serial numbers, of which lspci may print the bytes the other way round", () => {
    const [a, b] = [
      gpu("a", { serialNumber: "00-01-02-03-04-05-06-07" }),
      gpu("b", { serialNumber: "00-01-02-03-04-05-06-08" }),
    ];
    const reversed = { ...b, facts: { ...b.facts, serialNumber: "08-06-05-04-03-02-01-00" } };
    const { matched } = compare(write(rootPorts(a, b)).machine, write(rootPorts(reversed, a)).machine);
    expect(matched.get("0000:01:00.0")).toEqual(["0000:02:00.0", "serial-number", false]);
    expect(matched.get("0000:02:00.0")).toEqual(["0000:01:00.0", "serial-number", false]);
  });

  test("without serial numbers are taken to be where they were, and may not be", () => {
    const tree = rootPorts(gpu("a"), gpu("b"), { ...gpu("c"), facts: { vendor: "15b3", device: "101b" } });
    const { matched } = compare(write(tree).machine, write(tree).machine);
    expect(matched.get("0000:01:00.0")).toEqual(["0000:01:00.0", "position", true]);
    expect(matched.get("0000:03:00.0")).toEqual(["0000:03:00.0", "position", false]);
  });

  test("with one serial number between them, or a blank one, are told by their places", () => {
    for (const serialNumber of ["00-01-02-03-04-05-06-07", "00-00-00-00-00-00-00-00", "ff-ff-ff-ff-ff-ff-ff-ff"]) {
      const tree = rootPorts(gpu("a", { serialNumber }), gpu("b", { serialNumber }));
      const { matched } = compare(write(tree).machine, write(tree).machine);
      expect([...matched.values()].filter(([, by]) => by === "serial-number")).toEqual([]);
      expect(matched.get("0000:01:00.0")![0]).toBe("0000:01:00.0");
    }
  });

  test("are told by their slots, whatever the ports are now", () => {
    const [a, b] = [gpu("a", { slot: "2" }), gpu("b", { slot: "5" })];
    const { matched } = compare(write(rootPorts(a, b)).machine, write(rootPorts(null, b, a)).machine);
    expect(matched.get("0000:01:00.0")).toEqual(["0000:03:00.0", "slot", true]);
    expect(matched.get("0000:02:00.0")).toEqual(["0000:02:00.0", "slot", true]);
  });

  test("that were both moved are nobody's to tell", () => {
    const { ambiguous, gone, added } = compare(
      write(rootPorts(gpu("a"), gpu("b"), null, null)).machine,
      write(rootPorts(null, null, gpu("a"), gpu("b"))).machine,
    );
    expect(ambiguous).toEqual([
      [
        ["0000:01:00.0", "0000:02:00.0"],
        ["0000:03:00.0", "0000:04:00.0"],
      ],
    ]);
    expect([gone, added]).toEqual([[], []]);
  });

  test("are two where the serial number in one place is another one: a card was replaced", () => {
    const [a, b] = [
      gpu("a", { serialNumber: "00-01-02-03-04-05-06-07" }),
      gpu("b", { serialNumber: "00-01-02-03-04-05-06-08" }),
    ];
    const { matched } = compare(write(rootPorts(a)).machine, write(rootPorts(b)).machine);
    expect(matched.get("0000:01:00.0")).toEqual(["0000:01:00.0", "position", false]);
    const elsewhere = compare(write(rootPorts(a, null)).machine, write(rootPorts(null, b)).machine);
    expect([elsewhere.gone, elsewhere.added, elsewhere.ambiguous]).toEqual([["0000:01:00.0"], ["0000:02:00.0"], []]);
  });
});

test("another model in the same place is another device", () => {
  const other = { ...gpu("b"), facts: { vendor: "15b3", device: "101b" } };
  const { gone, added } = compare(write(rootPorts(gpu("a"))).machine, write(rootPorts(other)).machine);
  expect([gone, added]).toEqual([["0000:01:00.0"], ["0000:01:00.0"]]);
});

test("virtual functions go with their physical ones, in their order", () => {
  const machine = (bus: string, count: number): MachineDescription => ({
    peerlane: 1,
    systems: [
      {
        functions: [
          { bdf: "0000:00:01.0", kind: "root-port", parent: null, vendor: "8086", device: "2030" },
          { bdf: `0000:${bus}:00.0`, parent: "0000:00:01.0", vendor: "15b3", device: "101b" },
          ...Array.from({ length: count }, (_, index) => ({
            bdf: `0000:${bus}:01.${index}`,
            physicalFunction: `0000:${bus}:00.0`,
            vendor: "15b3",
            device: "101c",
          })),
        ],
      },
    ],
  });
  const { matched, added } = compare(machine("01", 2), machine("07", 3));
  expect(matched.get("0000:01:01.1")).toEqual(["0000:07:01.1", "physical-function", false]);
  expect(added).toEqual(["0000:07:01.2"]);
});

test("functions that show nothing but their names are recognised by these", () => {
  const machine = {
    peerlane: 1,
    systems: [{ functions: [{ bdf: "0000:41:00.0" }, { bdf: "0000:61:00.0" }] }],
  } as const;
  const { matched } = compare(machine, machine);
  expect([...matched.keys()]).toEqual(["0000:41:00.0", "0000:61:00.0"]);
});
