import { canonicalBdf } from "../topology/bdf.js";

/*
 *     DMAR: [DMA Write NO_PASID] Request device [41:00.0] fault addr 0xf9000000 [fault reason 0x05] …
 *     nvme 0000:41:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000e address=0xf9000000 flags=0x0020]
 *     AMD-Vi: Event logged [IO_PAGE_FAULT device=41:00.0 domain=0x000e address=0x00000000f9000000 flags=0x0020]
 *     arm-smmu-v3 …: event: F_TRANSLATION client: 0000:41:00.0 sid: 0x4100 ssid: 0x0 iova: 0xf9000000 ipa: 0x0
 *
 * Before 5.13 Intel's has no 0x in front of the address; it holds no segment. An address that something else than white
 * space or the bracket ends was cut short.
 */
const FORMS = [
  /Request device \[(?:0x)?(?<function>[0-9a-f:.]+)\].*?fault addr (?:0x)?(?<address>[0-9a-f]+)(?=[\]\s]|$)/i,
  /IO_PAGE_FAULT device=(?<function>[0-9a-f:.]+) .*?address=(?:0x)?(?<address>[0-9a-f]+)(?=[\]\s]|$)/i,
  /(?<function>[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]): AMD-Vi: .*?IO_PAGE_FAULT .*?address=(?:0x)?(?<address>[0-9a-f]+)(?=[\]\s]|$)/i,
  /client: (?<function>[0-9a-f:.]+) .*?iova: (?:0x)?(?<address>[0-9a-f]+)(?=[\]\s]|$)/i,
];

/** Who put which address on the bus, as a line of the kernel's log says. */
export interface FaultLine {
  /** `dddd:bb:dd.f`. */
  readonly requester: string;
  readonly address: bigint;
}

/** What the line of an IOMMU's driver says: Intel's (DMAR), AMD's or that of Arm's SMMU; null: it is none. */
export function parseFaultLine(line: string): FaultLine | null {
  for (const form of FORMS) {
    const { function: name, address } = form.exec(line)?.groups ?? {};
    const requester = name === undefined ? null : canonicalBdf(name);
    if (requester !== null && address !== undefined && address.length <= 16)
      return { requester, address: BigInt(`0x${address}`) };
  }
  return null;
}
