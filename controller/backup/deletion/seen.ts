import { ANNOTATION, type DeletionPolicy, findCondition, type RepositoryRef } from "../../../api/mod.ts";
import type { KubeObject, Reader } from "../../../kube/types.ts";
import {
  BY_UNIQUE_ID,
  cachedRepository,
  type DeletionMemory,
  deletionMemory,
  isInherited,
  keepsEverything,
  type Lookup,
  REPOSITORY,
  repositoryKeyText,
  type RepositoryView,
  type RetentionRun,
  runFacts,
  runsToPrune,
  textAt,
  valueAt,
} from "../../shared/mod.ts";
import type { BackupObject } from "../world/object.ts";
import { policyOfToday } from "./policy.ts";
import type { DeletionLedger } from "./ledger.ts";
import { lastSnapshots } from "./last_snapshots.ts";
import { breakerOf, isKeptByPin, isTooMany, takesMoreThanHalf } from "./breaker.ts";
import { countOtherDeletions, repositoryId, savedOfRecipe } from "./others.ts";
import type { RunPin } from "../run/pin.ts";
import type { LastSnapshots, SeenDeletions } from "../world/deletions.ts";
import type { ConfigView } from "../world/world.ts";

/** The input of {@link seenDeletions}. */
interface DeletedRun {
  readonly object: KubeObject;
  readonly backup: BackupObject;
  readonly config: Lookup<ConfigView>;
  readonly lastPolicy?: DeletionPolicy;
  readonly pin: RunPin;
  readonly repository: Lookup<RepositoryView>;
}

/** Collects the facts for the breaker; undefined when there is nothing to judge any more. */
export function seenDeletions(
  run: DeletedRun,
  ledger: DeletionLedger,
  reader: Reader,
  now: Date,
): SeenDeletions | undefined {
  const { object, backup, pin } = run;
  const { namespace } = backup.key;
  const held = findCondition(backup.status.conditions, "DeletionHeld");
  // Setting the heir releases what was held only for that.
  const isHeld = held?.status === "True" && held.reason !== "InheritedHeld";
  if (!backup.isDeleting || !backup.hasFinalizer || isHeld || backup.confirmsDeletion) return undefined;
  // The pin decides alone.
  if (isKeptByPin(backup)) return undefined;
  const repository = cachedRepository(pin.resolved.repository, namespace, reader);
  const memory = repository === undefined ? undefined : memoryOf(repository);
  const breaker = breakerOf(run.repository.kind === "found" ? run.repository.value : undefined);
  const id = repositoryId(namespace, pin.resolved.repository);
  const sharing = repository === undefined ? [] : sharingMemories(repository, reader);
  const counted = {
    repository: id,
    config: backup.configName,
    windowSeconds: breaker.windowSeconds,
    now,
    memories: [memory ?? NOTHING_KNOWN, ...sharing.filter(({ isHere }) => isHere)],
    elsewhere: ledger.elsewhere(id, namespace, now),
    claims: sharing.flatMap(({ isHere, past }) => isHere ? [] : past),
  };
  const today = policyOfToday(run);
  const isSaved = runFacts(object).saved.length > 0;
  const isRoutine = isRoutineOf(run, isSaved, reader);
  const others = !isRoutine
    ? countOtherDeletions(object, counted, reader)
    : { ofRepository: 0, elsewhere: 0, claimed: 0, ofRecipe: 0, savedByRecipe: 0 };
  const isJudgedAlready = !isRoutine && (isTooMany({ others }, breaker) ||
    (breaker.keepLast && takesMoreThanHalf({ others, isSaved })));
  // It reads the whole recipe, so only when it may decide.
  const isAsked = isRoutine ||
    (breaker.keepLast && backup.status.deletion?.settlingSince !== undefined);
  const uid = repository?.metadata.uid;
  return {
    others,
    isSaved,
    isRoutine,
    isInherited: isKeptInheritance(run),
    countedSince: new Date(ledger.begin(now) * 1000),
    last: isJudgedAlready || !isAsked ? undefined : lastOf(object, backup, { memory, today }, reader),
    memory,
    repository: uid === undefined
      ? undefined
      : { name: pin.resolved.repository.name, uid, resourceVersion: repository?.metadata.resourceVersion },
  };
}

const NOTHING_KNOWN: DeletionMemory = { sinceSecond: 0, past: [] };

