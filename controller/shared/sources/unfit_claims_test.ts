import assert from "node:assert/strict";
import { aClaim } from "../../../tests/support/mod.ts";
import { claimFault, unfitText } from "./unfit_claims.ts";

const { status: _status, spec: _spec, ...metadataOnly } = aClaim();
const cases = [
  ["bound", aClaim(), undefined],
  ["of which only the metadata is known", metadataOnly, undefined],
  [
    "that waits for its first consumer",
    aClaim({ spec: { volumeName: undefined }, status: { phase: "Pending" } }),
    "unbound",
  ],
  [
    "whose volume's name is empty",
    aClaim({ spec: { volumeName: "" }, status: { phase: "Pending" } }),
    "unbound",
  ],
  ["that names its volume and is about to get it", aClaim({ status: { phase: "Pending" } }), undefined],
  ["that lost its volume", aClaim({ status: { phase: "Lost" } }), "lost"],
  ["of a raw device", aClaim({ spec: { volumeMode: "Block" } }), "block"],
  [
    "of a raw device without a volume",
    aClaim({ spec: { volumeMode: "Block" }, status: { phase: "Pending" } }),
    "block",
  ],
  ["of a file system", aClaim({ spec: { volumeMode: "Filesystem" } }), undefined],
  ["that is being deleted", aClaim({ metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } }), "going"],
] as const;

for (const [what, claim, fault] of cases) {
  Deno.test(`claimFault() of a claim ${what} is ${fault}`, () => assert.equal(claimFault(claim), fault));
}

Deno.test("unfitText() names the first few and counts the rest", () => {
  const all = Array.from({ length: 7 }, (_, index) => ({ name: `c${index}`, fault: "block" } as const));
  assert.match(unfitText(all), /^PersistentVolumeClaim "c0" is a raw block device.*"c4".*; and 2 more$/);
});
