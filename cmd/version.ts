import { readBuild } from "./build.ts";
import { EXIT } from "./exit_code.ts";
import type { Host } from "./host.ts";

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
