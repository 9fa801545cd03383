// The main job on a shipped machine: two sockets, eight GPUs behind four switches, and an IOMMU for whose sake the kernel
// turned ACS redirect on. Prints the tree, who reaches whom, and why two GPUs below one switch do not.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const machine = at("../tests/fixtures/qemu/gpu-server-intel-iommu/snapshot.tar.gz");

function peerlane(expected, ...args) {
  console.log(`\n$ peerlane ${args.join(" ")} -i gpu-server-intel-iommu/snapshot.tar.gz\n`);
  const { status } = spawnSync(process.execPath, [at("../dist/cli.js"), ...args, "-i", machine], { stdio: "inherit" });
  if (status !== expected) throw new Error(`peerlane ${args[0]} ended with ${status}, expected ${expected}`);
}

peerlane(0, "tree");
peerlane(0, "matrix", "--of", "gpu");
peerlane(1, "can", "23:00.0", "24:00.0");
