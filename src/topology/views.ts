/**
 * How another tool sees a machine: kept as the tool says it, to be held against what the functions say. No parent, no
 * route and no verdict follows from it.
 */
export type ViewDescription = NcclView | MatrixView;

/** A topology file of NCCL or RCCL (`NCCL_TOPO_FILE`, `NCCL_TOPO_DUMP_FILE`). */
export interface NcclView {
  readonly tool: "nccl" | "rccl";
  /** The element `system`. */
  readonly system: NcclElement;
}

/**
 * An element of such a file. Those named `pci` group what they hold: NCCL leaves out bridges, and people invent some, so
 * that none of them need be one.
 */
export interface NcclElement {
  /** `system`, `cpu`, `pci`, `gpu`, `nic`, `net`, `nvlink`, `xgmi`, `c2c`, … */
  readonly element: string;
  /** As the file spells them, in its order. */
  readonly attributes: Readonly<Record<string, string>>;
  /** In the file's order. */
  readonly children: readonly NcclElement[];
}

/** The matrix of `nvidia-smi topo -m`, or of `-mp`, which leaves NVLink out. */
export interface MatrixView {
  readonly tool: "nvidia-smi";
  /** Rows and columns. */
  readonly devices: readonly MatrixDeviceDescription[];
  /** Row by row, a cell for each device: `X`, `NV18`, `PIX`, …; null: the text lacks it. */
  readonly cells: readonly (readonly (string | null)[])[];
}

/** A device of a matrix, with what stands behind its row. */
export interface MatrixDeviceDescription {
  /** As the matrix heads it: `GPU0`, `NIC0`, `mlx5_0`. */
  readonly name: string;
  /** What the legend says it is: `mlx5_0`. */
  readonly legend?: string;
  /** CPUs near it: `0-31,64-95`. */
  readonly cpus?: string;
  /** NUMA nodes near it: `0`, `0-1`. */
  readonly numaNodes?: string;
}
