import assert from "node:assert/strict";
import { FoundRuns, foundRuns } from "./found_runs.ts";

const NOW = new Date("2026-01-02T03:00:00Z");
const key = { namespace: "apps", name: "home" };

Deno.test("FoundRuns calls a Backup's snapshots absent only by a listing that was made after it", () => {
  const found = new FoundRuns();
  const repository = { key, uniqueId: "id" };
  const putBack = { ranAs: "uid-then", backup: "nightly", config: "apps/photos" };
  const asked = (madeAt: string) => found.ask({ uid: "uid-now", putBack, madeAt }, repository, NOW).kind;
  found.keep(
    key,
    foundRuns([], {
      namespace: "apps",
      uniqueId: "id",
      at: "2026-01-02T02:08:57Z",
      truncated: false,
      isKnown: () => false,
    }),
  );
  assert.equal(asked("2026-01-02T02:15:25Z"), "unread");
  assert.equal(asked("2026-01-02T02:08:56Z"), "absent");
});
