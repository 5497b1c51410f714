import * as z from "zod";
import { ANNOTATION } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";

const schema = z.object({ at: z.iso.datetime(), ids: z.array(z.string()) });

/** What the catalog says of a Backup: which of its snapshots a listing did not show, and when that listing was made. */
export type MissingNote = z.infer<typeof schema>;

/**
 * The note of a Backup on its snapshots that are gone; undefined without one. A text that is not wholly as
 * {@link missingNoteText} writes it is `unreadable` and names no snapshot: nothing is done to what a spoilt text may
 * have meant, and the catalog puts it right with its next listing.
 */
export function missingNote({ metadata }: KubeObject): MissingNote | "unreadable" | undefined {
  const text = metadata.annotations?.[ANNOTATION.snapshotMissing];
  if (text === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(text)).data ?? "unreadable";
  } catch {
    // Anybody may write an annotation; what that means is said above.
    return "unreadable";
  }
}

/** Ids of the snapshots a note says are gone. */
export function missingIds(note: MissingNote | "unreadable" | undefined): readonly string[] {
  return note === undefined || note === "unreadable" ? [] : note.ids;
}

/** The note as text, for {@link ANNOTATION}.snapshotMissing. */
export function missingNoteText(note: MissingNote): string {
  return JSON.stringify(note);
}
