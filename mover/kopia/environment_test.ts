import assert from "node:assert/strict";
import { kopiaEnvironment, secretsOf } from "./environment.ts";

Deno.test("kopiaEnvironment() passes on what kopia reads and nothing else", () => {
  const given = {
    KOPIA_PASSWORD: "p",
    KOPIA_CONFIG_PATH: "/c",
    AWS_SECRET_ACCESS_KEY: "s",
    HTTPS_PROXY: "http://proxy",
    // These would change what kopia does.
    KOPIA_EXE: "/evil",
    KOPIA_BYTES_STRING_BASE_2: "true",
    LD_PRELOAD: "/evil.so",
    HOME: "/root",
    AWS_SESSION_TOKEN: undefined,
  };
  assert.deepEqual(kopiaEnvironment(given), {
    KOPIA_PASSWORD: "p",
    KOPIA_CONFIG_PATH: "/c",
    AWS_SECRET_ACCESS_KEY: "s",
    HTTPS_PROXY: "http://proxy",
  });
});

Deno.test("secretsOf() finds every secret that is set", () => {
  assert.deepEqual(
    secretsOf({ KOPIA_PASSWORD: "p", AWS_ACCESS_KEY_ID: "", AWS_SESSION_TOKEN: "t", KOPIA_LOG_DIR: "/l" }),
    ["p", "t"],
  );
});

Deno.test("secretsOf() finds user and password of a proxy, and kopia gets its address in one line", () => {
  const given = {
    HTTPS_PROXY: "http://me:hunt%40er@proxy:3128\n",
    HTTP_PROXY: "http://proxy:3128/a@b",
    https_proxy: "socks5://100%:p%@proxy",
    NO_PROXY: "user@host",
  };
  assert.deepEqual(secretsOf(given), ["me:hunt%40er", "hunt%40er", "hunt@er", "100%:p%", "p%"]);
  assert.equal(kopiaEnvironment(given).HTTPS_PROXY, "http://me:hunt%40er@proxy:3128");
});

Deno.test("kopiaEnvironment() takes white space off the keys of the storage, not off the password", () => {
  const given = { KOPIA_PASSWORD: " p\n", AWS_ACCESS_KEY_ID: "k\n", AWS_SECRET_ACCESS_KEY: " s\r\n" };
  assert.deepEqual(kopiaEnvironment(given), {
    KOPIA_PASSWORD: " p\n",
    AWS_ACCESS_KEY_ID: "k",
    AWS_SECRET_ACCESS_KEY: "s",
  });
  assert.deepEqual(secretsOf(given), [" p\n", "p", "k\n", "k", " s\r\n", "s"]);
});
