import type { PlatformDeviceDescription } from "./description.js";
import type { SystemFacts } from "./fabric/columns.js";

/** A device outside PCI, and where it is. */
export interface PlatformDevice {
  /** Place of its system in `systems`. */
  readonly system: number;
  /** As the source names it, with `system/` in front where there are several. */
  readonly name: string;
  /** What the description holds of it. */
  readonly description: PlatformDeviceDescription;
}

/**
 * Devices outside PCI by name. `/proc/iomem` names one after its device and its node in the device tree
 * (`a003c00.virtio_mmio virtio_mmio@a003c00`): the first word is name enough where nothing is named so alone.
 */
export class PlatformNames {
  readonly #byName = new Map<string, PlatformDevice[]>();
  readonly #byFirstWord = new Map<string, PlatformDevice[]>();
  #systems: ReadonlyMap<string, number> | null = null;

  constructor(private readonly facts: readonly SystemFacts[]) {
    facts.forEach(({ name: systemName = "", platformDevices = [] }, system) => {
      for (const description of platformDevices) {
        const { name } = description;
        const device = { system, name: facts.length === 1 ? name : `${systemName}/${name}`, description };
        add(this.#byName, name, device);
        const [word] = name.split(" ", 1) as [string];
        if (word !== name) add(this.#byFirstWord, word, device);
      }
    });
  }

  /** All of them, by system. */
  get all(): readonly PlatformDevice[] {
    return [...this.#byName.values()].flat().sort((a, b) => a.system - b.system);
  }

  /** Everything that `text`, which may begin with `system/`, may mean. */
  find(text: string): readonly PlatformDevice[] {
    const found = this.#named(text);
    if (found.length > 0 || this.#byName.size === 0) return found;
    this.#systems ??= new Map(this.facts.map(({ name = "" }, system) => [name, system]));
    // Both the names of systems and those of devices may hold slashes.
    for (let slash = text.indexOf("/"); slash !== -1; slash = text.indexOf("/", slash + 1)) {
      const system = this.#systems.get(text.slice(0, slash));
      if (system === undefined) continue;
      const inside = this.#named(text.slice(slash + 1)).filter((device) => device.system === system);
      if (inside.length > 0) return inside;
    }
    return [];
  }

  #named(name: string): readonly PlatformDevice[] {
    return this.#byName.get(name) ?? this.#byFirstWord.get(name) ?? [];
  }
}

function add(devices: Map<string, PlatformDevice[]>, name: string, device: PlatformDevice): void {
  const others = devices.get(name);
  if (others === undefined) devices.set(name, [device]);
  else others.push(device);
}
