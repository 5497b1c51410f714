/** Words people give on the command line as well as in a spec; a module of few schemas, for it is read at every start. */
import * as z from "zod";
import { cel, ofForm } from "./cel.ts";

/** Name of a namespaced object, as Kubernetes accepts it (DNS-1123 subdomain). */
export const objectName: z.ZodString = ofForm(
  z.string().min(1).max(253),
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
  'expected the name of an object: lower case letters, digits, "-" and ".", with a letter or digit at both ends',
);

/**
 * Each half of a kopia identity. Kopia splits `user@host:path` at the first "@" and ":" and keeps everything else,
 * upper case, blanks and any script; a blank at an end is never meant.
 */
export const IDENTITY_FORM = /^[^@:\p{Z}\p{Cc}]([^@:\p{Cc}]*[^@:\p{Z}\p{Cc}])?$/u;

/** What happens to snapshots when their Backup is deleted. */
export const deletionPolicy = z.enum(["Delete", "Retain", "Orphan"]);
export type DeletionPolicy = z.infer<typeof deletionPolicy>;

const oneLine = /^\P{Cc}*$/u;
const oneLineText = "expected one line of text without control characters";

/** Tags people put on the snapshots of a run; kopia splits a tag at its first colon, and ours begin with `kopiur-`. */
export const backupTags = z.record(
  z.string().regex(/^(?!kopiur-)[^:\p{Cc}]{1,128}$/u),
  ofForm(z.string().max(256), oneLine, oneLineText),
).meta({
  maxProperties: 16,
  ...cel({
    rule:
      "self.all(key, size(key) >= 1 && size(key) <= 128 && !key.contains(':') && !key.startsWith('kopiur-'))",
    message: "a tag's key has 1 to 128 characters, no colon, and does not begin with kopiur-",
  }),
});

/** What people say of the snapshots of a run. */
export const backupDescription: z.ZodString = ofForm(z.string().max(512), oneLine, oneLineText);
