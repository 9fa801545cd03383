import { DIAGNOSES, type DiagnosisId } from "../doctor/ids.js";
import type { BootProblemCode } from "../boot/problems.js";
import { CODES, type Code } from "../explain/codes.js";
import { FAULT_CODES, type FaultCode } from "../explain/fault.js";
import type { ProblemCode } from "../topology/errors.js";
import type { FindingCode } from "../topology/finding.js";
import { ATTACH_CODES, ERRNOS, type AttachCode } from "../transfer/codes.js";

/**
 * Everything that has a page: why there is no plain "yes", why memory cannot be handed out, what a machine may be told it
 * has, what was odd about a source, what makes one impossible.
 */
export type PageCode = Code | FaultCode | AttachCode | DiagnosisId | BootProblemCode | FindingCode | ProblemCode;

/** What to know about a code. */
export interface CodePage {
  readonly code: PageCode;
  /**
   * `refusal` and `unknown` are answers, `reading` one of `owner --requester`, `export` those of `attach` alone, a `diagnosis` that of `doctor`, a `parameter`
   * what is wrong with one of the kernel's; a `finding`
   * stands beside answers; with a `fault` there are none.
   */
  readonly group: "refusal" | "unknown" | "reading" | "export" | "diagnosis" | "parameter" | "finding" | "fault";
  /** What it says, in a sentence without a full stop. */
  readonly meaning: string;
  /** When one meets it. */
  readonly cause: string;
  /** What would change it. */
  readonly remedy: string;
}

type Page = Pick<CodePage, "cause" | "remedy">;

const REFUSALS: Partial<Record<Code, Page>> = {
  ACS_REDIRECT: {
    cause:
      "Below the common bridge, or at it, ACS request redirect, completion redirect or egress control is on, so that requests " +
      "go up to the host bridge, and the policy does not let that one turn them around. IOMMUs are why kernels switch the bits on.",
    remedy:
      "Clear the bits of the functions that are named: `peerlane fix A B` has the kernel parameter for this release, and what it " +
      "costs: functions below them then reach each other without the IOMMU between them.",
  },
  EGRESS_BLOCKED: {
    cause:
      "Under precise ACS: egress control of the port below the common bridge on the initiator's side is on, its vector names the " +
      "provider's port, and request redirect is off, so that the port refuses the request as an ACS violation.",
    remedy:
      "Clear the vector's bit of that port, or egress control itself: `peerlane fix A B --profile precise` says how on this kernel.",
  },
  HOST_BRIDGE_NOT_ALLOWED: {
    cause:
      "The two have no bridge in common, and the policy does not take the way through the host bridge: Linux knows neither the " +
      "CPU nor the host bridge as one that routes such requests, POWER does not route between its host bridges.",
    remedy:
      "Put both below one switch, or take a kernel whose list has the host bridge, which the hint names if there is one.",
  },
  NOT_SUPPORTED: {
    cause: "What the description leaves open decides for which reason the pair is refused, not whether.",
    remedy: "What `missing` names would tell the reason; the remedies of the reasons then hold.",
  },
  DIFFERENT_SYSTEM: {
    cause: "The functions are in two machines. No policy lets memory requests pass between them.",
    remedy: "None by PCI Express: use a network, or describe both as one system if they are one.",
  },
  P2PDMA_NOT_BUILT: {
    cause: "The kernel is older than 4.20, or built without CONFIG_PCI_P2PDMA; then it refuses every pair.",
    remedy: "A kernel from 4.20 on, built with CONFIG_PCI_P2PDMA=y.",
  },
  NO_OWNER: {
    cause: "No BAR, no RAM and no device outside PCI holds the address, and the description shows enough to say so.",
    remedy:
      "Take the address from the `resource` file or from `lspci -v` of the owner, as the CPU sees it and not as the bus does.",
  },
  LEAVES_OWNER: {
    cause: "The range begins in a BAR and ends beyond it. What follows belongs to somebody else, or to nobody.",
    remedy: "Ask for each owner's part alone; `owner` shows where the BAR ends.",
  },
  NOT_A_PROVIDER: {
    cause: "Configuration space, a reserved range or an expansion ROM holds the address: nothing that DMA may go to.",
    remedy: "Take a memory BAR of the owner.",
  },
  VF_NOT_ENABLED: {
    cause: "A physical function keeps the range for virtual functions of which the one at this place is not enabled.",
    remedy: "Enable as many virtual functions: write their number to `sriov_numvfs`.",
  },
  MEMORY_DECODE_OFF: {
    cause:
      "Memory Space Enable of the owner's Command register, or of a bridge that the request passes on its way down, is off, or " +
      "VF Memory Space Enable of the physical function. Linux's peer-to-peer decision does not look, and requests get lost.",
    remedy: "Bind a driver, which switches it on, or set bit 1 of Command: `setpci -s BDF COMMAND=2:2`.",
  },
  DMA_MASK: {
    cause: "The last DMA address needs more address bits than the initiator drives.",
    remedy: "Map the owner's BAR below that limit, or let an IOMMU translate, which hands out addresses within reach.",
  },
  NO_INBOUND_WINDOW: {
    cause:
      "A device outside PCI owns the address, and the inbound windows that the description states for the host bridge above the " +
      "initiator do not hold all of the range: requests from below go no further than the host bridge.",
    remedy: "Use an initiator below a host bridge that forwards them, which the hint names if there is one.",
  },
  PLATFORM_REFUSED: {
    cause: "One end is a device outside PCI, and the policy takes no such requests, whatever the host bridge does.",
    remedy: "Ask under a policy that leaves it to the wires, as all of peerlane's own do.",
  },
  WITHHELD: {
    cause: "The description says of the BAR or region that its exporter hands it out to nobody: `exported` is `none`.",
    remedy: "Let the exporter's driver hand it out, and say so in the description; its owner reaches it in any case.",
  },
};

