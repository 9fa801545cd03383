/** A machine that comes with the page. */
export interface Shipped {
  /** In links. */
  readonly name: string;
  readonly title: string;
  /** What it shows. */
  readonly line: string;
  /** In the repository. */
  readonly file: string;
}

const CAPTURES = "tests/fixtures/qemu";

/** Machines that a real kernel booted on, and descriptions written by hand. */
export const SHIPPED: readonly Shipped[] = [
  {
    name: "gpu-server",
    title: "GPU server, IOMMU on",
    line: "two sockets, GPUs and NICs below switches whose ports redirect",
    file: `${CAPTURES}/gpu-server-intel-iommu/snapshot.tar.gz`,
  },
  {
    name: "gpu-server-off",
    title: "The same server, IOMMU off",
    line: "what shares a switch is direct",
    file: `${CAPTURES}/gpu-server-intel/snapshot.tar.gz`,
  },
  {
    name: "amd-root-ports",
    title: "AMD, devices on root ports",
    line: "through the host bridge, which Linux trusts from Zen on",
    file: `${CAPTURES}/rootports-amd/snapshot.tar.gz`,
  },
  {
    name: "switch-cascade",
    title: "Three switches in a row",
    line: "a deep tree, and what is shared at which depth",
    file: `${CAPTURES}/cascade3-intel/snapshot.tar.gz`,
  },
  {
    name: "sriov",
    title: "Virtual functions",
    line: "SR-IOV: where virtual functions hang",
    file: `${CAPTURES}/sriov-intel/snapshot.tar.gz`,
  },
  {
    name: "nvlink-server",
    title: "GPUs with NVLink",
    line: "side links carry what PCIe refuses",
    file: "examples/nvlink-server.json",
  },
  {
    name: "power9",
    title: "POWER9",
    line: "every host bridge is its own world of addresses",
    file: "examples/power9.json",
  },
  {
    name: "arm64",
    title: "arm64 with SMMU",
    line: "behind an IOMMU with ACS on",
    file: `${CAPTURES}/arm64-virt-acs-smmu/snapshot.tar.gz`,
  },
];
