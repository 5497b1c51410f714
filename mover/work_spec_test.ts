import assert from "node:assert/strict";
import fc from "fast-check";
import { snapshotCreateCommand } from "./kopia/argv.ts";
import { MoverError } from "./mover_error.ts";
import { operationName, parseWorkSpec, refuseMissingSecrets } from "./work_spec.ts";

const backup = { mountPath: "/pvc/data", sourcePath: "/pvc/data", runId: "uid-1", tags: {} };
const s3 = {
  bucket: "b",
  endpoint: "e",
  disableTls: false,
  insecureSkipVerify: false,
  privateCa: false,
};

function specText(parts: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    version: 1,
    operation: { backup },
    identity: { username: "app", hostname: "apps" },
    repository: { filesystem: { path: "/repository" } },
    target: { kind: "Backup", namespace: "apps", name: "nightly" },
    limits: {},
    cache: {},
    ...parts,
  });
}

const refused: Readonly<Record<string, { given: string; says: RegExp }>> = {
  "nothing": { given: "", says: /0 characters that are not JSON/ },
  "a truncated spec": { given: specText().slice(0, -5), says: /not JSON/ },
  "a list": { given: "[]", says: /version is missing, expected 1/ },
  "no version": { given: specText({ version: undefined }), says: /version is missing, expected 1/ },
  "version 2 by name": { given: specText({ version: 2 }), says: /version is 2, expected 1/ },
  "version 1 as a text": { given: specText({ version: "1" }), says: /version is "1", expected 1/ },
  "an unknown operation by name": {
    given: specText({ operation: { maintenance: {} } }),
    says: /the operation "maintenance", expected exactly one of "backup", "bootstrap", "snapshotDelete"/,
  },
  "two operations": {
    given: specText({ operation: { backup, bootstrap: {} } }),
    says: /the operation "backup", "bootstrap", expected exactly one/,
  },
  "no operation": { given: specText({ operation: {} }), says: /names no operation/ },
  "a field it does not know": { given: specText({ novelty: 1 }), says: /novelty/ },
  "a relative path": {
    given: specText({ operation: { backup: { ...backup, mountPath: "data" } } }),
    says: /wrong/,
  },
  "an identity with an @": {
    given: specText({ identity: { username: "a@b", hostname: "apps" } }),
    says: /identity holds "a@b"/,
  },
  "an identity with a colon": {
    given: specText({ identity: { username: "a", hostname: "b:c" } }),
    says: /"b:c"/,
  },
  "an identity with a line end": {
    given: specText({ identity: { username: "a\n", hostname: "b" } }),
    says: /"a\\n"/,
  },
  "a tag with a colon": {
    given: specText({ operation: { backup: { ...backup, tags: { "a:b": "c" } } } }),
    says: /the tag "a:b"/,
  },
  "a knob of a later release": {
    given: specText({ operation: { backup: { ...backup, policy: { compression: { level: 3 } } } } }),
    says: /compression" is wrong: Unrecognized key: "level"/,
  },
  "an extra argument that is not allowed, by name": {
    given: specText({
      operation: { backup: { ...backup, policy: { extraArgs: ["--override-source=a@b:/c"] } } },
    }),
    says: /in its extraArgs "--override-source" is not allowed: set identity and sourcePathOverride/,
  },
  "a rule of a line end": {
    given: specText({ operation: { backup: { ...backup, policy: { ignore: { paths: ["a\nb"] } } } } }),
    says: /ignore.paths.0" is wrong/,
  },
  "a NUL character": {
    given: specText({ operation: { backup: { ...backup, mountPath: "/a\0" } } }),
    says: /NUL/,
  },
};

for (const [what, { given, says }] of Object.entries(refused)) {
  Deno.test(`parseWorkSpec() refuses ${what}`, () => {
    assert.throws(() => parseWorkSpec(given), (error) => {
      assert.ok(error instanceof MoverError);
      assert.equal(error.failureClass, "InvalidWorkSpec");
      assert.match(error.message, /^Cannot understand the work spec: /);
      assert.match(error.message, says);
      return true;
    });
  });
}

Deno.test("parseWorkSpec() throws nothing else, whatever it is given", () => {
  const whole = specText();
  fc.assert(
    fc.property(
      fc.oneof(fc.json(), fc.string(), fc.nat(whole.length).map((n) => whole.slice(0, n))),
      (text) => {
        try {
          parseWorkSpec(text);
        } catch (error) {
          assert.ok(error instanceof MoverError && error.failureClass === "InvalidWorkSpec");
        }
      },
    ),
  );
});

