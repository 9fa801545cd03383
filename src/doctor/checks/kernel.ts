import { NEWEST_KERNEL } from "../../policy/linux.js";
import { ordinal, parseRelease } from "../../policy/release.js";
import type { Check, Diagnosis, Patient } from "../check.js";

/** The kernel that ran when the source was taken: whether it has peer-to-peer DMA, and whether its rules are known. */
export const kernel: Check = {
  ids: ["P2PDMA_NOT_BUILT_IN", "KERNEL_NEWER_THAN_RULES"],
  *run(patient) {
    if (patient.talkers.length < 2) return;
    const without = withoutP2pdma(patient);
    if (without !== null) yield without;
    const newer = newerThanRules(patient);
    if (newer !== null) yield newer;
  },
  *unknown({ system, talkers, peer }) {
    if (talkers.length < 2 || system.kernel?.p2pdma !== undefined || isTooOld(peer.policy.kernel)) return;
    yield {
      what: "whether the kernel is built with CONFIG_PCI_P2PDMA",
      where: "`grep P2PDMA /boot/config-$(uname -r)`, or /proc/config.gz",
      minor: true,
    };
  },
};

/** The kernel whose rules decide may be another one than that of the source: whoever asks names it. */
function withoutP2pdma({ system, peer }: Patient): Diagnosis | null {
  const release = peer.policy.kernel;
  const tooOld = isTooOld(release);
  if (!tooOld && system.kernel?.p2pdma !== false) return null;
  return {
    id: "P2PDMA_NOT_BUILT_IN",
    severity: "error",
    functions: [],
    evidence: [
      tooOld
        ? `the kernel is Linux ${release}; drivers/pci/p2pdma.c came with 4.20`
        : `the kernel${system.kernel?.release === undefined ? "" : ` ${system.kernel.release}`} is built without CONFIG_PCI_P2PDMA`,
    ],
    consequence:
      "drivers that ask the kernel are told that no pair of devices can do peer-to-peer DMA, whatever the wires can do",
    remedy: tooOld
      ? "a kernel from 4.20 on, built with CONFIG_PCI_P2PDMA=y"
      : "a kernel built with CONFIG_PCI_P2PDMA=y",
  };
}

function isTooOld(kernel: string | undefined): boolean {
  const release = kernel === undefined ? null : parseRelease(kernel);
  return release !== null && ordinal(release) < ordinal({ major: 4, minor: 20 });
}

function newerThanRules({ system }: Patient): Diagnosis | null {
  const own = system.kernel?.release;
  const release = own === undefined ? null : parseRelease(own);
  if (release === null || ordinal(release) <= ordinal(parseRelease(NEWEST_KERNEL)!)) return null;
  return {
    id: "KERNEL_NEWER_THAN_RULES",
    severity: "note",
    functions: [],
    evidence: [`the kernel is Linux ${own}; the newest whose rules are known here is ${NEWEST_KERNEL}`],
    consequence: `what is said of pairs rests on the rules of Linux ${NEWEST_KERNEL}, which a newer one may have changed`,
    remedy: "a newer peerlane, if there is one",
  };
}
