import type { ConditionChange, MoverSpec, Reason } from "../../api/mod.ts";
import { mountConflict, senselessSources } from "../../api/rules/mod.ts";
import { deletionMover, effectiveMover, privilegedRefusal, runMover } from "../movers/mod.ts";
import { missingClaimsText, noVolumeMatchesText, type RepositoryView } from "../shared/mod.ts";
import type { RunPin } from "./run_pin.ts";
import { type BackupWorld, namespaceIsTerminating } from "./world.ts";

/** Why a mover cannot be started now. */
export interface Refusal {
  readonly reason: Reason;
  /** What is, what is expected and how to mend it, in one sentence. */
  readonly message: string;
  /** Said beside Ready. */
  readonly condition?: ConditionChange;
}

/** Looks for one obstacle; undefined when there is none. A check may rely on those before it. */
export type Check = (world: BackupWorld, pin: RunPin | undefined) => Refusal | undefined;

/** What a run needs before its first mover, in the order it is told. */
export const startChecks: readonly Check[] = [
  namespaceEnds,
  configIsMissing,
  configMakesNoSense,
  repositoryIsMissing,
  repositoryIsNotReady,
  mountsCollide,
  noVolumeMatches,
  privilegedMoverIsNotPermitted,
  credentialsAreMissing,
  volumesAreMissing,
];

/** What a mover needs in a run that was started: the config no longer matters, its volumes its Job waits for. */
export const restartChecks: readonly Check[] = [
  namespaceEnds,
  repositoryIsMissing,
  repositoryIsReplaced,
  repositoryIsNotReady,
  privilegedMoverIsNotPermitted,
  credentialsAreMissing,
];

/** What the deletion of snapshots needs: only what the Backup's own status pinned (design D17). */
export const deletionChecks: readonly Check[] = [
  repositoryIsMissing,
  repositoryIsReplaced,
  repositoryIsNotReady,
  privilegedMoverIsNotPermitted,
  credentialsAreMissing,
];

/** What a Backup needs that was put back and looks for its snapshots. */
export const adoptionChecks: readonly Check[] = [configIsMissing, repositoryIsMissing];

/** The first refusal of a chain. */
export function firstRefusal(
  checks: readonly Check[],
  world: BackupWorld,
  pin: RunPin | undefined,
): Refusal | undefined {
  for (const check of checks) {
    const refusal = check(world, pin);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
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

function namespaceEnds(world: BackupWorld): Refusal | undefined {
  if (!namespaceIsTerminating(world)) return undefined;
  const { namespace } = world.backup.key;
  return {
    reason: "NamespaceTerminating",
    message: `Namespace "${namespace}" is being deleted: no mover can be started in it any more`,
  };
}

function configIsMissing({ config, backup }: BackupWorld): Refusal | undefined {
  const name = backup.configName;
  if (config.kind === "unreadable") return { reason: "InvalidSpec", message: config.why };
  if (config.kind === "found") return undefined;
  return {
    reason: "ConfigNotFound",
    message: `BackupConfig "${name}" does not exist in namespace "${backup.key.namespace}", ` +
      "expected the recipe this Backup runs; it starts when that is made",
  };
}

function configMakesNoSense({ sources }: BackupWorld): Refusal | undefined {
  const message = senselessSources(sources);
  return message === undefined ? undefined : { reason: "InvalidSpec", message };
}

function repositoryIsMissing(world: BackupWorld, pin: RunPin | undefined): Refusal | undefined {
  const { repository, backup } = world;
  if (repository.kind === "unreadable") return { reason: "RepositoryNotReady", message: repository.why };
  if (repository.kind === "found") return undefined;
  const name = repositoryName(world, pin);
  return {
    reason: "RepositoryNotFound",
    message: `Repository "${name}" does not exist in namespace "${backup.key.namespace}", ` +
      (pin === undefined
        ? "expected the one its BackupConfig names"
        : "expected the one this run was started with"),
  };
}

function repositoryIsReplaced(world: BackupWorld, pin: RunPin | undefined): Refusal | undefined {
  const [pinned, found] = [pin?.resolved.repository.uniqueId, foundRepository(world)?.uniqueId];
  if (pinned === undefined || found === undefined || pinned === found) return undefined;
  return {
    reason: "RepositoryReplaced",
    message: `Repository "${repositoryName(world, pin)}" is another one than at the start of this run: ` +
      `its unique id is "${found}", expected "${pinned}"`,
  };
}

function repositoryIsNotReady(world: BackupWorld): Refusal | undefined {
  const message = foundRepository(world)?.notReady;
  return message === undefined ? undefined : { reason: "RepositoryNotReady", message };
}

function mountsCollide(world: BackupWorld): Refusal | undefined {
  const repository = foundRepository(world);
  if (repository === undefined) return undefined;
  const sources = world.sources.map(({ source }) => ({ pvc: source }));
  const message = mountConflict(repository.spec, sources);
  return message === undefined ? undefined : { reason: "InvalidSpec", message };
}

function noVolumeMatches({ sources, backup, unfitClaims }: BackupWorld): Refusal | undefined {
  if (sources.length > 0) return undefined;
  return { reason: "NoVolumeMatches", message: noVolumeMatchesText(backup.key.namespace, unfitClaims) };
}

function privilegedMoverIsNotPermitted(world: BackupWorld, pin: RunPin | undefined): Refusal | undefined {
  const message = privilegedRefusal(moverOf(world, pin), world.backup.key.namespace, world.namespace);
  if (message === undefined) return undefined;
  const reason = "PrivilegedMoverNotPermitted";
  const value = { type: "MoverPermitted", status: "False", reason, message } as const;
  return { reason, message, condition: { kind: "set", value } };
}

function credentialsAreMissing({ missing }: BackupWorld): Refusal | undefined {
  if (missing === undefined) return undefined;
  const { reason, message } = missing;
  if (reason === "VolumeNotFound") return { reason, message };
  const value = { type: "CredentialsAvailable", status: "False", reason, message } as const;
  return { reason, message, condition: { kind: "set", value } };
}

function volumesAreMissing({ missingClaims, backup }: BackupWorld): Refusal | undefined {
  if (missingClaims.length === 0) return undefined;
  return { reason: "VolumeNotFound", message: missingClaimsText(missingClaims, backup.key.namespace) };
}

function repositoryName(world: BackupWorld, pin: RunPin | undefined): string {
  if (pin !== undefined) return pin.resolved.repository.name;
  return world.config.kind === "found" ? world.config.value.spec.repository.name : "";
}
