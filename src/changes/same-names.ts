import type { Topology } from "../topology/topology.js";
import type { Correspondence, MatchedFunction } from "./identity.js";

/**
 * Which function is which where an edit says so: those of one name, but for those that it renamed.
 *
 * @param renamed names after by names before, `dddd:bb:dd.f`.
 */
export function sameFunctions(
  [old, system]: readonly [Topology, number],
  [now, place]: readonly [Topology, number],
  renamed: ReadonlyMap<string, string> = new Map(),
): Correspondence {
  const bdfOf = (topology: Topology, id: number) => topology.describe(id)!.bdf;
  const after = new Map(Array.from(now.functions(place), (id) => [bdfOf(now, id), id]));
  const matched: MatchedFunction[] = [];
  const gone: number[] = [];
  for (const id of old.functions(system)) {
    const name = bdfOf(old, id);
    const nameNow = renamed.get(name) ?? name;
    const other = after.get(nameNow);
    after.delete(nameNow);
    if (other === undefined) gone.push(id);
    else matched.push({ before: id, after: other, by: "name", mayBeTwin: false });
  }
  return { roots: sameRoots([old, system], [now, place]), matched, gone, added: [...after.values()], ambiguous: [] };
}

function sameRoots(
  [old, system]: readonly [Topology, number],
  [now, place]: readonly [Topology, number],
): readonly (readonly [number, number])[] {
  const roots = new Map(now.roots.filter(({ root }) => root.system === place).map(({ id, root }) => [keyOf(root), id]));
  return old.roots.flatMap(({ id, root }) => {
    const other = root.system === system ? roots.get(keyOf(root)) : undefined;
    return other === undefined ? [] : [[id, other] as const];
  });
}

function keyOf({ bus, known }: { readonly bus: string; readonly known: boolean }): string {
  return `${bus} ${known}`;
}
