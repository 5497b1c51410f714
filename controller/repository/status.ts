import type { RepositoryPlan } from "./plan.ts";
import type { RepositoryWorld } from "./world.ts";

/** The status of a Repository without its conditions: what the plan led to, whatever became of its objects. */
export function repositoryStatusAfter(
  _world: RepositoryWorld,
  plan: RepositoryPlan,
): Readonly<Record<string, unknown>> {
  const { conditions: _conditions, ...rest } = plan.status;
  return rest;
}
