import { Option } from "commander";
import type { Direction } from "../policy/policy.js";

export interface DirectionOption {
  readonly direction: Direction;
}

export function directionOption(): Option {
  return new Option("--direction <way>", "of the data, as the initiator sees it")
    .choices(["read", "write", "both"])
    .default("both");
}