const denied = [
  ..."--password -p --config-file --override-source --tags --log-level --log-file --log-dir --json".split(
    " ",
  ),
  ..."--description --start-time --end-time --stdin-file --all --pin --force-enable-actions".split(" "),
  ..."--upload-limit-mb --persist-credentials --safety --ignore-missing-required-features".split(" "),
];
const anyArg = fc.oneof(
  fc.constantFrom("--fail-fast", "--force-hash=50", "--checkpoint-interval=10m", "--fail-fast=@/etc/passwd"),
  fc.tuple(fc.constantFrom(...denied), fc.constantFrom("", "=", "=x", " x", "\n--fail-fast")).map((all) =>
    all.join("")
  ),
  fc.tuple(fc.constantFrom("--fail-fast ", "--force-hash=1 ", "--fail-fast\n"), fc.constantFrom(...denied))
    .map((all) => all.join("")),
  fc.string(),
);

Deno.test("parseWorkSpec() lets no denied flag through, whatever is written into extraArgs", () => {
  const safe = /^--(?:fail-fast|force-hash=[0-9.]+|checkpoint-interval=[0-9]+m)$/;
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(anyArg, { maxLength: 4 }), (extraArgs) => {
      const given = specText({ operation: { backup: { ...backup, policy: { extraArgs } } } });
      try {
        const { operation } = parseWorkSpec(given);
        assert.ok("backup" in operation);
        const { args } = snapshotCreateCommand({
          ...{
            mountPath: "/pvc/data",
            source: { username: "app", hostname: "apps", path: "/pvc/data" },
            tags: {},
          },
          extraArgs: operation.backup.policy?.extraArgs ?? [],
        });
        for (const arg of extraArgs) {
          assert.ok(safe.test(arg) && args.includes(arg), arg);
          seen.add(arg);
        }
      } catch (error) {
        if (!(error instanceof MoverError)) throw error;
        assert.ok(extraArgs.some((arg) => !safe.test(arg)) || new Set(extraArgs).size < extraArgs.length);
      }
    }),
    { numRuns: 1000 },
  );
  assert.deepEqual([...seen].sort(), ["--checkpoint-interval=10m", "--fail-fast", "--force-hash=50"]);
});

Deno.test("operationName() names what is to be done as metrics do", () => {
  const named = [{ backup }, { bootstrap: {} }, { snapshotDelete: { runId: "u", snapshots: [] } }]
    .map((operation) => operationName(parseWorkSpec(specText({ operation }))));
  assert.deepEqual(named, ["Backup", "BootstrapRepository", "SnapshotDelete"]);
});

const onS3 = parseWorkSpec(specText({ repository: { s3 } }));
const keys = { KOPIA_PASSWORD: "p", AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };

Deno.test("refuseMissingSecrets() names the variable that is missing", () => {
  const onFilesystem = parseWorkSpec(specText());
  assert.doesNotThrow(() => refuseMissingSecrets(onFilesystem, { KOPIA_PASSWORD: "p" }));
  assert.doesNotThrow(() => refuseMissingSecrets(onS3, keys));
  const cases = [
    [onFilesystem, {}, "AuthFailure", "KOPIA_PASSWORD"],
    [onFilesystem, { KOPIA_PASSWORD: "" }, "AuthFailure", "KOPIA_PASSWORD"],
    [onFilesystem, { KOPIA_PASSWORD: " \n\t" }, "AuthFailure", "KOPIA_PASSWORD"],
    [onS3, { ...keys, AWS_ACCESS_KEY_ID: " \n" }, "AccessDenied", "AWS_ACCESS_KEY_ID"],
    [onFilesystem, { KOPIA_PASSWORD: "\u0085" }, "AuthFailure", "KOPIA_PASSWORD"],
    [onS3, { ...keys, AWS_SESSION_TOKEN: "a\nb" }, "AccessDenied", "AWS_SESSION_TOKEN"],
    [onS3, { ...keys, AWS_SECRET_ACCESS_KEY: "a\nb" }, "AccessDenied", "AWS_SECRET_ACCESS_KEY"],
    [onS3, { ...keys, AWS_ACCESS_KEY_ID: undefined }, "AccessDenied", "AWS_ACCESS_KEY_ID"],
    [onS3, { ...keys, AWS_SECRET_ACCESS_KEY: "" }, "AccessDenied", "AWS_SECRET_ACCESS_KEY"],
  ] as const;
  for (const [spec, environment, failureClass, name] of cases) {
    assert.throws(() => refuseMissingSecrets(spec, environment), (error) => {
      assert.ok(error instanceof MoverError);
      assert.equal(error.failureClass, failureClass);
      assert.match(error.message, new RegExp(`"${name}" (?:is not set|holds a line break)`));
      return true;
    });
  }
});
