import type { MoverSpec } from "../../../api/mod.ts";

/**
 * What a mover runs with: each field of the BackupConfig wins over the Repository's. `cache` is merged field by
 * field; `resources`, `nodeSelector`, `tolerations` and `supplementalGroups` are taken whole, for halves of two
 * would contradict each other.
 */
export function effectiveMover(repository: MoverSpec | undefined, config?: MoverSpec): MoverSpec {
  const cache = { ...repository?.cache, ...config?.cache };
  return { ...repository, ...config, ...(Object.keys(cache).length === 0 ? {} : { cache }) };
}

/**
 * What a mover that deletes runs with: all that the Repository says today, but the user and group of the run, who own what
 * it wrote. Of a run as root that is root as well.
 */
export function deletionMover(repository: MoverSpec | undefined, run: MoverSpec | undefined): MoverSpec {
  const { runAsUser: _user, runAsGroup: _group, fsGroup: _fsGroup, privilegedMode: _root, ...today } =
    repository ?? {};
  const { runAsUser, runAsGroup, fsGroup, privilegedMode } = run ?? {};
  return {
    ...today,
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(fsGroup === undefined ? {} : { fsGroup }),
    ...(privilegedMode === undefined ? {} : { privilegedMode }),
  };
}

/**
 * What a later mover of a run runs with: the user and all groups of its start, for they read the files; all else as it is
 * said today, so that a run whose mover finds no node, or too little memory, can be helped.
 */
export function runMover(today: MoverSpec, start: MoverSpec): MoverSpec {
  const { supplementalGroups: _groups, ...rest } = today;
  const { supplementalGroups } = start;
  return {
    ...deletionMover(rest, start),
    ...(supplementalGroups === undefined ? {} : { supplementalGroups }),
  };
}
