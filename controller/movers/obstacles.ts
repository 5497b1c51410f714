import type { ConditionChange, MoverSpec, Reason } from "../../api/mod.ts";
import { type ConfigSource, mountConflict, senselessSources } from "../../api/rules/mod.ts";
import type { KubeObject } from "../../kube/types.ts";
import { missingClaimsText, noVolumeMatchesText } from "../shared/sources/config_sources.ts";
import type { Lookup, RepositoryView } from "../shared/repositories/view.ts";
import type { UnfitClaim } from "../shared/sources/unfit_claims.ts";
import type { Missing } from "./credentials.ts";
import { privilegedRefusal } from "./job/privileged_refusal.ts";

/** Why a mover cannot be made now. */
export interface Obstacle {
  readonly reason: Reason;
  /** What was found, what is expected and how to correct it, in one sentence. */
  readonly message: string;
  /** A condition besides Ready. */
  readonly condition?: ConditionChange;
}

/** What decides whether a mover of any operation can be made. */
export interface MoverNeeds {
  readonly namespaceName: string;
  /** Undefined when it cannot be seen. */
  readonly namespace: KubeObject | undefined;
  readonly repository: Lookup<RepositoryView>;
  readonly repositoryName: string;
  /** The expected Repository, as in "the one its BackupConfig names". */
  readonly repositoryIs: string;
  /** The unique id the repository must have; undefined when any will do. */
  readonly pinnedId: string | undefined;
  readonly mover: MoverSpec;
  /** The first thing missing of what the repository needs. */
  readonly missing: Missing | undefined;
  /** Volumes to read; below, those that do not exist, and those that cannot be read. */
  readonly sources: readonly ConfigSource[];
  readonly missingClaims: readonly string[];
  readonly unfitClaims: readonly UnfitClaim[];
  /** Which other Repositories may be creating in the storage where this mover might, in words. */
  readonly creators?: string | undefined;
}

/** Looks for one obstacle; undefined when there is none. */
export type ObstacleCheck = (needs: MoverNeeds) => Obstacle | undefined;

/**
 * Every obstacle, each with its only check. A kind that makes movers lists the checks it needs, in the order they are
 * reported.
 */
export const OBSTACLES = {
  namespaceEnds,
  sourcesMakeNoSense,
  repositoryIsMissing,
  repositoryIsReplaced,
  repositoryIsNotReady,
  mountsCollide,
  noVolumeMatches,
  privilegedMoverIsNotPermitted,
  credentialsAreMissing,
  volumesAreMissing,
  anotherMayCreate,
} as const satisfies Readonly<Record<string, ObstacleCheck>>;

/**
 * What a run of a recipe needs before its first mover, in the order it is reported; a check may rely on those before
 * it.
 */
export const RUN_OBSTACLES: readonly ObstacleCheck[] = [
  sourcesMakeNoSense,
  repositoryIsMissing,
  repositoryIsNotReady,
  mountsCollide,
  noVolumeMatches,
  privilegedMoverIsNotPermitted,
  credentialsAreMissing,
  volumesAreMissing,
];

/** What a person can do about an obstacle, or about a mover that does not start: the action of its Event. */
const ACTIONS: Partial<Record<Reason, string>> = {
  ConfigNotFound: "CreateBackupConfig",
  InvalidSpec: "EditBackupConfig",
  RepositoryNotFound: "CreateRepository",
  RepositoryReplaced: "CheckRepository",
  CreationContested: "CheckRepository",
  MissingCredentialsSecret: "CheckCredentials",
  MissingConfigMap: "CheckCredentials",
  VolumeNotFound: "CreateVolume",
  VolumeNotUsable: "CheckVolume",
  PrivilegedMoverNotPermitted: "AnnotateNamespaceForPrivilegedMovers",
  Unschedulable: "CheckScheduling",
  PodNotStarted: "CheckPod",
};

/** The action of the Event; undefined when nobody has to do anything. */
export function obstacleAction(reason: Reason): string | undefined {
  return ACTIONS[reason];
}

/** True for an obstacle that a person must remove. */
export function needsPerson({ reason }: Obstacle): boolean {
  return reason === "InvalidSpec" || reason === "RepositoryReplaced";
}

