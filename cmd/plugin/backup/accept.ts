import { backupKind, backupStatus, GROUP, type SnapshotEntry } from "../../../api/mod.ts";
import { type KubeObject, resourceOf } from "../../../kube/mod.ts";
import type { BackupAcceptRequest } from "./args.ts";
import { bytesText, counted } from "../text.ts";
import { EXIT } from "../../exit_code.ts";
import type { Host } from "../../host.ts";
import { noSuchObject } from "../no_such_object.ts";
import { type PluginSession, withinLimit } from "../session.ts";

/**
 * Sets or clears `spec.accept` of Backups and prints their snapshots. Each patch applies only to the version that was
 * read. The first Backup that cannot be accepted throws, and those after it are not looked at.
 */
export async function acceptBackups(
  { stdout, stderr }: Pick<Host, "stdout" | "stderr">,
  session: PluginSession,
  { names, accept }: Pick<BackupAcceptRequest, "names" | "accept">,
): Promise<number> {
  const { api, namespace, stop } = session;
  const resource = resourceOf(backupKind);
  const [action, done] = accept ? ["accept", "accepted"] : ["take back", "taken back"];
  for (const name of names) {
    await withinLimit(`${action} "${name}"`, stop, async (signal) => {
      const found = await api.read(resource, { namespace, name }, signal);
      if (found === undefined) throw await noSuchObject(session, { action, resource, name }, signal);
      const saved = savedOf(found);
      if (accept) refuseSenseless(found, saved);
      if (isAccepted(found) === accept) {
        stderr.write(`${namespace}/${name} is ${accept ? "accepted" : "not accepted"} already\n`);
        return;
      }
      const { uid, resourceVersion } = found.metadata;
      await api.patch(
        resource,
        { namespace, name },
        { metadata: { uid, resourceVersion }, spec: { accept } },
        signal,
      );
      for (const entry of saved) stderr.write(`${textOf(entry)}\n`);
      stdout.write(`backup.${GROUP}/${name} ${done}\n`);
    });
  }
  return EXIT.ok;
}

/** Throws for a Backup that has not ended, has no snapshot, or would not count for retention anyway. */
function refuseSenseless({ metadata, spec, status }: KubeObject, saved: readonly SnapshotEntry[]): void {
  const cannot = `Cannot accept "${metadata.name}"`;
  if (metadata.deletionTimestamp !== undefined) {
    throw new Error(`${cannot}: it is being deleted, expected one that stays`);
  }
  if (typeof spec === "object" && spec !== null && "discovered" in spec && spec.discovered !== undefined) {
    throw new Error(`${cannot}: it stands for a snapshot that was found, expected a run of a BackupConfig`);
  }
  const phase = backupStatus.safeParse(status).data?.phase ?? "Pending";
  if (phase !== "Succeeded" && phase !== "Failed") {
    throw new Error(`${cannot}: it is ${phase}, expected one that has ended`);
  }
  if (saved.length === 0) throw new Error(`${cannot}: it holds no snapshot, expected one that was saved`);
}

function savedOf({ status }: KubeObject): readonly SnapshotEntry[] {
  const { snapshots = [] } = backupStatus.safeParse(status).data ?? {};
  return snapshots.filter(({ phase, kopiaSnapshotID }) =>
    phase === "Succeeded" && kopiaSnapshotID !== undefined
  );
}

function isAccepted({ spec }: KubeObject): boolean {
  return typeof spec === "object" && spec !== null && "accept" in spec && spec.accept === true;
}

function textOf({ sourcePath, files, sizeBytes, unreadable, names }: SnapshotEntry): string {
  const parts = [
    files === undefined ? [] : counted(files, "file"),
    sizeBytes === undefined ? [] : bytesText(sizeBytes),
    unreadable === undefined ? [] : `${unreadable.count} unreadable`,
    names?.lost === undefined ? [] : `${names.lost.count} lost to the name of another`,
  ].flat();
  return `  ${sourcePath}: ${parts.length === 0 ? "of no known size" : parts.join(", ")}`;
}
