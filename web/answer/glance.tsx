import { useEffect, useState } from "preact/hooks";
import type { Asked } from "../machine/protocol.js";
import { SIGNS } from "./answer.js";
import "./glance.css";
import { isAlike, sentenceOf } from "./sentence.js";

interface GlanceProps {
  readonly asked: Asked;
  /** Id of the element that has the whole answer. */
  readonly of: string;
}

/** Where the answer is out of sight: what it comes to, and the way to it. */
export function Glance({ asked, of }: GlanceProps) {
  const [isSeen, setSeen] = useState(true);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)!.isIntersecting));
    observer.observe(document.getElementById(of)!);
    return () => observer.disconnect();
  }, [of]);
  const [there, back] = [asked.ways[0].document, asked.ways[1].document];
  const said = (isAlike(there, back) ? [there] : [there, back]).map(sentenceOf);
  if (isSeen) return null;
  return (
    <button
      type="button"
      class="glance"
      onClick={() => {
        const whole = document.getElementById(of)!;
        whole.scrollIntoView({ block: "start" });
        whole.focus({ preventScroll: true });
      }}
    >
      {said.map(({ kind, word }, place) => (
        <b key={place} class={`glance-${kind}`}>
          {SIGNS[kind]} {word}
        </b>
      ))}{" "}
      <span class="glance-pair">
        {there.provider} and {there.client}: why
      </span>
    </button>
  );
}
