import pc from "picocolors";
import { API_VERSION } from "../../../api/meta.ts";
import type { HeldDeletion } from "./held.ts";
import { bytesText, counted } from "../text.ts";
import { ageCell, type Column, sizeCell, tableLines } from "../table.ts";

/** What `deletions list -o json` and `-o yaml` print. Stable: fields are added, never changed. */
export interface HeldDeletionsDocument {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "HeldDeletions";
  /** Empty for all namespaces. */
  readonly namespace: string;
  readonly time: string;
  readonly held: readonly HeldDeletion[];
}

/** The document for `-o json` and `-o yaml`. */
export function heldDocument(
  held: readonly HeldDeletion[],
  namespace: string,
  now: Date,
): HeldDeletionsDocument {
  return { apiVersion: API_VERSION, kind: "HeldDeletions", namespace, time: now.toISOString(), held };
}

/** A table with a row for each Backup, and the namespace when there may be several. */
export function heldTable(
  held: readonly HeldDeletion[],
  options: { readonly allNamespaces: boolean; readonly color: boolean; readonly now: Date },
): string {
  if (held.length === 0) return "(none)\n";
  const { now } = options;
  const columns: readonly Column<HeldDeletion>[] = [
    ...(options.allNamespaces ? [namespaceColumn<HeldDeletion>()] : []),
    { head: "NAME", cell: (row) => row.name },
    { head: "CONFIG", cell: (row) => row.config },
    { head: "REPOSITORY", cell: (row) => row.repository },
    { head: "SNAPSHOTS", cell: (row) => String(row.snapshots.length) },
    { head: "SIZE", cell: (row) => sizeCell(sizeOf(row)) },
    { head: "NEWEST", cell: (row) => ageCell(newestOf(row), now) },
    { head: "DELETED", cell: (row) => ageCell(row.deletedAt, now) },
    { head: "WHY", cell: (row) => row.reason },
  ];
  return `${tableLines(held, columns, pc.createColors(options.color)).join("\n")}\n`;
}

/** The snapshots that a release destroys, as a table. */
export function lossTable(
  held: readonly HeldDeletion[],
  options: { readonly allNamespaces: boolean; readonly color: boolean; readonly now: Date },
): string {
  const rows = held.flatMap(({ namespace, name, config, snapshots }) =>
    snapshots.map((snapshot) => ({ namespace, name, config, ...snapshot }))
  );
  if (rows.length === 0) return "(no snapshots)\n";
  const columns: readonly Column<typeof rows[number]>[] = [
    ...(options.allNamespaces ? [namespaceColumn<typeof rows[number]>()] : []),
    { head: "BACKUP", cell: (row) => row.name },
    { head: "CONFIG", cell: (row) => row.config },
    { head: "SOURCE", cell: (row) => row.source },
    { head: "SNAPSHOT", cell: (row) => row.id },
    { head: "SIZE", cell: (row) => sizeCell(row.sizeBytes) },
    { head: "MADE", cell: (row) => ageCell(row.endTime, options.now) },
  ];
  return `${tableLines(rows, columns, pc.createColors(options.color)).join("\n")}\n`;
}

/** `3 snapshots (1.5 GiB) of 2 Backups`. */
export function lossText(held: readonly HeldDeletion[]): string {
  const snapshots = held.flatMap((each) => each.snapshots).length;
  const bytes = held.reduce((sum, each) => sum + (sizeOf(each) ?? 0), 0);
  return `${counted(snapshots, "snapshot")} (${bytesText(bytes)}) of ${counted(held.length, "Backup")}`;
}

function namespaceColumn<Row extends { readonly namespace: string }>(): Column<Row> {
  return { head: "NAMESPACE", cell: (row) => row.namespace };
}

function sizeOf({ snapshots }: HeldDeletion): number | undefined {
  const sizes = snapshots.flatMap(({ sizeBytes }) => sizeBytes === undefined ? [] : [sizeBytes]);
  return sizes.length === 0 ? undefined : sizes.reduce((sum, size) => sum + size, 0);
}

function newestOf({ snapshots }: HeldDeletion): string | undefined {
  return snapshots.map(({ endTime }) => endTime).filter((time) => time !== undefined)
    .toSorted((a, b) => Date.parse(b) - Date.parse(a))[0];
}
