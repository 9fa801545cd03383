import type { PeerDma } from "../explain/peer-dma.js";
import { functionId } from "../topology/arguments.js";
import type { Ref } from "../topology/topology.js";
import type { Direction } from "../policy/policy.js";
import type { Claims } from "./claims.js";
import type { Dialect } from "./dialect.js";
import { kernelClaims } from "./kernel.js";
import { ncclClaims } from "./nccl.js";
import { nvidiaClaims } from "./nvidia.js";

/**
 * How far apart functions are, in the letters of a dialect (docs/letters.md).
 *
 * @param refs rows and columns.
 * @param direction of the data as the client sees it; matters to the kernel's letters alone.
 * @throws RangeError for what names no function, or several; in the kernel's dialect for more functions than a matrix
 *   has room for.
 */
export function claimsOf(peer: PeerDma, refs: Iterable<Ref>, dialect: Dialect, direction: Direction = "both"): Claims {
  const ids = Array.from(refs, (ref) => functionId(peer.topology, ref));
  switch (dialect) {
    case "nvidia":
      return nvidiaClaims(peer.topology, ids);
    case "nccl":
      return ncclClaims(peer.topology, ids);
    case "kernel":
      return kernelClaims(peer, ids, direction);
  }
}
