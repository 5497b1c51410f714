import assert from "node:assert/strict";
import { errorChain, Redactor } from "./redact.ts";
import { keyIsSecret, redacted } from "./redact_patterns.ts";

const secret = "s3cr3t-Value/42";

Deno.test("Redactor.text() takes secrets out of the places where they appear", () => {
  const cases: Readonly<Record<string, string>> = {
    "URL userinfo": `https://user:${encodeURIComponent(secret)}@host/path`,
    "URL userinfo with an @ in it": `sftp://user:s3cr3t-Value@x@host/path`,
    "URL query": "https://host/path?X-Amz-Signature=s3cr3t-Value&a=b",
    "a header": `Authorization: Bearer s3cr3t-Value`,
    "a bearer token alone": `sent bearer s3cr3t-Value`,
    "basic credentials": `sent Basic czNjcjN0LVZhbHVl`,
    "an assignment": "KOPIA_PASSWORD=s3cr3t-Value",
    "an assignment with quotes": `password="s3cr3t-Value more"`,
    "YAML": "secretAccessKey: s3cr3t-Value",
    "JSON": `{"storage":{"secretAccessKey":"s3cr3t-Value","bucket":"b"}}`,
    "JSON within JSON": JSON.stringify({ text: `{"password":"s3cr3t-Value"}` }),
    "JSON with a quote in the secret": `{"password":"s3cr3t\\"-s3cr3t"}`,
    "JSON cut short": `{"password":"s3cr3t-Val`,
    "a flag": "kopia --password s3cr3t-Value snapshot",
    "a flag with =": "kopia --secret-access-key=s3cr3t-Value",
    "a PEM key": "-----BEGIN RSA PRIVATE KEY-----\ns3cr3t-Value\n-----END RSA PRIVATE KEY-----",
    "a PEM key cut short": "-----BEGIN PRIVATE KEY-----\ns3cr3t-Value",
  };
  const redactor = new Redactor();
  for (const [place, text] of Object.entries(cases)) {
    const reported = redactor.text(text);
    assert.ok(reported.includes(redacted), `${place}: ${reported}`);
    assert.ok(!/s3cr3t|czNjcjN0/.test(reported), `${place}: ${reported}`);
  }
});

Deno.test("Redactor.text() leaves what people need to read", () => {
  const redactor = new Redactor();
  const texts = [
    `Cannot read Secret "backup/repo-credentials": not found`,
    `Cannot find the key "password" in Secret "creds", expected one of its keys`,
    "invalid repository password",
    "passwordSecretRef: repo-password",
    "basic authentication failed",
    "s3://bucket/prefix",
    "http://minio.storage.svc:9000",
    "the token expired",
  ];
  for (const text of texts) assert.equal(redactor.text(text), text);
});

