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

/** Looks for what concerns Backups alone, or is one of the obstacles of all movers. */
type Check = ObstacleCheck | "configIsMissing";

/** What a run needs before its first mover, in the order it is reported. */
export const startChecks: readonly Check[] = [OBSTACLES.namespaceEnds, "configIsMissing", ...RUN_OBSTACLES];

/** What a mover needs in a run that was started: the config no longer matters, its volumes its Job waits for. */
export const restartChecks: readonly Check[] = [
  OBSTACLES.namespaceEnds,
  OBSTACLES.repositoryIsMissing,
  OBSTACLES.repositoryIsReplaced,
  OBSTACLES.repositoryIsNotReady,
  OBSTACLES.privilegedMoverIsNotPermitted,
  OBSTACLES.credentialsAreMissing,
];

/** What the deletion of snapshots needs: only what the Backup's own status pinned. */
export const deletionChecks: readonly Check[] = [
  OBSTACLES.repositoryIsMissing,
  OBSTACLES.repositoryIsReplaced,
  OBSTACLES.repositoryIsNotReady,
  OBSTACLES.privilegedMoverIsNotPermitted,
  OBSTACLES.credentialsAreMissing,
];

/** What a Backup needs that was put back and looks for its snapshots. */
export const adoptionChecks: readonly Check[] = ["configIsMissing", OBSTACLES.repositoryIsMissing];

/** The first obstacle of a chain. */
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

/** What the chain found in order once nothing is refused. */
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
 * The mover choices of a run: those of config and repository today, with the user and groups that were pinned; without
 * its config what was pinned. What deletes reads no volume: it goes where the repository's movers go today, as the user
 * and group that wrote.
 */
export function moverOf(world: BackupWorld, pin: RunPin | undefined): MoverSpec {
  const repository = foundRepository(world)?.spec.mover;
  const config = world.config.kind === "found" ? world.config.value : undefined;
  if (pin !== undefined && world.backup.isDeleting) return deletionMover(repository, pin.resolved.mover);
  if (pin !== undefined && config === undefined) return pin.resolved.mover ?? {};
  const today = effectiveMover(repository, config?.spec.mover);
  return pin === undefined ? today : runMover(today, pin.resolved.mover ?? {});
}

/** The repository, once the checks let it pass. */
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
