import { UNKNOWN_DISTANCE, type PeerDma } from "../explain/peer-dma.js";
import { ANSWERS, ROUTES } from "../explain/ruling.js";
import type { Direction } from "../policy/policy.js";
import type { Claims } from "./claims.js";
import { devicesOf } from "./devices.js";
import { UNDECIDED } from "./dialect.js";
import { Surroundings } from "./surroundings.js";

/**
 * Functions of a topology in letters for what Linux's `pci_p2pdma_map_type()` and `pci_p2pdma_distance()` say: row
 * provider, column client. Links beside PCIe are unknown to it.
 */
export function kernelClaims(peer: PeerDma, ids: Iterable<number>, direction: Direction = "both"): Claims {
  const { topology } = peer;
  const around = new Surroundings(topology);
  const { ids: functions, distance, route, answer } = peer.matrix(ids, direction);
  const letter = (row: number, column: number) => {
    const at = row * functions.length + column;
    if (ROUTES[route[at]!] === "side-link") return overPcie(peer, functions[row]!, functions[column]!, direction);
    const hops = distance[at] === UNKNOWN_DISTANCE ? null : distance[at]!;
    return kernelLetter(ROUTES[route[at]!]!, ANSWERS[answer[at]!]!, hops);
  };
  return {
    dialect: "kernel",
    origin: "the description",
    showsLinks: false,
    devices: devicesOf(topology, functions),
    letter,
    onPcie: letter,
    why: (row, column) => {
      const [provider, client] = [functions[row]!, functions[column]!];
      const { culprits } = peer.can(provider, client, direction);
      const said = culprits.map(({ bdf, what }) => (what.includes(bdf) ? what : `${bdf}: ${what}`));
      return [around.meetingText(provider, client), ...new Set(said)].join("; ");
    },
  };
}

/** A pair that a link joins, without it. */
function overPcie(peer: PeerDma, provider: number, client: number, direction: Direction): string {
  const verdict = peer.can(provider, client, direction);
  const { answer, route } = verdict.pcie ?? verdict;
  const extra = route === "through-host-bridge" ? peer.policy.throughHostDistance : 0;
  return kernelLetter(route, answer, verdict.distance === null ? null : verdict.distance + extra);
}

function kernelLetter(
  route: (typeof ROUTES)[number],
  answer: (typeof ANSWERS)[number],
  distance: number | null,
): string {
  if (answer === "no") return "NS";
  if (answer === "unknown") return UNDECIDED;
  const hops = distance ?? "";
  if (route === "local" || route === "bus-address") return `B${hops}`;
  return route === "through-host-bridge" ? `H${hops}` : `~${hops}`;
}