const UNKNOWNS: Partial<Record<Code, Page>> = {
  ACS_UNREADABLE: {
    cause:
      "Extended configuration space is shown to root alone, so that the ACS control words on the way are not known.",
    remedy: "Read the machine as root: `sudo lspci -vvv`, or /sys with config.",
  },
  PARENT_UNKNOWN: {
    cause: "The source shows a function and not what its bus hangs below.",
    remedy: "Give the whole output of lspci, with the bridges, or /sys.",
  },
  HOST_BRIDGE_UNKNOWN: {
    cause:
      "Which host bridge it is, or which CPU, is not shown, or sources place the kernel's change only about this release.",
    remedy: "Say what `missing` names, as a rule with `--cpu VENDOR:FAMILY` or `--kernel VERSION`.",
  },
  OWNER_UNKNOWN: {
    cause: "The address may be that of a BAR, of RAM or of a device which the description does not show.",
    remedy: "Add /proc/iomem, read as root: `-i iomem.txt`.",
  },
  OWNER_AMBIGUOUS: {
    cause: "Two or more claim the address, and nothing tells which of them answers.",
    remedy: "`owner` lists them; assign one of them another range, or switch its memory decode off.",
  },
  NO_ADDRESSES: {
    cause: "The source shows the tree and not where anything is.",
    remedy: "Add `lspci -v`, /sys or /proc/iomem.",
  },
  MEMORY_DECODE_UNKNOWN: {
    cause:
      "The Command register of the owner or of a bridge above it is not shown, or for a virtual function the SR-IOV control.",
    remedy: "Read the machine as root: `sudo lspci -vvv`, or /sys with config.",
  },
  DMA_MASK_UNKNOWN: {
    cause: "The initiator does not drive all address bits, and which DMA address it would get is not known.",
    remedy: "Say what `missing` names: the IOMMU's mode, or the bus address of the owner's BAR.",
  },
  PLATFORM_OWNER: {
    cause:
      "A device outside PCI owns the address; whether the host bridge forwards requests from below to it is not shown.",
    remedy:
      "State the host bridge's `inbound` ranges in the description: the platform's manual or device tree has them.",
  },
  LINK_UNKNOWN: {
    cause:
      "A side link leads from the initiator to the owner; whether it carries reads, or writes, is not stated, and PCIe would " +
      "answer otherwise than the link.",
    remedy: "State `read` and `write` of the link: `nvidia-smi topo -p2p r` and `w` show them.",
  },
};