/** The first obstacle that a check finds. */
export function firstObstacle(checks: readonly ObstacleCheck[], needs: MoverNeeds): Obstacle | undefined {
  for (const check of checks) {
    const obstacle = check(needs);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

function namespaceEnds({ namespace, namespaceName }: MoverNeeds): Obstacle | undefined {
  if (namespace?.metadata.deletionTimestamp === undefined) return undefined;
  return {
    reason: "NamespaceTerminating",
    message: `Namespace "${namespaceName}" is being deleted: no mover can be started in it any more`,
  };
}

function sourcesMakeNoSense({ sources }: MoverNeeds): Obstacle | undefined {
  const message = senselessSources(sources);
  return message === undefined ? undefined : { reason: "InvalidSpec", message };
}

function repositoryIsMissing(needs: MoverNeeds): Obstacle | undefined {
  const { repository, repositoryName, namespaceName, repositoryIs } = needs;
  if (repository.kind === "unreadable") return { reason: "RepositoryNotReady", message: repository.why };
  if (repository.kind === "found") return undefined;
  return {
    reason: "RepositoryNotFound",
    message: `Repository "${repositoryName}" does not exist in namespace "${namespaceName}", ` +
      `expected ${repositoryIs}`,
  };
}

function repositoryIsReplaced({ repository, repositoryName, pinnedId }: MoverNeeds): Obstacle | undefined {
  const found = repository.kind === "found" ? repository.value.uniqueId : undefined;
  if (pinnedId === undefined || found === undefined || pinnedId === found) return undefined;
  return {
    reason: "RepositoryReplaced",
    message: `Repository "${repositoryName}" is another one than at the start of this run: ` +
      `its unique id is "${found}", expected "${pinnedId}"`,
  };
}

function repositoryIsNotReady({ repository }: MoverNeeds): Obstacle | undefined {
  const message = repository.kind === "found" ? repository.value.notReady : undefined;
  return message === undefined ? undefined : { reason: "RepositoryNotReady", message };
}

function mountsCollide({ repository, sources }: MoverNeeds): Obstacle | undefined {
  if (repository.kind !== "found") return undefined;
  const message = mountConflict(repository.value.spec, sources.map(({ source }) => ({ pvc: source })));
  return message === undefined ? undefined : { reason: "InvalidSpec", message };
}

function noVolumeMatches({ sources, namespaceName, unfitClaims }: MoverNeeds): Obstacle | undefined {
  if (sources.length > 0) return undefined;
  return { reason: "NoVolumeMatches", message: noVolumeMatchesText(namespaceName, unfitClaims) };
}

function privilegedMoverIsNotPermitted(
  { mover, namespaceName, namespace }: Pick<MoverNeeds, "mover" | "namespaceName" | "namespace">,
): Obstacle | undefined {
  const message = privilegedRefusal(mover, namespaceName, namespace);
  if (message === undefined) return undefined;
  const reason = "PrivilegedMoverNotPermitted";
  const value = { type: "MoverPermitted", status: "False", reason, message } as const;
  return { reason, message, condition: { kind: "set", value } };
}

function credentialsAreMissing({ missing }: Pick<MoverNeeds, "missing">): Obstacle | undefined {
  if (missing === undefined) return undefined;
  const { reason, message } = missing;
  if (reason === "VolumeNotFound") return { reason, message };
  const value = { type: "CredentialsAvailable", status: "False", reason, message } as const;
  return { reason, message, condition: { kind: "set", value } };
}

function volumesAreMissing({ missingClaims, namespaceName }: MoverNeeds): Obstacle | undefined {
  if (missingClaims.length === 0) return undefined;
  return { reason: "VolumeNotFound", message: missingClaimsText(missingClaims, namespaceName) };
}

function anotherMayCreate({ creators }: Pick<MoverNeeds, "creators">): Obstacle | undefined {
  if (creators === undefined) return undefined;
  const reason = "CreationContested";
  const message = `Another Repository may be creating a repository in the same storage: ${creators}; ` +
    "two at once would destroy each other's, so this one goes on after it";
  const value = { type: "UniqueRepository", status: "False", reason, message } as const;
  return { reason, message, condition: { kind: "set", value } };
}
