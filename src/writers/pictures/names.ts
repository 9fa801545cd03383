/**
 * Text that any format can hold: what cannot be seen, or changes how its neighbours are seen (control characters, halves
 * of surrogate pairs, marks of direction), is shown as a replacement character.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cs}\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]/gu,
    "\ufffd",
  );
}

/** Text in XML, between tags or between double quotes. */
export function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Identifiers of boxes, no two the same. */
export class Keys {
  readonly #taken = new Set<string>();

  take(wish: string): string {
    const plain = wish.toLowerCase().replace(/[^a-z0-9]/g, "_");
    let key = plain;
    for (let again = 2; this.#taken.has(key); again++) key = `${plain}_${again}`;
    this.#taken.add(key);
    return key;
  }
}
