import { LABEL } from "../../../api/mod.ts";
import type { Applied } from "../../runtime/plan.ts";
import {
  deletionId,
  type DeletionMemory,
  type PastDeletion,
  recipeId,
  remember,
  withoutTimesToCome,
} from "../../shared/mod.ts";
import { foundRepository } from "../run/checks.ts";
import { breakerOf } from "./breaker.ts";
import { repositoryId } from "./others.ts";
import type { BackupWorld } from "../world/world.ts";

/** Beyond this the namespace whose last deletion is oldest is forgotten. */
const MOST_KEPT = 1000;

interface Kept {
  readonly repository: string;
  readonly namespace: string;
  readonly memory: DeletionMemory;
}

/**
 * The deletions that this process carried out, which it need not take from objects that others may write.
 * Within a namespace its Repositories remember them; this ledger is for the other namespaces. A process leads once, so
 * nobody else deleted anything since.
 */
export class DeletionLedger {
  readonly #kept = new Map<string, Kept>();
  #sinceSecond: number | undefined;

  /** When it began, in seconds since the epoch. A clock that is set back since begins it anew. */
  begin(now: Date): number {
    const nowSecond = Math.floor(now.getTime() / 1000);
    this.#sinceSecond = Math.min(this.#sinceSecond ?? nowSecond, nowSecond);
    return this.#sinceSecond;
  }

  /** Records the deletion of a Backup. */
  note(
    { repository, namespace }: { readonly repository: string; readonly namespace: string },
    deletion: PastDeletion,
    windowSeconds: number,
  ): void {
    const key = `${namespace} ${repository}`;
    const before = this.#kept.get(key)?.memory ?? { sinceSecond: 0, past: [] };
    const { atSecond } = deletion;
    const bounds = { fromSecond: atSecond - windowSeconds, untilSecond: atSecond };
    this.#kept.delete(key);
    this.#kept.set(key, { repository, namespace, memory: remember(before, deletion, bounds) });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** The deletions from that repository in all other namespaces, without times in the future. */
  elsewhere(repository: string, namespace: string, now: Date): readonly PastDeletion[] {
    const nowSecond = Math.floor(now.getTime() / 1000);
    const past: PastDeletion[] = [];
    for (const [key, each] of this.#kept) {
      if (each.repository !== repository || each.namespace === namespace) continue;
      const memory = withoutTimesToCome(each.memory, nowSecond);
      this.#kept.set(key, { ...each, memory });
      past.push(...memory.past);
    }
    return past;
  }
}

/** Records a deletion whose mover was made, unless it was confirmed, is routine, or its snapshots are gone. */
export function noteDeletion(world: BackupWorld, applied: Applied, ledger: DeletionLedger, now: Date): void {
  const { backup, deletions } = world;
  const { resolved } = backup.status;
  const isBegun = applied.objects.some(({ desired }) =>
    desired.metadata.labels?.[LABEL.operation] === "snapshot-delete"
  );
  // When the snapshots are gone, the deletion was recorded before.
  const isKnown = backup.status.deletion?.checkpointWaits !== undefined;
  if (
    !isBegun || isKnown || resolved === undefined || backup.confirmsDeletion ||
    deletions?.isRoutine === true
  ) {
    return;
  }
  const { namespace } = backup.key;
  ledger.note(
    { repository: repositoryId(namespace, resolved.repository), namespace },
    {
      id: deletionId(backup.uid),
      recipe: recipeId(backup.configName),
      atSecond: Math.floor(now.getTime() / 1000),
      count: 1,
    },
    breakerOf(foundRepository(world)).windowSeconds,
  );
}
