import assert from "node:assert/strict";
import { mountConflict } from "./mount_conflict.ts";

function spec(path: string) {
  return {
    backend: { filesystem: { path, volume: { pvc: { name: "repo-data" } } } },
    encryption: { passwordSecretRef: { name: "s", key: "KOPIA_PASSWORD" } },
  };
}

for (const path of ["/repository", "/mnt/backup", "/var/lib/kopia", "/etcetera", "/pvcs"]) {
  Deno.test(`mountConflict() accepts "${path}"`, () => assert.equal(mountConflict(spec(path)), undefined));
}

const refused: Readonly<Record<string, RegExp>> = {
  "/etc": /"\/etc"/,
  "/etc/kopiur/work": /"\/etc"/,
  "/pvc": /"\/pvc"/,
  "/pvc/data": /"\/pvc"/,
  "/var": /"\/var\/run"/,
  "/var/cache/kopia/x": /"\/var\/cache\/kopia"/,
  "/tmp": /"\/tmp"/,
  "/dev/shm": /"\/dev"/,
  "/proc": /"\/proc"/,
  "/usr/bin": /"\/usr"/,
  "/..": /plain absolute path/,
  "/a/../etc": /plain absolute path/,
  "//": /plain absolute path/,
  "/.": /plain absolute path/,
};
for (const [path, message] of Object.entries(refused)) {
  Deno.test(`mountConflict() refuses "${path}"`, () =>
    assert.match(mountConflict(spec(path)) ?? "", message));
}

Deno.test("mountConflict() has nothing against a repository without a volume", () => {
  const backend = { s3: { bucket: "b-1", endpoint: "s3", auth: { secretRef: { name: "s" } } } };
  assert.equal(mountConflict({ ...spec("/x"), backend }), undefined);
});

Deno.test("mountConflict() refuses a source that is the repository itself", () => {
  assert.equal(mountConflict(spec("/repository"), [{ pvc: "data" }]), undefined);
  assert.match(
    mountConflict(spec("/repository"), [{ pvc: "data" }, { pvc: "repo-data" }]) ?? "",
    /"repo-data"/,
  );
});
