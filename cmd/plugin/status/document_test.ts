import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import type { KubeObject } from "../../../kube/types.ts";
import {
  aBackup,
  aBackupConfig,
  aCondition,
  aReadyRepository,
  aRepository,
} from "../../../tests/support/mod.ts";
import { buildStatus, type StatusDocument } from "./document.ts";
import type { Listing, Listings } from "./objects.ts";

const now = new Date("2026-01-01T12:00:00Z");
const lastBackup = {
  backupRef: { name: "run-1" },
  phase: "Succeeded",
  outcome: "success",
  time: "2026-01-01T03:00:00Z",
  message: "All sources were backed up",
  snapshotIDs: ["k1"],
};

function listed(...objects: readonly KubeObject[]): Listing {
  return { kind: "listed", objects };
}

type Parts = { readonly [kind in keyof Listings]?: readonly KubeObject[] };

function statusOf(parts: Parts): StatusDocument {
  return buildStatus(listingsOf(parts), "", now);
}

function listingsOf(parts: Parts): Listings {
  const { repositories = [], configs = [], schedules = [], backups = [], claims = [], namespaces = [] } =
    parts;
  return {
    repositories: listed(...repositories),
    configs: listed(...configs),
    schedules: listed(...schedules),
    backups: listed(...backups),
    claims: listed(...claims),
    namespaces: listed(...namespaces),
  };
}

function aReadyConfig(status: Readonly<Record<string, unknown>> = {}): KubeObject {
  return aBackupConfig({ status: { conditions: [aCondition("Ready", "True", "Ready")], ...status } });
}

function notReady(
  reason: string,
  status: "False" | "Unknown",
  since: string,
): Readonly<Record<string, unknown>> {
  return {
    ...aCondition("Ready", status, reason),
    message: `because of ${reason}`,
    lastTransitionTime: since,
  };
}

Deno.test("buildStatus() of an empty cluster is healthy and shows nothing", () => {
  const document = statusOf({});
  equal(document.healthy, true);
  deepEqual([document.repositories, document.configs, document.inFlight, document.waiting], [[], [], [], []]);
});

Deno.test("buildStatus() is healthy when all is ready and the newest backup succeeded", () => {
  const document = statusOf({ repositories: [aReadyRepository()], configs: [aReadyConfig({ lastBackup })] });
  equal(document.healthy, true);
  deepEqual(document.configs[0]?.repository, "repo");
  deepEqual(document.configs[0]?.lastBackup?.outcome, "success");
});

Deno.test("buildStatus() says what is unhealthy, and from when on", () => {
  const long = "2026-01-01T11:44:59Z";
  const short = "2026-01-01T11:45:01Z";
  const cases: Readonly<Record<string, readonly [Parameters<typeof statusOf>[0], readonly string[]]>> = {
    "a repository that is False": [
      {
        repositories: [
          aRepository({ status: { phase: "Failed", conditions: [notReady("AuthFailure", "False", short)] } }),
        ],
      },
      ["Repository AuthFailure"],
    ],
    "a repository on its way for a short while": [
      {
        repositories: [
          aRepository({
            status: { phase: "Initializing", conditions: [notReady("Initializing", "Unknown", short)] },
          }),
        ],
      },
      [],
    ],
    "a repository on its way for too long": [
      {
        repositories: [
          aRepository({
            status: { phase: "Initializing", conditions: [notReady("Initializing", "Unknown", long)] },
          }),
        ],
      },
      ["Repository Initializing"],
    ],
    "a repository no controller has looked at": [{ repositories: [aRepository()] }, [
      "Repository NotObserved",
    ]],
    "a newest backup that is incomplete": [
      { configs: [aReadyConfig({ lastBackup: { ...lastBackup, outcome: "partial" } })] },
      ["BackupConfig BackupPartial"],
    ],
    "a newest snapshot that is not whole": [
      {
        configs: [aBackupConfig({
          status: {
            lastBackup,
            conditions: [
              aCondition("Ready", "True", "Ready"),
              aCondition("SnapshotsWhole", "False", "NotWhole"),
            ],
          },
        })],
      },
      ["BackupConfig NotWhole"],
    ],
    "backups that were put back, without a word on who lives on them": [
      {
        configs: [aBackupConfig({
          status: {
            lastBackup,
            conditions: [
              aCondition("Ready", "True", "Ready"),
              aCondition("HistoryOwned", "False", "InheritedHeld"),
            ],
          },
        })],
      },
      ["BackupConfig InheritedHeld"],
    ],
    "a newest backup that failed": [
      { configs: [aReadyConfig({ lastBackup: { ...lastBackup, outcome: "failure", phase: "Failed" } })] },
      ["BackupConfig BackupFailed"],
    ],
    "a backup that waits for a short while": [
      {
        backups: [
          aBackup({
            status: { phase: "Pending", conditions: [notReady("RepositoryNotReady", "Unknown", short)] },
          }),
        ],
      },
      [],
    ],
    "a backup that waits for too long": [
      {
        backups: [
          aBackup({
            status: { phase: "Pending", conditions: [notReady("RepositoryNotReady", "Unknown", long)] },
          }),
        ],
      },
      ["Backup RepositoryNotReady"],
    ],
    "a backup that runs for long": [
      {
        backups: [
          aBackup({ status: { phase: "Running", conditions: [notReady("Running", "Unknown", long)] } }),
        ],
      },
      [],
    ],
    "a backup whose pod finds no node": [
      {
        backups: [
          aBackup({ status: { phase: "Running", conditions: [notReady("Unschedulable", "Unknown", long)] } }),
        ],
      },
      ["Backup Unschedulable"],
    ],
    "an old failed backup, which is its recipe's business": [
      {
        backups: [
          aBackup({ status: { phase: "Failed", conditions: [notReady("BackupFailed", "False", long)] } }),
        ],
      },
      [],
    ],
    "a backup that needs a person": [
      {
        backups: [aBackup({
          status: {
            phase: "Deleting",
            conditions: [
              notReady("SnapshotDeletionFailed", "Unknown", short),
              aCondition("Stalled", "True", "RepositoryReplaced"),
            ],
          },
        })],
      },
      ["Backup RepositoryReplaced"],
    ],
    "a status of another release": [
      { backups: [aBackup({ status: { phase: "Dreaming" } })] },
      ["Backup Unreadable"],
    ],
  };
  for (const [name, [parts, want]] of Object.entries(cases)) {
    const document = statusOf(parts);
    deepEqual(document.unhealthy.map(({ kind, reason }) => `${kind} ${reason}`), want, name);
    equal(document.healthy, want.length === 0, name);
  }
});

