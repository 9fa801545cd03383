import { describe, expect, test } from "vitest";
import { cpuListOf, cpuMaskOf, cpuWords } from "../../src/topology/cpu-list.js";
import { Random } from "../../src/random.js";

describe("CPUs of a mask and of a list", () => {
  test.each([
    ["00000000", ""],
    ["1", "0"],
    ["fffff", "0-19"],
    ["80000000", "31"],
    ["00000001,80000000", "31-32"],
    ["ffff0000,00000000,ffff0000", "16-31,80-95"],
    ["FF", "0-7"],
    ["00000000,000000ff,ffffffff,ffff0000,00000000,00ffffff,ffffffff", "0-55,112-167"],
  ])("%s is %s", (mask, list) => {
    expect(cpuListOf(mask)).toBe(list);
    expect(cpuListOf(cpuMaskOf(list)!)).toBe(list);
  });

  test.each(["", "0x3", "123456789", "1,,2", "1, 2", "g", "1,"])("%o is no mask", (mask) => {
    expect(cpuListOf(mask)).toBe(null);
  });

  test("masks of one machine are of one length", () => {
    expect(cpuMaskOf("0-3", 3)).toBe("00000000,00000000,0000000f");
    expect(cpuMaskOf("64")).toBe("00000001,00000000,00000000");
    expect(cpuMaskOf("")).toBe("00000000");
    expect([cpuWords(""), cpuWords("31"), cpuWords("0,32-95"), cpuWords("x")]).toEqual([0, 1, 3, 0]);
  });

  test.each(["a", "3-1", "1-2-3", "-1", "1,1", "5,3", "1048577", "0-99999999"])("%o is no list", (list) => {
    expect(cpuMaskOf(list)).toBe(null);
  });

  test("what is set stays set, bit by bit", () => {
    const random = new Random(5, 0);
    for (let round = 0; round < 50; round++) {
      const cpus = Array.from({ length: 160 }, (_, cpu) => cpu).filter(() => random.fraction() < 0.5);
      const list = cpuListOf(cpuMaskOf(cpus.join(","), 5)!)!;
      const back = list.split(",").flatMap((part) => {
        const [first, last = first] = part.split("-").map(Number) as [number, number?];
        return Array.from({ length: last - first + 1 }, (_, index) => first + index);
      });
      expect(back).toEqual(cpus);
    }
  });
});
