/** `a, b and 7 more`: the first `limit` of `items`, and how many others there are. */
export function listed(items: readonly string[], limit: number): string {
  const left = items.length - limit;
  return items.slice(0, limit).join(", ") + (left > 0 ? ` and ${left} more` : "");
}