Deno.test("buildStatus() lists what waits, with the reason, and what is in flight", () => {
  const running = aBackup({
    name: "b",
    status: {
      phase: "Running",
      conditions: [notReady("Unschedulable", "Unknown", "2026-01-01T11:59:00Z")],
      timing: { startTime: "2026-01-01T11:58:00Z" },
      snapshots: [
        { source: "a", sourcePath: "/pvc/a", phase: "Succeeded" },
        { source: "b", sourcePath: "/pvc/b", phase: "Running" },
      ],
    },
  });
  const document = statusOf({ backups: [running, aBackup({ name: "a" })] });
  deepEqual(document.inFlight, [{
    namespace: "apps",
    name: "b",
    config: "recipe",
    phase: "Running",
    startTime: "2026-01-01T11:58:00Z",
    sources: { done: 1, total: 2 },
  }]);
  deepEqual(document.waiting.map(({ name, reason }) => [name, reason]), [["a", "NotObserved"], [
    "b",
    "Unschedulable",
  ]]);
});

Deno.test("buildStatus() shows how far a run is", () => {
  const progress = [
    {
      source: "a",
      pod: "a-x",
      observedAt: "2026-01-01T11:59:00Z",
      bytesDone: 5,
      filesDone: 1,
      bytesWritten: 2,
    },
    {
      source: "b",
      pod: "b-x",
      observedAt: "2026-01-01T11:58:00Z",
      bytesDone: 6,
      filesDone: 1,
      bytesWritten: 2,
    },
  ];
  const [row] = statusOf({ backups: [aBackup({ status: { phase: "Running", progress } })] }).inFlight;
  deepEqual(row?.progress, {
    ...{ bytesDone: 11, filesDone: 2, bytesWritten: 4, observedAt: "2026-01-01T11:58:00Z" },
  });
});

Deno.test("buildStatus() is not healthy when a kind of ours may not be seen", () => {
  const document = buildStatus({ ...listingsOf({}), repositories: { kind: "forbidden" } }, "apps", now);
  deepEqual([document.healthy, document.forbidden], [false, ["repositories"]]);
});

Deno.test("buildStatus() is healthy without a look at claims and namespaces, and names them", () => {
  const forbidden = { kind: "forbidden" } as const;
  const document = buildStatus({ ...listingsOf({}), claims: forbidden, namespaces: forbidden }, "apps", now);
  deepEqual([document.healthy, document.forbidden], [true, ["claims", "namespaces"]]);
});

Deno.test("buildStatus() never throws, whatever a status holds", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.jsonValue(), (status, spec) => {
    const object = { ...aBackup(), status, spec } as KubeObject;
    const all = listed(object);
    // Whoever receives an object sets its kind.
    const claims = listed({ ...object, kind: "PersistentVolumeClaim" });
    buildStatus(
      { repositories: all, configs: all, schedules: all, backups: all, claims, namespaces: all },
      "",
      now,
    );
  }));
});

Deno.test("buildStatus() names the sources whose newest backup failed, and since when", () => {
  const [old, fresh] = ["2025-12-01T03:00:00Z", "2026-01-01T03:00:00Z"];
  const sources = [
    { sourcePath: "/pvc/a", pvc: "a", lastSuccessTime: fresh, lastAttemptTime: fresh },
    { sourcePath: "/pvc/b", pvc: "b", lastSuccessTime: old, lastAttemptTime: fresh },
    { sourcePath: "/pvc/c", pvc: "c", lastAttemptTime: fresh },
    { sourcePath: "/pvc/d", pvc: "d" },
  ];
  const notWhole = { partial: 1, empty: 0, shrunken: 0, heldBackCount: 2, snapshots: [] };
  const retention = { activeBackupCount: 1, pendingCount: 0, notWhole };
  const { configs } = statusOf({
    configs: [aReadyConfig({ lastBackup, sources, consecutiveIncomplete: 30, retention })],
  });
  deepEqual(configs[0]?.lackingSources, [{ pvc: "b", lastSuccessTime: old }, { pvc: "c" }]);
  deepEqual([configs[0]?.consecutiveIncomplete, configs[0]?.notWhole], [30, notWhole]);
});
