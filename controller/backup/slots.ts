import { backupKind } from "../../api/mod.ts";
import { OPERATIONS, slotRepository, type SlotUse } from "../movers/mod.ts";
import { repositoryKey } from "../shared/mod.ts";
import { deletionMemory } from "./deletion/job.ts";
import { planBackup } from "./plan.ts";
import { foundRepository } from "./run/checks.ts";
import { type BackupWorld, isTerminal } from "./world/world.ts";

/** A run wants slots for its movers; a Backup that is being deleted wants one for the mover that deletes. */
export const backupSlots: SlotUse<BackupWorld> = {
  kind: backupKind.kind,
  keyOf: ({ backup }) => backup.key,
  jobsOf: ({ jobs }) => jobs,
  wish: (world, now) => {
    const { key: { namespace }, status, isDeleting, hasFinalizer, spec } = world.backup;
    const isOver = isDeleting ? !hasFinalizer : isTerminal(status.phase) || spec.discovered !== undefined;
    if (isOver) return undefined;
    const plan = planBackup(world, now);
    const repository = plan.next.resolved?.repository;
    return {
      class: OPERATIONS[isDeleting ? "snapshotDelete" : "backup"].slotClass,
      repository: slotRepository(
        repository === undefined ? { namespace, name: "" } : repositoryKey(repository, namespace),
      ),
      repositoryLimit: foundRepository(world)?.spec.maxConcurrentMovers,
      // After a turn without a start it joins the queue again.
      since: deletionMemory(status.deletion)?.retryAt ?? world.object.metadata.creationTimestamp ?? "",
      jobs: plan.create.map(({ metadata }) => metadata.name),
      plan,
      comesBack: true,
    };
  },
};
