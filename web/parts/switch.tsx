interface SwitchProps {
  readonly label: string;
  readonly isOn: boolean;
  /** Within a tree, whose keys turn it: no stop of its own for the keyboard. */
  readonly isInTree?: boolean;
  readonly onTurn: (isOn: boolean) => void;
}

/** On or off, and what it turns is read out with it. */
export function Switch({ label, isOn, isInTree = false, onTurn }: SwitchProps) {
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={isOn}
      aria-label={label}
      aria-hidden={isInTree}
      tabIndex={isInTree ? -1 : 0}
      onClick={() => onTurn(!isOn)}
    >
      <span class="switch-track" aria-hidden="true" />
      <span class="switch-word" aria-hidden="true">
        {isOn ? "redirects" : "lets through"}
      </span>
    </button>
  );
}
