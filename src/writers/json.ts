/** A line this long still reads at a glance. */
const LINE = 100;

/** JSON for people and scripts alike: what fits on a line stays on it, so that a row of a matrix is a line. */
export function formatJson(value: unknown): string {
  return format(value, "");
}

function format(value: unknown, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const parts = Array.isArray(value)
    ? value.map((item) => format(item === undefined ? null : item, deeper))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}: ${format(item, deeper)}`);
  if (parts.length === 0) return `${open}${close}`;
  const length = parts.reduce((sum, part) => sum + part.length + 2, indent.length + 2);
  const short = length <= LINE && parts.every((part) => !part.includes("\n"));
  if (short || isRow(value)) return `${open}${parts.join(", ")}${close}`;
  return `${open}\n${parts.map((part) => deeper + part).join(",\n")}\n${indent}${close}`;
}

function isRow(value: object): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "number" || item === null);
}
