import { useState } from "preact/hooks";
import { NEWEST_KERNEL } from "../../src/policy/linux.js";
import { parseRelease } from "../../src/policy/release.js";
import { formatCpu, parseCpu } from "../../src/topology/cpu.js";
import type { IommuMode } from "../../src/topology/description.js";
import type { AcsState, Changes, OpenedSystem, OutlineRow, Settings } from "../machine/protocol.js";
import { Switch } from "../parts/switch.js";
import { AS_IT_IS } from "../question.js";
import "./what-if.css";

export interface WhatIfProps {
  readonly system: OpenedSystem;
  readonly settings: Settings;
  /** Host bridges and ports that have ACS. */
  readonly bridges: readonly OutlineRow[];
  /** Null: the settings change nothing. */
  readonly changes: Changes | null;
  /** Names of what stands on the way of the pair that was asked about, and of those at fault. */
  readonly path: readonly string[];
  readonly culprits: readonly string[];
  readonly onChange: (settings: Settings) => void;
  /** Turns the redirection of a bridge on or off. */
  readonly onTurn: (bdf: string, redirects: boolean) => void;
}

const KERNELS = ["4.19", "4.20", "5.4", "5.10", "5.15", "6.1", "6.6", "6.12", "6.15", NEWEST_KERNEL];

const CPUS: readonly (readonly [string, string])[] = [
  ["GenuineIntel:6", "Intel"],
  ["AuthenticAMD:23", "AMD Zen, Zen 2"],
  ["AuthenticAMD:25", "AMD Zen 3, Zen 4"],
  ["AuthenticAMD:26", "AMD Zen 5"],
  ["AuthenticAMD:21", "AMD before Zen"],
  ["HygonGenuine:24", "Hygon"],
  ["ppc64:POWER9", "POWER9"],
  ["arm64:0x41", "Arm"],
];

const MODES: readonly (readonly [IommuMode, string])[] = [
  ["off", "off"],
  ["passthrough", "passthrough (iommu=pt)"],
  ["translating", "translating"],
];

/** What the sources do not show, or what might be otherwise; the machine itself stays as it is. */
export function WhatIf({ system, settings, bridges, changes, path, culprits, onChange, onTurn }: WhatIfProps) {
  const change = (part: Partial<Settings>) => onChange({ ...settings, ...part });
  const isAsIs =
    settings.rules === "linux" &&
    settings.kernel === null &&
    settings.cpu === null &&
    settings.iommu === null &&
    Object.keys(settings.redirects).length === 0;
  return (
    <div class="what-if">
      <div class="what-if-fields">
        <Field
          name="kernel"
          label="Linux"
          shown={system.kernel}
          value={settings.kernel}
          options={KERNELS.map((kernel) => [kernel, kernel])}
          expected="a release such as 6.12"
          isValid={(text) => parseRelease(text) !== null}
          onChange={(kernel) => change({ kernel })}
        />
        <Field
          name="cpu"
          label="CPU"
          shown={formatCpu(system.cpu ?? undefined)}
          value={settings.cpu}
          options={CPUS}
          expected="VENDOR:FAMILY such as AuthenticAMD:25"
          isValid={(text) => parseCpu(text) !== null}
          onChange={(cpu) => change({ cpu })}
        />
        <div class="what-if-field">
          <label for="what-if-iommu">IOMMU</label>
          <select
            id="what-if-iommu"
            value={settings.iommu ?? ""}
            onChange={({ currentTarget }) =>
              change({ iommu: MODES.find(([mode]) => mode === currentTarget.value)?.[0] ?? null })
            }
          >
            <option value="">{asShown(system.iommu)}</option>
            {MODES.map(([mode, words]) => (
              <option key={mode} value={mode}>
                {words}
              </option>
            ))}
          </select>
        </div>
        <div class="what-if-field">
          <label for="what-if-rules">Who decides</label>
          <select
            id="what-if-rules"
            value={settings.rules}
            onChange={({ currentTarget }) => change({ rules: currentTarget.value === "precise" ? "precise" : "linux" })}
          >
            <option value="linux">Linux: any redirect refuses</option>
            <option value="precise">the hardware: ACS by direction</option>
          </select>
        </div>
      </div>
      <Bridges
        bridges={bridges}
        path={path}
        culprits={culprits}
        onTurn={onTurn}
        onClear={(bdfs) =>
          change({ redirects: { ...settings.redirects, ...Object.fromEntries(bdfs.map((bdf) => [bdf, false])) } })
        }
      />
      <div class="what-if-result" role="status">
        {changes !== null && <Summary changes={changes} />}
      </div>
      <button type="button" disabled={isAsIs} onClick={() => change(AS_IT_IS)}>
        As it is again
      </button>
    </div>
  );
}

function asShown(value: string | null): string {
  return value === null ? "not shown" : `as it is: ${value}`;
}

