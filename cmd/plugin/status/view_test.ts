import { equal, match, ok } from "node:assert/strict";
import type { StatusDocument } from "./document.ts";
import { renderStatus } from "./view.ts";

const now = new Date("2026-01-01T12:00:00Z");

const empty: StatusDocument = {
  apiVersion: "kopiur.home-operations.com/v1alpha1",
  kind: "StatusReport",
  namespace: "apps",
  time: now.toISOString(),
  healthy: true,
  repositories: [],
  configs: [],
  schedules: [],
  inFlight: [],
  waiting: [],
  deletionsHeld: [],
  missingSnapshots: [],
  unprotected: [],
  unhealthy: [],
  forbidden: [],
};

const full: StatusDocument = {
  ...empty,
  namespace: "",
  repositories: [
    {
      namespace: "apps",
      name: "nas",
      phase: "Ready",
      backend: "Filesystem",
      reason: "Ready",
      snapshotCount: 12,
      totalSizeBytes: 1.5 * 1024 ** 3,
      lastObservedAt: "2026-01-01T11:30:00Z",
      uniqueId: "0123abcd",
      discoveredCount: 4,
      missingCount: 1,
    },
    { namespace: "media", name: "offsite", phase: "Failed", backend: "S3", reason: "AuthFailure" },
  ],
  configs: [{
    namespace: "apps",
    name: "photos",
    repository: "nas",
    ready: "True",
    reason: "Ready",
    consecutiveFailures: 0,
    lastBackup: {
      backupRef: { name: "photos-1" },
      phase: "Succeeded",
      outcome: "partial",
      time: "2026-01-01T03:00:00Z",
      message: "",
      snapshotIDs: ["k1", "k2"],
      sizeBytes: 4096,
      bytesNew: 100,
      durationSeconds: 130,
      traceId: "0af7651916cd43dd8448eb211c80319c",
    },
    lastSuccessfulBackup: { backupRef: { name: "photos-1" }, time: "2026-01-01T03:00:00Z" },
    keptCount: 30,
    pruneCount: 2,
    pruneNext: ["photos-a", "photos-b"],
  }, { namespace: "media", name: "films" }],
  schedules: [{
    namespace: "apps",
    name: "nightly",
    config: "photos",
    cron: "H 3 * * *",
    timezone: "Europe/Berlin",
    suspended: false,
    ready: "True",
    reason: "Ready",
    lastAt: "2026-01-01T03:00:00Z",
    lastBackup: "nightly-20260101030000",
    lastSuccessfulAt: "2025-12-31T03:00:00Z",
    nextAt: "2026-01-02T03:00:00Z",
    nextStartAt: "2026-01-02T03:20:00Z",
    consecutiveFailures: 1,
    missedCount: 2,
    skippedCount: 3,
  }, { namespace: "media", name: "weekly", suspended: true }],
  inFlight: [{
    namespace: "apps",
    name: "photos-2",
    config: "photos",
    phase: "Running",
    startTime: "2026-01-01T11:58:00Z",
    traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    sources: { done: 1, total: 2 },
    progress: {
      bytesDone: 1.25 * 1024 ** 3,
      bytesEstimated: 5 * 1024 ** 3,
      filesDone: 12_345,
      bytesWritten: 700 * 1024 ** 2,
      errors: 3,
      bytesPerSecond: 85 * 1024 ** 2,
      secondsLeft: 130,
      observedAt: "2026-01-01T11:59:40Z",
    },
  }, {
    namespace: "media",
    name: "films-3",
    config: "films",
    phase: "Running",
    startTime: "2026-01-01T09:58:00Z",
    sources: { done: 0, total: 1 },
    progress: { bytesDone: 512, filesDone: 1, bytesWritten: 0, observedAt: "2026-01-01T11:50:00Z" },
  }],
  waiting: [{
    kind: "Backup",
    namespace: "media",
    name: "films-1",
    reason: "RepositoryNotReady",
    message: `The repository "offsite" is not ready: ${"the password is wrong ".repeat(5)}`,
    since: "2026-01-01T10:30:00Z",
  }],
  deletionsHeld: [{
    namespace: "media",
    count: 12,
    snapshotCount: 13,
    since: "2026-01-01T11:00:00Z",
    backups: ["films-2", "films-3"],
    reasons: ["MassDeletionHeld"],
    release: "kubectl kopiur deletions release --all -n media",
  }],
  missingSnapshots: [{
    namespace: "apps",
    name: "photos-0",
    origin: "scheduled",
    config: "photos",
    repository: "nas",
    since: "2026-01-01T11:30:00Z",
    message: "1 snapshot is gone",
  }],
  unprotected: [{ namespace: "media", claims: ["music", "podcasts"] }],
};