const READINGS: Record<FaultCode, Page> = {
  IOVA_ONLY: {
    cause:
      "An IOMMU translates for the requester, and no BAR, RAM or other device has the address that its fault report names. The " +
      "buffer was not mapped for this device and direction, was unmapped too early, or the device wrote beyond its end.",
    remedy:
      "Look for the driver that should have mapped it: `iommu.strict=1` unmaps at once, so that late accesses are told from others.",
  },
  RAW_PEER_ADDRESS: {
    cause:
      "Behind a translating IOMMU the requester used the bus address of a BAR, as drivers do that program what they find in the " +
      "peer's registers. What is written there is lost, and reads come back as all ones. Linux hands out no IOVA within the windows " +
      "of the requester's own host bridge; below others an IOVA may equal a BAR's address by chance.",
    remedy:
      "Let the driver map the peer's memory (dma_map_resource(), dma-buf), or let the IOMMU pass through: `iommu=pt` at boot.",
  },
  RAW_WINDOW_ADDRESS: {
    cause:
      "The address is in a window of a host bridge, where Linux hands out no IOVA, and no BAR has it: a BAR that has been moved, or " +
      "one of which the description does not tell.",
    remedy:
      "`list` and /proc/iomem, read as root, show what is there now; see whether the requester was told of an older place.",
  },
  RAW_MEMORY_ADDRESS: {
    cause:
      "The requester used an address that RAM, a reserved range or a device outside PCI has: its driver gave it a physical address, " +
      "or it is an IOVA that equals one by chance, which low addresses do. Firmware may have left the device running.",
    remedy:
      "See whether the driver uses the DMA API; a range that firmware needs has to be in its tables (RMRR, IVMD).",
  },
  INTERRUPT_ADDRESS: {
    cause:
      "Memory writes of x86 devices to 0xfee00000 to 0xfeefffff are interrupts, which are remapped and not translated.",
    remedy: "Look at interrupt remapping, not at DMA: the log has a fault of its own for it.",
  },
  IOVA_UNCHECKED: {
    cause:
      "An IOMMU translates for the requester, so that the address is an IOVA. The description does not show everything that may have " +
      "the same address, so that a driver which programs raw addresses is not ruled out.",
    remedy: "Add /proc/iomem, read as root: `-i iomem.txt`.",
  },
};

const EXPORTS: Record<AttachCode, Page> = {
  NO_RANGES: {
    cause: "The list of exported ranges is empty.",
    remedy: "Export at least one range of one BAR.",
  },
  RANGE_EMPTY: {
    cause: "A range's size is 0.",
    remedy: "Leave it out, or give it its size.",
  },
  RANGE_NOT_ALIGNED: {
    cause: "Start or size of a range is no multiple of the page size.",
    remedy: "Export whole pages.",
  },
  RANGE_OVERFLOW: {
    cause: "Start and size add up to more than 2^64.",
    remedy: "Correct one of them.",
  },
  RANGE_NOT_OWNED: {
    cause: "Somebody else owns the range, or nobody.",
    remedy: "`owner` shows whose it is; let that function export it.",
  },
  RANGE_LEAVES_BAR: {
    cause: "The range begins in a BAR of the exporter and ends beyond it.",
    remedy: "`owner` shows where the BAR ends.",
  },
  RANGES_IN_SEVERAL_BARS: {
    cause: "The ranges are in different BARs of the exporter.",
    remedy: "Export each BAR's ranges on their own.",
  },
  NOT_A_MEMORY_BAR: {
    cause: "The range is in the expansion ROM, or in the aperture that a physical function keeps for its virtual ones.",
    remedy: "Export a range of the BARs 0 to 5; a virtual function's BARs are its own to export.",
  },
  PEER_TO_PEER_OFF: {
    cause: "The importer did not set `peerToPeer`: it wants a buffer that has pages.",
    remedy: "Let the buffer move to system memory, or take an importer that allows it.",
  },
  EXPORT_REVOKED: {
    cause: "The exporter does not decode memory, or is powered down: VFIO revokes its exports for as long.",
    remedy: "Switch memory decode on and the device to D0, then attach again.",
  },
  ONE_RANGE_ONLY: {
    cause: "The importer is iommufd, and the export has several ranges.",
    remedy: "Export one range.",
  },
  NOT_A_PCI_IMPORTER: {
    cause: "The importer is a device outside PCI, of which the kernel knows no way to the exporter.",
    remedy: "Let the buffer move to system memory; `map` says whether the hardware would let it pass.",
  },
  BAR_NOT_SHOWN: {
    cause: "The source shows that the exporter owns the range, and not by which of its BARs.",
    remedy: "Add `lspci -v` or /sys.",
  },
};