function Summary({ changes: { certain, learned, pairs, alike } }: { readonly changes: Changes }) {
  if (certain + learned === 0) return <p>Nothing would change between these {pairs.toLocaleString("en-US")} pairs.</p>;
  return (
    <>
      <p>
        <b>
          {certain > 0 && `${certain.toLocaleString("en-US")} of ${pairs.toLocaleString("en-US")} pairs would change`}
          {certain > 0 && learned > 0 && "; "}
          {learned > 0 && `${learned.toLocaleString("en-US")} were or would be unknown`}
        </b>
      </p>
      <ul>
        {alike.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  /** As the sources have it. */
  readonly shown: string | null;
  readonly value: string | null;
  readonly options: readonly (readonly [value: string, words: string])[];
  readonly expected: string;
  readonly isValid: (text: string) => boolean;
  readonly onChange: (value: string | null) => void;
}

const OTHER = "other";

/** One of the usual, or anything else that is one. */
function Field({ name, label, shown, value, options, expected, isValid, onChange }: FieldProps) {
  const isUsual = value === null || options.some(([each]) => each === value);
  const [isOther, setOther] = useState(!isUsual);
  const [text, setText] = useState(isUsual ? "" : value);
  const [problem, setProblem] = useState("");
  const enter = () => {
    const typed = text.trim();
    if (typed === "") return;
    if (!isValid(typed)) return setProblem(`expected ${expected}, got "${typed}"`);
    setProblem("");
    onChange(typed);
  };
  return (
    <div class="what-if-field">
      <label for={`what-if-${name}`}>{label}</label>
      <select
        id={`what-if-${name}`}
        value={isOther ? OTHER : (value ?? "")}
        onChange={({ currentTarget }) => {
          const wanted = currentTarget.value;
          setOther(wanted === OTHER);
          setProblem("");
          if (wanted !== OTHER) onChange(wanted === "" ? null : wanted);
        }}
      >
        <option value="">{asShown(shown)}</option>
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
        <option value={OTHER}>another…</option>
      </select>
      {isOther && (
        <input
          value={text}
          placeholder={expected}
          aria-label={`${label}: ${expected}`}
          aria-invalid={problem !== ""}
          aria-describedby={`what-if-${name}-problem`}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onBlur={enter}
          onKeyDown={({ key }) => key === "Enter" && enter()}
        />
      )}
      <span id={`what-if-${name}-problem`} class="what-if-problem" role="alert">
        {problem}
      </span>
    </div>
  );
}

/** More than these are looked for by name. */
const MOST_BRIDGES = 40;

interface BridgesProps extends Pick<WhatIfProps, "bridges" | "path" | "culprits" | "onTurn"> {
  /** Turns the redirection of all of them off. */
  readonly onClear: (bdfs: readonly string[]) => void;
}

/** A switch for each bridge that can redirect, those on the way first; turning one moves none. */
function Bridges({ bridges, path, culprits, onTurn, onClear }: BridgesProps) {
  const [wanted, setWanted] = useState("");
  const able = bridges.filter(({ acs }) => acs!.canTurn);
  const unknown = bridges.length - able.length;
  if (able.length === 0) {
    return (
      <p class="what-if-none">
        {unknown > 0
          ? `The source does not show ACS of ${unknown === 1 ? "1 bridge" : `${unknown.toLocaleString("en-US")} bridges`}: run lspci as root to see who redirects.`
          : "No bridge here has ACS: nothing redirects."}
      </p>
    );
  }
  const onWay = new Set(path);
  const didRedirect = ({ redirects, turned }: AcsState) => (redirects === true) !== turned;
  const rank = ({ bdf, acs }: OutlineRow) => (onWay.has(bdf) ? 0 : didRedirect(acs!) ? 1 : 2);
  const found = able
    .filter(({ bdf, what }) => `${bdf} ${what}`.includes(wanted.trim().toLowerCase()))
    .sort((a, b) => rank(a) - rank(b));
  const shown = found.slice(0, MOST_BRIDGES);
  const redirecting = able.filter(({ acs }) => acs!.redirects === true);
  return (
    <fieldset class="what-if-bridges">
      <legend>
        ACS redirect of bridges ({redirecting.length.toLocaleString("en-US")} of {able.length.toLocaleString("en-US")}{" "}
        redirect)
      </legend>
      <div class="what-if-tools">
        {able.length > 8 && (
          <input
            type="search"
            value={wanted}
            placeholder="find a bridge"
            aria-label="Find a bridge"
            onInput={({ currentTarget }) => setWanted(currentTarget.value)}
          />
        )}
        <button
          type="button"
          disabled={redirecting.length === 0}
          onClick={() => onClear(redirecting.map(({ bdf }) => bdf))}
        >
          Let all through
        </button>
      </div>
      <ul class="what-if-list" tabIndex={0} aria-label="Bridges">
        {shown.map(({ bdf, what, acs }) => (
          <li key={bdf} class={culprits.includes(bdf) ? "what-if-culprit" : ""}>
            <span class="what-if-what">
              <code>{bdf}</code> {what}
              {culprits.includes(bdf) && <b class="what-if-fault"> in the way</b>}
              {acs!.turned && <i> turned</i>}
            </span>
            <Switch
              label={`${bdf} redirects peer-to-peer requests`}
              isOn={acs!.redirects === true}
              onTurn={(isOn) => onTurn(bdf, isOn)}
            />
          </li>
        ))}
      </ul>
      {found.length > shown.length && (
        <p class="what-if-none">and {(found.length - shown.length).toLocaleString("en-US")} more: find them by name</p>
      )}
    </fieldset>
  );
}
