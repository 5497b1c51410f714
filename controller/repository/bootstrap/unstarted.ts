import type { RepositoryStatus } from "../../../api/mod.ts";
import type { ControllerOptions } from "../../options.ts";
import type { PlannedEvent } from "../../runtime/plan.ts";
import { madeFrom } from "./purpose.ts";
import { unstartedRetryTime } from "./timing.ts";
import type { Hold } from "./holds.ts";
import type { RepositoryObject } from "../repository_object.ts";

const LONGEST_MESSAGE = 1024;

const NEVER_ENDED: NonNullable<RepositoryStatus["bootstrap"]> = {
  forGeneration: 0,
  credentialVersion: "",
  runs: 0,
  failures: 0,
};

/** What a status remembers of bootstraps whose mover did not start. */
export type Unstarted = NonNullable<NonNullable<RepositoryStatus["bootstrap"]>["unstarted"]>;

/** What the next bootstrap is made from; when it changes, somebody may have mended what kept the last from starting. */
export function causeOf({ generation }: RepositoryObject, options: ControllerOptions): string {
  return `${generation} ${madeFrom(options)}`;
}

/** The memory of bootstraps that did not start, as long as the next one would be made from the same. */
export function unstartedNow(
  repository: RepositoryObject,
  options: ControllerOptions,
): Unstarted | undefined {
  const unstarted = repository.status.bootstrap?.unstarted;
  return unstarted?.cause === causeOf(repository, options) ? unstarted : undefined;
}

/**
 * The status after a bootstrap was given up whose mover did not start or is lost. Nothing was learned of the repository:
 * one that was open stays so.
 */
export function statusAfterGivingUp(
  repository: RepositoryObject,
  { reason, message }: Hold,
  options: ControllerOptions,
  now: Date,
): RepositoryStatus {
  const { status } = repository;
  // A listing is that of the Job before the next one, and there is another one from now on.
  const { listing: _listing, ...bootstrap } = status.bootstrap ?? NEVER_ENDED;
  const tries = (unstartedNow(repository, options)?.tries ?? 0) + 1;
  return {
    ...status,
    bootstrap: {
      ...bootstrap,
      runs: bootstrap.runs + 1,
      unstarted: {
        tries,
        reason,
        message: message.slice(0, LONGEST_MESSAGE).toWellFormed(),
        retryAt: unstartedRetryTime(tries, now),
        cause: causeOf(repository, options),
      },
    },
  };
}

/** Told when it begins, and when it becomes another reason. */
export function givingUpEvents(
  repository: RepositoryObject,
  { reason, message }: Hold,
): readonly PlannedEvent[] {
  if (repository.status.bootstrap?.unstarted?.reason === reason) return [];
  return [{ type: "Warning", reason, action: "CheckBackend", note: message }];
}