const DIAGNOSIS_PAGES: Record<DiagnosisId, Page> = {
  ACS_REDIRECTS: {
    cause:
      "Below or at the bridge that devices have in common, ACS request redirect, completion redirect or egress control is on, " +
      "so that what they send each other goes up to the host bridge. The kernel sets the bits where an IOMMU is on, or firmware did.",
    remedy:
      "`peerlane fix A B` has the parameter that is right for the kernel. Devices below then reach each other without the IOMMU between them.",
  },
  HOST_BRIDGE_REFUSES: {
    cause:
      "Devices have no bridge in common, and Linux knows neither the CPU nor the host bridge as one that routes requests from " +
      "root port to root port.",
    remedy:
      "Put the devices below one switch, or take a kernel that lists the host bridge, if the diagnosis names one. Where none of the " +
      "devices is known to have memory for others, it is a note.",
  },
  MEMORY_DECODE_OFF: {
    cause:
      "Memory space enable (Command bit 1, `Mem-` in lspci) is off in a device or in a bridge above it; of a virtual function, VF " +
      "enable or VF memory space enable of its physical function. A device without a driver is idle, which is only a note.",
    remedy: "Bind the driver, or `setpci -s BDF COMMAND=0002:0002`.",
  },
  BUS_MASTER_OFF: {
    cause:
      "Bus master enable (Command bit 2, `BusMaster-` in lspci) is off: a device then sends no requests, and a bridge forwards none " +
      "upwards. A device without a driver is idle, which is only a note.",
    remedy: "Bind the driver, or `setpci -s BDF COMMAND=0004:0004`.",
  },
  BAR_UNASSIGNED: {
    cause:
      "Firmware or kernel found no room for a memory BAR: the windows of the bridges above are too small, or closed.",
    remedy:
      "Switch Above 4G decoding on in the firmware and give it more address space, boot with `pci=realloc`, or take out another " +
      "card. The evidence names the first window that is too small, and by how much, where that is known.",
  },
  BAR_CONTESTED: {
    cause: "Two devices claim the same addresses. A dump that is put together from two machines looks like this, too.",
    remedy: "Boot with `pci=realloc`, or have the firmware assign BARs again.",
  },
  BAR_NOT_FORWARDED: {
    cause:
      "The windows of the bridge above are shown, and a BAR is in none of them, so that the bridge does not forward to it.",
    remedy: "Boot with `pci=realloc`, or have the firmware assign windows again.",
  },
  BAR_BEYOND_REACH: {
    cause:
      "A device drives fewer address bits than the last byte of another's BAR takes, by the DMA mask that its driver set " +
      "(`dma_mask_bits` in sysfs). Often it works the other way round. Not looked at where the mask is not shown, nor where an " +
      "IOMMU translates.",
    remedy:
      "Set the base of 64-bit MMIO in the firmware (MMIO High Base) below what the device drives, or let an IOMMU translate.",
  },
  BAR_BELOW_CAPABILITY: {
    cause:
      "By its Resizable BAR capability the BAR with a GPU's memory could be larger than it is, so that peers reach a part of the memory " +
      "only. Firmware that does not know the capability leaves 256 MiB.",
    remedy:
      "Switch Resizable BAR and Above 4G decoding on in the firmware, or resize it by sysfs. The evidence names the windows that are too " +
      "small for it, from below, and by how much.",
  },
  VF_BARS_UNASSIGNED: {
    cause: "Firmware left no room for the BARs of virtual functions. It is a note where none are enabled.",
    remedy: "Switch SR-IOV on in the firmware, or boot with `pci=realloc`.",
  },
  LINK_BELOW_CAPABILITY: {
    cause:
      "A link between two functions that are shown runs slower, or on fewer lanes, than both of its ends can. GPUs lower the speed " +
      "while they are idle: where only GPUs are behind the link, a lower speed is a note. Fewer lanes are a warning in any case.",
    remedy:
      "Look again under load. Reseat the card or its riser, and look at bifurcation and speed limits in the firmware.",
  },
  DEVICE_ASLEEP: {
    cause: "The device is in D3hot or D3cold: switched off, or asleep until its driver wakes it.",
    remedy: "Write `on` to `power/control` of the device in sysfs.",
  },
  P2PDMA_NOT_BUILT_IN: {
    cause:
      "The kernel is older than 4.20, or built without CONFIG_PCI_P2PDMA, as some distributions do. Drivers that ask it are refused, " +
      "whatever the wires can do.",
    remedy: "A kernel from 4.20 on, built with CONFIG_PCI_P2PDMA=y.",
  },
  IOMMU_TRANSLATES_BETWEEN_GPUS: {
    cause:
      "GPUs below different root ports, or ones that ACS redirects, send through an IOMMU that translates. Drivers that program the " +
      "other's BAR at its bus address, past the DMA API, then lose writes without an error; it shows as garbage or hangs.",
    remedy: "Boot with `iommu=pt`, or let the requests stay below a switch, which `peerlane fix A B` tells.",
  },
  KERNEL_OPTION_UNKNOWN: {
    cause:
      "The command line has an option of `pci=` that Linux does not know, such as `pci=noacs`, which guides recommend and no kernel " +
      'ever had: it logs "PCI: Unknown option" and goes on.',
    remedy: "Take it out; `peerlane fix A B` shows the parameter that this kernel has.",
  },
  ACS_OVERRIDE_ON: {
    cause:
      "`pcie_acs_override=` comes with a patch that no kernel.org kernel has. It makes IOMMU groups smaller by pretending that functions " +
      "are isolated which are not; it clears no redirect bit.",
    remedy: "Take it out; `peerlane fix A B` shows what clears the bits.",
  },
  PARAMETER_NOT_TAKEN: {
    cause:
      "`disable_acs_redir` or `config_acs` with `,` between functions, where `;` belongs; with flags or functions that are none; given " +
      "twice; on a kernel that is older, or one that gives up at the second function.",
    remedy: "Correct it, in quotes where a shell or boot loader would take the `;`, or update the kernel.",
  },
  PARAMETER_NAMES_NOTHING: {
    cause: "The parameter names a function that the machine does not have, or none with an ACS capability.",
    remedy: "Name the functions as `peerlane list` does; their numbers may have changed since it was written.",
  },
  PARAMETER_WITHOUT_EFFECT: {
    cause: "The parameter clears the redirect bits of a function, and they are set all the same.",
    remedy: "See what the kernel's log says of it: `dmesg | grep -i -e acs -e 'PCI: Unknown'`.",
  },
  PARAMETER_SIDE_EFFECT: {
    cause:
      "`pci=nommconf` hides extended configuration space and with it ACS; `pci=nocrs` ignores the host bridges' windows; some kernels " +
      "from 6.11 on set other ACS bits with `disable_acs_redir`.",
    remedy: "Take it out, or update the kernel.",
  },
  KERNEL_NEWER_THAN_RULES: {
    cause:
      "The machine runs a kernel that came after the newest one whose rules are known; the newest rules are taken.",
    remedy: "Take a newer peerlane, if there is one.",
  },
  ACS_NOT_SHOWN: {
    cause:
      "ACS is in extended configuration space, which is shown to root alone. Of functions between devices it decides whether these " +
      "reach each other directly.",
    remedy: "Read the machine as root: `sudo lspci -vvv`, or /sys with config.",
  },
};

