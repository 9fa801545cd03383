import { describe, expect, test } from "vitest";
import { guestView, lintTopology, ncclXml, readGuestMap, readNccl } from "../../src/nccl/index.js";
import { viewOf } from "./files.js";

const HOST = viewOf(`<system version="1">
  <cpu host_hash="0x1" numaid="0" affinity="0000ffff" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="85">
    <pci busid="0000:21:00.0" class="0x060400" vendor="0x1000" device="0xc010" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="0000:23:00.0" class="0x030200" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu dev="3" sm="80" rank="3" gdr="1">
          <nvlink target="0000:24:00.0" count="4" tclass="0x030200"/>
          <nvlink target="0000:a3:00.0" count="4" tclass="0x030200"/>
          <nvlink target="fffffff:ff:ff.0" count="8" tclass="0x068000"/>
        </gpu>
      </pci>
      <pci busid="0000:24:00.0" class="0x030200" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu dev="4" sm="80" rank="4" gdr="1"><nvlink target="0000:23:00.0" count="4" tclass="0x030200"/></gpu>
      </pci>
      <pci busid="0000:25:00.0" class="0x020700" link_speed="16.0 GT/s PCIe" link_width="16">
        <nic><net name="mlx5_7" dev="7" speed="200000"/></nic>
      </pci>
    </pci>
  </cpu>
  <cpu numaid="1" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="85">
    <pci busid="0000:a1:00.0" class="0x060400" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="0000:a2:00.0" class="0x060400" link_speed="16.0 GT/s PCIe" link_width="16">
        <pci busid="0000:a3:00.0" class="0x030200" link_speed="16.0 GT/s PCIe" link_width="16"/>
        <pci busid="0000:a4:00.0" class="0x020700" link_speed="16.0 GT/s PCIe" link_width="16"/>
      </pci>
    </pci>
  </cpu>
</system>`);

const guest = (map: string) => guestView(HOST, readGuestMap(map, "map.txt"));

describe("the file for a guest", () => {
  test("has the host's switches under names that are made up, and only what is passed through", () => {
    const written = ncclXml(
      guest(`
# a GPU and an adapter of one switch, a GPU of the other socket
23:00.0       00:05.0
0000:25:00.0  0000:00:06.0   # adapter
0000:24:00.0  0000:00:07.0
0000:A4:00.0  0000:00:08.0`),
    );
    expect(written).toBe(`<system version="1">
  <cpu numaid="0" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="85">
    <pci busid="ffff:ff:01.0" class="0x060400" vendor="0x1000" device="0xc010" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="0000:00:05.0" class="0x030200" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu sm="80">
          <nvlink target="0000:00:07.0" count="4" tclass="0x030200"/>
          <nvlink target="fffffff:ff:ff.0" count="8" tclass="0x068000"/>
        </gpu>
      </pci>
      <pci busid="0000:00:07.0" class="0x030200" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu sm="80">
          <nvlink target="0000:00:05.0" count="4" tclass="0x030200"/>
        </gpu>
      </pci>
      <pci busid="0000:00:06.0" class="0x020700" link_speed="16.0 GT/s PCIe" link_width="16"/>
    </pci>
  </cpu>
  <cpu numaid="1" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="85">
    <pci busid="ffff:ff:02.0" class="0x060400" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="ffff:ff:03.0" class="0x060400" link_speed="16.0 GT/s PCIe" link_width="16">
        <pci busid="0000:00:08.0" class="0x020700" link_speed="16.0 GT/s PCIe" link_width="16"/>
      </pci>
    </pci>
  </cpu>
</system>
`);
    expect(lintTopology(written).findings).toEqual([]);
    const [reading] = readNccl(written, "guest.xml");
    expect(reading!.system.functions.map(({ bdf }) => bdf)).toEqual([
      "0000:00:05.0",
      "0000:00:07.0",
      "0000:00:06.0",
      "0000:00:08.0",
    ]);
  });

  test("numbers NUMA nodes as the map says: two of the host's may be one, and one two", () => {
    const one = guest("a3:00.0 00:05.0 numa=0\n25:00.0 00:06.0");
    expect(one.system.children.map(({ attributes, children }) => [attributes["numaid"], children.length])).toEqual([
      ["0", 2],
    ]);
    const two = guest("a3:00.0 00:05.0 numa=4\na4:00.0 00:06.0 numa=5");
    expect(two.system.children.map(({ attributes }) => attributes["numaid"])).toEqual(["4", "5"]);
    expect(lintTopology(ncclXml(two)).findings).toEqual([]);
  });

  test("has a name for every switch, and none twice", () => {
    const many = Array.from({ length: 300 }, (_, n) => n.toString(16).padStart(4, "0"));
    const host = viewOf(
      `<system version="1"><cpu numaid="0">${many
        .map((n) => `<pci busid="${n}:01:00.0" class="0x060400"><pci busid="${n}:02:00.0" class="0x030200"/></pci>`)
        .join("")}</cpu></system>`,
    );
    const map = readGuestMap(many.map((n) => `${n}:02:00.0 ${n}:00:01.0`).join("\n"), "map.txt");
    const names = guestView(host, map).system.children[0]!.children.map(({ attributes }) => attributes["busid"]!);
    expect(new Set(names).size).toBe(300);
    expect([names[0], names[30], names[31], names[299]]).toEqual([
      "ffff:ff:01.0",
      "ffff:ff:1f.0",
      "ffff:fe:00.0",
      "ffff:f6:0c.0",
    ]);
  });
});

describe("a map that is none", () => {
  const names = "it has 0000:23:00.0, 0000:24:00.0, 0000:25:00.0, 0000:a3:00.0, 0000:a4:00.0";
  test.each([
    ["", "map.txt: maps no function: expected a line for each that is passed through"],
    ["# only a comment\n\n", "map.txt: maps no function"],
    ["23:00.0", 'map.txt:1: expected "HOST GUEST" or "HOST GUEST numa=N", got "23:00.0"'],
    ["23:00.0 00:05.0 numa=0 x", 'map.txt:1: expected "HOST GUEST" or "HOST GUEST numa=N"'],
    ["\n23:00.0 5", 'map.txt:2: expected a function as dddd:bb:dd.f, got "5"'],
    ["GPU0 00:05.0", 'map.txt:1: expected a function as dddd:bb:dd.f, got "GPU0"'],
    ["23:00.0 00:05.0 node=1", 'map.txt:1: expected numa= and the number of a NUMA node, got "node=1"'],
    ["23:00.0 00:05.0 numa=-1", 'map.txt:1: expected numa= and the number of a NUMA node, got "numa=-1"'],
    ["23:00.0 00:05.0\n24:00.0 0000:00:05.0", "map.txt:2: the guest's 0000:00:05.0 is mapped in line 1 already"],
    ["23:00.0 00:05.0\n0000:23:00.0 00:06.0", "map.txt:2: the host's 0000:23:00.0 is mapped in line 1 already"],
    [
      "23:00.0 00:05.0\n99:00.0 00:06.0",
      `map.txt:2: the host has no GPU or network adapter 0000:99:00.0: expected its name there first, the guest's second; ${names}`,
    ],
    ["21:00.0 00:05.0", "map.txt:1: the host has no GPU or network adapter 0000:21:00.0"],
  ])("%o", (map, message) => {
    expect(() => guest(map)).toThrow(message);
  });
});
