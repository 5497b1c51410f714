import type { ReadEnv } from "./cache_folder.ts";

/** What becomes of a test whose parts cannot be had on this machine. */
export type MissingPartPolicy = "skip" | "require";

/** KOPIUR_PARTS=skip|require; by default a missing part fails in CI (CI=true) and is a named skip elsewhere. */
export function missingPartPolicy(env: ReadEnv = (name) => Deno.env.get(name)): MissingPartPolicy {
  const set = env("KOPIUR_PARTS") ?? "";
  if (set === "skip" || set === "require") return set;
  if (set !== "") throw new Error(`Cannot use KOPIUR_PARTS: it is "${set}", expected "skip" or "require"`);
  return env("CI") === "true" ? "require" : "skip";
}
