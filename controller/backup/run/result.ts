import { isReason, type Reason, REASONS, type SnapshotEntry } from "../../../api/mod.ts";

/** How a run ended. */
export interface RunResult {
  readonly phase: "Succeeded" | "Failed";
  readonly outcome: "success" | "partial" | "failure";
  readonly reason: Reason;
  /** One stable sentence without kopia's text, which goes to Events. */
  readonly message: string;
}

const SOURCES_NAMED = 5;

/**
 * The result of a run, from its entries. All sources succeeded → Succeeded. Some did, or a file could not be read →
 * Succeeded, but partial. None did → Failed, with the failure class they share, if any.
 */
export function runResultOf(entries: readonly SnapshotEntry[]): RunResult {
  const succeeded = entries.filter(({ phase }) => phase === "Succeeded");
  const failed = entries.filter(({ phase }) => phase !== "Succeeded");
  const lacking = succeeded.filter(lacksSome);
  if (succeeded.length === 0) {
    const message = `No source could be backed up: ${listed(failed.map(failureText))}`;
    return { phase: "Failed", outcome: "failure", reason: sharedClass(failed), message };
  }
  if (failed.length === 0 && lacking.length === 0) {
    if (entries.every(({ unchanged }) => unchanged === true)) {
      const names = listed(
        entries.map(({ source, unchangedSince }) => `"${source}" since ${unchangedSince}`),
      );
      const message = `Nothing changed, so no snapshot was made: ${names}${renamedText(entries)}`;
      return { phase: "Succeeded", outcome: "success", reason: "Unchanged", message };
    }
    const what = entries.length === 1
      ? `Backed up "${entries[0]?.source ?? ""}"`
      : `Backed up all ${entries.length} sources`;
    const message = what + renamedText(entries);
    return { phase: "Succeeded", outcome: "success", reason: "BackupSucceeded", message };
  }
  const gaps = [...failed.map(failureText), ...lacking.map(gapText)];
  const message = `Backed up ${succeeded.length} of ${entries.length} sources, not everything: ${
    listed(gaps)
  }`;
  return { phase: "Succeeded", outcome: "partial", reason: "BackupPartial", message };
}

/** True when the snapshot lacks something of the source that no rule left out. */
export function lacksSome({ unreadable, names }: SnapshotEntry): boolean {
  return unreadable !== undefined || names?.lost !== undefined;
}

/**
 * The message for a complete run: what rules left out, and which names were changed. It never says "every file", as
 * kopia does not save sockets, pipes and devices.
 */
export function completeText(entries: readonly SnapshotEntry[]): string {
  const parts = entries.filter(({ excluded }) => excluded !== undefined).map(excludedText);
  const complete = parts.length === 0
    ? REASONS.Complete
    : "All that kopia can save of every source is in the snapshots but what rules left out (those of the policy, " +
      `.kopiaignore files, CACHEDIR.TAG): ${listed(parts)}`;
  return complete + renamedText(entries) + unknownNamesText(entries);
}

/** A sentence about changed names, to append; empty when there are none. */
function renamedText(entries: readonly SnapshotEntry[]): string {
  const parts = entries.flatMap(({ source, names }) =>
    names?.renamed === undefined ? [] : [`${atLeast(names)}${names.renamed.count} of "${source}"`]
  );
  return parts.length === 0 ? "" : `. Names that are not UTF-8 are others there: ${listed(parts)}`;
}

function unknownNamesText(entries: readonly SnapshotEntry[]): string {
  const parts = entries.filter(({ names }) => names?.unknown === true).map(({ source }) => `"${source}"`);
  return parts.length === 0 ? "" : `. Whether every name was kept could not be found out: ${listed(parts)}`;
}

/** Not all names could be checked, so there may be more. */
export function atLeast({ unknown }: NonNullable<SnapshotEntry["names"]>): string {
  return unknown === true ? "at least " : "";
}

