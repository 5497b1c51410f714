import * as z from "zod";
import { ANNOTATION } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";

const schema = z.object({ at: z.iso.datetime(), ids: z.array(z.string()) });

/** The catalog's note on a Backup: which of its snapshots a listing did not show, and the time of that listing. */
export type MissingNote = z.infer<typeof schema>;

/**
 * The note on missing snapshots of a Backup; undefined without one. A text that is not exactly of the form of
 * {@link missingNoteText} is `unreadable` and names no snapshot; the catalog replaces it with its next
 * listing.
 */
export function missingNote({ metadata }: KubeObject): MissingNote | "unreadable" | undefined {
  const text = metadata.annotations?.[ANNOTATION.snapshotMissing];
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? "unreadable";
  } catch {
    // Anybody may write an annotation.
    return "unreadable";
  }
}

/** Ids of the snapshots that a note calls missing. */
export function missingIds(note: MissingNote | "unreadable" | undefined): readonly string[] {
  return note === undefined || note === "unreadable" ? [] : note.ids;
}

/** The note as text, for {@link ANNOTATION}.snapshotMissing. */
export function missingNoteText(note: MissingNote): string {
  return JSON.stringify(note);
}
