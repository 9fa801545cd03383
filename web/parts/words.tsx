import type { Line } from "../machine/protocol.js";

/** What the command line says, as it says it. */
export function Words({ lines }: { readonly lines: readonly Line[] }) {
  return (
    <pre class="words" tabIndex={0} aria-label="In the words of the command line">
      {lines.map((line, index) => (
        <span key={index}>
          {line.map(({ text, look }, place) => (
            <span key={place} class={`words-${look}`}>
              {text}
            </span>
          ))}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}
