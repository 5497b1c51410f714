import type { Build } from "../telemetry/mod.ts";

/** Baked into the first line of the bundle by deploy/compile; not there when run from source. */
declare const KOPIUR_BUILD: Build;

/** What this program was built from; run from source it says so instead of guessing. */
export function readBuild(): Build {
  if (typeof KOPIUR_BUILD === "undefined") {
    return { version: "0.0.0-source", commit: "unknown", date: "unknown" };
  }
  return KOPIUR_BUILD;
}
