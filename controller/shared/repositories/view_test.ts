import assert from "node:assert/strict";
import type { KubeObject } from "../../../kube/types.ts";
import { aCondition, aReadyRepository, aRepository } from "../../../tests/support/mod.ts";
import { repositorySpec } from "../../../api/mod.ts";
import { openingOf } from "./opening.ts";
import { repositoryView } from "./view.ts";

const cases: Readonly<Record<string, { repository: KubeObject; notReady: string | undefined }>> = {
  "is ready": { repository: aReadyRepository(), notReady: undefined },
  "was changed, and the pass that saw it failed": {
    repository: aReadyRepository({
      metadata: { generation: 2 },
      status: {
        observedGeneration: 2,
        bootstrap: { forGeneration: 1, credentialVersion: "c", runs: 1, failures: 0 },
      },
    }),
    notReady: 'Repository "repo" was changed, and is opened as it is now before anything uses it',
  },
  "was never looked at": { repository: aRepository(), notReady: 'Repository "repo" was not opened yet' },
  "was changed since": {
    repository: aReadyRepository({ metadata: { generation: 2 } }),
    notReady: 'Repository "repo" was changed, and is opened as it is now before anything uses it',
  },
  "was changed since, but not in how it is opened": {
    repository: aReadyRepository({
      metadata: { generation: 2 },
      spec: { catalog: { refreshInterval: "2h" }, maxConcurrentMovers: 3, deletionBreaker: { threshold: 5 } },
      status: {
        bootstrap: {
          forGeneration: 1,
          openedWith: openingOf(repositorySpec.parse(aReadyRepository().spec)),
          credentialVersion: "c",
          runs: 1,
          failures: 0,
        },
      },
    }),
    notReady: undefined,
  },
  "failed": {
    repository: aReadyRepository({
      status: {
        phase: "Failed",
        conditions: [{ ...aCondition("Ready", "False", "AuthFailure"), message: "The password is wrong" }],
      },
    }),
    notReady: 'Repository "repo" is Failed: The password is wrong',
  },
  "is ready but has no unique id": {
    repository: aReadyRepository({ status: { uniqueId: undefined } }),
    notReady: 'Repository "repo" is Ready: Ready',
  },
};
for (const [what, { repository, notReady }] of Object.entries(cases)) {
  Deno.test(`repositoryView() sees a repository that ${what}`, () => {
    const view = repositoryView(repository);
    assert.equal(view.kind, "found");
    assert.equal(view.kind === "found" ? view.value.notReady : "", notReady);
  });
}

Deno.test("repositoryView() tells one that is not there from one that cannot be read", () => {
  assert.deepEqual(repositoryView(undefined), { kind: "missing" });
  assert.deepEqual(repositoryView(aRepository({ spec: { backend: 7 } })), {
    kind: "unreadable",
    why: 'Repository "repo" is not one this version of kopiur can read',
  });
});
