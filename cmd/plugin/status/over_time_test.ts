/** What `status` says of schedules, retention, discovery, held deletions, missing snapshots and coverage. */
import { deepEqual, equal, match } from "node:assert/strict";
import { ANNOTATION, API_VERSION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import {
  aBackup,
  aBackupConfig,
  aClaim,
  aCondition,
  aNamespace,
  anObject,
  aReadyRepository,
  type Parts,
} from "../../../tests/support/mod.ts";
import { buildStatus, type StatusDocument } from "./document.ts";
import type { Listing, Listings } from "./objects.ts";

const now = new Date("2026-01-02T12:00:00Z");

function statusOf(parts: { readonly [kind in keyof Listings]?: readonly KubeObject[] }): StatusDocument {
  const listed = (kind: keyof Listings): Listing => ({ kind: "listed", objects: parts[kind] ?? [] });
  return buildStatus(
    {
      repositories: listed("repositories"),
      configs: listed("configs"),
      schedules: listed("schedules"),
      backups: listed("backups"),
      claims: listed("claims"),
      namespaces: listed("namespaces"),
    },
    "",
    now,
  );
}

function complaints({ unhealthy }: StatusDocument): readonly string[] {
  return unhealthy.map(({ kind, name, reason }) => `${kind} ${name} ${reason}`);
}

/** A schedule that made its Backup this morning and makes the next one tomorrow. */
function aSchedule(
  parts: Parts & { readonly schedule?: Readonly<Record<string, unknown>> } = {},
): KubeObject {
  const slot = (day: number, name: string) => ({
    at: `2026-01-0${day}T03:00:00Z`,
    startAt: `2026-01-0${day}T03:00:10Z`,
    backupRef: { name },
  });
  return anObject(API_VERSION, "BackupSchedule", {
    name: "nightly",
    ...parts,
    spec: {
      configRef: { name: "recipe" },
      schedule: { cron: "0 3 * * *", timezone: "Europe/Berlin", suspend: false, ...parts.schedule },
    },
    status: {
      lastSchedule: slot(2, "nightly-20260102030000"),
      nextSchedule: slot(3, "nightly-20260103030000"),
      consecutiveFailures: 1,
      conditions: [aCondition("Ready", "True", "Ready")],
      ...parts.status,
    },
  });
}

Deno.test("buildStatus() shows a schedule with its last and next slot", () => {
  const document = statusOf({ schedules: [aSchedule()] });
  deepEqual(document.schedules, [{
    namespace: "apps",
    name: "nightly",
    config: "recipe",
    cron: "0 3 * * *",
    timezone: "Europe/Berlin",
    suspended: false,
    ready: "True",
    reason: "Ready",
    lastAt: "2026-01-02T03:00:00Z",
    lastBackup: "nightly-20260102030000",
    nextAt: "2026-01-03T03:00:00Z",
    nextStartAt: "2026-01-03T03:00:10Z",
    consecutiveFailures: 1,
  }]);
  deepEqual([document.healthy, document.waiting], [true, []]);
});

Deno.test("buildStatus() says which schedules are unhealthy", () => {
  const late = { at: "2026-01-02T11:00:00Z", startAt: "2026-01-02T11:40:00Z", backupRef: { name: "x" } };
  const justDue = { ...late, startAt: "2026-01-02T11:50:00Z" };
  const stalled = [
    aCondition("Ready", "False", "InvalidSpec"),
    aCondition("Stalled", "True", "InvalidSpec"),
  ];
  const suspended = { suspend: true };
  const cases: Readonly<Record<string, readonly [KubeObject, readonly string[]]>> = {
    "one that is stalled": [
      aSchedule({ status: { conditions: stalled } }),
      ["BackupSchedule nightly InvalidSpec"],
    ],
    "one that is stalled and suspended": [
      aSchedule({ schedule: suspended, status: { conditions: stalled } }),
      ["BackupSchedule nightly InvalidSpec"],
    ],
    "one that is suspended": [
      aSchedule({ schedule: suspended, status: { conditions: [aCondition("Ready", "False", "Suspended")] } }),
      [],
    ],
    "one whose slot nobody noticed": [
      aSchedule({ status: { nextSchedule: late } }),
      ["BackupSchedule nightly MissedSchedule"],
    ],
    "the same while it is suspended": [
      aSchedule({ schedule: suspended, status: { nextSchedule: late } }),
      [],
    ],
    "one whose slot is about to be noticed": [aSchedule({ status: { nextSchedule: justDue } }), []],
    "one that missed its newest slot": [
      aSchedule({ status: { missedSlots: { total: 1, lastAt: "2026-01-02T04:00:00Z" } } }),
      ["BackupSchedule nightly MissedSchedule"],
    ],
    "one that missed slots and has run since": [
      aSchedule({ status: { missedSlots: { total: 9, lastAt: "2026-01-01T04:00:00Z" } } }),
      [],
    ],
    "one that never ran and missed its first slot": [
      aSchedule({
        status: { lastSchedule: undefined, missedSlots: { total: 1, lastAt: "2026-01-01T04:00:00Z" } },
      }),
      ["BackupSchedule nightly MissedSchedule"],
    ],
    "one that left out its newest slot as its deadline was over": [
      aSchedule({
        status: {
          skippedSlots: {
            forbid: 0,
            startingDeadline: 1,
            lastAt: "2026-01-02T04:00:00Z",
            lastReason: "StartingDeadline",
          },
        },
      }),
      ["BackupSchedule nightly MissedSchedule"],
    ],
    "one that left out its newest slot as a Backup ran": [
      aSchedule({
        status: {
          skippedSlots: {
            forbid: 1,
            startingDeadline: 0,
            lastAt: "2026-01-02T04:00:00Z",
            lastReason: "Forbid",
          },
        },
      }),
      [],
    ],
  };
  for (const [name, [schedule, want]] of Object.entries(cases)) {
    const document = statusOf({ schedules: [schedule] });
    deepEqual(complaints(document), want, name);
    equal(document.healthy, want.length === 0, name);
  }
});

Deno.test("buildStatus() shows what retention keeps and is about to delete, and what a repository was found to hold", () => {
  const pending = [{ name: "old", endTime: "2026-01-01T00:00:00Z", since: "2026-01-02T00:00:00Z" }];
  const config = aBackupConfig({
    status: {
      conditions: [aCondition("Ready", "True", "Ready")],
      retention: { activeBackupCount: 30, pending, pendingCount: 12 },
    },
  });
  const catalog = {
    discoveredBackupCount: 4,
    missingSnapshotCount: 0,
    lastRefreshAt: "2026-01-02T00:00:00Z",
    truncated: false,
  };
  const document = statusOf({ configs: [config], repositories: [aReadyRepository({ status: { catalog } })] });
  const [row] = document.configs;
  deepEqual([row?.keptCount, row?.pruneCount, row?.pruneNext], [30, 12, ["old"]]);
  deepEqual([document.repositories[0]?.discoveredCount, document.repositories[0]?.missingCount], [4, 0]);
  equal(document.healthy, true);
});

function aHeldBackup(name: string, namespace: string, since: string): KubeObject {
  const held = { ...aCondition("DeletionHeld", "True", "MassDeletionHeld"), lastTransitionTime: since };
  return aBackup({
    name,
    namespace,
    metadata: { uid: `uid-${name}`, deletionTimestamp: "2026-01-02T11:00:00Z" },
    status: {
      phase: "Deleting",
      snapshots: [{ source: "data", sourcePath: "/pvc/data", phase: "Succeeded", kopiaSnapshotID: "k" }],
      conditions: [held, aCondition("Ready", "False", "MassDeletionHeld")],
    },
  });
}

Deno.test("buildStatus() shows held deletions by namespace, once, and is unhealthy by one complaint for each", () => {
  const document = statusOf({
    backups: [
      aHeldBackup("b", "apps", "2026-01-02T11:00:10Z"),
      aHeldBackup("a", "apps", "2026-01-02T11:00:05Z"),
      aHeldBackup("c", "media", "2026-01-02T11:00:07Z"),
    ],
  });
  deepEqual(document.deletionsHeld, [
    {
      namespace: "apps",
      count: 2,
      snapshotCount: 2,
      since: "2026-01-02T11:00:05Z",
      backups: ["a", "b"],
      reasons: ["MassDeletionHeld"],
      release: "kubectl kopiur deletions release --all -n apps",
    },
    {
      namespace: "media",
      count: 1,
      snapshotCount: 1,
      since: "2026-01-02T11:00:07Z",
      backups: ["c"],
      reasons: ["MassDeletionHeld"],
      release: "kubectl kopiur deletions release --all -n media",
    },
  ]);
  deepEqual([document.waiting, document.inFlight], [[], []]);
  deepEqual(complaints(document), ["Namespace apps MassDeletionHeld", "Namespace media MassDeletionHeld"]);
  match(
    document.unhealthy[0]?.message ?? "",
    /^2 deleted Backups with 2 snapshots wait for a person: see kubectl/,
  );
});

function aBackupWithout(name: string, parts: Parts = {}): KubeObject {
  return aBackup({
    name,
    ...parts,
    status: {
      phase: "Succeeded",
      origin: "scheduled",
      resolved: {
        repository: { kind: "Repository", name: "repo" },
        config: "recipe",
        identity: { username: "recipe", hostname: "apps" },
        deletionPolicy: "Delete",
      },
      conditions: [aCondition("SnapshotPresent", "False", "SnapshotMissing")],
      ...parts.status,
    },
  });
}

Deno.test("buildStatus() shows missing snapshots, and is unhealthy by one complaint for each repository", () => {
  const discovered = aBackupWithout("found", {
    spec: { configRef: undefined, discovered: {} },
    status: { phase: "Discovered", origin: "discovered" },
  });
  const going = aBackupWithout("going", { metadata: { deletionTimestamp: "2026-01-02T11:00:00Z" } });
  const document = statusOf({ backups: [aBackupWithout("b"), aBackupWithout("a"), discovered, going] });
  deepEqual(document.missingSnapshots.map(({ name, repository, origin }) => [name, repository, origin]), [
    ["a", "repo", "scheduled"],
    ["b", "repo", "scheduled"],
    ["found", "repo", "discovered"],
  ]);
  deepEqual(complaints(document), ["Repository repo SnapshotMissing"]);
  match(
    document.unhealthy[0]?.message ?? "",
    /^Snapshots of the Backups "a", "b" are gone from the repository$/,
  );
});

Deno.test("buildStatus() complains of missing snapshots by the repository's count when no Backup shows them", () => {
  const catalog = {
    discoveredBackupCount: 0,
    missingSnapshotCount: 2,
    lastRefreshAt: "2026-01-02T00:00:00Z",
    truncated: false,
  };
  const repositories = [aReadyRepository({ status: { catalog } })];
  deepEqual(complaints(statusOf({ repositories })), ["Repository repo SnapshotMissing"]);
  const seen = statusOf({ repositories, backups: [aBackupWithout("a")] });
  deepEqual(complaints(seen), ["Repository repo SnapshotMissing"]);
});

Deno.test("buildStatus() lists no discovered Backup as a run, not even before it was looked at", () => {
  const spec = { configRef: undefined, discovered: { snapshot: { id: "k" } } };
  const document = statusOf({
    backups: [
      aBackup({ name: "new", spec }),
      aBackup({ name: "known", spec, status: { phase: "Discovered" } }),
    ],
  });
  deepEqual([document.inFlight, document.waiting, document.healthy], [[], [], true]);
});

Deno.test("buildStatus() says the place in the queue of a run that waits for a slot", () => {
  const message = "Waits for a mover slot: 3rd of 12; 20 of 20 slots of the cluster are taken";
  const waits = {
    ...aCondition("Ready", "Unknown", "NoSlot"),
    message,
    lastTransitionTime: "2026-01-02T11:59:00Z",
  };
  const document = statusOf({ backups: [aBackup({ status: { phase: "Pending", conditions: [waits] } })] });
  deepEqual(document.waiting.map(({ reason, message }) => [reason, message]), [["NoSlot", message]]);
  equal(document.healthy, true);
});

Deno.test("buildStatus() shows claims no BackupConfig covers, and is healthy all the same", () => {
  const excused = aNamespace({ name: "lab", metadata: { annotations: { [ANNOTATION.noBackup]: "true" } } });
  const document = statusOf({
    configs: [aBackupConfig({ status: { conditions: [aCondition("Ready", "True", "Ready")] } })],
    claims: [
      aClaim(),
      aClaim({ name: "photos" }),
      aClaim({ name: "music" }),
      aClaim({ name: "scratch", metadata: { annotations: { [ANNOTATION.noBackup]: "true" } } }),
      aClaim({ name: "any", namespace: "lab" }),
    ],
    namespaces: [aNamespace(), excused],
  });
  deepEqual(document.unprotected, [{ namespace: "apps", claims: ["music", "photos"] }]);
  deepEqual([document.healthy, document.unhealthy], [true, []]);
});

Deno.test("buildStatus() says nothing of coverage while it cannot see what covers", () => {
  const forbidden = { kind: "forbidden" } as const;
  const none = { kind: "listed", objects: [] } as const;
  const claims = { kind: "listed", objects: [aClaim()] } as const;
  const listings = {
    repositories: none,
    configs: none,
    schedules: none,
    backups: none,
    namespaces: none,
    claims,
  };
  equal(buildStatus(listings, "", now).unprotected.length, 1);
  for (const kind of ["configs", "repositories", "claims"]) {
    deepEqual(buildStatus({ ...listings, [kind]: forbidden }, "", now).unprotected, [], kind);
  }
});
