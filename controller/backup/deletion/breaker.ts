import {
  ANNOTATION,
  type ConditionChange,
  DELETION_BREAKER_DEFAULTS,
  findCondition,
  GROUP,
  isoSeconds,
  parseDurationSeconds,
  type Reason,
} from "../../../api/mod.ts";
import type { Annotating } from "../../../kube/types.ts";
import {
  confirmingValue,
  deletionId,
  type DeletionMemory,
  deletionMemoryText,
  inheritAdvice,
  recipeId,
  remember,
  REPOSITORY,
  type RepositoryView,
} from "../../shared/mod.ts";
import type { BackupObject } from "../world/object.ts";
import { foundRepository } from "../run/checks.ts";
import type { RunPin } from "../run/pin.ts";
import type { OtherDeletions, SeenDeletions } from "../world/deletions.ts";
import type { BackupWorld } from "../world/world.ts";

/** How long a deletion waits for others that belong to it, before any snapshot is deleted. */
export const SETTLE_SECONDS = 10;
/** The longest delay of deletions by a lost memory, however long the window is. */
const UNKNOWN_MAX_SECONDS = 86_400;
/** Differences between clocks below this are ignored. */
const CLOCK_TOLERANCE_SECONDS = 60;
const CONDITION = "DeletionHeld";

const HELD_REASONS = ["MassDeletionHeld", "LastSnapshotsHeld", "InheritedHeld", "PinnedHeld"] as const;
/** Why a deletion is held. */
type HeldReason = Extract<Reason, typeof HELD_REASONS[number]>;

/** Whether the snapshots of a deleted Backup may be deleted now. */
export type DeletionJudgement =
  /** `annotate` must be written before a mover is made. */
  | { readonly kind: "free"; readonly annotate: readonly Annotating[] }
  /** Too early to know whether it is a mistake. `since` is when this controller first saw it. */
  | {
    readonly kind: "settling";
    readonly since: string;
    readonly seconds: number;
    /** Reported in place of the ordinary sentence. */
    readonly message?: string;
    readonly annotate: readonly Annotating[];
  }
  /** A person must confirm. `eventNote` is set in the pass that finds that. */
  | {
    readonly kind: "held";
    readonly reason: HeldReason;
    readonly message: string;
    readonly eventNote: string | undefined;
  }
  /** It was held, and a person has confirmed it. */
  | { readonly kind: "confirmed"; readonly message: string };

type Held = Extract<DeletionJudgement, { readonly kind: "held" }>;

/**
 * The breaker (decisions 0010 and 0018). A deletion is held until a person confirms when
 * - it is one of more than a repository's threshold within its window. Finished deletions count as well, also
 *   after a restart: the Repository remembers them. Of other namespaces only what this controller saw or did counts;
 * - it would delete the last snapshots of a recipe;
 * - the Backup was put back, until a person has said that no other cluster uses its snapshots. No setting changes
 *   that, as the settings were restored with it.
 *
 * Once held, it stays held whatever is counted later; the condition is the memory. A routine deletion (retention, history
 * limit) is not counted, but only if the routine really would delete the Backup: a routine never deletes the newest
 * whole snapshot of a source. A pinned Backup is handled before (`heldByPin`).
 */
