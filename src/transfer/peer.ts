import type { PeerDma } from "../explain/peer-dma.js";

/**
 * Told by what it can do: as CommonJS each entry of the package has a class of its own.
 *
 * @throws TypeError for anything but a topology under a policy.
 */
export function expectPeerDma(peerDma: PeerDma): void {
  if (typeof (peerDma as PeerDma | null)?.mapMany === "function") return;
  throw new TypeError("expected a PeerDma: new PeerDma(topology, policy) makes one");
}
