import { findCondition, repositorySpec, repositoryStatus } from "../../../api/mod.ts";
import { builtin } from "../../../kube/builtins.ts";
import { keyOf, keyText, type KubeObject, type ObjectKey, type Reader } from "../../../kube/types.ts";
import { jobHasEnded, podMayRun } from "../../movers/mod.ts";
import { controllerOf, JOB, POD, REPOSITORY } from "../../shared/mod.ts";
import { mayCreate, parseRepository, type RepositoryObject } from "../repository_object.ts";
import { repositoryStateOf } from "../repository_state.ts";
import { creatorOf } from "./creator.ts";
import { storageOf } from "./storage.ts";

/** Index of Repositories by their storage, and of Jobs and pods by the storage in which they may create. */
export const BY_STORAGE = "storage";

/** Where the next bootstrap of a Repository may make a repository, and who else may. */
export interface Creation {
  /**
   * Undefined where it needs no turn: it may not create, or another Repository of its namespace shows that there is one.
   * That is not believed any further: kopia itself looks before it creates.
   */
  readonly storage: string | undefined;
  /** Other Repositories that may create there. */
  readonly rivals: readonly RepositoryObject[];
  /** Repositories whose movers may be creating there now. */
  readonly creators: readonly ObjectKey[];
}

/** Reads it from the caches. Whoever may write a status in another namespace must not switch off the turns of this one. */
export function observeCreation(repository: RepositoryObject, reader: Reader, serverNow: Date): Creation {
  const { spec, key: { namespace } } = repository;
  const storage = mayCreate(repository) ? storageOf(spec, namespace) : undefined;
  if (storage === undefined) return NO_TURN;
  const others = othersAt(storage, repository.uid, reader);
  const isOpen = (other: RepositoryObject) => repositoryStateOf(other, "").kind === "open";
  if (others.some((other) => other.key.namespace === namespace && isOpen(other))) return NO_TURN;
  return {
    storage,
    rivals: others.filter(mayCreate),
    creators: creatorsAt(storage, repository, reader, serverNow),
  };
}

const NO_TURN: Creation = { storage: undefined, rivals: [], creators: [] };

/** Index function: a Repository under its storage. */
export function byStorage(repository: KubeObject): readonly string[] {
  const spec = repositorySpec.safeParse(repository.spec);
  const storage = spec.success ? storageOf(spec.data, repository.metadata.namespace ?? "") : undefined;
  return storage === undefined ? [] : [storage];
}

/** Index function: a Job or pod under the storage in which it may create. */
export function byCreatedStorage(mover: KubeObject): readonly string[] {
  const creator = creatorOf(mover);
  return creator === undefined ? [] : [creator.storage];
}

/** Repositories that wait for others of the storage of one that changed, or that went. */
export function waitersBeside(repository: KubeObject, reader: Reader): readonly ObjectKey[] {
  return byStorage(repository).flatMap((value) =>
    reader.list(REPOSITORY, { index: { name: BY_STORAGE, value } })
  ).filter(({ metadata: { uid }, status }) => uid !== repository.metadata.uid && waits(status)).map(keyOf);
}

function waits(status: unknown): boolean {
  const { conditions } = repositoryStatus.safeParse(status).data ?? {};
  return findCondition(conditions, "Ready")?.reason === "CreationContested";
}

function othersAt(storage: string, uid: string, reader: Reader): readonly RepositoryObject[] {
  return reader.list(REPOSITORY, { index: { name: BY_STORAGE, value: storage } })
    .filter(({ metadata }) => metadata.uid !== uid)
    .flatMap((each) => {
      try {
        return [parseRepository(each)];
      } catch {
        // One this version cannot read starts no mover.
        return [];
      }
    });
}

/** So long a Job of another namespace counts: its own limit ends it before, and a finalizer may keep it for ever. */
export const FOREIGN_SECONDS = 1800;

/** True when a mover's Job, of whatever Repository, may be creating, for a Repository of that namespace. */
export function mayBeCreating(job: KubeObject, namespace: string, serverNow: Date): boolean {
  if (jobHasEnded(job)) return false;
  if (job.metadata.namespace === namespace) return true;
  const ageMs = serverNow.getTime() - Date.parse(startOf(job));
  return !(ageMs > FOREIGN_SECONDS * 1000);
}

/** Since when its limits count: a Job that was suspended starts again later than it was made. */
function startOf(job: KubeObject): string {
  return builtin(job, "Job").status?.startTime ?? job.metadata.creationTimestamp ?? "";
}

/**
 * Whose movers may be creating. A Repository may be gone, or have been moved, while its mover works; of another
 * namespace counts only what a Repository there controls, for a Job that is made by hand says nothing.
 */
function creatorsAt(
  storage: string,
  { uid, key }: RepositoryObject,
  reader: Reader,
  serverNow: Date,
): readonly ObjectKey[] {
  const index = { name: BY_STORAGE, value: storage };
  const jobs = reader.list(JOB, { index }).filter((job) =>
    controllerOf(job)?.uid !== uid && mayBeCreating(job, key.namespace, serverNow) &&
    (job.metadata.namespace === key.namespace || isOfRepository(job, reader))
  );
  // A pod of its own that is left is told as such.
  const pods = reader.list(POD, { namespace: key.namespace, index }).filter((pod) =>
    podMayRun(pod) && creatorOf(pod)?.repository.name !== key.name
  );
  const keys = [...jobs, ...pods].flatMap((mover) => creatorOf(mover)?.repository ?? []);
  return [...new Map(keys.map((each) => [keyText(each), each])).values()];
}

function isOfRepository(job: KubeObject, reader: Reader): boolean {
  const owner = controllerOf(job);
  if (owner === undefined) return false;
  const { namespace } = keyOf(job);
  return reader.get(REPOSITORY, { namespace, name: owner.name })?.metadata.uid === owner.uid;
}