/**
 * The memory of a Repository. If it created its kopia repository after its memory began, it knows everything ever
 * deleted there, until its next opening shows otherwise.
 */
function memoryOf(repository: KubeObject): DeletionMemory | undefined {
  const memory = deletionMemory(repository);
  const wasMade = valueAt(repository, "status", "lastInit", "created") === true;
  const madeMs = Date.parse(textAt(repository, "status", "lastInit", "time") ?? "");
  if (memory === undefined || !wasMade || !(memory.sinceSecond * 1000 <= madeMs)) return memory;
  return { ...memory, sinceSecond: 0 };
}

/** The memories of other Repositories with the same repository, and whether they are of the same namespace. */
function sharingMemories(
  repository: KubeObject,
  reader: Reader,
): readonly (DeletionMemory & { readonly isHere: boolean })[] {
  const value = textAt(repository, "status", "uniqueId");
  if (value === undefined) return [];
  const { uid, namespace } = repository.metadata;
  return reader.list(REPOSITORY, { index: { name: BY_UNIQUE_ID, value } }).flatMap((each) => {
    const memory = each.metadata.uid === uid ? undefined : deletionMemory(each);
    return memory === undefined ? [] : [{ ...memory, isHere: each.metadata.namespace === namespace }];
  });
}

function lastOf(
  object: KubeObject,
  { key, configName }: BackupObject,
  { memory, today }: {
    readonly memory: DeletionMemory | undefined;
    readonly today: DeletionPolicy | undefined;
  },
  reader: Reader,
): LastSnapshots {
  const past = new Set(memory?.past.flatMap(({ id }) => id ?? []));
  return lastSnapshots(object, savedOfRecipe(key.namespace, configName, reader), { past, today });
}

/**
 * Whether the routine that is said to delete a Backup really would: anybody may write that annotation. Retention deletes nothing
 * that today's retention keeps among the Backups of the same repository, nor what is in another one
 * than the recipe writes to; a history limit deletes nothing with a snapshot. Otherwise it counts as the deletion of a
 * person or a tool.
 */
function isRoutineOf(
  { object, backup, config, pin, repository }: DeletedRun,
  isSaved: boolean,
  reader: Reader,
): boolean {
  if (!backup.isRoutineDeletion) return false;
  if (object.metadata.annotations?.[ANNOTATION.deletedBy] === "history") return !isSaved;
  if (config.kind !== "found") return false;
  const { spec: { retention, repository: writtenTo } } = config.value;
  const own = pin.resolved.repository;
  if (
    retention === undefined || keepsEverything(retention) || !isSame(own, writtenTo, backup.key.namespace)
  ) return false;
  const living = savedOfRecipe(backup.key.namespace, backup.configName, reader).filter((each) =>
    each.metadata.deletionTimestamp === undefined && each.metadata.uid !== backup.uid &&
    isInRepository(each, own)
  );
  const run = retentionRun(object, repository);
  const others = living.map((each) => retentionRun(each, repository));
  return runsToPrune(retention, [...others, run]).includes(run);
}

function isKeptInheritance({ object, repository }: Pick<DeletedRun, "object" | "repository">): boolean {
  return isInherited(object) && !(repository.kind === "found" && repository.value.isHeir);
}

/** True for a Backup in that repository; by name when the id is unknown. */
function isInRepository(backup: KubeObject, { uniqueId, ...ref }: RunPin["resolved"]["repository"]): boolean {
  const own = runFacts(backup);
  return own.repository === repositoryKeyText(ref, own.namespace) &&
    (own.uniqueId === undefined || uniqueId === undefined || own.uniqueId === uniqueId);
}

function isSame(a: RepositoryRef, b: RepositoryRef, namespace = ""): boolean {
  return repositoryKeyText(a, namespace) === repositoryKeyText(b, namespace);
}

/** Not by phase: that of a Backup being deleted no longer shows how its run ended. */
function retentionRun(backup: KubeObject, repository: DeletedRun["repository"]): RetentionRun {
  const facts = runFacts(backup);
  const { hasFailed, phase, wasStopped, isExempt } = facts;
  return {
    ...facts,
    hasFailed: hasFailed || (phase === "Deleting" && wasStopped),
    isExempt: isExempt || isKeptInheritance({ object: backup, repository }),
  };
}
