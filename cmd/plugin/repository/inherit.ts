import {
  ANNOTATION,
  backupKind,
  backupSpec,
  type BackupStatus,
  backupStatus,
  type DiscoveredSnapshot,
  GROUP,
  repositoryKind,
} from "../../../api/mod.ts";
import { keyOf, keyText, type KubeObject, resourceOf } from "../../../kube/mod.ts";
import { runFacts } from "../../../controller/shared/runs/facts.ts";
import { EXIT } from "../../exit_code.ts";
import type { Host } from "../../host.ts";
import { isConfirmed, type Question } from "../confirmation.ts";
import { counted } from "../text.ts";
import { noSuchObject } from "../no_such_object.ts";
import { type PluginSession, withinLimit } from "../session.ts";
import type { RepositoryInheritRequest } from "./args.ts";

const REPOSITORY = resourceOf(repositoryKind);
const BACKUP = resourceOf(backupKind);
const QUESTION: Question = { to: "make this Repository their heir", otherwise: "Nothing was changed" };
/** Clocks of two clusters differ by less. */
const TOLERANCE_MS = 5 * 60_000;

/**
 * Sets or removes the annotation that says that no other cluster uses the Backups of a Repository that were put back.
 * First prints which Backups these are, and any sign that another cluster still writes. The patch applies only to the
 * version of the Repository that was read.
 */
export async function inheritRepository(
  host: Pick<Host, "stdin" | "stdout" | "stderr">,
  session: PluginSession,
  { repository: name, inherit, yes }: Pick<RepositoryInheritRequest, "repository" | "inherit" | "yes">,
): Promise<number> {
  const { api, namespace, stop } = session;
  const { found, backups } = await withinLimit(`look at Repository "${name}"`, stop, async (signal) => {
    const found = await api.read(REPOSITORY, { namespace, name }, signal);
    const action = inherit ? "inherit" : "take back";
    if (found === undefined) {
      throw await noSuchObject(session, { action, resource: REPOSITORY, name }, signal);
    }
    return { found, backups: await api.list(BACKUP, { namespace }, signal) };
  });
  const { uid, resourceVersion, annotations } = found.metadata;
  if ((annotations?.[ANNOTATION.heir] === uid) === inherit) {
    host.stderr.write(`${namespace}/${name} is ${inherit ? "the heir" : "no heir"} already\n`);
    return EXIT.ok;
  }
  if (inherit) {
    host.stderr.write(summaryOf(found, backups));
    if (!yes && !await isConfirmed(host, QUESTION, stop)) return EXIT.failed;
  }
  const words = { [ANNOTATION.heir]: inherit ? uid : null };
  await withinLimit(`patch Repository "${name}"`, stop, (signal) =>
    api.patch(
      REPOSITORY,
      { namespace, name },
      { metadata: { uid, resourceVersion, annotations: words } },
      signal,
    ));
  host.stdout.write(`repository.${GROUP}/${name} ${inherit ? "inherits" : "inherits no more"}\n`);
  return EXIT.ok;
}

function summaryOf({ metadata }: KubeObject, backups: readonly KubeObject[]): string {
  const here = keyText(keyOf({ metadata }));
  const inherited = backups.flatMap((backup) => {
    const { isInherited, repository } = runFacts(backup);
    const status = isInherited && repository === here
      ? backupStatus.safeParse(backup.status).data
      : undefined;
    return status === undefined ? [] : [status];
  });
  const snapshots = inherited.flatMap(({ snapshots = [] }) => snapshots)
    .filter(({ kopiaSnapshotID }) => kopiaSnapshotID !== undefined).length;
  const lines = [
    `${counted(inherited.length, "Backup")} with ${counted(snapshots, "snapshot")} were put back on it`,
    "From then on retention and deletions take them like any other",
    ...signOfLife(metadata, inherited, backups),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** A warning when another cluster wrote under the same identities since this Repository was made. */
function signOfLife(
  { name, creationTimestamp = "" }: KubeObject["metadata"],
  inherited: readonly BackupStatus[],
  backups: readonly KubeObject[],
): readonly string[] {
  const identities = new Set(
    inherited.flatMap(({ resolved }) => resolved ? [identityText(resolved.identity)] : []),
  );
  const sinceMs = Date.parse(creationTimestamp) + TOLERANCE_MS;
  const [newest] = backups.flatMap((backup): readonly DiscoveredSnapshot["snapshot"][] => {
    const discovered = backupSpec.safeParse(backup.spec).data?.discovered;
    return discovered?.repository.name === name ? [discovered.snapshot] : [];
  })
    .filter(({ identity, startTime }) =>
      identities.has(identityText(identity)) && Date.parse(startTime) > sinceMs
    )
    .toSorted((a, b) => Date.parse(b.startTime) - Date.parse(a.startTime));
  if (newest === undefined) return [];
  const { id, identity, sourcePath, startTime } = newest;
  return [
    `WARNING: another cluster seems to live on them: it made snapshot ${id} of ` +
    `${identityText(identity)}:${sourcePath} at ${startTime}. What is deleted here it has lost`,
  ];
}

function identityText(
  { username, hostname }: { readonly username: string; readonly hostname: string },
): string {
  return `${username}@${hostname}`;
}
