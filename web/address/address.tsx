import { useEffect, useId, useState } from "preact/hooks";
import type { OwnerAnswer } from "../machine/protocol.js";
import { Words } from "../parts/words.js";
import "./address.css";

export interface AddressProps {
  /** What a link asks about; empty: nothing. */
  readonly initial: string;
  readonly ownerOf: (text: string) => Promise<OwnerAnswer>;
  readonly onAsk: (text: string) => void;
  readonly onShow: (bdf: string) => void;
}

/** Whose an address is, or who put it on the bus, as a line of a kernel's log says. */
export function Address({ initial, ownerOf, onAsk, onShow }: AddressProps) {
  const [text, setText] = useState(initial);
  const [answer, setAnswer] = useState<OwnerAnswer | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();
  const ask = (wanted: string) => {
    const typed = wanted.trim();
    setProblem(null);
    if (typed === "") return setAnswer(null);
    onAsk(typed);
    ownerOf(typed).then(
      (found) => {
        setAnswer(found);
        if (found.bdf !== null) onShow(found.bdf);
      },
      (error: unknown) => {
        setAnswer(null);
        setProblem(error instanceof Error ? error.message : String(error));
      },
    );
  };
  useEffect(() => ask(initial), []);
  return (
    <form
      class="address"
      onSubmit={(event) => {
        event.preventDefault();
        ask(text);
      }}
    >
      <label for={id}>A CPU physical address, or the line of an IOMMU fault</label>
      <div class="address-row">
        <input
          id={id}
          value={text}
          placeholder="0x380000000000"
          spellcheck={false}
          autocomplete="off"
          aria-invalid={problem !== null}
          aria-describedby={`${id}-problem`}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
        <button type="submit">Whose is it?</button>
      </div>
      <p id={`${id}-problem`} class="address-problem" role="alert">
        {problem ?? ""}
      </p>
      <div role="status">
        {answer !== null && (
          <>
            <Words lines={answer.text} />
            {answer.bdf !== null && (
              <button type="button" class="address-show" onClick={() => onShow(answer.bdf!)}>
                Show {answer.bdf} in the picture
              </button>
            )}
          </>
        )}
      </div>
    </form>
  );
}
