import type { Random } from "../../src/random.js";

const COMMANDS =
  "list tree common owner can map matrix best whatif fix doctor export diff lint explain snapshot synth help nonsense";
const OPTIONS =
  "--boot --color --compare --compat --cpu --direction --dma-mask --exclusive --fail-on --fault --firmware-acs --for " +
  "--guest-map --ignore --iommu --json --kernel --legend --loader --memory --name --new --of --old --one-way --policy " +
  "--profile --redact --requester --share --system --to --to-cpu --to-iommu --to-kernel --verify -q -v --help --version " +
  "--functions --seed --systems --acs --move --set-acs --clear-redirects --resize-bar --remove --bogus -- -x";
const VALUES = [
  "01:00.0 0000:01:00.0 00:01.0 0000:00:01.0 03:00.0 ff:1f.7 s1/01:00.0 #0 #99999999999 nvme0 gpu gpus nics nvme all",
  "0 1 -1 1.5 64 65 512 4096 0x0 0x1000 0xfe000000 0xffffffffffffffff 0x10000000000000000 64K 16T 99999T NaN 1e3",
  "6.1 6.12 6.12.117 4.20 4.19 2.6 99.0 linux linux-6.12 power9 power9+load+store precise precise,power9 read write both",
  "off passthrough translating auto always never json svg dot mermaid markdown lspci snapshot packed grub nvidia nccl",
  "AuthenticAMD:25 GenuineIntel:6 ppc64:POWER9 arm64:0x41 : x:y pci=config_acs=xx1@0000:00:01.0 pci=disable_acs_redir=",
  "intel_iommu=on iommu=pt ACS_REDIRECT NO_SUCH_CODE server ring DMAR: [] {} = a=b __proto__ constructor \u202e \ud800",
]
  .join(" ")
  .split(" ");
const FAULT =
  "DMAR: [DMA Write] Request device [01:00.0] fault addr 0xfe001000 [fault reason 05] PTE Write access is not set";

const ALL_COMMANDS = COMMANDS.split(" ");
const ALL_OPTIONS = OPTIONS.split(" ");

/** A command line that somebody in a hurry might type. Files are read from `files`, and none is written. */
export function commandLine(random: Random, files: readonly string[]): string[] {
  const one = (list: readonly string[]) => list[random.below(list.length)]!;
  const words = [one(ALL_COMMANDS)];
  for (let count = random.below(7); count > 0; count--) {
    const kind = random.below(8);
    if (kind < 3) words.push(one(ALL_OPTIONS));
    if (kind > 0) words.push(random.below(24) === 0 ? FAULT : mangled(one(VALUES), random));
  }
  if (random.below(8) > 0) words.push("-i", one(files));
  if (words[0] === "snapshot" || words[0] === "synth") words.push("-o", "-");
  if (random.below(4) === 0) words.push("--json");
  return words;
}

function mangled(word: string, random: Random): string {
  if (random.below(6) > 0) return word;
  const at = random.below(word.length + 1);
  const piece = ["", ",", "/", ":", "0", "x", "\0", " ", "-", "*", "é"][random.below(11)]!;
  return word.slice(0, at) + piece + word.slice(at + random.below(2));
}
