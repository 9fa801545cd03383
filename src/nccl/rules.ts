/**
 * `error`: NCCL stops, or ignores the file. `warning`: it goes on with something else than the file says. `note`: it
 * finds out for itself what the file leaves open.
 */
export type LintSeverity = "error" | "warning" | "note";

/** What stands behind a code. */
export interface LintRule {
  readonly severity: LintSeverity;
  /** What NCCL does, as a sentence that begins with "it". */
  readonly effect: string;
  /** What to do. */
  readonly advice: string;
}

/** Every code that {@link lintTopology} knows. Codes are stable. */
export type LintCode = keyof typeof LINT_RULES;

/**
 * What NCCL does with each fault of a topology file, by what its sources do (https://github.com/NVIDIA/nccl,
 * src/graph/xml.cc, topo.cc, xml.h; RCCL's are made of them).
 */
export const LINT_RULES = {
  // what the parser minds
  ATTRIBUTE_BLANK: rule(
    "error",
    'it stops: "XML Parse : expected >", or takes a tab for part of the name',
    "put one blank in front of each attribute, and all of an element's attributes into one line",
  ),
  EXTRA_BLANK: rule(
    "note",
    "it counts each surplus blank as one of 16 attributes",
    "leave one blank in front of each attribute, and none behind the last",
  ),
  NO_VALUE: rule("warning", "it takes the value for empty", 'write NAME="VALUE", without a blank in front of the ='),
  QUOTES: rule("error", 'it stops: "XML Parse : Expected (double) quote"', 'write NAME="VALUE"'),
  SINGLE_QUOTES: rule("warning", "older releases read on to the next double quote", "write double quotes"),
  ENTITY: rule("warning", "it knows no entities and takes them as they stand", "write the characters themselves"),
  ATTRIBUTE_TWICE: rule("warning", "it takes the first", "leave one of them"),
  ATTRIBUTES: rule("warning", "it ignores all beyond the sixteenth", "leave some out"),
  TOO_LONG: rule("error", 'it stops: "too long (max 255)"', "stay below 254 bytes"),
  BLANK: rule(
    "error",
    "it stops: \"XML Parse error : expecting '<'\"",
    "remove it, and indent with blanks: it knows no tabs",
  ),
  TEXT: rule("error", "it stops: \"XML Parse error : expecting '<'\"", "remove it, or make it a comment"),
  DECLARATION: rule("error", "it takes it for an element, and stops", "remove it: the first element is system"),
  COMMENT: rule("error", 'it stops: "XML Parse : Unexpected value", or "name too long"', "put a blank behind the <!--"),
  CLOSING_TAG: rule(
    "error",
    'it stops: "unexpected trailing", or "expected >"',
    "write </NAME> and />, without blanks",
  ),
  MISMATCH: rule("error", 'it stops: "XML Mismatch"', "close each element where it was opened"),
  UNTERMINATED: rule("error", 'it stops: "Unexpected EOF", or "unterminated"', "the file is cut off: write its end"),
  ELEMENTS: rule(
    "error",
    'it stops: "XML parser is limited to" as many elements',
    "leave out what no GPU or network adapter is below; NCCL has room for 255 elements, older releases of RCCL for 1023",
  ),
  CHILDREN: rule("error", 'it stops: "XML parser is limited to 640 subnodes"', "leave out what NCCL does not use"),
  CHILDREN_OLDER: rule(
    "warning",
    "older releases have room for fewer: NCCL for 128 up to 2.28, RCCL for 32, beyond which some write over other memory",
    "leave out what NCCL does not use",
  ),
  UNKNOWN_ELEMENT: rule("warning", "it ignores it with everything in it", "remove it, or correct its name or place"),

  // what the file says
  NO_SYSTEM: rule(
    "error",
    "it ignores the file and looks at the machine alone",
    "put everything into a system element",
  ),
  SEVERAL_SYSTEMS: rule("warning", "it uses the first alone", "leave one"),
  VERSION: rule(
    "error",
    'it stops: "XML Topology has wrong version", or "Attribute version of node system not found"',
    'write version="1" for NCCL, version="2" for RCCL',
  ),
  SEVERAL_HOSTS: rule(
    "warning",
    "it takes every processor for one of the machine it runs on, newer releases at least",
    "write one file for each machine, without host_hash",
  ),
  NUMAID_MISSING: rule(
    "error",
    'it stops: "Attribute numaid of node cpu not found"',
    "write numaid, as /sys/devices/system/node counts",
  ),
  NUMAID_BAD: rule("warning", "it takes it for 0, or the digits it begins with", "write a number"),
  NUMAID_UNKNOWN: rule(
    "warning",
    "it finds no CPUs for this node, and takes everything in it for near to one another",
    "write the node's number; a machine without NUMA has node 0",
  ),
  NUMAID_TWICE: rule("warning", "it makes two nodes of one name, and may mistake them", "put them into one cpu"),
  CPU_INCOMPLETE: rule(
    "note",
    'it asks the CPU it runs on, where it looks up a device below; elsewhere it stops: "Attribute arch of node cpu not found"',
    "write arch, and on x86_64 vendor, familyid and modelid",
  ),
  CPU_UNKNOWN: rule(
    "warning",
    "it takes a default for the bandwidth between processors",
    "known are arch x86_64, arm64, ppc64 and vendor GenuineIntel, AuthenticAMD, CentaurHauls",
  ),
  AFFINITY: rule(
    "warning",
    "it binds to the CPUs that it could read, or to none",
    "write words of eight digits in lower case separated by commas, as cpumap in /sys/devices/system/node/node0 has",
  ),
  NUMBER_BAD: rule("warning", "it takes it for 0, or the digits it begins with", "write a whole number"),
  BUSID_MISSING: rule("error", 'it stops: "Attribute busid of node pci not found"', "write busid"),
  BUSID: rule(
    "warning",
    "it compares names letter by letter, does not find the device, and adds it elsewhere",
    "write dddd:bb:dd.f in lower case, as in /sys/bus/pci/devices",
  ),
  BUSID_TWICE: rule(
    "warning",
    "it fills in the first alone",
    "name each once; invent names for switches that have none",
  ),
  CLASS_MISSING: rule("note", "it looks it up in /sys", "write class, such as 0x030200"),
  SWITCH_CLASS_MISSING: rule(
    "error",
    'it looks it up in /sys, where an invented name is not, and stops: "Attribute class of node pci not found"',
    'write class="0x060400"',
  ),
  CLASS: rule(
    "warning",
    "it takes it for a switch",
    "known are 0x0604 switches, 0x03 GPUs, 0x02 network adapters, 0x0680 NVSwitches (RCCL: 0x12 GPUs too)",
  ),
  GPU_CLASS: rule(
    "error",
    'it takes the pci for a switch, and stops: "Attribute class of node gpu not found"',
    "write a class that begins with 0x03",
  ),
  GPU_TWICE: rule(
    "warning",
    "it takes the first alone; newest releases make a partition of one GPU of each",
    "give each GPU a pci of its own; write mlopart for partitions of one",
  ),
  BELOW_DEVICE: rule("warning", "it does not look below a device", 'give what is above a class="0x060400"'),
  LINK_MISSING: rule(
    "note",
    "it looks it up in /sys, else takes 8 GT/s and 16 lanes",
    "write link_speed and link_width, for invented switches above all",
  ),
  LINK_ZERO: rule("note", "it takes 16 lanes", "write the number of lanes; 0 is what /sys has where it does not know"),
  LINK_SPEED: rule(
    "warning",
    "it does not know it and takes 8 GT/s",
    'write "2.5 GT/s PCIe", "5.0 GT/s PCIe", "8.0 GT/s PCIe", "16.0 GT/s PCIe", "32.0 GT/s PCIe" or "64.0 GT/s PCIe"',
  ),
  LINK_WIDTH: rule("warning", "it takes 16 lanes", "write the number of lanes"),
  LINK_COUNT: rule("error", 'it stops: "Attribute count of node nvlink not found"', "write count, the number of links"),
  LINK_TARGET: rule("error", 'it stops: "Attribute target of node nvlink not found"', "write target"),
  TARGET_UNKNOWN: rule("warning", "it leaves the link out", "write the busid of a GPU of the file"),
  TARGET_SELF: rule("warning", "it makes a link of the GPU to itself", "write the busid of another GPU"),
  PCILINK_TARGET: rule("error", 'it stops: "Attribute target of node pcilink not found"', "write target"),
  PCILINK_UNKNOWN: rule("warning", "it leaves the link out", "write the busid of another switch of the file"),
  C2C: rule("error", 'it stops: "Attribute count of node c2c not found", or bw', "write count, and bw in MB/s"),
  NET_DEV: rule("warning", "it ignores the adapter", "write dev, as the network plugin counts"),
  NET_NAME: rule("warning", "it does not find the adapter again and adds it where /sys has it", "write name"),
} as const satisfies Readonly<Record<string, LintRule>>;

function rule(severity: LintSeverity, effect: string, advice: string): LintRule {
  return { severity, effect, advice };
}
