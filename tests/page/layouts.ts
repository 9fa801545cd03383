import fc from "fast-check";
import { read } from "../../src/readers/read.js";
import { Topology } from "../../src/topology/topology.js";
import { pictureOf } from "../../src/writers/pictures/picture-of.js";
import type { Picture, PictureBox, PictureHub } from "../../src/writers/pictures/picture.js";
import { layOut, type Layout } from "../../src/writers/pictures/svg-layout.js";
import { madeUp } from "../../web/machine/made-up.js";
import { outlineOf } from "../../web/machine/outline.js";
import type { OutlineRow } from "../../web/machine/protocol.js";
import { AS_IT_IS } from "../../web/question.js";
import { captureFile } from "../readers/fixtures.js";

/** What the page gets to draw of a machine. */
export interface Drawn {
  readonly layout: Layout;
  readonly sideLinks: Picture["sideLinks"];
  readonly rows: readonly OutlineRow[];
}

export async function drawnCapture(name: string): Promise<Drawn> {
  const { machine } = await read([{ name: "snapshot.tar.gz", bytes: captureFile(name, "snapshot.tar.gz") }]);
  return drawn(Topology.of(machine));
}

export function drawnMadeUp(functions: number): Drawn {
  return drawn(Topology.of(madeUp(functions)));
}

function drawn(topology: Topology): Drawn {
  try {
    const picture = pictureOf(topology, { most: Infinity });
    const rows = outlineOf(topology, { ...AS_IT_IS, system: 0 });
    return { layout: layOut(picture), sideLinks: picture.sideLinks, rows };
  } finally {
    topology.close();
  }
}

/** What hangs below a box: for each port a list, and a list for the box itself. */
interface Shape {
  readonly ports: readonly (readonly Shape[])[];
  readonly below: readonly Shape[];
  readonly words: string;
}

const { shape } = fc.letrec<{ shape: Shape; leaf: Shape; hub: Shape }>((tie) => {
  const words = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(..."abc W.") });
  const below = fc.array(tie("shape"), { maxLength: 3 });
  return {
    shape: fc.oneof({ maxDepth: 3 }, tie("leaf"), tie("hub")),
    leaf: fc.record({ ports: fc.constant([]), below: fc.constant([]), words }),
    hub: fc.record({ ports: fc.array(below, { maxLength: 3 }), below, words }),
  };
});

/** Any layout: NUMA nodes or none, host bridges alone or with trees below them. */
export const layouts: fc.Arbitrary<Layout> = fc
  .array(fc.tuple(fc.option(fc.nat({ max: 7 })), fc.array(shape, { minLength: 1, maxLength: 8 })), {
    minLength: 1,
    maxLength: 4,
  })
  .map((groups) => {
    let count = 0;
    const boxOf = (each: Shape, isRoot: boolean): PictureBox => {
      const key = `n${++count}`;
      const name = `name ${count}`;
      const { words } = each;
      if (!isRoot && each.ports.length === 0 && each.below.length === 0) {
        return { shape: "device", key, name, alias: "", what: words, memory: "", label: words, extras: [], link: null };
      }
      return hubOf(each, key, name, isRoot);
    };
    const hubOf = ({ ports, below, words }: Shape, key: string, name: string, isRoot: boolean): PictureHub => ({
      shape: isRoot ? "host-bridge" : "switch",
      key,
      name,
      what: words,
      acs: words.includes("W") ? "ACS RR CR" : "",
      others: 0,
      ports: ports.map((list) => {
        const port = `n${++count}`;
        return {
          key: port,
          name: `name ${count}`,
          what: "downstream port",
          acs: "ACS ?",
          others: 0,
          below: list.map((box) => boxOf(box, false)),
        };
      }),
      below: below.map((box) => boxOf(box, false)),
      link: { now: "x16 16GT/s", most: null },
    });
    return layOut({
      title: "",
      facts: [],
      sideLinks: [],
      outside: { names: [], more: 0 },
      legend: [],
      groups: groups.map(([numaNode, hubs]) => ({
        numaNode,
        hubs: hubs.map((each) => boxOf(each, true) as PictureHub),
      })),
    });
  });
