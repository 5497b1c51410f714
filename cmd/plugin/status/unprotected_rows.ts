import { coverageOf } from "../../../controller/shared/sources/coverage.ts";
import type { Listings } from "./objects.ts";
import type { UnprotectedRow } from "./rows.ts";

/** Without these nothing can be said of coverage; without namespaces only an opt-out on one is not seen. */
const NEEDED = ["claims", "configs", "repositories"] as const;

/** Whether coverage cannot be judged because of what may not be listed. */
export function coverageIsHidden(forbidden: readonly (keyof Listings)[]): boolean {
  return NEEDED.some((kind) => forbidden.includes(kind));
}

/** A row for each namespace with claims that no BackupConfig covers; none while that cannot be judged. */
export function unprotectedRows(listings: Listings): readonly UnprotectedRow[] {
  const { claims, configs, repositories, namespaces } = listings;
  if (claims.kind === "forbidden" || configs.kind === "forbidden" || repositories.kind === "forbidden") {
    return [];
  }
  const coverage = coverageOf({
    claims: claims.objects,
    configs: configs.objects,
    repositories: repositories.objects,
    namespaces: namespaces.kind === "listed" ? namespaces.objects : [],
  });
  return coverage.flatMap(({ namespace, unprotected }) =>
    unprotected.length === 0 ? [] : [{ namespace, claims: unprotected }]
  );
}
