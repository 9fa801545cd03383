import { devfn, parseBdf } from "../topology/bdf.js";
import type { FunctionDescription, SystemDescription } from "../topology/description.js";
import { cpuOf, isX86 } from "../topology/cpu.js";
import { lookUp, type AllowedHostBridge } from "./allow-list.js";
import type { HostBridge, Judgement, Missing, Outcome, Policy, Question } from "./policy.js";
import { expectRelease, holds, ordinal, parseRelease, type Certainty, type Release, type Since } from "./release.js";

/** The newest release whose rules are known. */
export const NEWEST_KERNEL = "7.3";

/** Releases in which drivers/pci/p2pdma.c changed an answer. */
const P2PDMA: Since = "4.20";
const ALLOW_LIST_EXISTS: Since = "5.2";
const REDIRECT_NOT_FATAL: Since = "5.4";
const CPU_TEST: Since = "~5.9";
const FIRST_DEVICE_IDENTIFIES: Since = "~5.14";
const ROOT_PORT_IDENTIFIES: Since = "~5.15";

// Classes of host bridges, the best first.
const ACCEPTED = "any pair accepted";
const LISTED = "listed";
const LISTED_SAME = "listed for pairs below it";
const UNLISTED = "not listed";
const NOT_BUILT = "kernel without peer-to-peer DMA";

/**
 * What Linux decides (drivers/pci/p2pdma.c, 4.20 to 7.3).
 *
 * @param release as `uname -r` prints it; only the first two numbers matter. A release newer than the newest known
 *   takes the newest rules and says so in `inferred`.
 * @throws TypeError for a release that is no text; RangeError where it does not begin with two numbers.
 */
export function linux(release: string = NEWEST_KERNEL): Policy {
  const parsed = expectRelease(release, '"6.12" or "5.15.0-105-generic"');
  const newest = parseRelease(NEWEST_KERNEL)!;
  const beyond = ordinal(parsed) > ordinal(newest);
  const rules = beyond ? newest : parsed;
  const exists = holds(P2PDMA, rules) === "yes";
  const redirectFatal = holds(REDIRECT_NOT_FATAL, rules) === "no";
  return {
    name: `linux-${parsed.major}.${parsed.minor}`,
    kernel: release,
    ...(beyond ? { inferred: [`rules of Linux ${NEWEST_KERNEL}, the newest known, for kernel ${release}`] } : {}),
    throughHostDistance: redirectFatal && holds(ALLOW_LIST_EXISTS, rules) === "yes" ? 0x1000 : 0,
    judge: (host) => (exists ? judgeBuild(host, rules) : tooOld(release)),
    decide: (question) => decide(question, redirectFatal),
  };
}

/** docs/semantics.md, Verdict: a common bridge and no redirect is a bus address; all else is up to the host bridges. */
function decide(question: Question, redirectFatal: boolean): Outcome {
  const { relation, path, providerClass, clientClass } = question;
  if (providerClass === NOT_BUILT || clientClass === NOT_BUILT) return "policy-refused";
  const common = relation === "self" || relation === "common-bridge";
  if (common && path === "direct") return "bus-address";
  const refused = common ? "redirect-refused" : "host-refused";
  if (common && redirectFatal) return refused;
  const same = relation !== "across-host-bridges";
  return takes(providerClass, same) && takes(clientClass, same) ? "through-host-bridge" : refused;
}

/** docs/semantics.md, Host bridges: does a host bridge of this class take requests from root port to root port? */
function takes(hostClass: string, same: boolean): boolean {
  return hostClass === ACCEPTED || hostClass === LISTED || (hostClass === LISTED_SAME && same);
}

function tooOld(release: string): Judgement {
  return {
    classes: [NOT_BUILT],
    because: `Linux ${release} has no peer-to-peer DMA; it arrived with 4.20`,
    missing: [],
    remedy: "a kernel from 4.20 on",
  };
}

function judgeBuild(host: HostBridge, release: Release): Judgement {
  switch (host.system.kernel?.p2pdma) {
    case false:
      return {
        classes: [NOT_BUILT],
        because: "the kernel is built without CONFIG_PCI_P2PDMA",
        missing: [],
        remedy: "a kernel built with CONFIG_PCI_P2PDMA=y",
      };
    case true:
      return judge(host, release);
    case undefined: {
      const judged = judge(host, release);
      return { ...judged, assumed: ["CONFIG_PCI_P2PDMA is set", ...(judged.assumed ?? [])] };
    }
  }
}

