import { useEffect, useRef, useState } from "preact/hooks";

/** For how long a button says what it did. */
const SAID_MS = 2500;

interface CopyProps {
  /** What the button says. */
  readonly label: string;
  /** What is copied, made when it is asked for. */
  readonly text: () => string | Promise<string>;
}

/** Copies a text; where the browser does not let it, shows the text to be copied by hand. */
export function Copy({ label, text }: CopyProps) {
  const [said, setSaid] = useState("");
  const [byHand, setByHand] = useState<string | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (said === "") return;
    const later = setTimeout(() => setSaid(""), SAID_MS);
    return () => clearTimeout(later);
  }, [said]);
  useEffect(() => area.current?.select(), [byHand]);
  const copy = async () => {
    let made: string;
    try {
      made = await text();
    } catch (error) {
      return setSaid(error instanceof Error ? error.message : String(error));
    }
    try {
      await navigator.clipboard.writeText(made);
      setByHand(null);
      setSaid("Copied.");
    } catch {
      setByHand(made);
      setSaid("This browser does not let the page copy: here is the text.");
    }
  };
  return (
    <span class="copy">
      <button type="button" onClick={() => void copy()}>
        {label}
      </button>{" "}
      <span class="copy-said" role="status">
        {said}
      </span>
      {byHand !== null && <textarea ref={area} class="copy-text" readOnly rows={4} value={byHand} aria-label={label} />}
    </span>
  );
}
