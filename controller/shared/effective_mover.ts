import type { MoverSpec } from "../../api/mod.ts";

/**
 * What a mover runs with: each field of the BackupConfig wins over the Repository's. `cache` is merged field by
 * field; `resources`, `nodeSelector`, `tolerations` and `supplementalGroups` are taken whole, for halves of two
 * would contradict each other.
 */
export function effectiveMover(repository: MoverSpec | undefined, config?: MoverSpec): MoverSpec {
  const cache = { ...repository?.cache, ...config?.cache };
  return { ...repository, ...config, ...(Object.keys(cache).length === 0 ? {} : { cache }) };
}