function judge(host: HostBridge, release: Release): Judgement {
  const { system } = host;
  const cpu = cpuAccepts(system, release);
  if (cpu === "yes") {
    return { classes: [ACCEPTED], because: "AMD Zen CPU: Linux takes every pair through the host bridge", missing: [] };
  }
  const listing = withoutIommuRule(byAllowList(host, release), system, release);
  if (cpu === "no") return listing;
  return {
    ...listing,
    classes: [...listing.classes, ACCEPTED],
    missing: [
      ...listing.missing,
      holds(CPU_TEST, release) === "maybe"
        ? {
            what: `whether Linux ${release.major}.${release.minor} tests for AMD Zen CPUs`,
            where: "--kernel with another release",
          }
        : { what: "CPU vendor and family", where: "/proc/cpuinfo, or --cpu VENDOR:FAMILY" },
    ],
  };
}

/** docs/semantics.md, Host bridges: x86, vendor AMD (Hygon is another vendor), family 17h or later. */
function cpuAccepts(system: SystemDescription, release: Release): Certainty {
  const tested = holds(CPU_TEST, release);
  const cpu = cpuOf(system)?.cpu;
  if (tested === "no" || isX86(cpu) === false) return "no";
  if (cpu?.vendor !== undefined && cpu.vendor !== "AuthenticAMD") return "no";
  if (cpu?.family !== undefined && cpu.family < 0x17) return "no";
  return cpu?.vendor === undefined || cpu.family === undefined ? "maybe" : tested;
}

function byAllowList(host: HostBridge, release: Release): Judgement {
  if (holds(ALLOW_LIST_EXISTS, release) === "no") {
    const version = `${release.major}.${release.minor}`;
    return {
      classes: [UNLISTED],
      because: `Linux ${version} takes no pair through a host bridge; the first list came with 5.2`,
      missing: [],
      remedy: "a newer kernel",
    };
  }
  const judged = byIdentity(host, release);
  if (host.system.complete !== "likely" || judged.missing.length === 0) return judged;
  // Text that looks whole is believed where the host bridge then refuses, not where it then accepts.
  const whole = byIdentity({ ...host, system: { ...host.system, complete: true } }, release);
  if (whole.classes.join() !== UNLISTED) return judged;
  return { ...whole, assumed: [`the source shows every function on root bus ${host.root}`] };
}

function byIdentity(host: HostBridge, release: Release): Judgement {
  const found = identify(host, release);
  if (found.identity === "unknown" && cpuOf(host.system)?.cpu.architecture?.startsWith("ppc") === true) {
    // docs/semantics.md, Host bridges: whichever function it is, no row is for a host bridge of POWER.
    return { classes: [UNLISTED], because: "no POWER host bridge is in Linux's list", missing: [] };
  }
  if (found.identity === "unknown") {
    return { classes: [LISTED, LISTED_SAME, UNLISTED], because: found.because, missing: found.missing };
  }
  if (found.identity === "none") return { classes: [UNLISTED], because: found.because, missing: [] };
  const identified = judgeIdentity(found.identity, release);
  // Some of the possible ways of identification may find nothing.
  return found.missing.length === 0
    ? identified
    : { ...identified, classes: [...identified.classes, UNLISTED], missing: [...identified.missing, ...found.missing] };
}