Deno.test("Redactor.remember() hides the secret in all its forms and each of its lines", () => {
  const redactor = new Redactor();
  redactor.remember(`${secret}"x`);
  redactor.remember("first-line-of-a-key\nsecond-line-of-a-key\n");
  const base64 = btoa(`${secret}"x`);
  const reported = redactor.text(
    `a ${secret}"x b ${base64} c ${encodeURIComponent(`${secret}"x`)} d ${
      JSON.stringify(`${secret}"x`)
    } e second-line-of-a-key`,
  );
  assert.equal(reported, `a ${redacted} b ${redacted}= c ${redacted} d "${redacted}" e ${redacted}`);
});

Deno.test("Redactor.remember() does not search for what would blot out ordinary words", () => {
  const redactor = new Redactor();
  for (const short of ["", "a", "test", "-----BEGIN PRIVATE KEY-----"]) redactor.remember(short);
  assert.equal(redactor.text("a test of a thing"), "a test of a thing");
});

Deno.test("Redactor.remember() treats a secret as text, not as a pattern", () => {
  const redactor = new Redactor();
  redactor.remember(".*+?^${}()|[]\\");
  assert.equal(redactor.text("x .*+?^${}()|[]\\ y"), `x ${redacted} y`);
});

Deno.test("Redactor.remember() keeps a bounded number of secrets, the newest ones", () => {
  const redactor = new Redactor();
  for (let number = 0; number < 5000; number++) redactor.remember(`secret-number-${number}-x`);
  assert.equal(redactor.text("secret-number-4999-x"), redacted);
  assert.equal(redactor.text("is secret-number-0-x"), "is secret-number-0-x");
});

Deno.test("Redactor.value() hides the values of keys that look secret", () => {
  const reported = new Redactor().value({
    password: "x",
    nested: { accessKey: "y", list: [{ token: 7 }] },
    secretName: "repo-credentials",
    tokenIsSet: true,
    missingPassword: undefined,
  });
  assert.deepEqual(reported, {
    password: redacted,
    nested: { accessKey: redacted, list: [{ token: redacted }] },
    secretName: "repo-credentials",
    tokenIsSet: true,
    missingPassword: null,
  });
});

Deno.test("Redactor.value() makes JSON of anything and never throws", () => {
  const circular: Record<string, unknown> = { name: "x" };
  circular["self"] = circular;
  const hostile = new Proxy({}, {
    ownKeys: () => {
      throw new Error("no");
    },
  });
  const getter = {
    get bad(): string {
      throw new Error("no");
    },
  };
  const cases: readonly (readonly [unknown, unknown])[] = [
    [circular, { name: "x", self: "[circular]" }],
    [hostile, "[unreadable]"],
    [getter, "[unreadable]"],
    [12n, "12"],
    [NaN, "NaN"],
    [Symbol("s"), "Symbol(s)"],
    [new Date(0), "1970-01-01T00:00:00.000Z"],
    [new Date(NaN), "invalid date"],
    [new Uint8Array(3), "[3 bytes]"],
    [new Map([["a", 1]]), { a: 1 }],
    [new Set([1]), [1]],
    [new URL("https://u:p@h/?q=1"), `https://${redacted}@h/?${redacted}`],
    [{ fn: () => {} }, {}],
    [null, null],
    [undefined, null],
    [Object.create(null), {}],
  ];
  for (const [given, want] of cases) assert.deepEqual(new Redactor().value(given), want);
});

Deno.test("Redactor.value() bounds depth, width and length", () => {
  const redactor = new Redactor();
  let deep: unknown = "end";
  for (let level = 0; level < 1000; level++) deep = { deep };
  assert.match(JSON.stringify(redactor.value(deep)), /\[deep\]/);
  const wide = redactor.value(Array.from({ length: 1000 }, (_, at) => at));
  assert.deepEqual(Array.isArray(wide) && wide.at(-1), "… (900 more)");
  assert.ok(redactor.text("x".repeat(1_000_000)).length < 17_000);
});

Deno.test("Redactor.text() takes no long time for hostile texts", () => {
  const redactor = new Redactor();
  const hostile = [
    "password",
    "a://",
    "--password ",
    `"password":"\\`,
    "bearer ",
    "?",
    "-----BEGIN PRIVATE KEY-----",
  ];
  const start = performance.now();
  for (const piece of hostile) redactor.text(piece.repeat(Math.ceil(16_000 / piece.length)));
  assert.ok(performance.now() - start < 1000);
});

Deno.test("keyIsSecret() tells a secret from what points at one", () => {
  for (
    const key of ["password", "AWS_SECRET_ACCESS_KEY", "apiKey", "Authorization", "sas_key", "privateKey"]
  ) {
    assert.ok(keyIsSecret(key), key);
  }
  for (const key of ["", "secretName", "credentialsRef", "passwordFile", "name", "key", "tokenCount"]) {
    assert.ok(!keyIsSecret(key), key);
  }
});

Deno.test("errorChain() does not say again what an error took over from its cause", () => {
  const cause = new Error("Failed to spawn: not found", { cause: new Error("No such file") });
  const error = new Error(`Cannot start kopia: ${cause.message}`, { cause });
  assert.equal(errorChain(error), "Cannot start kopia: Failed to spawn: not found: No such file");
});

Deno.test("errorChain() joins the messages of an error and its causes, and ends for a cycle", () => {
  const root = new Error("refused");
  const error = new Error("Cannot connect", { cause: new TypeError("", { cause: root }) });
  assert.equal(errorChain(error), "Cannot connect: TypeError: refused");
  root.cause = error;
  assert.equal(errorChain(error), "Cannot connect: TypeError: refused");
  assert.equal(errorChain("text"), "text");
});
