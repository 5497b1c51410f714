import assert from "node:assert/strict";
import { ANNOTATION } from "../../../api/meta.ts";
import { aBackup, aRepository } from "../../../tests/support/mod.ts";
import { isHeir, isInherited } from "./inherited.ts";

const phase = "Succeeded";
const adopted = { run: "old", at: "2026-01-02T03:04:05Z" };

const cases: Readonly<Record<string, readonly [Parameters<typeof aBackup>[0], boolean]>> = {
  "that ran here": [{
    metadata: { annotations: { [ANNOTATION.ranAs]: "uid-backup-run" } },
    status: { phase },
  }, false],
  "that ran here, in an older release": [{ status: { phase } }, false],
  "that took up its snapshots": [{ status: { phase, adopted } }, true],
  "that took them up and lost its word": [{ status: { phase: "Deleting", adopted } }, true],
  "that was put back with its status": [
    { metadata: { annotations: { [ANNOTATION.ranAs]: "old" } }, status: { phase } },
    true,
  ],
  "that was put back and holds nothing yet": [
    { metadata: { annotations: { [ANNOTATION.ranAs]: "old" } } },
    false,
  ],
  "whose word is empty": [
    { metadata: { annotations: { [ANNOTATION.ranAs]: "" } }, status: { phase } },
    false,
  ],
};
for (const [what, [parts, is]] of Object.entries(cases)) {
  Deno.test(`isInherited() is ${is} of a Backup ${what}`, () => {
    assert.equal(isInherited(aBackup(parts)), is);
  });
}

Deno.test("isHeir() believes the Repository's own uid and nothing else", () => {
  for (
    const [word, is] of [["uid-repository-repo", true], ["another", false], ["true", false], [
      "",
      false,
    ]] as const
  ) {
    assert.equal(isHeir(aRepository({ metadata: { annotations: { [ANNOTATION.heir]: word } } })), is, word);
  }
  assert.equal(isHeir(aRepository()), false);
});
