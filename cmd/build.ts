import type { Build } from "../telemetry/mod.ts";
import { EXIT } from "./exit_code.ts";
import type { Host } from "./host.ts";

/** Baked into the first line of the bundle by deploy/compile; not there when run from source. */
declare const KOPIUR_BUILD: Build;

/** What this program was built from; run from source it says so instead of guessing. */
export function readBuild(): Build {
  if (typeof KOPIUR_BUILD === "undefined") {
    return { version: "0.0.0-source", commit: "unknown", date: "unknown" };
  }
  return KOPIUR_BUILD;
}

/** Prints what this program was built from, for people or as one JSON document. */
export function runVersion(host: Host, format: "text" | "json"): number {
  const build = readBuild();
  host.stdout.write(
    format === "json"
      ? `${JSON.stringify({ ...build, deno: Deno.version.deno })}\n`
      : `kopiur ${build.version} (commit ${build.commit}, built ${build.date}, Deno ${Deno.version.deno})\n`,
  );
  return EXIT.ok;
}
