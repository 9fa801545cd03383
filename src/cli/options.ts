import { Option } from "commander";
import type { IommuMode } from "../topology/description.js";

/** The options that every command takes. */
export interface SharedOptions {
  readonly input: readonly string[];
  readonly kernel?: string;
  readonly policy?: string;
  readonly cpu?: string;
  readonly iommu?: IommuMode;
  readonly system?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: "auto" | "always" | "never";
}

const IOMMU_MODES: readonly IommuMode[] = ["off", "passthrough", "translating"];

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

export function sharedOptions(): Option[] {
  return [
    new Option(
      "-i, --input <source>",
      "describes the machine: lspci output, /proc/iomem, /proc/cpuinfo, a directory or tarball of /sys and /proc, " +
        "XML of hwloc, topology files of NCCL and RCCL, nvidia-smi topo -m, rdma_topo dump, a machine description in JSON, " +
        "a packed topology; - is standard input; repeat to combine sources of one machine; " +
        "without it, this machine",
    )
      .argParser(collect)
      .default([], "this machine"),
    new Option("--kernel <version>", "whose rules decide, such as 6.1 or 6.12.117; without it, the source's kernel"),
    new Option(
      "--policy <name>",
      "whose rules decide, where not those of --kernel alone: linux-6.12, power9, power9+load+store, precise; several " +
        "separated by commas all have to allow",
    ),
    new Option(
      "--cpu <vendor:family>",
      "the machine's CPU, such as AuthenticAMD:25, GenuineIntel:6, ppc64:POWER9 or arm64:0x41",
    ),
    new Option("--iommu <mode>", "what the machine's IOMMU does, in place of what the source says").choices(
      IOMMU_MODES,
    ),
    new Option("--system <name>", "which machine, where the source holds several"),
    new Option("--json", "print one JSON object").conflicts("quiet"),
    new Option("-q, --quiet", "print one word only: the verdict, or the name that was asked for"),
    new Option("-v, --verbose", "say everything that was odd about the sources, on standard error"),
    new Option("--color <when>", "colours: auto, always or never; NO_COLOR and FORCE_COLOR are honoured").choices([
      "auto",
      "always",
      "never",
    ]),
  ];
}
