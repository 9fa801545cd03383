/**
 * What Linux itself does, to be held against what `PeerDma` says: its calls by release and architecture, which look up no
 * owner and ask no bridge, and the functions that were proposed in 2018.
 *
 * @packageDocumentation
 */
export { findCommonUpstreamDevice2018 } from "./common-upstream-2018.js";
export { linuxDmaMapResource } from "./dma-map-resource.js";
export { linuxDmaMapSg } from "./dma-map-sg.js";
export { differs, type LinuxMapping } from "./mapping.js";
export { peerTrafficSupported2018, type PeerTraffic2018 } from "./peer-traffic-2018.js";