Deno.test("renderStatus() shows its sections", async () => {
  const text = renderStatus(full, { wide: false, cut: true, color: false, now });
  equal(text, await Deno.readTextFile(new URL("../../../tests/golden/status.txt", import.meta.url)));
});

Deno.test("renderStatus() shows more, and whole messages, when wide", async () => {
  const text = renderStatus(full, { wide: true, cut: true, color: false, now });
  equal(text, await Deno.readTextFile(new URL("../../../tests/golden/status_wide.txt", import.meta.url)));
});

Deno.test("renderStatus() says (none) and (forbidden)", async () => {
  const text = renderStatus({ ...empty, forbidden: ["backups"] }, {
    wide: false,
    cut: true,
    color: false,
    now,
  });
  equal(text, await Deno.readTextFile(new URL("../../../tests/golden/status_empty.txt", import.meta.url)));
});

Deno.test("renderStatus() says when coverage cannot be judged, and when an opt-out cannot be seen", () => {
  const view = { wide: false, cut: true, color: false, now };
  match(renderStatus({ ...empty, forbidden: ["claims"] }, view), /\nUNPROTECTED\n {2}\(forbidden\)\n$/);
  const { unprotected } = full;
  const text = renderStatus({ ...empty, unprotected, forbidden: ["namespaces"] }, view);
  match(text, /2 +music, podcasts\n {2}\(namespaces may not be read: an opt-out on one is not seen\)\n$/);
  equal(renderStatus({ ...empty, forbidden: ["namespaces"] }, view).includes("UNPROTECTED"), false);
});

Deno.test("renderStatus() marks a run whose figures are old", () => {
  const colored = renderStatus(full, { wide: false, cut: true, color: true, now });
  ok(colored.includes("\x1b[33m10m ago\x1b[39m"), "one that stands still");
  ok(!colored.includes("\x1b[33m20s ago"), "one that gets on");
});

Deno.test("renderStatus() colours words without moving a column", () => {
  const colored = renderStatus(full, { wide: false, cut: true, color: true, now });
  ok(colored.includes("\x1b[32mReady\x1b[39m") && colored.includes("\x1b[31mFailed\x1b[39m"));
  // deno-lint-ignore no-control-regex
  const plain = colored.replace(/\x1b\[[0-9;]*m/g, "").split("\n").map((line) => line.trimEnd()).join("\n");
  equal(plain, renderStatus(full, { wide: false, cut: true, color: false, now }));
});

Deno.test("renderStatus() lets nothing others wrote control the terminal", () => {
  const [row] = full.waiting;
  ok(row !== undefined);
  const message = "a\x1b[2J\x07b\nc\u009bd\u202ee\r";
  const text = renderStatus({ ...empty, waiting: [{ ...row, message }] }, {
    wide: true,
    cut: true,
    color: false,
    now,
  });
  match(text, /a \[2J b c d e\n$/);
});

Deno.test("renderStatus() shows what a recipe has lacked for long", () => {
  const [photos] = full.configs;
  ok(photos !== undefined);
  const lackingSources = [{ pvc: "db", lastSuccessTime: "2025-12-01T12:00:00Z" }, { pvc: "new" }];
  const text = renderStatus(
    { ...empty, configs: [{ ...photos, consecutiveIncomplete: 31, lackingSources }] },
    { wide: false, cut: true, color: false, now },
  );
  match(text, /Partial 9h ago, 31 in a row/);
  match(
    text,
    /SOURCES NOT BACKED UP\n {2}CONFIG +SOURCE +LAST-SUCCESS\n {2}photos +db +31d ago\n {2}photos +new +never\n/,
  );
});

Deno.test("renderStatus() tells what killed uploads left, where there is something", () => {
  const options = { wide: false, cut: true, color: false, now };
  ok(!renderStatus(full, options).includes("LEFT UNFINISHED"));
  const unfinished = { snapshotCount: 3, sizeBytes: 2 * 1024 ** 3, oldestTime: "2025-12-30T12:00:00Z" };
  const repositories = full.repositories.map((row) => row.name === "nas" ? { ...row, unfinished } : row);
  const text = renderStatus({ ...full, repositories }, options);
  match(text, /LEFT UNFINISHED\n.*REPOSITORY +SNAPSHOTS +SIZE +OLDEST *\n +apps +nas +3 +2\.0 GiB +2d ago/);
});

Deno.test("renderStatus() cuts no message that goes into a pipe", () => {
  const message = "w".repeat(200);
  const [row] = full.waiting;
  ok(row !== undefined);
  const waiting = [{ ...row, message }];
  const view = { wide: false, color: false, now };
  equal(renderStatus({ ...empty, waiting }, { ...view, cut: false }).includes(message), true);
  equal(renderStatus({ ...empty, waiting }, { ...view, cut: true }).includes(message), false);
});