const PARAMETERS: Record<BootProblemCode, Page & { readonly meaning: string }> = {
  UNKNOWN_PCI_OPTION: {
    meaning: "an option of pci= that Linux does not have",
    cause: 'Such as `pci=noacs`, which many guides repeat: the kernel logs "PCI: Unknown option" and changes nothing.',
    remedy: "Take it out; `peerlane fix A B` has the parameter that does what was wanted.",
  },
  ACS_OVERRIDE: {
    meaning: "pcie_acs_override is no parameter of Linux, and does the opposite of what peers need",
    cause:
      "A patch outside Linux adds it. It pretends that functions are isolated which are not, and changes no ACS bit.",
    remedy: "Take it out, unless IOMMU groups are to be split at one's own risk.",
  },
  COMMA_FOR_SEMICOLON: {
    meaning: "a list of functions is separated by commas",
    cause: "A comma ends the option, so that Linux takes what follows for another one, which there is not.",
    remedy: "Separate functions by `;`, in quotes where a shell or boot loader reads it.",
  },
  ACS_PARAMETER_TOO_NEW: {
    meaning: "the kernel is older than the parameter",
    cause: "`disable_acs_redir` came with Linux 4.19, `config_acs` with 6.11.",
    remedy: "Take `disable_acs_redir` from 4.19 to 6.10; `peerlane fix A B` chooses by the release.",
  },
  ACS_PARAMETER_REPEATED: {
    meaning: "a parameter is given twice, and the later one alone counts",
    cause: "Linux keeps the last `disable_acs_redir` and the last `config_acs`, and forgets those before.",
    remedy: "Put all functions into one, separated by `;`.",
  },
  BAD_ACS_FLAGS: {
    meaning: "flags of config_acs that Linux cannot read",
    cause: "They are 0, 1 and x, seven at most, the last one for SV, with `@` between them and the function.",
    remedy: "Write `config_acs=x0x00xx@0000:02:00.0`, each character for a bit: DT EC UF CR RR TB SV.",
  },
  BAD_DEVICE: {
    meaning: "an entry that names no function",
    cause:
      "It is neither `[segment:]bus:device.function` nor `pci:vendor:device`. Linux gives up there, and ignores what follows.",
    remedy: "Correct it; `peerlane list` shows the functions.",
  },
  NO_SUCH_DEVICE: {
    meaning: "an entry that no function of the machine fits",
    cause: "Bus numbers change when cards, firmware or kernel do.",
    remedy: "Name the function as it is called now, or by a path from its root port, which moves with it.",
  },
  NO_ACS_CAPABILITY: {
    meaning: "an entry for functions without ACS",
    cause: "There is nothing to switch off, nor anything that redirects.",
    remedy: "Take it out; `peerlane fix A B` names those that redirect.",
  },
  SEVERAL_DEVICES: {
    meaning: "config_acs with several entries, on a kernel that takes one",
    cause: 'Linux 6.11 to 6.14 without the fix gives up at the second: "Can\'t parse ACS command line parameter".',
    remedy: "Update the kernel, or name one function, or all by one `pci:vendor:device`.",
  },
  OTHER_BITS_SET: {
    meaning: "disable_acs_redir on a kernel that sets other ACS bits by it",
    cause: "Linux 6.11 to 6.14 without the fix of `config_acs` gets the bits wrong.",
    remedy: "Update the kernel; until then clear the bits with `setpci`, as `peerlane fix A B` spells it.",
  },
  ACS_PARAMETER_WITHOUT_EFFECT: {
    meaning: "a function redirects although a parameter clears its bits",
    cause:
      "The kernel did not take the parameter, or firmware, a driver or a script set the bits again after the boot.",
    remedy: "Look for `ACS` in the kernel's log, and for what runs after the boot.",
  },
  NO_EXTENDED_SPACE: {
    meaning: "pci=nommconf hides extended configuration space",
    cause: "Linux then finds no ACS capability and leaves everything there as the firmware had it.",
    remedy: "Take it out.",
  },
  HOST_WINDOWS_IGNORED: {
    meaning: "pci=nocrs has Linux ignore the windows of host bridges",
    cause: "BARs may then be placed where no request arrives.",
    remedy: "Take it out; where it was needed, update the firmware.",
  },
};