export function judgeDeletion(world: BackupWorld, pin: RunPin | undefined, now: Date): DeletionJudgement {
  const { backup } = world;
  const before = findCondition(backup.status.conditions, CONDITION);
  const seen = world.deletions;
  if (isHeldByPin(before)) return { kind: "confirmed", message: "It is pinned no longer" };
  if (before?.status === "True") {
    if (backup.confirmsDeletion) {
      return { kind: "confirmed", message: "The deletion of the snapshots was confirmed" };
    }
    const reason = HELD_REASONS.find((each) => each === before.reason) ?? "MassDeletionHeld";
    if (reason === "InheritedHeld" && seen?.isInherited === false) {
      return { kind: "confirmed", message: "A person said that no other cluster lives on the snapshots" };
    }
    return { kind: "held", reason, message: before.message, eventNote: undefined };
  }
  if (backup.confirmsDeletion || seen === undefined) return { kind: "free", annotate: [] };
  if (seen.isInherited) return held(world, "InheritedHeld", INHERITED_TEXT, { last: heirText(world) });
  const breaker = breakerOf(foundRepository(world));
  const last = seen.last?.paths ?? [];
  if (seen.isRoutine) {
    return last.length === 0
      ? { kind: "free", annotate: [] }
      : held(world, "LastSnapshotsHeld", newestText(world, last));
  }
  const { threshold, keepLast } = breaker;
  if (threshold === 0 && !keepLast) return { kind: "free", annotate: [] };
  const settling = settlingOf(world, now);
  if (settling !== undefined) return settling;
  const { ofRepository, elsewhere } = seen.others;
  const repository = pin?.resolved.repository.name ?? "";
  if (isTooMany(seen, breaker)) {
    const text =
      `More than ${threshold} Backups of what Repository "${repository}" opens were deleted within ` +
      `${breaker.window}, by all namespaces together` +
      (elsewhere === 0 ? "" : "; deletions of other namespaces are among them");
    return held(world, "MassDeletionHeld", text, { eventNote: `One of ${ofRepository + 1}. ` });
  }
  if (keepLast && takesMoreThanHalf(seen)) {
    return held(world, "LastSnapshotsHeld", halfText(world, seen.others.savedByRecipe));
  }
  if (keepLast && last.length > 0) return held(world, "LastSnapshotsHeld", newestText(world, last));
  const judgement = remembered(world, seen, breaker, now);
  return judgement.kind === "free" ? claimsOf(world, seen, breaker, now) ?? judgement : judgement;
}

/**
 * True for a pinned Backup that is marked as deleted by a routine: no routine deletes a pinned Backup. Once held for that, it
 * is held as long as it is pinned, even without the mark.
 */
export function isKeptByPin({ spec, status, isRoutineDeletion }: BackupObject): boolean {
  return spec.pin === true && (isRoutineDeletion || isHeldByPin(findCondition(status.conditions, CONDITION)));
}

function isHeldByPin(condition: ReturnType<typeof findCondition>): boolean {
  return condition?.status === "True" && condition.reason === "PinnedHeld";
}

/**
 * Memories of Repositories in other namespaces may have deletions from before this controller counted, so they
 * delay a deletion until one window after its start. They hold nothing, as the owners of those objects may write anything there.
 */
function claimsOf(
  world: BackupWorld,
  { others: { ofRepository, claimed }, countedSince }: SeenDeletions,
  { threshold, window, windowSeconds }: Breaker,
  now: Date,
): DeletionJudgement | undefined {
  const endsMs = countedSince.getTime() + Math.min(windowSeconds, UNKNOWN_MAX_SECONDS) * 1000;
  const seconds = Math.ceil((endsMs - now.getTime()) / 1000);
  const isTooManyWithThem = claimed > 0 &&
    isTooMany({ others: { ofRepository: ofRepository + claimed } }, { threshold });
  if (!isTooManyWithThem || seconds <= 0) return undefined;
  return {
    kind: "settling",
    since: world.backup.status.deletion?.settlingSince ?? isoSeconds(now),
    seconds: Math.min(seconds, 300),
    message:
      `Another namespace on the same repository says that it deleted Backups, too; what is of the time before this ` +
      `controller began, at ${isoSeconds(countedSince)}, counts for ${window}, so the deletion begins at ` +
      `${isoSeconds(new Date(endsMs))}; to have it begin now, annotate the Backup with ` +
      confirmingText(world),
    annotate: [],
  };
}

/** True when it is one of more than the threshold. */
export function isTooMany(
  { others }: { readonly others: Pick<OtherDeletions, "ofRepository"> },
  { threshold }: Pick<Breaker, "threshold">,
): boolean {
  return threshold > 0 && others.ofRepository + 1 > threshold;
}

