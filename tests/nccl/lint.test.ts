import { describe, expect, test } from "vitest";
import { lintTopology, LINT_RULES, type LintCode } from "../../src/nccl/index.js";

const CPU = 'numaid="0" affinity="ff" arch="x86_64" vendor="AuthenticAMD" familyid="25" modelid="1"';
const LINK = 'link_speed="16.0 GT/s PCIe" link_width="16"';
const GPU = `<pci busid="0000:01:00.0" class="0x030200" ${LINK}/>`;

const file = (elements: string, cpu = CPU, system = 'version="1"') =>
  `<system ${system}>\n  <cpu ${cpu}>\n    ${elements}\n  </cpu>\n</system>\n`;

const codes = (text: string) => lintTopology(text).findings.map(({ code }) => code);

/** A fault in a file that has no other. */
const FAULTS: readonly (readonly [code: LintCode, text: string])[] = [
  // the parser
  ["ATTRIBUTE_BLANK", file(GPU.replace(" link_speed", "\nlink_speed"))],
  ["ATTRIBUTE_BLANK", file(GPU.replace(" class", "\tclass"))],
  ["ATTRIBUTE_BLANK", file(GPU.replace(" class", "class"))],
  ["ATTRIBUTE_BLANK", file(GPU.replace('"/>', '"\n/>'))],
  ["EXTRA_BLANK", file(GPU.replace(" class", "  class"))],
  ["EXTRA_BLANK", file(GPU.replace('"/>', '" />'))],
  ["NO_VALUE", file(GPU.replace(" class", " keep class"))],
  ["QUOTES", file(GPU.replace("<pci ", "<pci slot=5 "))],
  ["QUOTES", file(GPU.replace("<pci ", '<pci slot= "5" '))],
  ["SINGLE_QUOTES", file(GPU.replace("<pci ", "<pci slot='5' "))],
  ["ENTITY", file(GPU.replace("<pci ", '<pci slot="&#5;" '))],
  ["ATTRIBUTE_TWICE", file(GPU.replace("<pci ", '<pci class="0x030200" '))],
  ["ATTRIBUTES", file(GPU.replace("<pci ", `<pci ${Array.from({ length: 13 }, (_, n) => `a${n}="" `).join("")}`))],
  ["TOO_LONG", file(GPU.replace("<pci ", `<pci slot="${"x".repeat(254)}" `))],
  ["TOO_LONG", file(GPU.replace("<pci ", `<pci slot="${"é".repeat(127)}" `))],
  ["BLANK", file(GPU).replace("\n    ", "\n\t")],
  ["TEXT", file(`GPU 0: ${GPU}`)],
  ["BLANK", `\uFEFF${file(GPU)}`],
  ["DECLARATION", `<?xml version="1.0" encoding="UTF-8"?>\n${file(GPU)}`],
  ["DECLARATION", `<!DOCTYPE system SYSTEM "topo.dtd">\n${file(GPU)}`],
  ["COMMENT", file(`<!--rank="0"-->${GPU}`)],
  ["COMMENT", file(`<!--${"-".repeat(300)} -->${GPU}`)],
  ["CLOSING_TAG", file(GPU).replace("</cpu>", "</cpu >")],
  ["CLOSING_TAG", file(GPU.replace("/>", "/ >"))],
  ["MISMATCH", file(GPU.replace("/>", "></gpu>")).replace("</gpu>", "</gpu></pci>")],
  ["UNTERMINATED", file(GPU).replace("</system>", "")],
  ["UNKNOWN_ELEMENT", file(`${GPU}<disk/>`)],
  ["UNKNOWN_ELEMENT", file(GPU.replace("/>", '><gpu dev="0"><xgmi target="0000:01:00.0"/></gpu></pci>'))],
  ["UNKNOWN_ELEMENT", file(`<gpu dev="0"><c2c/></gpu>${GPU}`)],
  // what the file says
  ["VERSION", file(GPU, CPU, 'name="a"')],
  ["VERSION", file(GPU, CPU, 'version="3"')],
  ["SEVERAL_SYSTEMS", file(GPU) + file(GPU)],
  ["NUMAID_MISSING", file(GPU, CPU.replace('numaid="0" ', ""))],
  ["NUMAID_UNKNOWN", file(GPU, CPU.replace('numaid="0"', 'numaid="-1"'))],
  ["NUMAID_BAD", file(GPU, CPU.replace('numaid="0"', 'numaid="node0"'))],
  ["AFFINITY", file(GPU, CPU.replace('"ff"', '"FF"'))],
  ["AFFINITY", file(GPU, CPU.replace('"ff"', '"0-7"'))],
  ["CPU_INCOMPLETE", file(GPU, 'numaid="0"')],
  ["CPU_INCOMPLETE", file(GPU, 'numaid="0" arch="x86_64"')],
  ["CPU_INCOMPLETE", file(GPU, 'numaid="0" arch="x86_64" vendor="GenuineIntel" familyid="6"')],
  ["CPU_UNKNOWN", file(GPU, 'numaid="0" arch="riscv64"')],
  ["CPU_UNKNOWN", file(GPU, 'numaid="0" arch="x86_64" vendor="HygonGenuine"')],
  ["BUSID_MISSING", file(GPU.replace('busid="0000:01:00.0" ', ""))],
  ["BUSID", file(GPU.replace("0000:01:00.0", "01:00.0"))],
  ["BUSID", file(GPU.replace("0000:01:00.0", "0000:4F:00.0"))],
  ["BUSID", file(GPU.replace("0000:01:00.0", "00000000:01:00.0"))],
  ["BUSID_TWICE", file(GPU + GPU)],
  ["CLASS_MISSING", file(GPU.replace('class="0x030200" ', ""))],
  ["SWITCH_CLASS_MISSING", file(`<pci busid="ffff:ff:01.0" ${LINK}>${GPU}</pci>`)],
  ["CLASS_MISSING", file(`<pci busid="0000:00:01.0" ${LINK}>${GPU}</pci>`)],
  ["CLASS", file(GPU.replace("0x030200", "0x010802"))],
  ["CLASS", file(GPU.replace("0x030200", "030200"))],
  ["GPU_CLASS", file(GPU.replace("0x030200", "0x120000").replace("/>", '><gpu dev="0"/></pci>'))],
  ["BELOW_DEVICE", file(`<pci busid="0000:00:01.0" class="0x020000" ${LINK}>${GPU}</pci>`)],
  ["LINK_MISSING", file(GPU.replace(LINK, ""))].map((part) => part.replace(" />", "/>")) as [LintCode, string],
  ["LINK_ZERO", file(GPU.replace('"16"', '"0"'))],
  ["LINK_SPEED", file(GPU.replace("16.0 GT/s PCIe", "16.0 GT/s"))],
  ["LINK_SPEED", file(GPU.replace("16.0 GT/s PCIe", "64 GT/s"))],
  ["LINK_SPEED", file(GPU.replace("16.0 GT/s PCIe", "Gen4"))],
  ["LINK_WIDTH", file(GPU.replace('"16"', '"x16"'))],
  ["LINK_COUNT", file(withLink('<nvlink target="0000:02:00.0" tclass="0x068000"/>'))],
  ["LINK_TARGET", file(withLink('<nvlink count="1" tclass="0x030200"/>'))],
  ["TARGET_UNKNOWN", file(withLink('<nvlink target="0000:02:00.0" count="1" tclass="0x030200"/>'))],
  ["TARGET_SELF", file(withLink('<nvlink target="0000:01:00.0" count="1" tclass="0x030200"/>'))],
  ["NUMBER_BAD", file(withLink('<nvlink target="a" count="many" tclass="0x068000"/>'))],
  ["NUMBER_BAD", file(withLink('<c2c count="1" bw="fast"/>'))],
  ["NUMBER_BAD", file(withLink("").replace('sm="80"', 'sm="sm_80"'))],
  ["NUMBER_BAD", file('<nic><net name="eth0" dev="0" speed="100G"/></nic>')],
  ["GPU_TWICE", file(withLink("").replace("</gpu>", '</gpu><gpu dev="1"/>'))],
  ["PCILINK_TARGET", file(withSwitch("<pcilink/>"))],
  ["PCILINK_UNKNOWN", file(withSwitch('<pcilink target="0000:01:00.0"/>'))],
  ["C2C", file(withLink('<c2c count="10"/>'))],
  ["NET_DEV", file('<nic><net name="eth0"/></nic>')],
  ["NET_NAME", file('<nic><net dev="0"/></nic>')],
];

