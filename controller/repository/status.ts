import type { Applied } from "../runtime/plan.ts";
import type { RepositoryPlan } from "./plan.ts";
import type { RepositoryWorld } from "./world.ts";

const LONGEST_REFUSAL = 1024;

/**
 * The status of a Repository without its conditions: what the plan led to, whatever became of its objects. A listing
 * ends only when everything of it was done, or when the API server refuses what is left.
 */
export function repositoryStatusAfter(
  _world: RepositoryWorld,
  plan: RepositoryPlan,
  applied: Applied,
): Readonly<Record<string, unknown>> {
  const { conditions: _conditions, ...rest } = plan.status;
  const { listingEnd: end } = plan;
  if (end === undefined || applied.error !== undefined) return rest;
  if (end.kind === "lost") return { ...rest, ...withoutListing(rest.bootstrap) };
  const { made = 0, refused } = applied.offered ?? {};
  if (!end.isLast && refused === undefined) return rest;
  return {
    ...rest,
    ...withoutListing(rest.bootstrap),
    catalog: {
      ...end.catalog,
      discoveredBackupCount: end.catalog.discoveredBackupCount + made,
      ...(refused === undefined ? {} : { refused: refused.message.slice(0, LONGEST_REFUSAL).toWellFormed() }),
    },
  };
}

function withoutListing(bootstrap: RepositoryPlan["status"]["bootstrap"]): Readonly<Record<string, unknown>> {
  if (bootstrap === undefined) return {};
  const { listing: _listing, ...rest } = bootstrap;
  return { bootstrap: rest };
}
