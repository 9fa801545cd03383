import type {
  FunctionDescription,
  KernelDescription,
  MachineDescription,
  SystemDescription,
} from "../../topology/description.js";
import type { NcclElement, ViewDescription } from "../../topology/views.js";
import { isKernelPlace, nameRedaction, redactCommandLine } from "./redact.js";

/**
 * A machine without what tells one from others of its kind, as the files of a snapshot are without it: no serial numbers,
 * no names made of MAC addresses or GUIDs, no kernel parameters but those of PCI and IOMMU, not where the kernel is.
 */
export function redactedMachine(machine: MachineDescription): MachineDescription {
  return { ...machine, systems: machine.systems.map(systemRedaction()) };
}

/** The same for one system after the other: names are numbered through all of them. */
export function systemRedaction(): (system: SystemDescription) => SystemDescription {
  const nameOf = nameRedaction();
  return (system) => redactedSystem(system, nameOf);
}

type Rename = (name: string) => string;

function redactedSystem(system: SystemDescription, nameOf: Rename): SystemDescription {
  const { kernel, functions, ranges, views } = system;
  return {
    ...system,
    ...(kernel && { kernel: redactedKernel(kernel) }),
    functions: functions.map((each) => redactedFunction(each, nameOf)),
    ...(ranges && { ranges: ranges.filter(({ name }) => !isKernelPlace(name ?? "")) }),
    ...(views && { views: views.map((view) => redactedView(view, nameOf)) }),
  };
}

function redactedKernel({ commandLine, ...kernel }: KernelDescription): KernelDescription {
  return commandLine === undefined ? kernel : { ...kernel, commandLine: redactCommandLine(commandLine).trimEnd() };
}

function redactedFunction({ serialNumber: _, names, ...others }: FunctionDescription, nameOf: Rename) {
  return names === undefined ? others : { ...others, names: names.map(nameOf) };
}

function redactedView(view: ViewDescription, nameOf: Rename): ViewDescription {
  if (view.tool !== "nvidia-smi") return { ...view, system: redactedElement(view.system, nameOf) };
  const devices = view.devices.map(({ name, legend, ...others }) => ({
    ...others,
    name: nameOf(name),
    ...(legend === undefined ? {} : { legend: nameOf(legend) }),
  }));
  return { ...view, devices };
}

/** Deep as NCCL's files are, which readers bound. */
function redactedElement({ element, attributes: all, children }: NcclElement, nameOf: Rename): NcclElement {
  const { guid: _, ...attributes } = all;
  const { name } = attributes;
  return {
    element,
    attributes: name === undefined ? attributes : { ...attributes, name: nameOf(name) },
    children: children.map((child) => redactedElement(child, nameOf)),
  };
}