function excludedText({ source, excluded }: SnapshotEntry): string {
  const { files = 0, folders = 0 } = excluded ?? {};
  const parts = [
    ...(files === 0 ? [] : [`${files} ${files === 1 ? "file" : "files"}`]),
    ...(folders === 0 ? [] : [`${folders} ${folders === 1 ? "folder" : "folders"}`]),
  ];
  return `"${source}": ${parts.join(" and ")}`;
}

/** Sums over the sources that succeeded. A figure that kopia did not give for all of them is left out. */
export function statsOf(entries: readonly SnapshotEntry[]): {
  sizeBytes?: number;
  files?: number;
  bytesNew?: number;
  filesNew?: number;
  filesUnchanged?: number;
  unreadable?: number;
  renamed?: number;
  lost?: number;
} | undefined {
  const succeeded = entries.filter(({ phase }) => phase === "Succeeded");
  if (succeeded.length === 0) return undefined;
  const unreadable = sum(succeeded.map((entry) => entry.unreadable?.count ?? 0)) ?? 0;
  const renamed = sum(succeeded.map(({ names }) => names?.renamed?.count ?? 0)) ?? 0;
  const lost = sum(succeeded.map(({ names }) => names?.lost?.count ?? 0)) ?? 0;
  const sizeBytes = sum(succeeded.map((entry) => entry.sizeBytes));
  const files = sum(succeeded.map((entry) => entry.files));
  const bytesNew = sum(succeeded.map((entry) => entry.bytesNew));
  const filesNew = sum(succeeded.map((entry) => entry.filesNew));
  const filesUnchanged = sum(succeeded.map((entry) => entry.filesUnchanged));
  return {
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(files === undefined ? {} : { files }),
    ...(bytesNew === undefined ? {} : { bytesNew }),
    ...(filesNew === undefined ? {} : { filesNew }),
    ...(filesUnchanged === undefined ? {} : { filesUnchanged }),
    ...(unreadable === 0 ? {} : { unreadable }),
    ...(renamed === 0 ? {} : { renamed }),
    ...(lost === 0 ? {} : { lost }),
  };
}

/** One list of the first few texts and the number of the others. */
export function listed(texts: readonly string[], most: number = SOURCES_NAMED): string {
  const rest = texts.length - most;
  return [...texts.slice(0, most), ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
}

/** Kopia also keeps a snapshot of a source of which nothing could be read. */
function failureText({ source, failure, kopiaSnapshotID, unreadable }: SnapshotEntry): string {
  const text = `"${source}": ${failure?.message ?? "it did not end"}`;
  if (kopiaSnapshotID === undefined || unreadable === undefined) return text;
  return `${text}: none of its files could be read, so snapshot ${kopiaSnapshotID} is empty and counts for nothing`;
}

function gapText({ source, unreadable, names }: SnapshotEntry): string {
  const count = unreadable?.count ?? 0;
  const parts = [
    ...(count === 0
      ? []
      : [`${count} ${count === 1 ? "file or folder" : "files or folders"} could not be read`]),
    ...(names?.lost === undefined ? [] : [lostText(names.lost.count, names)]),
  ];
  return `"${source}": ${parts.join(" and ")}`;
}

/** About files that were lost because another one took their name. */
export function lostText(count: number, names: NonNullable<SnapshotEntry["names"]>): string {
  const what = count === 1
    ? "file or link is lost, as its name is"
    : "files or links are lost, as their names are";
  return `${atLeast(names)}${count} ${what} not UTF-8 and became that of another`;
}

function sharedClass(failed: readonly SnapshotEntry[]): Reason {
  const classes = new Set(failed.map(({ failure }) => failure?.class ?? "Unknown"));
  const [only] = classes;
  return classes.size === 1 && only !== undefined && isReason(only) ? only : "BackupFailed";
}

/** Undefined when one part is unknown. */
function sum(parts: readonly (number | undefined)[]): number | undefined {
  return parts.reduce(
    (total, part) => total === undefined || part === undefined ? undefined : total + part,
    0,
  );
}
