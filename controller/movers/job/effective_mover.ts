import type { MoverSpec } from "../../../api/mod.ts";

/**
 * The settings of a mover: each field of the BackupConfig wins over the Repository's. `cache` is merged field by
 * field; `resources`, `nodeSelector`, `tolerations` and `supplementalGroups` are taken as a whole, as parts of two
 * could contradict each other.
 */
export function effectiveMover(repository: MoverSpec | undefined, config?: MoverSpec): MoverSpec {
  const cache = { ...repository?.cache, ...config?.cache };
  return { ...repository, ...config, ...(Object.keys(cache).length === 0 ? {} : { cache }) };
}

/**
 * The settings of a mover that deletes: those of the Repository today, but with the user and group of the run, who own
 * what it wrote; also when that was root.
 */
export function deletionMover(repository: MoverSpec | undefined, run: MoverSpec | undefined): MoverSpec {
  const {
    securityContext: _chooser,
    runAsUser: _user,
    runAsGroup: _group,
    fsGroup: _fsGroup,
    privilegedMode: _root,
    ...today
  } = repository ?? {};
  const { securityContext, runAsUser, runAsGroup, fsGroup, privilegedMode } = run ?? {};
  return {
    ...today,
    ...(securityContext === undefined ? {} : { securityContext }),
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(fsGroup === undefined ? {} : { fsGroup }),
    ...(privilegedMode === undefined ? {} : { privilegedMode }),
  };
}

/**
 * The settings of a later mover of a run: the user and groups of its start, as they read the files; everything else as
 * set today, so that a person can help a run whose mover finds no node or has too little memory.
 */
export function runMover(today: MoverSpec, start: MoverSpec): MoverSpec {
  const { supplementalGroups: _groups, ...rest } = today;
  const { supplementalGroups } = start;
  return {
    ...deletionMover(rest, start),
    ...(supplementalGroups === undefined ? {} : { supplementalGroups }),
  };
}
