import type { NcclElement, NcclView } from "../topology/description.js";

/**
 * The text of a topology file, as NCCL itself writes it (`NCCL_TOPO_DUMP_FILE`) and can read it back: no declaration,
 * one blank in front of each attribute, two of indentation for each level, double quotes.
 */
export function ncclXml({ system }: NcclView): string {
  return [...lines(system, "")].join("");
}

function* lines({ element, attributes, children }: NcclElement, indentation: string): Generator<string> {
  const start = [element, ...Object.entries(attributes).map(([name, value]) => `${name}="${escaped(value)}"`)].join(
    " ",
  );
  if (children.length === 0) {
    yield `${indentation}<${start}/>\n`;
    return;
  }
  yield `${indentation}<${start}>\n`;
  for (const child of children) yield* lines(child, `${indentation}  `);
  yield `${indentation}</${element}>\n`;
}

/** NCCL knows no entities and takes them as they stand; but a bare quote would end the value, and others read XML. */
function escaped(value: string): string {
  return value.replace(/[&<>"\t\n\r]/g, (character) => ENTITIES[character] ?? `&#${character.charCodeAt(0)};`);
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
