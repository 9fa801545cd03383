import type { Check } from "../check.js";
import { acsNotShown } from "./acs-not-shown.js";
import { acsRedirects } from "./acs-redirects.js";
import { hostBridges } from "./host-bridges.js";
import { iommu } from "./iommu.js";
import { kernel } from "./kernel.js";

/** All checks, a line each. */
export const CHECKS: readonly Check[] = [acsRedirects, hostBridges, iommu, kernel, acsNotShown];
