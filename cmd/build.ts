import type { Build } from "../telemetry/mod.ts";
import { EXIT } from "./exit_code.ts";
import type { Host } from "./host.ts";

/** Defined in the first line of the bundle by deploy/compile; undefined when run from source. */
declare const KOPIUR_BUILD: Build;

/** Version, commit and date of this build; fixed placeholders when run from source. */
export function readBuild(): Build {
  if (typeof KOPIUR_BUILD === "undefined") {
    return { version: "0.0.0-source", commit: "unknown", date: "unknown" };
  }
  return KOPIUR_BUILD;
}

/** The build as a line for people. */
export function versionText(): string {
  const { version, commit, date } = readBuild();
  return `kopiur ${version} (commit ${commit}, built ${date}, Deno ${Deno.version.deno})`;
}

/** Prints the build, for people or as one JSON document. */
export function runVersion(host: Host, format: "text" | "json"): number {
  const text = format === "json"
    ? JSON.stringify({ ...readBuild(), deno: Deno.version.deno })
    : versionText();
  host.stdout.write(`${text}\n`);
  return EXIT.ok;
}
