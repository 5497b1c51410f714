import { equal, match, throws } from "node:assert/strict";
import { packageMissingSentence } from "./debian_package.ts";
import { tooLittleRoom } from "./disk.ts";
import { missingPartPolicy } from "./requirement.ts";
import { secondsText } from "./seconds.ts";

Deno.test("a missing package is one sentence: what, why, how", () => {
  match(
    packageMissingSentence("runc", "only root can install it"),
    /^Cannot use runc: it is in none of .*\/usr\/sbin\/runc.* and only root can install it, expected .*apt-get install -y runc/,
  );
});

Deno.test("tooLittleRoom() speaks below 10 GiB only", () => {
  equal(tooLittleRoom("/c", 10 * 1024 ** 3, "build etcd"), undefined);
  equal(
    tooLittleRoom("/c", 3.25 * 1024 ** 3, "build etcd"),
    "Cannot build etcd: /c has 3.3 GiB free, expected at least 10 GiB: " +
      "free some, or set KOPIUR_CACHE to a folder on a larger disk",
  );
});

Deno.test("missingPartPolicy() requires parts in CI, unless it is told otherwise", () => {
  const policy = (env: Record<string, string>) => missingPartPolicy((name) => env[name]);
  equal(policy({}), "skip");
  equal(policy({ CI: "true" }), "require");
  equal(policy({ CI: "true", KOPIUR_PARTS: "skip" }), "skip");
  equal(policy({ KOPIUR_PARTS: "require" }), "require");
  throws(() => policy({ KOPIUR_PARTS: "maybe" }), {
    message: 'Cannot use KOPIUR_PARTS: it is "maybe", expected "skip" or "require"',
  });
});

Deno.test("secondsText() reads like a clock", () => {
  equal([0.04, 9.94, 9.96, 59.6, 348].map(secondsText).join(" "), "0.0s 9.9s 10s 1m00s 5m48s");
});
