import type { Applied } from "../runtime/plan.ts";
import type { RepositoryPlan } from "./plan.ts";
import type { RepositoryWorld } from "./world.ts";

const LONGEST_REFUSAL = 1024;

/**
 * The status of a Repository without its conditions: that of the plan, whatever happened to its objects. A listing
 * ends only when all of it was processed, or the API server refuses the rest.
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
