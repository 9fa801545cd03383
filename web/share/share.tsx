import { useState } from "preact/hooks";
import { Copy } from "../parts/copy.js";
import "./share.css";

export interface ShareProps {
  /** The address of this page with the question in it, not the data. */
  readonly link: string;
  readonly report: () => Promise<string>;
  readonly redacted: () => Promise<string>;
}

/** What goes into an issue, to a colleague, or on paper. */
export function Share({ link, report, redacted }: ShareProps) {
  const [said, setSaid] = useState("");
  const save = async () => {
    try {
      download("machine.json", await redacted());
      setSaid("Saved as machine.json.");
    } catch (error) {
      setSaid(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <ul class="share">
      <li>
        <Copy label="Copy as Markdown" text={report} />
        <p>For an issue: the answer, the matrix, a mermaid picture. No serial numbers.</p>
      </li>
      <li>
        <Copy label="Copy link" text={() => link} />
        <p>It carries the question, not the machine: whoever opens it pastes the machine there.</p>
      </li>
      <li>
        <button type="button" onClick={() => void save()}>
          Save the machine
        </button>{" "}
        <span role="status" class="copy-said">
          {said}
        </span>
        <p>As JSON for peerlane, without serial numbers, MAC addresses and kernel parameters of other things.</p>
      </li>
      <li>
        <button type="button" onClick={() => window.print()}>
          Print
        </button>
      </li>
    </ul>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
