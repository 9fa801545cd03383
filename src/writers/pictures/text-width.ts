/**
 * How wide text gets in a font that nobody knows yet: as in the wider ones of those that are common (DejaVu Sans,
 * Verdana), in ems.
 */
export function textWidth(text: string, size: number, { bold = false } = {}): number {
  let ems = 0;
  for (const letter of text) ems += letterWidth(letter);
  return ems * size * (bold ? 1.1 : 1);
}

function letterWidth(letter: string): number {
  if (/[ijlI.,:;'|!()[\]ft ]/.test(letter)) return 0.38;
  if (/[mwMW@%]/.test(letter)) return 0.95;
  if (/[A-Z0-9+=<>_~#?&]/.test(letter)) return 0.67;
  // Latin, Greek, Cyrillic; beyond are the wide ones.
  return letter.codePointAt(0)! < 0x1100 ? 0.6 : 1;
}

/** Typewriter fonts are alike. */
export function monospaceWidth(text: string, size: number): number {
  return text.length * 0.61 * size;
}

/** As much of it as is no wider than that. */
export function fitted(text: string, size: number, width: number): string {
  if (textWidth(text, size) <= width) return text;
  let fitting = "";
  let room = width - textWidth("…", size);
  for (const letter of text) {
    room -= letterWidth(letter) * size;
    if (room < 0) break;
    fitting += letter;
  }
  return `${fitting.trimEnd()}…`;
}

/** Lines at most that wide, broken at spaces. */
export function wrapped(text: string, size: number, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, size) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  lines.push(line);
  return lines.map((each) => fitted(each, size, width));
}
