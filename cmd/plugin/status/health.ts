import { findCondition } from "../../../api/conditions.ts";
import type { BackupConfigStatus, BackupScheduleStatus, RepositoryStatus } from "../../../api/mod.ts";
import { counted, quotedNames } from "../text.ts";
import {
  describeWait,
  GRACE_SECONDS,
  isUnreadable,
  needsAttention,
  type Seen,
  type WaitingRow,
} from "./objects.ts";
import { type HeldRow, isSuspended, type MissingRow } from "./rows.ts";

/** Something a person should look at. For a Namespace, `name` and `namespace` are the same. */
export interface Complaint {
  readonly kind: WaitingRow["kind"] | "Namespace";
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
}

/** What complaints are made from. */
export interface HealthFacts {
  /** All objects whose status may be of another release. */
  readonly unreadable: readonly Seen<unknown>[];
  readonly waits: readonly Seen<unknown>[];
  readonly repositories: readonly Seen<RepositoryStatus>[];
  readonly configs: readonly Seen<BackupConfigStatus>[];
  readonly schedules: readonly Seen<BackupScheduleStatus>[];
  readonly deletionsHeld: readonly HeldRow[];
  readonly missingSnapshots: readonly MissingRow[];
}

/** Everything unhealthy. Things that one decision of a person resolves together are one complaint. Pure. */
export function complaintsOf(facts: HealthFacts, now: Date): readonly Complaint[] {
  return [
    ...facts.unreadable.filter(isUnreadable).map(describeWait),
    ...facts.waits.filter((each) => needsAttention(each, now)).map(describeWait),
    ...facts.configs.flatMap(badBackup),
    ...facts.configs.flatMap(notWhole),
    ...facts.configs.flatMap(undecidedHeir),
    ...facts.schedules.flatMap((each) => missedSlot(each, now)),
    ...facts.deletionsHeld.map(heldDeletionsOf),
    ...missingSnapshots(facts),
  ].map(({ kind, namespace, name, reason, message }) => ({ kind, namespace, name, reason, message }));
}

function badBackup(seen: Seen<BackupConfigStatus>): readonly Complaint[] {
  const last = seen.status?.lastBackup;
  if (last === undefined || last.outcome === "success") return [];
  const reason = last.outcome === "partial" ? "BackupPartial" : "BackupFailed";
  const message = `Backup "${last.backupRef.name}": ${last.message}`;
  return [{ kind: seen.kind, namespace: seen.namespace, name: seen.name, reason, message }];
}

/** A newest snapshot is partial, empty or shrunken (condition SnapshotsWhole). */
function notWhole(seen: Seen<BackupConfigStatus>): readonly Complaint[] {
  const whole = findCondition(seen.status?.conditions, "SnapshotsWhole");
  if (whole?.status !== "False") return [];
  const { kind, namespace, name } = seen;
  return [{ kind, namespace, name, reason: whole.reason, message: whole.message }];
}

/** Backups were put back, and nobody has said yet whether another cluster uses their snapshots. */
function undecidedHeir(seen: Seen<BackupConfigStatus>): readonly Complaint[] {
  const owned = findCondition(seen.status?.conditions, "HistoryOwned");
  if (owned?.status !== "False") return [];
  const { kind, namespace, name } = seen;
  return [{ kind, namespace, name, reason: owned.reason, message: owned.message }];
}

/** The newest slot passed without a Backup, whether the controller counted that or has not noticed it yet. */
function missedSlot(seen: Seen<BackupScheduleStatus>, now: Date): readonly Complaint[] {
  if (isSuspended(seen)) return [];
  const { lastSchedule, nextSchedule, missedSlots, skippedSlots } = seen.status ?? {};
  const { kind, namespace, name } = seen;
  const complaint = (message: string) => [{ kind, namespace, name, reason: "MissedSchedule", message }];
  if (isBefore(nextSchedule?.startAt, new Date(now.getTime() - GRACE_SECONDS * 1000).toISOString())) {
    return complaint(
      `Its Backup for the slot of ${nextSchedule?.at} is not made: is the controller running?`,
    );
  }
  const madeAt = lastSchedule?.at ?? new Date(0).toISOString();
  if (isBefore(madeAt, missedSlots?.lastAt)) {
    return complaint(`Its slot of ${missedSlots?.lastAt} passed without a Backup, and there was none since`);
  }
  if (skippedSlots?.lastReason === "StartingDeadline" && isBefore(madeAt, skippedSlots.lastAt)) {
    return complaint(
      `Its slot of ${skippedSlots.lastAt} could not start within startingDeadlineSeconds, and there was none since`,
    );
  }
  return [];
}

function isBefore(earlier: string | undefined, later: string | undefined): boolean {
  return earlier !== undefined && later !== undefined && Date.parse(earlier) < Date.parse(later);
}

function heldDeletionsOf({ namespace, count, snapshotCount, reasons, release }: HeldRow): Complaint {
  const message = `${counted(count, "deleted Backup")} with ${counted(snapshotCount, "snapshot")} ` +
    `wait for a person: see kubectl kopiur deletions list -n ${namespace}; to let the snapshots go: ` +
    (release ?? "take the pin away");
  return { kind: "Namespace", namespace, name: namespace, reason: reasons.join(","), message };
}

/** Only snapshots our Backups made: those of other clients may be deleted by them. */
function missingSnapshots({ repositories, missingSnapshots }: HealthFacts): readonly Complaint[] {
  const ours = missingSnapshots.filter(({ origin }) => origin !== "discovered");
  const byRepository = Map.groupBy(ours, ({ namespace, repository = "" }) => `${namespace}/${repository}`);
  const seen = [...byRepository.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined) return [];
    const names = rows.map(({ name }) => name);
    const of = names.length === 1 ? "Backup" : "Backups";
    const message = `Snapshots of the ${of} ${quotedNames(names)} are gone from the repository`;
    return [missing(first.namespace, first.repository ?? "unknown", message)];
  });
  const counts = repositories.filter(({ namespace, name, status }) =>
    (status?.catalog?.missingSnapshotCount ?? 0) > 0 && !byRepository.has(`${namespace}/${name}`)
  ).map(({ namespace, name, status }) => {
    const count = status?.catalog?.missingSnapshotCount ?? 0;
    return missing(
      namespace,
      name,
      `${counted(count, "snapshot")} of our Backups are gone from the repository`,
    );
  });
  return [...seen, ...counts];
}

function missing(namespace: string, name: string, message: string): Complaint {
  return { kind: "Repository", namespace, name, reason: "SnapshotMissing", message };
}
