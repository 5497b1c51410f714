import { coverageOf } from "../../../controller/shared/sources/coverage.ts";
import type { Listings } from "./objects.ts";
import type { UnprotectedRow } from "./rows.ts";

/** Needed to judge coverage. Namespaces are not: without them only an opt-out on a namespace is missed. */
const NEEDED = ["claims", "configs", "repositories"] as const;

/** True when coverage cannot be judged, as the user may not list a needed kind. */
export function coverageIsHidden(forbidden: readonly (keyof Listings)[]): boolean {
  return NEEDED.some((kind) => forbidden.includes(kind));
}

/** A row for each namespace with claims that no BackupConfig covers; none when that cannot be judged. */
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
