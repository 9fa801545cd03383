import type { Option } from "commander";
import { UsageError } from "./exit.js";
import type { SharedOptions } from "./options.js";

// Commands that ask no machine take those of the shared options that say how to print, and no others.

const ABOUT_PRINTING = ["--json", "--color"];

export function isAboutPrinting({ long }: Option): boolean {
  return ABOUT_PRINTING.includes(long ?? "");
}

/** @throws UsageError for an option that is about a machine. */
export function refuseQuestions(
  name: string,
  { input, kernel, policy, cpu, iommu, system, verbose }: SharedOptions,
): void {
  const given = [
    input.length > 0 && "-i",
    kernel !== undefined && "--kernel",
    policy !== undefined && "--policy",
    cpu !== undefined && "--cpu",
    iommu !== undefined && "--iommu",
    system !== undefined && "--system",
    verbose === true && "-v",
  ].find((flag) => flag !== false);
  if (given === undefined) return;
  throw new UsageError(`${name} asks no machine: leave ${given} out, and give it to the command that does`);
}
