import { linux } from "../policy/linux.js";
import { defaultPolicy, policyNamed } from "../policy/named.js";
import type { Policy } from "../policy/policy.js";
import { parseRelease } from "../policy/release.js";
import type { SystemDescription } from "../topology/description.js";
import { UsageError } from "./exit.js";
import type { SharedOptions } from "./options.js";

/** Whose rules decide about functions of some systems. */
export type ChoosePolicy = (systems: readonly SystemDescription[]) => Policy;

/**
 * Whose rules decide, by `--policy` and `--kernel`, else by the systems' own kernel.
 *
 * @throws UsageError for what is no policy or release, and for options that contradict each other.
 */
export function policyChoice({ policy, kernel }: Pick<SharedOptions, "policy" | "kernel">): ChoosePolicy {
  const byKernel = kernel === undefined ? ownPolicy : always(readKernel(kernel));
  if (policy === undefined) return byKernel;
  const open = isOpen(policy);
  if (kernel !== undefined && !open) {
    throw new UsageError(
      `--policy ${policy} says whose rules decide, and so does --kernel ${kernel}: leave one out, or name a policy ` +
        "without release, such as linux, precise or linux,power9",
    );
  }
  return (systems) => policyNamed(policy, () => byKernel(systems));
}

/** Whether the name of a policy leaves a kernel's release open. */
function isOpen(text: string): boolean {
  let open = false;
  try {
    policyNamed(text, () => {
      open = true;
      return linux();
    });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--policy: ${error.message}`);
    throw error;
  }
  return open;
}

function always(policy: Policy): ChoosePolicy {
  return () => policy;
}

function readKernel(text: string): Policy {
  if (parseRelease(text) !== null) return linux(text);
  throw new UsageError(`--kernel: expected a release of Linux such as 6.1 or 6.12.117, got "${text}"`);
}

/** The rules of the sources' own kernel, else the newest. */
function ownPolicy(systems: readonly SystemDescription[]): Policy {
  const releases = [...new Set(systems.flatMap(({ kernel }) => kernel?.release ?? []))];
  if (releases.length > 1) {
    throw new UsageError(
      `the systems run different kernels (${releases.join(", ")}): choose one with --kernel, or one machine with --system`,
    );
  }
  return defaultPolicy(releases[0] === undefined ? {} : { kernel: { release: releases[0] } });
}
