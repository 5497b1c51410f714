import assert from "node:assert/strict";
import { readProof } from "./proof.ts";

const id = "e0fe04bc258330b312f4fa74f7d66e9b";
const list = `photos@kopiur-demo:/pvc/photos
  2026-11-21 09:02:49 UTC k8c2b 10 MB drwxrwxrwx manifest:${id} files:200 dirs:11 (latest-1)`;
const log = `${list}\nbyte-identical files: 200\n`;

Deno.test("readProof() takes the list and the count of files that are the same", () => {
  assert.deepEqual(readProof(log, { id, files: 200 }), { list, files: 200 });
});

Deno.test("readProof() refuses a snapshot kopia does not list, also one whose id only begins like it", () => {
  assert.throws(() => readProof(log, { id: id.slice(0, -1), files: 200 }), /does not list the snapshot/);
  assert.throws(() => readProof("byte-identical files: 200", { id, files: 200 }), /does not list/);
});

Deno.test("readProof() refuses a restore that lacks files, or was not compared to its end", () => {
  assert.throws(() => readProof(log, { id, files: 201 }), /restored 200 files, expected the 201/);
  assert.throws(() => readProof(log.replace("200\n", "0\n"), { id, files: 0 }), /restored 0 files/);
  for (const cut of [list, "", "\n", log.replace("byte-identical", "different")]) {
    assert.throws(() => readProof(cut, { id, files: 200 }), /were not compared/);
  }
});