function withSwitch(inner: string): string {
  return `<pci busid="0000:00:01.0" class="0x060400" ${LINK}>${inner}${GPU}</pci>`;
}

function withLink(link: string): string {
  return GPU.replace("/>", `><gpu dev="0" sm="80">${link}</gpu></pci>`);
}

describe("a file", () => {
  test.each([
    ["that is as NCCL writes it", file(GPU)],
    ["of RCCL", file(GPU.replace("0x030200", "0x120000"), CPU, 'version="2"')],
    ["with line ends of Windows", file(GPU).replaceAll("\n", "\r\n")],
    [
      "with a link between switches",
      file(`${withSwitch('<pcilink target="0000:00:02.0"/>')}<pci busid="0000:00:02.0" class="0x060400" ${LINK}/>`),
    ],
    [
      "with partitions of a GPU",
      file(
        withLink("")
          .replace("</gpu>", '</gpu><gpu dev="0" mlopart="1"/>')
          .replace('<gpu dev="0" sm', '<gpu dev="0" mlopart="0" sm'),
      ),
    ],
    ["with numbers as C writes them", file('<nic><net name="a" dev="0" speed="-1" port="0x1"/></nic>')],
    ["with comments", file(`<!-- a=b > "-" -->${GPU}<!--x--><!---->\n`)],
    [
      "with sixteen attributes",
      file(GPU.replace("<pci ", `<pci ${Array.from({ length: 12 }, (_, n) => `a${n}="" `).join("")}`)),
    ],
    ["with a value of 253 bytes", file(GPU.replace("<pci ", `<pci slot="${"x".repeat(253)}" `))],
    ["with speeds as older kernels write them", file(GPU.replace("16.0 GT/s PCIe", "16 GT/s"))],
    ["with a speed that it takes for what it is", file(GPU.replace("16.0 GT/s PCIe", "8.0 GT/s"))],
    ["with a link to an NVSwitch", file(withLink('<nvlink target="fffffff:ff:ff.0" count="12" tclass="0x068000"/>'))],
    ["with a link whose other end is nobody's to say", file(withLink('<nvlink target="0000:09:00.0" count="1"/>'))],
    ["with invented switches", file(`<pci busid="ffff:ff:ff.0" class="0x060400" ${LINK}>${GPU}</pci>`)],
    ["with an adapter below a host bridge", file(`<pci busid="0000:00:00.0" class="0x060000" ${LINK}><nic/></pci>`)],
    ["with NUMA nodes in any order", file(GPU).replace("</cpu>", `</cpu><cpu ${CPU.replace('"0"', '"7"')}/>`)],
    ["of arm64", file(GPU, 'numaid="0" arch="arm64"')],
  ])("%s: nothing is found", (_, text) => {
    expect(codes(text)).toEqual([]);
  });

  test.each(FAULTS)("%s is found, and nothing else: %#", (code, text) => {
    const { findings } = lintTopology(text);
    expect(findings.map((finding) => finding.code)).toEqual([code]);
    expect(findings[0]).toMatchObject({ ...LINT_RULES[code] });
  });

  test("every code can be found", () => {
    const others = ["ELEMENTS", "CHILDREN", "CHILDREN_OLDER", "NO_SYSTEM", "SEVERAL_HOSTS", "NUMAID_TWICE"];
    expect(Object.keys(LINT_RULES).sort()).toEqual([...new Set([...FAULTS.map(([code]) => code), ...others])].sort());
  });

  test("says where: line, column and path", () => {
    const text = file(`${GPU}\n    ${GPU.replace("01:00.0", "02:00.0").replace(" class", "\n  class")}`);
    const [{ line, column, path, message }] = lintTopology(text).findings as [
      ReturnType<typeof lintTopology>["findings"][0],
    ];
    expect({ line, column, path, message }).toEqual({
      line: 4,
      column: 30,
      path: "/system/cpu[1]/pci[2]",
      message: "a line end in front of an attribute",
    });
  });

  test("several faults stand in the order of the file", () => {
    const text = file(GPU.replace(" class", "\tclass").replace("16.0 GT/s PCIe", "Gen4"), CPU.replace('"0"', '"-1"'));
    expect(codes(text)).toEqual(["NUMAID_UNKNOWN", "LINK_SPEED", "ATTRIBUTE_BLANK"]);
  });

  test("of several machines", () => {
    const two = file(GPU)
      .replace("</system>", `<cpu ${CPU} host_hash="0x2"/></system>`)
      .replace("<cpu", '<cpu host_hash="0x1"');
    expect(codes(two)).toEqual(["SEVERAL_HOSTS"]);
    expect(codes(two.replace("0x2", "0x1"))).toEqual(["NUMAID_TWICE"]);
  });

  test.each(["", "<!-- nothing -->", "<topology/>", "<!-- <system version='1'/>"])("without a system: %o", (text) => {
    expect(codes(text)).toContain("NO_SYSTEM");
  });
});

