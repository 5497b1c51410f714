import type { ConditionChange, MoverSpec } from "../../../api/mod.ts";
import {
  deletionMover,
  effectiveMover,
  type MoverNeeds,
  type Obstacle,
  type ObstacleCheck,
  OBSTACLES,
  RUN_OBSTACLES,
  runMover,
} from "../../movers/mod.ts";
import type { RepositoryView } from "../../shared/mod.ts";
import type { RunPin } from "./pin.ts";
import type { BackupWorld } from "../world/world.ts";

/** A check: one of the obstacles of all movers, or one that only Backups have. */
type Check = ObstacleCheck | "configIsMissing";

/** The checks before the first mover of a run, in the order they are reported. */
export const startChecks: readonly Check[] = [OBSTACLES.namespaceEnds, "configIsMissing", ...RUN_OBSTACLES];

/** The checks before a mover of a started run: the config no longer matters, and the Job itself waits for its volumes. */
export const restartChecks: readonly Check[] = [
  OBSTACLES.namespaceEnds,
  OBSTACLES.repositoryIsMissing,
  OBSTACLES.repositoryIsReplaced,
  OBSTACLES.repositoryIsNotReady,
  OBSTACLES.privilegedMoverIsNotPermitted,
  OBSTACLES.credentialsAreMissing,
];

/** The checks before a deletion of snapshots, which needs only what the Backup's own status pinned. */
export const deletionChecks: readonly Check[] = [
  OBSTACLES.repositoryIsMissing,
  OBSTACLES.repositoryIsReplaced,
  OBSTACLES.repositoryIsNotReady,
  OBSTACLES.privilegedMoverIsNotPermitted,
  OBSTACLES.credentialsAreMissing,
];

/** The checks of a Backup that was put back and looks for its snapshots. */
export const adoptionChecks: readonly Check[] = ["configIsMissing", OBSTACLES.repositoryIsMissing];

/** The first obstacle that the checks find. */
export function firstRefusal(
  checks: readonly Check[],
  world: BackupWorld,
  pin: RunPin | undefined,
): Obstacle | undefined {
  const needs = needsOf(world, pin);
  for (const check of checks) {
    const obstacle = check === "configIsMissing" ? configIsMissing(world) : check(needs);
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

/** What the movers of a Backup need. */
function needsOf(world: BackupWorld, pin: RunPin | undefined): MoverNeeds {
  const { backup, namespace, repository, missing, sources, missingClaims, unfitClaims } = world;
  return {
    namespaceName: backup.key.namespace,
    namespace,
    repository,
    repositoryName: repositoryName(world, pin),
    repositoryIs: pin === undefined ? "the one its BackupConfig names" : "the one this run was started with",
    pinnedId: pin?.resolved.repository.uniqueId,
    mover: moverOf(world, pin),
    missing,
    sources,
    missingClaims,
    unfitClaims,
  };
}

/** The conditions when no check found an obstacle. */
export const permittedConditions: readonly ConditionChange[] = [
  {
    kind: "set",
    value: {
      type: "CredentialsAvailable",
      status: "True",
      reason: "Available",
      message: "The credentials of the repository are there",
    },
  },
  {
    kind: "set",
    value: {
      type: "MoverPermitted",
      status: "True",
      reason: "Permitted",
      message: "The namespace permits the mover",
    },
  },
];

/**
 * The mover settings of a run: those of config and repository today, with the pinned user and groups; without
 * its config the pinned ones. A mover that deletes reads no volume: it has the settings of the repository today, and the user
 * and group of the run.
 */
export function moverOf(world: BackupWorld, pin: RunPin | undefined): MoverSpec {
  const repository = foundRepository(world)?.spec.mover;
  const config = world.config.kind === "found" ? world.config.value : undefined;
  if (pin !== undefined && world.backup.isDeleting) return deletionMover(repository, pin.resolved.mover);
  if (pin !== undefined && config === undefined) return pin.resolved.mover ?? {};
  const today = effectiveMover(repository, config?.spec.mover);
  return pin === undefined ? today : runMover(today, pin.resolved.mover ?? {});
}

/** The repository; defined once the checks passed. */
export function foundRepository(world: Pick<BackupWorld, "repository">): RepositoryView | undefined {
  return world.repository.kind === "found" ? world.repository.value : undefined;
}

function configIsMissing({ config, backup }: BackupWorld): Obstacle | undefined {
  const name = backup.configName;
  if (config.kind === "unreadable") return { reason: "InvalidSpec", message: config.why };
  if (config.kind === "found") return undefined;
  return {
    reason: "ConfigNotFound",
    message: `BackupConfig "${name}" does not exist in namespace "${backup.key.namespace}", ` +
      "expected the recipe this Backup runs; it starts when that is made",
  };
}

function repositoryName(world: BackupWorld, pin: RunPin | undefined): string {
  if (pin !== undefined) return pin.resolved.repository.name;
  return world.config.kind === "found" ? world.config.value.spec.repository.name : "";
}
