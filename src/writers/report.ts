import type { PeerDma } from "../explain/peer-dma.js";
export function reportMarkdown(_peer: PeerDma, _of?: readonly number[]): string {
  return "";
}