function judgeIdentity(identity: FunctionDescription, release: Release): Judgement {
  const version = `${release.major}.${release.minor}`;
  const { vendor, device } = identity;
  if (vendor === undefined || device === undefined) {
    return {
      classes: [LISTED, LISTED_SAME, UNLISTED],
      because: `${identity.bdf} gives the host bridge its identity, and its ids are not shown`,
      identifiedBy: identity.bdf,
      missing: [{ what: `vendor and device of ${identity.bdf}`, where: "lspci -n" }],
    };
  }
  const found = lookUp(vendor, device, release);
  const name = `host bridge ${vendor}:${device}`;
  if (found === null || found.listed === "no") {
    const remedy = found === null ? undefined : newerKernel(found.row);
    return {
      classes: [UNLISTED],
      because: `${name} is not in the list of Linux ${version}`,
      identifiedBy: identity.bdf,
      missing: [],
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
  const listed = found.row.sameHostBridge ? LISTED_SAME : LISTED;
  const scope = found.row.sameHostBridge ? ", for pairs below one host bridge only" : "";
  if (found.listed === "yes") {
    return {
      classes: [listed],
      because: `${name} (${found.row.name}) is in the list of Linux ${version}${scope}`,
      identifiedBy: identity.bdf,
      missing: [],
    };
  }
  return {
    classes: [listed, UNLISTED],
    because: `${name} (${found.row.name}) may or may not be in the list of Linux ${version}${scope}`,
    identifiedBy: identity.bdf,
    missing: [
      { what: `whether Linux ${version} lists ${vendor}:${device}`, where: "the kernel's drivers/pci/p2pdma.c" },
    ],
  };
}

function newerKernel(row: AllowedHostBridge): string | undefined {
  const since = typeof row.since === "string" ? row.since.replace("~", "") : row.since[1];
  const known = parseRelease(since)!;
  if (ordinal(known) > ordinal(parseRelease(NEWEST_KERNEL)!) || row.until !== undefined) return undefined;
  return `Linux ${since} or newer lists ${row.vendor}:${row.device ?? "*"} (${row.name})`;
}

type Identification = {
  /** The function whose ids stand for the host bridge; `none`: Linux finds no such function. */
  readonly identity: FunctionDescription | "none" | "unknown";
  readonly because: string;
  readonly missing: readonly Missing[];
};

/**
 * docs/semantics.md, Host bridges. Up to 5.13: the function at 00.0 of the root bus. From 5.14: the first function of
 * its list, if it is at 00.0; from 5.15 also if it is a root port.
 */
function identify(host: HostBridge, release: Release): Identification {
  if (host.root === null) {
    return {
      identity: "unknown",
      because: "the description does not show which host bridge this is",
      missing: [{ what: "the bridges above, up to the host bridge", where: "the whole output of lspci, or sysfs" }],
    };
  }
  const atZero = host.functions.find((candidate) => devfn(parseBdf(candidate.bdf)!) === 0);
  const first = host.functions[0];
  const noneAtZero = `no function at ${host.root}:00.0 identifies the host bridge`;
  const unseen: Missing[] = host.system.complete === true ? [] : [whole(host.root)];
  // The two rules differ only where a function at 00.0 was plugged in later and so is not the first.
  const firstDevice = holds(FIRST_DEVICE_IDENTIFIES, release);
  if (atZero !== undefined && (firstDevice === "no" || first === atZero)) {
    return { identity: atZero, because: "", missing: [] };
  }
  if (atZero !== undefined && firstDevice === "maybe") {
    return { identity: "unknown", because: noneAtZero, missing: [versionRule(release, "the first function only")] };
  }
  if (firstDevice === "no" || first === undefined) {
    return { identity: unseen.length > 0 ? "unknown" : "none", because: noneAtZero, missing: unseen };
  }
  // An unseen function may precede what looks first.
  if (unseen.length > 0) {
    return {
      identity: "unknown",
      because: `the first function on root bus ${host.root} is not known`,
      missing: unseen,
    };
  }
  const rootPort = holds(ROOT_PORT_IDENTIFIES, release);
  if (rootPort === "no" || (first.kind !== undefined && first.kind !== "root-port")) {
    return {
      identity: "none",
      because: `the first function on root bus ${host.root}, ${first.bdf}, is neither at 00.0 nor a root port, so that Linux cannot identify the host bridge`,
      missing: [],
    };
  }
  const missing: Missing[] = [];
  if (first.kind === undefined) missing.push({ what: `whether ${first.bdf} is a root port`, where: "sudo lspci -vv" });
  if (rootPort === "maybe") missing.push(versionRule(release, "root ports"));
  return { identity: first, because: "", missing };
}

function versionRule(release: Release, by: string): Missing {
  return {
    what: `whether Linux ${release.major}.${release.minor} identifies host bridges by ${by}`,
    where: "--kernel with another release",
  };
}

function whole(root: string): Missing {
  return { what: `every function on root bus ${root}`, where: "the whole output of lspci, or sysfs" };
}

/** 5.2 (from -rc6) and 5.3 ignore the list where an IOMMU serves either device. */
function withoutIommuRule(judgement: Judgement, system: SystemDescription, release: Release): Judgement {
  if (holds(REDIRECT_NOT_FATAL, release) === "yes" || judgement.classes.join() === UNLISTED) return judgement;
  if (system.iommu === "off") return judgement;
  if (system.iommu === undefined) {
    return {
      ...judgement,
      classes: [...judgement.classes, UNLISTED],
      missing: [...judgement.missing, { what: "whether an IOMMU is on", where: "/sys/kernel/iommu_groups" }],
    };
  }
  return {
    classes: [UNLISTED],
    because: "Linux 5.2 and 5.3 take no pair through the host bridge where an IOMMU is on",
    missing: [],
    remedy: "Linux 5.4 or newer",
  };
}
