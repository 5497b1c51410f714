/** Words people give on the command line as well as in a spec; a module of few schemas, for it is read at every start. */
import * as z from "zod";
import { cel } from "./cel.ts";

/** Name of a namespaced object, as Kubernetes accepts it (DNS-1123 subdomain). */
export const objectName: z.ZodString = z.string().min(1).max(253).regex(
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
);

/** What happens to snapshots when their Backup is deleted. */
export const deletionPolicy = z.enum(["Delete", "Retain", "Orphan"]);
export type DeletionPolicy = z.infer<typeof deletionPolicy>;

/** Tags people put on the snapshots of a run; kopia splits a tag at its first colon, and ours begin with `kopiur-`. */
export const backupTags = z.record(
  z.string().regex(/^(?!kopiur-)[^:\p{Cc}]{1,128}$/u),
  z.string().max(256).regex(/^\P{Cc}*$/u),
).meta({
  maxProperties: 16,
  ...cel({
    rule:
      "self.all(key, size(key) >= 1 && size(key) <= 128 && !key.contains(':') && !key.startsWith('kopiur-'))",
    message: "a tag's key has 1 to 128 characters, no colon, and does not begin with kopiur-",
  }),
});

/** What people say of the snapshots of a run. */
export const backupDescription: z.ZodString = z.string().max(512).regex(/^\P{Cc}*$/u);
