interface SwitchProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly onTurn: (isOn: boolean) => void;
}

/** On or off, and what it turns is read out with it. */
export function Switch({ label, isOn, onTurn }: SwitchProps) {
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={isOn}
      aria-label={label}
      onClick={() => onTurn(!isOn)}
    >
      <span class="switch-track" aria-hidden="true" />
      <span aria-hidden="true">{isOn ? "redirects" : "lets through"}</span>
    </button>
  );
}
