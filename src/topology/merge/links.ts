import type { SideLinkDescription } from "../description.js";
import type { Said, Settlement } from "./settlement.js";

type Links = readonly SideLinkDescription[];

/**
 * What several sources say of a machine's side links. Links between the same two look alike, so whoever lists one of a
 * kind lists all of them. Where two sources contradict each other there are links, of which nothing more is known.
 */
export function mergeLinks(settlement: Settlement, said: readonly Said<Links>[]): Links | undefined {
  if (said.length === 0) return undefined;
  const byName = new Map<string, Said<Links>[]>();
  for (const { source, value } of said) {
    for (const [name, links] of named(value)) {
      const lists = byName.get(name);
      if (lists === undefined) byName.set(name, [{ source, value: links }]);
      else lists.push({ source, value: links });
    }
  }
  return [...byName].flatMap(([name, lists]) => {
    const [first] = lists as [Said<Links>];
    const [{ kind, from, to }] = first.value as [SideLinkDescription];
    return settlement.agreed(name, lists, [from, to]) ?? first.value.map(() => ({ kind, from, to }));
  });
}

function named(links: Links): Map<string, SideLinkDescription[]> {
  const found = new Map<string, SideLinkDescription[]>();
  for (const listed of links) {
    const link = inOrder(listed);
    const name = `the ${link.kind} links from ${link.from} to ${link.to}`;
    const alike = found.get(name);
    if (alike === undefined) found.set(name, [link]);
    else alike.push(link);
  }
  return found;
}

/** Sources may name the ends of one link in either order. */
function inOrder(link: SideLinkDescription): SideLinkDescription {
  const { from, to, oneWay } = link;
  return oneWay === true || from <= to ? link : { ...link, from: to, to: from };
}
