import { linux } from "../../policy/linux.js";
import { checkedRange } from "../../topology/arguments.js";
import type { Owner, Ref, Topology } from "../../topology/topology.js";
import {
  absent,
  agreed,
  busAddress,
  drives,
  failure,
  identity,
  iova,
  linuxInitiator,
  releaseNumber,
  unknown,
  type DmaPath,
  type LinuxInitiator,
  type LinuxMapping,
  type LinuxResult,
} from "./mapping.js";
import { PeerDma } from "../peer-dma.js";

const P2PDMA = releaseNumber("4.20");
/** From here on the pair is looked at; before, every list of peer-to-peer pages got bus addresses. */
const PAIR_DECIDES = releaseNumber("5.4");
const SIGN_RIGHT = releaseNumber("5.16");
/** From here on lists may be mixed, and there is no entry point of their own. */
const DMA_MAP_SG = releaseNumber("6.0");
const ERROR_KNOWN = releaseNumber("6.1");

/**
 * What mapping a list with peer-to-peer pages comes to in a Linux release (docs/semantics.md, What Linux does itself):
 * `dma_map_sg()` from 6.0, `pci_p2pdma_map_sg()` before. It goes by that kernel's own decision, with its faults: up to
 * 5.15 bus addresses are wrong where they differ from CPU addresses. That the owner's driver has published the memory is
 * taken for granted.
 *
 * @param initiator a function, or by name a device outside PCI, which no peer-to-peer page is mapped for.
 * @param address CPU physical, in the initiator's own system.
 * @param size bytes, at least 1.
 * @throws TypeError for anything but a topology, for a release that is no text, an address that is no bigint or a size
 *   that is no number; RangeError where `release` does not begin with two numbers, for a size below 1 or a range beyond
 *   2^64, and for an initiator that there is not.
 */
export function linuxDmaMapSg(
  topology: Topology,
  release: string,
  initiator: Ref,
  address: bigint,
  size: bigint | number,
): LinuxMapping {
  const now = releaseNumber(release);
  const bytes = checkedRange(address, size);
  const call = now < DMA_MAP_SG ? "pci_p2pdma_map_sg" : "dma_map_sg";
  const who = linuxInitiator(topology, initiator);
  const { answer, owners } = topology.owners(address, who.system, bytes);
  const owner = owners[0];
  if (answer === "one" && owner?.kind === "system-ram") return { call: "dma_map_sg", ...ofRam(who, address, bytes) };
  if (answer === "unknown" || answer === "several") return { call, ...unknown("who owns the address is not known") };
  if (now < P2PDMA) return { call, ...absent("peer-to-peer pages came with Linux 4.20") };
  if (answer !== "one" || owner === undefined || !isProvider(owner)) {
    return { call, ...absent("there are no pages to put into a list: no memory BAR holds the whole range") };
  }
  return { call, ...ofPeer({ topology, release, now, who, address, size: bytes }, owner.id!) };
}

interface Asked {
  readonly topology: Topology;
  readonly release: string;
  readonly now: number;
  readonly who: LinuxInitiator;
  readonly address: bigint;
  readonly size: bigint;
}

/** Memory that a driver can publish: no ROM, and no room for virtual functions. */
function isProvider({ kind, bar }: Owner): boolean {
  return kind === "pci" && (bar === null || bar < 6);
}

function ofRam(who: LinuxInitiator, address: bigint, size: bigint): LinuxResult {
  const results = who.paths.map(({ translating }) => {
    if (translating) return iova("ordinary memory, by way of the IOMMU");
    if (drives(who, address, size)) return identity(address, "ordinary memory");
    return unknown("memory beyond the initiator's address bits goes through a bounce buffer");
  });
  return agreed(results, who.open);
}

function ofPeer(asked: Asked, provider: number): LinuxResult {
  const { topology, release, now, who } = asked;
  if (now < PAIR_DECIDES) return onBus(asked, "the pair is not looked at when it is mapped");
  if (who.id === null) return refused(now, "the initiator is no PCI device");
  const verdict = new PeerDma(topology, linux(release)).can(provider, who.id);
  if (verdict.answer === "no") {
    if (verdict.code === "P2PDMA_NOT_BUILT") return absent("the kernel is built without CONFIG_PCI_P2PDMA");
    return refused(now, `the pair is not supported (${verdict.code})`);
  }
  const results = who.paths.map((path) => onPath(path, asked, verdict.route));
  return agreed(results, who.open);
}

function onPath(path: DmaPath, asked: Asked, route: string): LinuxResult {
  const { now, who, address, size } = asked;
  if (now >= DMA_MAP_SG && hasOwnOperations(path)) {
    return absent("the architecture's own DMA operations take no peer-to-peer pages, and say so to whoever asks first");
  }
  if (route === "unknown") return unknown("which route the kernel takes is not known");
  if (route !== "through-host-bridge") return onBus(asked, "requests turn around below the common bridge");
  if (path.translating) return iova("through the host bridge, by way of the IOMMU");
  if (drives(who, address, size)) return identity(address, "through the host bridge, at the CPU physical address");
  return failure(
    now < DMA_MAP_SG ? "0 entries" : "-EIO",
    `the initiator drives ${who.maskBits} address bits, and peer memory is never bounced`,
  );
}

/** TCE tables even where they are bypassed, and arm32 behind an IOMMU. */
function hasOwnOperations({ architecture, translating }: DmaPath): boolean {
  return architecture === "ppc" || (architecture === "arm" && translating);
}

function refused(now: number, why: string): LinuxResult {
  if (now < DMA_MAP_SG) return failure("0 entries", `${why}: nothing is mapped, with a warning`);
  return failure(now < ERROR_KNOWN ? null : "-EREMOTEIO", `${why}: the whole list is undone`);
}

/** Neither the IOMMU nor the initiator's DMA mask is asked. */
function onBus({ topology, now, who, address }: Asked, why: string): LinuxResult {
  const { range } = topology.core.claim(who.system, address);
  const { busOffset } = topology.core.range(range).terms;
  if (busOffset === null) return unknown("the PCI bus address of the BAR is not shown");
  if (now >= SIGN_RIGHT) return busAddress(address + busOffset, why);
  const fault = busOffset === 0n ? "" : "; Linux 4.20 to 5.15 subtracts the offset that it has to add";
  return busAddress(BigInt.asUintN(64, address - busOffset), why + fault);
}
