import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { firstPairs, pairsBetween, pairsWithin, talk, type Member } from "../../src/doctor/party.js";

const members = fc
  .array(fc.record({ nic: fc.boolean(), owner: fc.boolean(), device: fc.nat(5), group: fc.nat(3) }), { maxLength: 24 })
  .map((list) => list.map((each, id) => ({ ...each, id, owner: each.owner && !each.nic })));

function all(list: readonly (Member & { group: number })[]) {
  return list.flatMap((a, row) => list.slice(row + 1).flatMap((b) => (talk(a, b) ? [[a, b] as const] : [])));
}

describe("pairs that talk", () => {
  test("are counted as if each were looked at", () => {
    fc.assert(
      fc.property(members, (list) => {
        const pairs = all(list);
        const owned = pairs.filter(([a, b]) => a.owner || b.owner);
        expect(pairsWithin(list)).toEqual({ pairs: pairs.length, owned: owned.length });
        const groups = [0, 1, 2, 3].map((group) => list.filter((member) => member.group === group));
        const apart = (found: typeof pairs) => found.filter(([a, b]) => a.group !== b.group).length;
        expect(pairsBetween(groups)).toEqual({ pairs: apart(pairs), owned: apart(owned) });
        for (const [a, b] of firstPairs(groups)) {
          expect(talk(a, b)).toBe(true);
          expect(groups.findIndex((group) => group.includes(a as never))).not.toBe(
            groups.findIndex((group) => group.includes(b as never)),
          );
        }
      }),
    );
  });
});
