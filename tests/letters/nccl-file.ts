import type { NcclElement } from "../../src/topology/views.js";
import { readXml } from "../../src/readers/xml.js";

/** The element `system` of a topology file. */
export function ncclSystem(text: string): NcclElement {
  interface Open {
    readonly element: string;
    readonly attributes: Record<string, string>;
    readonly children: Open[];
  }
  const top: Open = { element: "", attributes: {}, children: [] };
  const open = [top];
  readXml(text, "x", {
    open(element) {
      const made = { element: element.name, attributes: { ...element.attributes }, children: [] };
      open.at(-1)!.children.push(made);
      open.push(made);
    },
    close() {
      open.pop();
    },
  });
  return top.children[0]!;
}
