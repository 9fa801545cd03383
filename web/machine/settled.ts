import type { Edit } from "../../src/edits/edit.js";
import { compose } from "../../src/edits/edit.js";
import { withEnvironment } from "../../src/edits/environment.js";
import { rebooted } from "../../src/edits/rebooted.js";
import { withoutRedirects, withRedirects } from "../../src/edits/set-acs.js";
import { linux } from "../../src/policy/linux.js";
import { defaultPolicy } from "../../src/policy/named.js";
import type { Policy } from "../../src/policy/policy.js";
import { precise } from "../../src/policy/precise.js";
import { expectRelease } from "../../src/policy/release.js";
import { parseCpu } from "../../src/topology/cpu.js";
import type { FunctionDescription, MachineDescription, SystemDescription } from "../../src/topology/description.js";
import { ACS_COMPLETION, ACS_REQUEST } from "../../src/topology/register.js";
import type { Settings } from "./protocol.js";

/** Whose rules decide: those that the settings name, else those of the system's own kernel. */
export function policyFor({ rules, kernel }: Pick<Settings, "rules" | "kernel">, system: SystemDescription): Policy {
  const base = kernel === null ? defaultPolicy(system) : linux(kernel);
  return rules === "precise" ? precise(base) : base;
}

/**
 * The machine as the settings have it; the same object where they leave it as it is. Where the source does not show the IOMMU, a
 * mode is a fact that was missing; where it does, another one takes a boot, which ACS follows.
 *
 * @throws RangeError for what is no CPU or release; EditError for a bridge that is none, or has no ACS.
 */
export function machineFor(settings: Settings, machine: MachineDescription): MachineDescription {
  const system = machine.systems[settings.system]!;
  const edits = [...environment(settings, system), ...turned(settings, system)];
  if (edits.length === 0) return machine;
  // What is changed is one machine: the others, of which there may be many, stay the objects that they are.
  const changed = compose(...edits)({ ...machine, systems: [system] });
  return { ...machine, systems: machine.systems.with(settings.system, changed.systems[0]!) };
}

function environment({ cpu, iommu, kernel }: Settings, system: SystemDescription): Edit[] {
  const edits: Edit[] = [];
  if (kernel !== null) expectRelease(kernel);
  if (cpu !== null) {
    const known = parseCpu(cpu);
    if (known === null) throw new RangeError(`expected a CPU such as AuthenticAMD:25 or GenuineIntel:6, got "${cpu}"`);
    edits.push(withEnvironment({ cpu: known }));
  }
  if (iommu !== null && iommu !== system.iommu) {
    edits.push(
      system.iommu === undefined
        ? withEnvironment({ iommu })
        : rebooted("", { iommu, kernel: kernel ?? system.kernel?.release }),
    );
  }
  return edits;
}

/** What the settings have otherwise than the sources, a phrase each; none: they leave everything as it is. */
export function differences(settings: Settings, system: SystemDescription): string[] {
  const { rules, kernel, cpu, iommu, redirects } = settings;
  return [
    ...(kernel === null ? [] : [`the rules of Linux ${kernel}`]),
    ...(rules === "precise" ? ["ACS as the hardware follows it, by direction"] : []),
    ...(cpu === null ? [] : [`CPU ${cpu}`]),
    ...(iommu === null || iommu === system.iommu ? [] : [`IOMMU ${iommu}`]),
    ...system.functions
      .filter((each) => isTurned(settings, each))
      .map(({ bdf }) => `${bdf} ${redirects[bdf]! ? "redirecting" : "redirecting nothing"}`),
  ];
}

/** A link may name a bridge of another machine. */
function isTurned({ redirects }: Settings, description: FunctionDescription): boolean {
  return Object.hasOwn(redirects, description.bdf) && canRedirect(description);
}

/** All of them at once, for there may be thousands. */
function turned(settings: Settings, { functions }: SystemDescription): Edit[] {
  if (!functions.some((each) => isTurned(settings, each))) return [];
  const turn = (each: FunctionDescription): FunctionDescription => {
    if (!isTurned(settings, each)) return each;
    return { ...each, acs: settings.redirects[each.bdf]! ? withRedirects(each.acs!) : withoutRedirects(each.acs!) };
  };
  return [
    (machine) => ({
      ...machine,
      systems: machine.systems.map((system) => ({ ...system, functions: system.functions.map(turn) })),
    }),
  ];
}

/** Whether its ACS is shown, and has bits that redirect all or nothing: EC alone is for a vector to say. */
export function canRedirect({ acs }: FunctionDescription): boolean {
  return acs !== undefined && acs !== null && (acs.capability & (ACS_REQUEST | ACS_COMPLETION)) !== 0;
}
