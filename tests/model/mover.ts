import { CONFIG_TAG, encodeCatalog, type WorkSpec } from "../../api/mod.ts";
import { FILES, type ModelRepository, type ModelSnapshot } from "./repository.ts";

/** How much of its source a mover that backs up finds and saves; any other one does the whole of its work. */
export type WorkDone = "whole" | "partial" | "empty" | "shrunken";

/** What a mover leaves behind: its result, and its log where that carries a catalog. */
export interface MoverWork {
  readonly result: unknown;
  readonly log?: string;
}

/**
 * Does in the repository what a work spec says, at that moment, and answers as a mover does. `deletes` is told every
 * snapshot before it goes.
 */
export function moverWork(
  { operation, identity }: WorkSpec,
  how: WorkDone,
  repository: ModelRepository,
  { now, deletes = () => {} }: {
    readonly now: Date;
    readonly deletes?: (snapshot: ModelSnapshot) => void;
  },
): MoverWork {
  const common = { version: 1, durationSeconds: 1 };
  if ("bootstrap" in operation) {
    const found = repository.snapshots.map((each) => ({ ...each, sizeBytes: each.files * 10 }));
    const { lines, digest } = encodeCatalog(found, { isWhole: true });
    const stock = { snapshotCount: found.length, totalSizeBytes: 1000 };
    const bootstrap = { uniqueId: repository.uniqueId, created: false, ...stock, catalog: digest };
    return { result: { ...common, operation: "BootstrapRepository", bootstrap }, log: lines.join("\n") };
  }
  if ("snapshotDelete" in operation) {
    const toDelete = repository.ofDeletion({ ...operation.snapshotDelete, ...identity });
    for (const each of toDelete) {
      deletes(each);
      repository.delete(each);
    }
    const known = operation.snapshotDelete.snapshots.length;
    const counts = { deleted: toDelete.length, alreadyGone: Math.max(0, known - toDelete.length) };
    return { result: { ...common, operation: "SnapshotDelete", snapshotDelete: counts } };
  }
  const { runId, sourcePath, tags } = operation.backup;
  const unreadable = how === "partial" ? FILES / 2 : 0;
  const snapshot = repository.save({
    runId,
    recipe: tags[CONFIG_TAG] ?? "",
    ...identity,
    path: sourcePath,
    startTime: now.toISOString(),
    endTime: now.toISOString(),
    files: filesOf(how),
    unreadable,
  });
  const backup = {
    snapshotId: snapshot.id,
    startTime: snapshot.startTime,
    endTime: snapshot.endTime,
    sizeBytes: snapshot.files * 10,
    files: snapshot.files,
    names: {},
    reused: false,
    ...(snapshot.unreadable === 0 ? {} : { unreadable: { count: snapshot.unreadable, paths: ["x"] } }),
  };
  return { result: { ...common, operation: "Backup", backup } };
}

/** What a mover says that fails, as its termination message. */
export function moverFailure(
  { operation }: WorkSpec,
  failureClass = "RepositoryUnavailable",
  message = "no route to host",
): string {
  const name = "bootstrap" in operation
    ? "BootstrapRepository"
    : "snapshotDelete" in operation
    ? "SnapshotDelete"
    : "Backup";
  const failure = { class: failureClass, message, tail: "" };
  return JSON.stringify({ version: 1, operation: name, durationSeconds: 1, failure });
}

function filesOf(how: WorkDone): number {
  switch (how) {
    case "whole":
      return FILES;
    case "partial":
      return FILES / 2;
    case "shrunken":
      return FILES / 5;
    case "empty":
      return 0;
  }
}