const FINDINGS: Record<FindingCode, Page & { readonly meaning: string }> = {
  UNREADABLE_FUNCTION: {
    meaning: "a function's configuration space reads as all ones or all zeros",
    cause: "The device is powered down or gone.",
    remedy: "Wake it, and read the machine again.",
  },
  CAPABILITY_CHAIN: {
    meaning: "the list of capabilities loops, leads outside configuration space or breaks off",
    cause: "The dump was damaged or shortened, or the device is at fault. What comes after is not known.",
    remedy: "Read the machine again, as root.",
  },
  MALFORMED_LINE: {
    meaning: "a line has no place in the format",
    cause: "The text was edited, wrapped or mixed with something else. The line is left out.",
    remedy: "Paste the text as it was printed.",
  },
  CUT_SHORT: {
    meaning: "the input ends in the middle of something",
    cause: "A paste or a file was cut off. Nothing is concluded from what is absent.",
    remedy: "Give all of it.",
  },
  SOURCES_DISAGREE: {
    meaning: "two sources contradict each other",
    cause:
      "They were taken at different times, or of different machines. What they disagree about is unknown if a verdict needs it.",
    remedy: "Take both at one time, of one machine.",
  },
  MASKED_ADDRESSES: {
    meaning: "all addresses of /proc/iomem are zero",
    cause: "It was read without privilege.",
    remedy: "Read it as root.",
  },
  MISSING_FILE: {
    meaning: "a file that the format promises is missing",
    cause: "The archive or directory holds a selection.",
    remedy: "Add the file that is named.",
  },
  BAR_OVERLAP: {
    meaning: "two functions claim one address",
    cause: "Firmware or a hot-plug gave both the same range, or one of them is switched off and kept its old one.",
    remedy: "`owner` on the address shows them.",
  },
  BAR_OUTSIDE_WINDOW: {
    meaning: "a BAR lies outside the windows of the bridge above it",
    cause: "No request reaches it through that bridge.",
    remedy: "Let the kernel assign anew: `pci=realloc`, or rescan the bus.",
  },
  BUS_CLASH: {
    meaning: "two bridges claim one bus, or one none",
    cause:
      "Their bus numbers overlap, or those of one end before they start; what a function hangs below is not known.",
    remedy: "State `parent` of the functions, or give /sys, whose paths show it.",
  },
  PARENT_UNKNOWN: {
    meaning: "nothing shows what a function hangs below",
    cause: "The bridges above it are not part of the source.",
    remedy: "Give the whole output of lspci, or /sys.",
  },
  ADDRESS_TOO_HIGH: {
    meaning: "a range ends at or above 2^63",
    cause: "No CPU addresses that; the range is left out.",
    remedy: "See whether the register was read correctly.",
  },
};

