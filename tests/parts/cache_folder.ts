import { isAbsolute, join } from "node:path";

/** Reads one variable of the environment; undefined when it is not set. */
export type ReadEnv = (name: string) => string | undefined;

/** The folder for everything built once and kept: KOPIUR_CACHE, else XDG_CACHE_HOME/kopiur, else ~/.cache/kopiur. */
export function cacheFolder(env: ReadEnv = (name) => Deno.env.get(name)): string {
  const own = given(env, "KOPIUR_CACHE");
  if (own !== undefined) return own;
  const base = given(env, "XDG_CACHE_HOME");
  if (base !== undefined) return join(base, "kopiur");
  const home = given(env, "HOME");
  if (home !== undefined) return join(home, ".cache", "kopiur");
  throw new Error(
    "Cannot choose a cache folder: none of KOPIUR_CACHE, XDG_CACHE_HOME and HOME is set, " +
      "expected one of them to be an absolute path",
  );
}

function given(env: ReadEnv, name: string): string | undefined {
  const value = env(name);
  if (value === undefined || value === "") return undefined;
  if (!isAbsolute(value)) {
    throw new Error(`Cannot use ${name}: it is "${value}", expected an absolute path`);
  }
  return value;
}
