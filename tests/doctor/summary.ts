import { PeerDma } from "../../src/explain/peer-dma.js";
import { examine } from "../../src/doctor/examine.js";
import { outcomeOf } from "../../src/doctor/outcome.js";
import { defaultPolicy } from "../../src/policy/named.js";
import { read } from "../../src/readers/read.js";
import { Topology } from "../../src/topology/topology.js";

/**
 * What `doctor` says of a source by its own kernel, in a line: outcome, talkers of functions, and how many diagnoses of
 * which severity and id. Null: the source shows no functions.
 */
export async function summaryOf(name: string, bytes: Uint8Array): Promise<string | null> {
  const { machine } = await read([{ name, bytes }]);
  const topology = Topology.of(machine);
  if (topology.functions().length === 0) return null;
  const examination = examine(new PeerDma(topology, defaultPolicy(machine.systems[0]!)));
  const counts = new Map<string, number>();
  for (const { severity, id } of examination.diagnoses) {
    counts.set(`${severity} ${id}`, (counts.get(`${severity} ${id}`) ?? 0) + 1);
  }
  const { talkers, functions } = examination;
  const found = [...counts].map(([what, count]) => `${count} ${what}`);
  topology.close();
  return [`${outcomeOf(examination)} ${talkers}/${functions}`, ...found].join(", ");
}