const FAULTS: Record<ProblemCode, Page & { readonly meaning: string }> = {
  BAD_NAME: {
    meaning: "a name is not of the form dddd:bb:dd.f, or dddd:bb for a host bridge",
    cause: "The description was written by hand, or by another program.",
    remedy: "Write segment, bus, device and function in hexadecimal digits: `0000:41:00.0`.",
  },
  BAD_NUMBER: {
    meaning: "an address, size, register, number or setting is none",
    cause: 'Addresses are strings such as "0xf9000000", registers whole numbers; the message has the value.',
    remedy: "Correct the value.",
  },
  DUPLICATE: {
    meaning: "one name occurs twice",
    cause: "A function is described twice, or two systems have one name.",
    remedy: "Merge the two, or give each system a name of its own.",
  },
  PARENT_MISSING: {
    meaning: "a function refers to one that the description lacks",
    cause: "`parent` or `physicalFunction` names it.",
    remedy: "Describe it, or leave the reference out where it is not known.",
  },
  FUNCTION_MISSING: {
    meaning: "a side link or host attachment names a function that the description lacks",
    cause: "The link was taken from another source than the functions, or its name is misspelled.",
    remedy: "Describe the function, or leave the link out.",
  },
  LINK_TO_ITSELF: {
    meaning: "both ends of a side link are one function",
    cause: "`from` and `to` name the same function.",
    remedy: "Correct one of them.",
  },
  LINK_IS_ATTACHMENT: {
    meaning: "a side link is of a kind that attaches devices to the host",
    cause: "CAPI, OpenCAPI, CXL and C2C lead to the host and to no other device, so that no peer is reached over them.",
    remedy: "List it in `hostAttachments`; a link that leads on to another device is one of its own kind.",
  },
  PARENT_CONTRADICTION: {
    meaning: "bus numbers, segments or kinds contradict the stated parent",
    cause: "The message has both sides.",
    remedy: "Correct one of them.",
  },
  CYCLE: {
    meaning: "a function is above itself",
    cause: "`parent` of some functions leads in a circle.",
    remedy: "Correct the parent of one of those that are named.",
  },
  RANGE_WRAPS: {
    meaning: "a range ends beyond 2^64, or before it begins",
    cause: "Start and size do not belong together.",
    remedy: "Correct one of them.",
  },
};

