// What peerlane is measured by: its time beside that of the best of each family, against what was aimed for.

import { sizesOf } from "./table.mjs";

const of = (family) => (row) => row.family === family;
const named = (name) => (row) => row.contender === name;
const ours = (name) => named(`peerlane: ${name}`);

/** `steps`: [up to and including this size, at least, aim]. */
const upTo = (...steps) => steps.map(([size, atLeast, aim]) => ({ size, atLeast, aim }));
const always = (atLeast, aim) => upTo([Infinity, atLeast, aim]);
const FROM_1E5 = ({ size }) => size >= 1e5;
const UP_TO_1E6 = ({ size }) => size >= 1e5 && size <= 1e6;
const AT_1E6 = ({ size }) => size === 1e6;
const ANY = () => true;

const far = (mix) => ({
  what: "common upstream, batch : best native",
  kernel: "commonUpstream",
  mix,
  ours: ours("commonMany, common alone"),
  theirs: of("native"),
  where: ANY,
  goals: upTo([99_999, 0.5, 1], [9_999_999, 0.8, 0.9], [Infinity, 0.75, 0.9]),
});
const owner = (mix) => ({
  what: "owner, batch : best native",
  kernel: "owner",
  mix,
  ours: ours("ownerMany, BigUint64Array"),
  theirs: of("native"),
  where: ANY,
  goals: upTo([999_999, 0.6, 0.7], [9_999_999, 0.65, 0.75], [Infinity, 0.85, 0.94]),
});
const map = (mix) => ({
  what: "request, batch : the same in native C",
  kernel: "map",
  mix,
  ours: ours("mapMany, BigUint64Array"),
  theirs: of("native"),
  where: ANY,
  goals: always(0.65, 0.85),
});

const CLAIMS = [
  far("same-system"),
  far("uniform"),
  { ...far("local"), goals: upTo([99_999, 0.5, 1], [999_999, 0.6, 1], [Infinity, 0.85, 1]) },
  ...["same-system", "local", "uniform"].map((mix) => ({
    ...far(mix),
    what: "common upstream, all answers : the same in native C",
    ours: ours("commonMany, all answers"),
    theirs: named("C: range minimum, all answers"),
    goals: [],
  })),
  owner("random"),
  owner("clustered"),
  map("random"),
  map("clustered"),
  ...["random", "clustered"].flatMap((mix) => [
    {
      ...owner(mix),
      what: "owner, batch : best npm package",
      theirs: of("npm"),
      where: UP_TO_1E6,
      goals: always(20, 35),
    },
    {
      ...owner(mix),
      what: "owner, one call : best npm package",
      ours: ({ contender }) => contender.startsWith("peerlane: ownerId"),
      theirs: of("npm"),
      where: UP_TO_1E6,
      goals: always(10, 16),
    },
  ]),
  ...["same-system", "local", "uniform"].flatMap((mix) => [
    {
      ...far(mix),
      what: "common upstream, batch : best JavaScript on typed arrays",
      theirs: ({ contender }) => contender.startsWith("JS:") && contender.includes("typed arrays"),
      where: AT_1E6,
      goals: always(2, 4),
    },
    {
      ...far(mix),
      what: "common upstream, batch : JavaScript objects",
      theirs: named("JS: walk on objects"),
      where: AT_1E6,
      goals: always(10, 30),
    },
  ]),
  ...["shuffled", "in order of ids"].map((mix) => ({
    what: "matrix : native C",
    kernel: "matrix",
    mix,
    ours: ours("matrix"),
    theirs: of("native"),
    where: ANY,
    goals: [],
  })),
  {
    what: "build : native C",
    kernel: "build",
    mix: "-",
    ours: ours("Topology.fromColumns"),
    theirs: of("native"),
    where: FROM_1E5,
    goals: [],
  },
];

const fastest = (rows) => rows.reduce((best, row) => (best === null || row.ns < best.ns ? row : best), null);

/** @returns for each claim `what`, `mix`, `goals` and `cells`: size, ratio (theirs by ours), rival, atLeast, aim. */
export function ratiosOf(rows) {
  const claims = CLAIMS.map(({ what, kernel, mix, ours, theirs, where, goals }) => {
    const asked = rows.filter((row) => row.kernel === kernel && row.mix === mix && where(row));
    const cells = sizesOf(asked).flatMap((size) => {
      const own = fastest(asked.filter((row) => row.size === size && ours(row)));
      const rival = fastest(asked.filter((row) => row.size === size && theirs(row)));
      if (own === null || rival === null) return [];
      const goal = goals.find((goal) => size <= goal.size);
      return [{ size, ratio: rival.ns / own.ns, rival: rival.contender, atLeast: goal?.atLeast, aim: goal?.aim }];
    });
    return { what, mix, cells };
  });
  return claims.filter(({ cells }) => cells.length > 0);
}
