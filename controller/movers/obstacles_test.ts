import assert from "node:assert/strict";
import { aNamespace, aReadyRepository } from "../../tests/support/mod.ts";
import { repositoryView } from "../shared/mod.ts";
import {
  firstObstacle,
  type MoverNeeds,
  needsPerson,
  obstacleAction,
  type ObstacleCheck,
  OBSTACLES,
} from "./obstacles.ts";

const found = repositoryView(aReadyRepository());
const needs: MoverNeeds = {
  namespaceName: "apps",
  namespace: aNamespace(),
  repository: found,
  repositoryName: "repo",
  repositoryIs: "the one its BackupConfig names",
  pinnedId: found.kind === "found" ? found.value.uniqueId : undefined,
  mover: {},
  missing: undefined,
  sources: [{ source: "data", sourcePath: "/pvc/data" }],
  missingClaims: [],
  unfitClaims: [],
};

interface Case {
  readonly check: ObstacleCheck;
  readonly change: Partial<MoverNeeds>;
  readonly says: RegExp;
  readonly action?: string;
  readonly isForPerson?: true;
  /** The condition that says it, too. */
  readonly condition?: string;
}

const goes = { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: ["kubernetes"] };
const cases: Readonly<Record<keyof typeof OBSTACLES, Case>> = {
  namespaceEnds: {
    check: OBSTACLES.namespaceEnds,
    change: { namespace: aNamespace({ metadata: goes }) },
    says: /^NamespaceTerminating Namespace "apps" is being deleted/,
  },
  sourcesMakeNoSense: {
    check: OBSTACLES.sourcesMakeNoSense,
    change: { sources: ["data", "b"].map((source) => ({ source, sourcePath: "/pvc/data" })) },
    says: /^InvalidSpec .*both are filed under "\/pvc\/data"/,
    action: "EditBackupConfig",
    isForPerson: true,
  },
  repositoryIsMissing: {
    check: OBSTACLES.repositoryIsMissing,
    change: { repository: { kind: "missing" } },
    says: /^RepositoryNotFound Repository "repo" does not exist .* expected the one its BackupConfig names$/,
    action: "CreateRepository",
  },
  repositoryIsReplaced: {
    check: OBSTACLES.repositoryIsReplaced,
    change: { pinnedId: "another" },
    says: /^RepositoryReplaced Repository "repo" is another one .* expected "another"$/,
    action: "CheckRepository",
    isForPerson: true,
  },
  repositoryIsNotReady: {
    check: OBSTACLES.repositoryIsNotReady,
    change: { repository: repositoryView(aReadyRepository({ status: { phase: "Degraded" } })) },
    says: /^RepositoryNotReady Repository "repo" is Degraded/,
  },
  mountsCollide: {
    check: OBSTACLES.mountsCollide,
    change: { sources: [{ source: "repo-data", sourcePath: "/pvc/repo-data" }] },
    says: /^InvalidSpec .*the repository itself is on it/,
    action: "EditBackupConfig",
    isForPerson: true,
  },
  noVolumeMatches: {
    check: OBSTACLES.noVolumeMatches,
    change: { sources: [] },
    says: /^NoVolumeMatches /,
  },
  privilegedMoverIsNotPermitted: {
    check: OBSTACLES.privilegedMoverIsNotPermitted,
    change: { mover: { privilegedMode: true }, namespace: undefined },
    says: /^PrivilegedMoverNotPermitted .*the namespace cannot be read/,
    action: "AnnotateNamespaceForPrivilegedMovers",
    condition: "MoverPermitted",
  },
  credentialsAreMissing: {
    check: OBSTACLES.credentialsAreMissing,
    change: { missing: { reason: "MissingCredentialsSecret", message: "Secret is not there" } },
    says: /^MissingCredentialsSecret Secret is not there$/,
    action: "CheckCredentials",
    condition: "CredentialsAvailable",
  },
  volumesAreMissing: {
    check: OBSTACLES.volumesAreMissing,
    change: { missingClaims: ["data"] },
    says: /^VolumeNotFound PersistentVolumeClaim "data" does not exist/,
    action: "CreateVolume",
  },
  anotherMayCreate: {
    check: OBSTACLES.anotherMayCreate,
    change: { creators: '"other"' },
    says:
      /^CreationContested Another Repository may be creating .* in the same storage: "other"; .* goes on after it$/,
    action: "CheckRepository",
    condition: "UniqueRepository",
  },
};

for (const [name, { check, change, says, action, isForPerson, condition }] of Object.entries(cases)) {
  Deno.test(`OBSTACLES.${name} is told, and only when it is there`, () => {
    assert.equal(check(needs), undefined);
    const obstacle = check({ ...needs, ...change }) ?? assert.fail("nothing was found");
    assert.match(`${obstacle.reason} ${obstacle.message}`, says);
    assert.equal(obstacleAction(obstacle.reason), action);
    assert.equal(needsPerson(obstacle), isForPerson ?? false);
    const reported = obstacle.condition?.kind === "set" ? obstacle.condition.value.type : undefined;
    assert.equal(reported, condition);
  });
}

Deno.test("firstObstacle() tells the first one of a chain", () => {
  const { repositoryIsMissing, volumesAreMissing } = OBSTACLES;
  const lacking: MoverNeeds = { ...needs, repository: { kind: "missing" }, missingClaims: ["data"] };
  assert.equal(
    firstObstacle([repositoryIsMissing, volumesAreMissing], lacking)?.reason,
    "RepositoryNotFound",
  );
  assert.equal(firstObstacle([volumesAreMissing, repositoryIsMissing], lacking)?.reason, "VolumeNotFound");
  assert.equal(firstObstacle(Object.values(OBSTACLES), needs), undefined);
});