/** Every page, answers first, each group in the order in which its codes are declared. */
export const CODE_PAGES: readonly CodePage[] = [
  ...pages("refusal", REFUSALS, (code) => CODES[code as Code]),
  ...pages("unknown", UNKNOWNS, (code) => CODES[code as Code]),
  ...pages("reading", READINGS, (code) => FAULT_CODES[code as FaultCode]),
  ...pages("export", EXPORTS, (code) => withErrno(code as AttachCode)),
  ...pages("diagnosis", DIAGNOSIS_PAGES, (code) => DIAGNOSES[code as DiagnosisId].meaning),
  ...pages("parameter", PARAMETERS, (code) => PARAMETERS[code as BootProblemCode].meaning),
  ...pages("finding", FINDINGS, (code) => FINDINGS[code as FindingCode].meaning),
  ...pages("fault", FAULTS, (code) => FAULTS[code as ProblemCode].meaning),
];

/** The pages of a code, however it is spelled; a code may be an answer and a finding. Empty: there is no such code. */
export function explainCode(code: string): readonly CodePage[] {
  const wanted = spelled(code);
  return CODE_PAGES.filter((page) => page.code === wanted);
}

function spelled(code: string): string {
  return code.trim().toUpperCase().replaceAll(/[- ]/g, "_");
}

function withErrno(code: AttachCode): string {
  const errno = ERRNOS[code];
  return errno === null ? ATTACH_CODES[code] : `${ATTACH_CODES[code]} (Linux: -${errno})`;
}

function pages(
  group: CodePage["group"],
  table: Readonly<Partial<Record<PageCode, Page>>>,
  meaningOf: (code: string) => string,
): CodePage[] {
  return Object.entries(table).map(([code, { cause, remedy }]) => ({
    code: code as PageCode,
    group,
    meaning: meaningOf(code),
    cause,
    remedy,
  }));
}
