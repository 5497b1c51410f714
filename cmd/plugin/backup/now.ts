import { backupConfigKind, backupKind, GROUP } from "../../../api/mod.ts";
import { answerOf, isConflict, type KubeClock, type KubeObject, resourceOf } from "../../../kube/mod.ts";
import type { BackupNowRequest } from "./args.ts";
import { EXIT } from "../../exit_code.ts";
import { followBackup } from "./follow.ts";
import { durationText, harmlessText } from "../text.ts";
import type { Host } from "../../host.ts";
import { manualBackup } from "./manual_backup.ts";
import { noSuchObject } from "../no_such_object.ts";
import { type PluginSession, withinLimit } from "../session.ts";

/** The most names that are tried. */
const MOST_ATTEMPTS = 10;

/** Creates a Backup of a BackupConfig, prints its name, and follows it with `--wait`. */
export async function backupNow(
  host: Pick<Host, "stdout" | "stderr">,
  session: PluginSession,
  request: Omit<BackupNowRequest, "scope" | "kubeconfig" | "context">,
  clock: KubeClock,
): Promise<number> {
  const { api, namespace, stop } = session;
  const backup = await withinLimit(`back up "${request.config}"`, stop, async (signal) => {
    await requireConfig(session, request.config, signal);
    return await create(session, request, new Date(clock.epochMs()), signal);
  });
  const { name } = backup.metadata;
  host.stdout.write(`backup.${GROUP}/${name}\n`);
  if (request.wait === undefined) return EXIT.ok;
  const { timeoutMs } = request.wait;
  const end = await followBackup(
    {
      clock,
      print: (line) => host.stderr.write(`${name}: ${harmlessText(line)}\n`),
      read: (signal) => api.read(resourceOf(backupKind), { namespace, name }, signal),
    },
    timeoutMs,
    stop,
  );
  switch (end.kind) {
    case "succeeded":
      return EXIT.ok;
    case "incomplete":
    case "failed":
      return EXIT.failed;
    case "gone":
      host.stderr.write(`error: Cannot follow ${namespace}/${name}: it was deleted, expected it to end\n`);
      return EXIT.failed;
    case "timeout":
      host.stderr.write(
        `error: Cannot wait longer for ${namespace}/${name}: it did not end within ${
          durationText(timeoutMs / 1000)
        }, expected it to; it goes on\n`,
      );
      return EXIT.timeout;
    default:
      return end satisfies never;
  }
}

async function requireConfig(
  session: PluginSession,
  config: string,
  signal: AbortSignal,
): Promise<void> {
  const resource = resourceOf(backupConfigKind);
  try {
    const key = { namespace: session.namespace, name: config };
    if (await session.api.read(resource, key, signal) !== undefined) return;
  } catch (error) {
    // A user may be allowed to create Backups, but not to read BackupConfigs.
    if (answerOf(error)?.code === 403) return;
    throw error;
  }
  throw await noSuchObject(session, { action: "back up", resource, name: config }, signal);
}

async function create(
  { api, namespace }: PluginSession,
  request: Omit<BackupNowRequest, "scope" | "kubeconfig" | "context">,
  now: Date,
  signal: AbortSignal,
): Promise<KubeObject> {
  for (let attempt = 1;; attempt++) {
    const backup = manualBackup(request, namespace, now, attempt);
    try {
      await api.create(resourceOf(backupKind), backup, signal);
      return backup;
    } catch (error) {
      // Another one of that name was created in the same second.
      if (!isConflict(error) || attempt >= MOST_ATTEMPTS) throw error;
    }
  }
}
