import type { Topology } from "../topology/topology.js";
import type { Correspondence } from "./identity.js";

/**
 * Which function of a system is which after an edit, where names tell: an edit leaves them alone but for those that it
 * renames.
 *
 * @param before the topology and the place of the system in its `systems`; so with `after`.
 * @param renamed by the name before that after, `dddd:bb:dd.f`.
 */
export function matchNames(
  [before, system]: readonly [Topology, system: number],
  [after, place]: readonly [Topology, system: number],
  renamed: ReadonlyMap<string, string> = new Map(),
): Correspondence {
  const left = new Map([...after.functions(place)].map((id) => [after.describe(id)!.bdf, id]));
  const roots = new Map(after.roots.filter(({ root }) => root.system === place).map(({ id, root }) => [root.bus, id]));
  const matched: { before: number; after: number; by: "name"; mayBeTwin: false }[] = [];
  const gone: number[] = [];
  for (const id of before.functions(system)) {
    const { bdf } = before.describe(id)!;
    const name = renamed.get(bdf) ?? bdf;
    const then = left.get(name);
    if (then === undefined) gone.push(id);
    else matched.push({ before: id, after: then, by: "name", mayBeTwin: false });
    left.delete(name);
  }
  return {
    roots: before.roots.flatMap(({ id, root }) => {
      const then = root.system === system ? roots.get(root.bus) : undefined;
      return then === undefined ? [] : [[id, then] as const];
    }),
    matched,
    gone,
    added: [...left.values()],
    ambiguous: [],
  };
}
