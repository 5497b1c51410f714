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

/** Prints the build, for people or as one JSON document. */
export function runVersion(host: Host, format: "text" | "json"): number {
  const build = readBuild();
  host.stdout.write(
    format === "json"
      ? `${JSON.stringify({ ...build, deno: Deno.version.deno })}\n`
      : `kopiur ${build.version} (commit ${build.commit}, built ${build.date}, Deno ${Deno.version.deno})\n`,
  );
  return EXIT.ok;
}
