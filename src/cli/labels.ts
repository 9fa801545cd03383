import type { DeviceNames } from "../names/index.js";
import type { FunctionDescription } from "../topology/description.js";
import type { Topology } from "../topology/topology.js";

/** How many functions are looked at for one without a name: all of a machine, and enough of a fabric, which repeats itself. */
const LOOKED_AT = 4096;

/**
 * Has functions described with their makers' names where the source shows numbers alone. The names are loaded only where
 * there is such a function.
 */
export async function nameDevices(topology: Topology): Promise<void> {
  if (
    !topology
      .functions()
      .subarray(0, LOOKED_AT)
      .some((id) => isNameless(topology.describe(id)!))
  )
    return;
  const { loadNames } = await import("../names/index.js");
  const labels = new Labels(await loadNames());
  const describe = topology.describe.bind(topology);
  topology.describe = (ref) => labels.added(describe(ref));
}

function isNameless({ label, vendor, device }: FunctionDescription): boolean {
  return label === undefined && vendor !== undefined && device !== undefined;
}

/** A fabric has few kinds of devices, and many of each. */
class Labels {
  readonly #known = new Map<string, string | undefined>();

  constructor(private readonly names: DeviceNames) {}

  added(described: FunctionDescription | null): FunctionDescription | null {
    if (described === null || !isNameless(described)) return described;
    const ids = `${described.vendor}:${described.device}`;
    if (!this.#known.has(ids)) this.#known.set(ids, this.names.label(described));
    const label = this.#known.get(ids);
    return label === undefined ? described : { ...described, label };
  }
}
