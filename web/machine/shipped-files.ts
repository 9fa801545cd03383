/** Where the page finds the machines that come with it: Vite copies each beside the page under a name of its own. */
const FILES: Readonly<Record<string, string>> = import.meta.glob<string>(
  [
    "../../examples/{nvlink-server,power9}.json",
    "../../tests/fixtures/qemu/{gpu-server-intel,gpu-server-intel-iommu,rootports-amd,cascade3-intel,sriov-intel,arm64-virt-acs-smmu}/snapshot.tar.gz",
  ],
  { query: "?url", import: "default", eager: true },
);

/** The bytes of a file of the repository that comes with the page. */
export async function shippedFile(file: string): Promise<Uint8Array> {
  const url = FILES[`../../${file}`];
  if (url === undefined) throw new RangeError(`${file} does not come with this page`);
  const response = await fetch(new URL(url, import.meta.url));
  if (!response.ok) throw new Error(`${file} cannot be loaded from where this page is: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
