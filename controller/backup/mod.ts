/**
 * The Backup: one run of a BackupConfig, from waiting over its movers to its result, and the deletion of its
 * snapshots. Imports api, the engine's contract and controller/shared. Start reading at plan.ts.
 */
import { backupKind } from "../../api/mod.ts";
import type { ObjectKey, Reader } from "../../kube/types.ts";
import type { Kind } from "../runtime/kind.ts";
import type { ControllerOptions } from "../options.ts";
import { type MoverSlots, type ProgressReader, slotClaims } from "../movers/mod.ts";
import {
  CONFIG_MAP,
  type DeletionListings,
  FoundRuns,
  JOB,
  POD,
  REPOSITORY,
  resourceOf,
  SECRET,
} from "../shared/mod.ts";
import { DeletionLedger, noteDeletion } from "./deletion/ledger.ts";
import { LastPolicies } from "./deletion/last_policies.ts";
import { keepListings } from "./deletion/listings.ts";
import { observeLive } from "./deletion/live.ts";
import { observeBackup } from "./observe.ts";
import { planBackup } from "./plan.ts";
import { seeProgress } from "./run/progress.ts";
import { backupSamples, hasEnded } from "./samples.ts";
import { backupSlots } from "./slots.ts";
import { backupStatusOf } from "./status.ts";
import { backupTraceparent } from "./run/traces.ts";
import { backupIndexes, backupWatches } from "./watches.ts";
import type { BackupWorld } from "./world/world.ts";

export type { BackupWorld } from "./world/world.ts";

/** The Backup as the engine runs it; without a reader it reports no progress of its movers. */
export function backupReconciler(
  options: ControllerOptions,
  slots: MoverSlots,
  { found = new FoundRuns(), deletions, progress }: {
    readonly found?: FoundRuns;
    readonly deletions?: DeletionListings;
    readonly progress?: ProgressReader;
  } = {},
): Kind<BackupWorld> {
  const resource = resourceOf(backupKind);
  const ledger = new DeletionLedger();
  const lastPolicies = new LastPolicies();
  const observe = async (key: ObjectKey, reader: Reader, signal: AbortSignal, now: Date) => {
    const seen = await observeBackup(key, reader, signal, { options, found, ledger, lastPolicies, now });
    if (seen !== undefined && deletions !== undefined) keepListings(seen, deletions);
    return progress === undefined ? seen : seeProgress(key, seen, { progress, reader, now });
  };
  const claims = slotClaims(slots, backupSlots, (world, reader, signal, now) => {
    const { isDeleting, key } = world.backup;
    // What destroys is decided on the living; of the movers of a run `observe` has seen to it.
    if (!isDeleting) return Promise.resolve(world);
    return observeLive(world, reader, signal, (live) => observe(key, live, signal, now));
  });
  return {
    name: backupKind.kind,
    resource,
    indexes: backupIndexes,
    watches: backupWatches(slots, lastPolicies),
    writes: [
      { resource, verbs: ["patch"] },
      { resource: REPOSITORY, verbs: ["patch"] },
      { resource: JOB, verbs: ["create", "delete"] },
      { resource: POD, subresource: "log", verbs: ["get"] },
      { resource: CONFIG_MAP, verbs: ["get"] },
      { resource: SECRET, verbs: ["get"] },
    ],
    observe,
    claims,
    applied: (world, applied, now) => {
      noteDeletion(world, applied, ledger, now);
      claims.applied(world, applied);
    },
    wakes: (wake) => {
      slots.onGrant(backupKind.kind, wake);
      progress?.onChange(wake);
    },
    plan: (world, now) => world.planned ?? planBackup(world, now),
    // The engine hands it the very plan that planBackup made, with the next status in it.
    status: backupStatusOf,
    traceparent: backupTraceparent,
    hasEnded,
    // A snapshot that is orphaned is reported once, so its increment must find a series.
    namespaceCounters: (namespace) => [
      { metric: "kopiur_orphaned_snapshots_total", labels: { namespace } },
      { metric: "kopiur_snapshot_deletion_failures_total", labels: { namespace } },
    ],
    samples: backupSamples,
  };
}
