/** The page's colours by what they mean (theme.css), as a canvas takes them. */
const NAMES = [
  "paper",
  "card",
  "raised",
  "line",
  "ink",
  "soft",
  "accent",
  "on-accent",
  "good",
  "doubtful",
  "doubtful-fill",
  "bad",
  "bad-fill",
] as const;

export type Colours = Readonly<Record<(typeof NAMES)[number], string>>;

/**
 * The colours as they are now.
 *
 * @param probe an element of the page that nobody sees: a variable says which colour it is only where it is used.
 * @param scheme light for paper; else as the page has it.
 */
export function coloursOf(probe: HTMLElement, scheme: "light" | "" = ""): Colours {
  probe.style.colorScheme = scheme;
  const entries = NAMES.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color] as const;
  });
  return Object.fromEntries(entries) as Colours;
}
