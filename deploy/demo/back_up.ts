import { z } from "zod";
import { awaitPhase } from "./await_phase.ts";
import { kubectl, type Target } from "./kubectl.ts";
import { manifest } from "./manifest.ts";

/** A Backup that succeeded, as its status tells. */
export interface MadeBackup {
  readonly name: string;
  /** Kopia's id of its snapshot. */
  readonly id: string;
  readonly files: number;
}

const backup = z.object({
  status: z.object({
    snapshots: z.tuple([z.object({ kopiaSnapshotID: z.string().min(1), files: z.int() })]),
  }),
});

/** Makes the recipe and runs it once; resolves when the Backup has succeeded. */
export async function backUp(
  target: Target,
  namespace: string,
  say: (line: string) => void,
): Promise<MadeBackup> {
  await kubectl(target, ["apply", "-n", namespace, "-f", manifest("03-backup-config.yaml")]);
  const created = await kubectl(target, [
    "create",
    "-n",
    namespace,
    "-f",
    manifest("04-backup.yaml"),
    "-o",
    "jsonpath={.metadata.name}",
  ]);
  const object = `backup/${created}`;
  await awaitPhase(target, { namespace, object, wanted: "Succeeded", limitSeconds: 180, say });
  const json = await kubectl(target, ["get", object, "-n", namespace, "-o", "json"]);
  const [snapshot] = backup.parse(JSON.parse(json)).status.snapshots;
  return { name: created, id: snapshot.kopiaSnapshotID, files: snapshot.files };
}
