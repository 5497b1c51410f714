import { equal, throws } from "node:assert/strict";
import { cacheFolder } from "./cache_folder.ts";

const table: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ["KOPIUR_CACHE before all", { KOPIUR_CACHE: "/c", XDG_CACHE_HOME: "/x", HOME: "/h" }, "/c"],
  ["XDG_CACHE_HOME before HOME", { XDG_CACHE_HOME: "/x", HOME: "/h" }, "/x/kopiur"],
  ["HOME", { HOME: "/h" }, "/h/.cache/kopiur"],
  ["an empty variable is one that is not set", { KOPIUR_CACHE: "", HOME: "/h" }, "/h/.cache/kopiur"],
];

for (const [name, env, expected] of table) {
  Deno.test(`cacheFolder() follows ${name}`, () => equal(cacheFolder((variable) => env[variable]), expected));
}

Deno.test("cacheFolder() refuses a relative path and an empty environment", () => {
  throws(() => cacheFolder((name) => name === "KOPIUR_CACHE" ? "cache" : undefined), {
    message: 'Cannot use KOPIUR_CACHE: it is "cache", expected an absolute path',
  });
  throws(() => cacheFolder(() => undefined), /none of KOPIUR_CACHE, XDG_CACHE_HOME and HOME is set/);
});
