import type { Changes, OpenedSystem, OutlineRow, Settings } from "../machine/protocol.js";

export interface WhatIfProps {
  readonly system: OpenedSystem;
  readonly settings: Settings;
  /** Host bridges and ports that have ACS. */
  readonly bridges: readonly OutlineRow[];
  /** Null: the settings change nothing. */
  readonly changes: Changes | null;
  readonly culprits: readonly string[];
  readonly onChange: (settings: Settings) => void;
}

export function WhatIf(_: WhatIfProps) {
  return null;
}