/** True when it is one of more than half of a recipe's Backups with snapshots; one without a known snapshot does not count. */
export function takesMoreThanHalf({ others, isSaved }: Pick<SeenDeletions, "others" | "isSaved">): boolean {
  return isSaved && 2 * (others.ofRecipe + 1) > others.savedByRecipe;
}

/** Measured only by this controller's clock, from when it first recorded the deletion. */
function settlingOf({ backup }: BackupWorld, now: Date): DeletionJudgement | undefined {
  const since = Date.parse(backup.status.deletion?.settlingSince ?? "");
  const waitedSeconds = (now.getTime() - since) / 1000;
  // After a clock was set back the wait starts again, once.
  if (Number.isNaN(since) || waitedSeconds < -1) {
    return { kind: "settling", since: isoSeconds(now), seconds: SETTLE_SECONDS, annotate: [] };
  }
  if (waitedSeconds >= SETTLE_SECONDS) return undefined;
  const seconds = Math.ceil(Math.min(SETTLE_SECONDS, SETTLE_SECONDS - waitedSeconds));
  return { kind: "settling", since: isoSeconds(new Date(since)), seconds, annotate: [] };
}

/** Free once its Repository remembers it; a Repository without a memory watches for a window first. */
function remembered(
  world: BackupWorld,
  { memory, repository }: SeenDeletions,
  { windowSeconds }: Breaker,
  now: Date,
): DeletionJudgement {
  const nowSecond = Math.floor(now.getTime() / 1000);
  const { uid, resourceVersion, name } = repository ?? {};
  if (uid === undefined || name === undefined) return { kind: "free", annotate: [] };
  const settlingSince = world.backup.status.deletion?.settlingSince ?? isoSeconds(now);
  const write = (next: DeletionMemory): readonly Annotating[] => [{
    resource: REPOSITORY,
    key: { namespace: world.backup.key.namespace, name },
    uid,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    annotations: { [ANNOTATION.deletionMemory]: deletionMemoryText(uid, next) },
  }];
  const isKnown = memory !== undefined && memory.sinceSecond <= nowSecond + CLOCK_TOLERANCE_SECONDS;
  const sinceSecond = isKnown ? memory.sinceSecond : nowSecond;
  const unknownSeconds = sinceSecond + Math.min(windowSeconds, UNKNOWN_MAX_SECONDS) - nowSecond;
  if (unknownSeconds > 0) {
    const begins = isoSeconds(new Date((nowSecond + unknownSeconds) * 1000));
    return {
      kind: "settling",
      since: settlingSince,
      seconds: Math.min(unknownSeconds, 300),
      message: `It is not known what was deleted from Repository "${name}" before ` +
        `${isoSeconds(new Date(sinceSecond * 1000))}, so the deletion begins at ${begins}; ` +
        `to have it begin now, annotate the Backup with ${confirmingText(world)}`,
      annotate: isKnown ? [] : write({ sinceSecond, past: memory?.past ?? [] }),
    };
  }
  const id = deletionId(world.backup.uid);
  const deletedSecond = Math.floor(Date.parse(world.object.metadata.deletionTimestamp ?? "") / 1000);
  const times = Number.isNaN(deletedSecond) ? [nowSecond] : [nowSecond, deletedSecond];
  const bounds = { fromSecond: Math.min(...times) - windowSeconds, untilSecond: Math.max(...times) };
  const entry = memory?.past.find((each) => each.id === id);
  // Nothing is written again while it waits for its mover.
  if (entry !== undefined && nowSecond - entry.atSecond < CLOCK_TOLERANCE_SECONDS) {
    return { kind: "free", annotate: [] };
  }
  const recipe = recipeId(world.backup.configName);
  const deletion = { id, recipe, atSecond: bounds.untilSecond, count: 1 };
  const next = remember({ sinceSecond, past: memory?.past ?? [] }, deletion, bounds);
  return { kind: "free", annotate: write(next) };
}

const INHERITED_TEXT = "It was put back, and the cluster that made its snapshots may live on them";

