import type { Check } from "../check.js";
import { acsNotShown } from "./acs-not-shown.js";
import { acsRedirects } from "./acs-redirects.js";
import { bars } from "./bars.js";
import { commandLine } from "./command-line.js";
import { conflicts } from "./conflicts.js";
import { decode } from "./decode.js";
import { hostBridges } from "./host-bridges.js";
import { iommu } from "./iommu.js";
import { kernel } from "./kernel.js";
import { links } from "./links.js";
import { reach } from "./reach.js";

/** All checks, a line each. */
export const CHECKS: readonly Check[] = [
  acsRedirects,
  hostBridges,
  iommu,
  kernel,
  decode,
  bars,
  conflicts,
  reach,
  commandLine,
  links,
  acsNotShown,
];
