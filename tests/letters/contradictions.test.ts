import { expect, test } from "vitest";
import { Topology } from "../../src/index.js";
import { contradictions } from "../../src/letters/index.js";
import { read } from "../../src/readers/index.js";

const LSPCI = `-[0000:00]-+-01.0-[01-04]----00.0-[02-04]--+-00.0-[03]----00.0  NVIDIA Corporation Device [10de:20b5]
           |                               \\-01.0-[04]----00.0  NVIDIA Corporation Device [10de:20b5]
           \\-02.0-[05]----00.0  Mellanox Technologies MT28908 Family [ConnectX-6] [15b3:101b]
`;
const RECORDS = ["03:00.0", "04:00.0"]
  .map((slot) => `${slot} "0302" "10de" "20b5" -ra1 "10de" "1533"\n`)
  .concat('05:00.0 "0207" "15b3" "101b" "15b3" "0007"\n')
  .join("");

async function found(...others: string[]) {
  const sources = [LSPCI, RECORDS, ...others].map((text, at) => ({
    name: `${at}.txt`,
    bytes: new TextEncoder().encode(text),
  }));
  const { machine } = await read(sources);
  const topology = Topology.of(machine);
  const findings = contradictions(topology);
  topology.close();
  return findings;
}

const matrix = (between: string) =>
  `\tGPU0\tGPU1\tmlx5_0\tCPU Affinity\nGPU0\t X \t${between}\tPHB\t0-7\nGPU1\t${between}\t X \tPHB\t0-7\nmlx5_0\tPHB\tPHB\t X \t\n`;

test("what nvidia-smi says and the tree bears out is no contradiction", async () => {
  expect(await found(matrix("PIX"))).toEqual([]);
  expect(await found(matrix("NV12"))).toEqual([]);
});

test("CPUs that are near another node than the functions are named", async () => {
  const nodes = JSON.stringify({
    peerlane: 1,
    systems: [
      {
        functions: ["03", "04"].map((bus) => ({ bdf: `0000:${bus}:00.0`, numaNode: 1 })),
        numaNodes: [{ node: 1, cpus: "8-15" }],
      },
    ],
  });
  const findings = await found(matrix("PIX"), nodes);
  expect(findings.map(({ message }) => message.replace(/ \(assumed.*/, ""))).toEqual([
    "GPU0: near CPUs 0-7 as nvidia-smi says, 8-15 as the functions say",
    "GPU1: near CPUs 0-7 as nvidia-smi says, 8-15 as the functions say",
  ]);
  expect(findings.map(({ functions }) => functions)).toEqual([["0000:03:00.0"], ["0000:04:00.0"]]);
});

test("what the tree does not bear out is named, with the functions it was taken to be about", async () => {
  const [finding, ...others] = await found(matrix("SYS"));
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ code: "SOURCES_DISAGREE", functions: ["0000:03:00.0", "0000:04:00.0"] });
  expect(finding!.message).toMatch(/^GPU0 to GPU1: nvidia-smi says SYS, the functions PIX: .* \(assumed: GPU0 is /);
});