/** `last` ends the message; `eventNote` begins only the Event's note. */
function held(
  world: BackupWorld,
  reason: HeldReason,
  what: string,
  { eventNote = "", last = "" }: { readonly eventNote?: string; readonly last?: string } = {},
): DeletionJudgement {
  const { namespace, name } = world.backup.key;
  const message = `${what}, so the snapshots of this one stay until a person decides. To delete them, run ` +
    `"kubectl kopiur deletions release ${name} -n ${namespace}" or annotate the Backup with ${
      confirmingText(world)
    }; ` +
    `to leave them where they are, annotate it with ${ANNOTATION.skipSnapshotCleanup}: "true"${last}`;
  return { kind: "held", reason, message, eventNote: `${eventNote}${message}` };
}

function confirmingText({ object }: BackupWorld): string {
  return `${ANNOTATION.confirmDeletion}: "${confirmingValue(object)}"`;
}

function newestText({ backup }: BackupWorld, paths: readonly string[]): string {
  const [path = ""] = paths;
  const more = paths.length === 1 ? "" : ` and ${paths.length - 1} more`;
  return `When it was deleted it held the newest whole snapshot that BackupConfig "${backup.configName}" had of ` +
    `"${path}"${more}`;
}

function halfText({ backup }: BackupWorld, savedByRecipe: number): string {
  // A routine deletion itself does not count.
  if (savedByRecipe === 1 && !backup.isRoutineDeletion) {
    return `When it was deleted, it was the only Backup of BackupConfig "${backup.configName}" that held a snapshot`;
  }
  return `When it was deleted, it was one of more than half of the Backups of BackupConfig ` +
    `"${backup.configName}" that held snapshots`;
}

/** How to release everything that was put back; not possible once the Repository is gone. */
function heirText({ backup: { key: { namespace } }, repository }: BackupWorld): string {
  if (repository.kind !== "found") return "";
  const { key: { name }, uid } = repository.value;
  return `. Where no other cluster lives on what was put back, ${inheritAdvice({ namespace, name, uid })}`;
}

/** The judgement on one that a pin keeps, whatever was confirmed, for that may have been before the pin. */
export function heldByPin({ backup: { key: { namespace, name }, status }, object }: BackupWorld): Held {
  const reason = "PinnedHeld";
  const before = findCondition(status.conditions, CONDITION);
  if (before !== undefined && isHeldByPin(before)) {
    return { kind: "held", reason, message: before.message, eventNote: undefined };
  }
  const by = object.metadata.annotations?.[ANNOTATION.deletedBy] ?? "";
  const message =
    `It is marked as deleted by ${by}, but it is pinned, so its snapshots stay until a person decides. ` +
    `To delete them, set spec.pin to false, as by "kubectl patch backup.${GROUP} ${name} -n ${namespace} ` +
    `--type merge -p '{\"spec\":{\"pin\":false}}'"; to leave them where they are, annotate the Backup with ` +
    `${ANNOTATION.skipSnapshotCleanup}: "true"`;
  return { kind: "held", reason, message, eventNote: message };
}

/** The breaker's own condition. */
export function heldCondition(status: "True" | "False", reason: Reason, message: string): ConditionChange {
  return { kind: "set", value: { type: CONDITION, status, reason, message } };
}

/** The settings of a breaker. */
interface Breaker {
  readonly threshold: number;
  readonly window: string;
  readonly windowSeconds: number;
  readonly keepLast: boolean;
}

/** The breaker settings of a repository; the defaults when it does not exist. */
export function breakerOf(repository: RepositoryView | undefined): Breaker {
  const { threshold, window, keepLast } = repository?.spec.deletionBreaker ?? DELETION_BREAKER_DEFAULTS;
  const windowSeconds = parseDurationSeconds(window) ??
    parseDurationSeconds(DELETION_BREAKER_DEFAULTS.window);
  return { threshold, window, windowSeconds: windowSeconds ?? 0, keepLast };
}