describe("limits", () => {
  const many = (count: number, version = 1) => {
    const pci = Array.from({ length: count }, (_, n) => {
      return `<pci busid="${n.toString(16).padStart(4, "0")}:00:00.0" class="0x030200" ${LINK}/>`;
    });
    return file(pci.join("\n"), CPU, `version="${version}"`);
  };

  test("of elements: there has to be room for one more than there are", () => {
    expect(lintTopology(many(253))).toMatchObject({ elements: 255 });
    expect(codes(many(253))).not.toContain("ELEMENTS");
    expect(codes(many(254))).toContain("ELEMENTS");
    expect(codes(many(254, 2))).not.toContain("ELEMENTS");
    expect(codes(many(1022, 2))).toContain("ELEMENTS");
  });

  test("of children", () => {
    expect(codes(many(128))).toEqual([]);
    expect(codes(many(129))).toEqual(["CHILDREN_OLDER"]);
    expect(codes(many(32, 2))).toEqual([]);
    expect(codes(many(33, 2))).toEqual(["CHILDREN_OLDER"]);
    expect(codes(many(640, 2))).not.toContain("CHILDREN");
    expect(codes(many(641, 2))).toContain("CHILDREN");
  });

  test("what NCCL ignores does not count", () => {
    expect(lintTopology(file(`${GPU}<disk>${"<part/>".repeat(300)}</disk>`))).toMatchObject({ elements: 3 });
  });

  test("of what is looked at: nothing nests too deep or is too long", () => {
    const deep = `${"<pci>".repeat(100_000)}${"</pci>".repeat(100_000)}`;
    expect(lintTopology(file(deep)).elements).toBeLessThan(1000);
    expect(lintTopology(file("<x>".repeat(100_000))).elements).toBe(2);
    expect(
      lintTopology(file(GPU.replace(" class", `${" ".repeat(100_000)}class`))).findings.map(({ code }) => code),
    ).toEqual(["ATTRIBUTES", "EXTRA_BLANK"]);
  });
});
