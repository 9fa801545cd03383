import { checkedRange } from "../../topology/arguments.js";
import type { Ref, Topology } from "../../topology/topology.js";
import {
  absent,
  agreed,
  drives,
  failure,
  identity,
  iova,
  linuxInitiator,
  MAPPING_ERROR,
  releaseNumber,
  unknown,
  type DmaPath,
  type LinuxInitiator,
  type LinuxMapping,
  type LinuxResult,
} from "./mapping.js";

const EXISTS = releaseNumber("4.9");
/** From here on what cannot be mapped is an error, and no address that looks like one. */
const ERRORS_ARE_TOLD = releaseNumber("5.0");
/** Intel's and AMD's drivers both went over to the common code. */
const X86_TRANSLATES = releaseNumber("5.12");
/** The check for RAM went about 5.18 and in stable releases before it, down to this one at most: each may have it or not. */
const RAM_MAY_PASS = releaseNumber("5.4");
const RAM_PASSES = releaseNumber("5.19");
const MAP_PHYS = releaseNumber("6.18");
const NO_HOOK = releaseNumber("6.19");

/**
 * `dma_map_resource()` of a Linux release (docs/semantics.md, What Linux does itself), to be held against
 * {@link PeerDma.map}: it looks up no owner and asks no bridge. Answers for functions and, by name, for devices outside
 * PCI. What the description does not show is considered both ways.
 *
 * @param address CPU physical, in the initiator's own system.
 * @param size bytes, at least 1.
 * @throws TypeError for anything but a topology, for a release that is no text, an address that is no bigint or a size
 *   that is no number; RangeError where `release` does not begin with two numbers, for a size below 1 or a range beyond
 *   2^64, and for an initiator that there is not.
 */
export function linuxDmaMapResource(
  topology: Topology,
  release: string,
  initiator: Ref,
  address: bigint,
  size: bigint | number,
): LinuxMapping {
  const now = releaseNumber(release);
  const bytes = checkedRange(address, size);
  const call = now >= MAP_PHYS ? "dma_map_phys" : "dma_map_resource";
  if (now < EXISTS) return { call, ...absent("dma_map_resource() came with Linux 4.9") };
  const who = linuxInitiator(topology, initiator);
  const checksRam = now >= ERRORS_ARE_TOLD && now < RAM_PASSES;
  const ram = checksRam ? mayBeRam(topology, who.system, address) : [false];
  const open = [...(ram.length > 1 ? ["whether RAM is there"] : []), ...(who.open === "" ? [] : [who.open])];
  const results = ram.flatMap((isRam) =>
    isRam ? [ofRam(now)] : who.paths.map((path) => resultOn(path, now, who, address, bytes)),
  );
  return { call, ...agreed(results, open.join(" and ")) };
}

function ofRam(now: number): LinuxResult {
  if (now < RAM_MAY_PASS) return failure(MAPPING_ERROR, "Linux 5.0 to 5.3 maps no RAM this way, and warns");
  return unknown("RAM is there, and whether this kernel still refuses it, as 5.0 did, depends on its stable release");
}

/** Both, where the description leaves it open. */
function mayBeRam(topology: Topology, system: number, address: bigint): boolean[] {
  const { answer, owners } = topology.owners(address, system);
  if (owners.some(({ kind }) => kind === "system-ram")) return [true];
  return answer === "unknown" && owners.length === 0 ? [true, false] : [false];
}

function resultOn(path: DmaPath, now: number, who: LinuxInitiator, address: bigint, size: bigint): LinuxResult {
  if (!path.translating) {
    if (path.architecture === "ppc" && now >= ERRORS_ARE_TOLD) {
      return unknown("whether POWER adds its own offset between CPU and DMA addresses on this way is not known");
    }
    if (now >= ERRORS_ARE_TOLD && !drives(who, address, size)) {
      return failure(MAPPING_ERROR, `the initiator drives ${who.maskBits} address bits, which do not reach the end`);
    }
    const checked = now < ERRORS_ARE_TOLD ? ", nor the DMA mask" : "";
    const how = now >= MAP_PHYS ? "with DMA_ATTR_MMIO it is " : "";
    return identity(
      address,
      `${how}the CPU physical address as it is: no owner is looked up, no bridge asked, no offset applied${checked}`,
    );
  }
  switch (mapsRegisters(path, now)) {
    case "yes":
      return iova(
        `the IOMMU's driver maps the address, whoever owns it${now >= NO_HOOK ? ", by its map_phys hook" : ""}`,
      );
    case "no":
      if (now < ERRORS_ARE_TOLD) {
        return identity(
          address,
          "the IOMMU's driver has no map_resource hook: the address comes back unchanged, which the IOMMU does not translate",
        );
      }
      return failure(MAPPING_ERROR, "the operations that translate here have no map_resource hook");
    case "maybe":
      return unknown("whether the IOMMU's driver maps registers in this release is not known");
  }
}

/** Whether what translates on an architecture maps device registers at all. */
function mapsRegisters({ architecture }: DmaPath, now: number): "yes" | "no" | "maybe" {
  switch (architecture) {
    case "arm64":
    case "arm":
      return "yes";
    case "x86":
      return now < ERRORS_ARE_TOLD ? "no" : now < X86_TRANSLATES ? "maybe" : "yes";
    case "ppc":
      // The tables of TCEs; which attributes their map_phys takes is not known.
      return now < NO_HOOK ? "no" : "maybe";
    case "other":
      return "maybe";
  }
}
