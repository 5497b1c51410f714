import assert from "node:assert/strict";
import { aRepository } from "../../../tests/support/mod.ts";
import { parseRepository } from "../repository_object.ts";
import { failureAdvice } from "./failure_advice.ts";

const s3 = { bucket: "backups", endpoint: "minio.storage:9000", auth: { secretRef: { name: "keys" } } };
const onS3 = parseRepository(aRepository({ spec: { backend: { s3 } } }));

Deno.test("failureAdvice() names the storage that does not answer", () => {
  assert.equal(
    failureAdvice("RepositoryUnavailable", onS3),
    'The storage cannot be reached, expected "minio.storage:9000" to answer for bucket "backups"',
  );
  assert.equal(
    failureAdvice("RepositoryUnavailable", parseRepository(aRepository())),
    "The storage cannot be reached",
  );
});

Deno.test("failureAdvice() says how to end a creation that stays contested", () => {
  assert.match(
    failureAdvice("CreationContested", onS3),
    /move "kopia\.blobcfg" in it away, which loses nothing$/,
  );
});
