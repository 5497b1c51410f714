import { ANNOTATION, backupKind, GROUP } from "../../../api/mod.ts";
import { isConflict, isNotFound, keyText, resourceOf } from "../../../kube/mod.ts";
import { isConfirmed, type Question } from "../confirmation.ts";
import type { DeletionsReleaseRequest } from "./args.ts";
import { counted } from "../text.ts";
import { lossTable, lossText } from "./view.ts";
import { EXIT } from "../../exit_code.ts";
import { chooseHeld, type HeldDeletion, heldDeletion, isHeldByPin } from "./held.ts";
import type { Host } from "../../host.ts";
import { readHeld } from "./list.ts";
import { inParallel } from "../parallel.ts";
import { type PluginSession, withinLimit } from "../session.ts";
import { wantsColor } from "../../terminal.ts";

/** The controller writes statuses meanwhile, which conflict with a release. */
const MOST_TRIES = 5;
const QUESTION: Question = { to: "delete them", otherwise: "Nothing was released" };

/**
 * Prints the snapshots that a release destroys, asks a person, and confirms the deletions to the controller. Releases
 * exactly what it printed, not what is held since, nor a new object of the same name.
 */
export async function releaseDeletions(
  host: Pick<Host, "stdin" | "stdout" | "stderr" | "env">,
  session: PluginSession,
  { which, yes }: Pick<DeletionsReleaseRequest, "which" | "yes">,
  now: Date,
): Promise<number> {
  const found = chooseHeld(await readHeld(session), which);
  if (found.kind === "refused") throw new Error(found.message);
  const pinned = found.held.filter(isHeldByPin);
  for (const each of pinned) host.stderr.write(`${keyText(each)} is not released: ${each.message}\n`);
  const held = found.held.filter((each) => !isHeldByPin(each));
  const isAsked = which.kind === "named" || held.length === 0;
  const leftOut = isAsked && pinned.length > 0 ? EXIT.failed : EXIT.ok;
  if (held.length === 0) {
    if (pinned.length === 0) host.stderr.write("No deletion is held\n");
    return leftOut;
  }
  const allNamespaces = session.namespace === "";
  host.stdout.write(lossTable(held, { allNamespaces, color: wantsColor(host.stdout, host.env), now }));
  host.stderr.write(`${lossText(held)} are lost for good by the release\n`);
  if (!yes && !await isConfirmed(host, QUESTION, session.stop)) return EXIT.failed;
  const end = await releaseAll(host, session, held);
  return end === EXIT.ok ? leftOut : end;
}

async function releaseAll(
  { stdout, stderr }: Pick<Host, "stdout" | "stderr">,
  session: PluginSession,
  held: readonly HeldDeletion[],
): Promise<number> {
  let released = 0;
  const failures = await inParallel(held, session.stop, async (each) => {
    const name = keyText(each);
    const work = (signal: AbortSignal) => release(session, each, signal);
    const end = await withinLimit(`release ${name}`, session.stop, work);
    if (end === "released") {
      released++;
      stdout.write(`backup.${GROUP}/${each.name} released\n`);
    } else stderr.write(`${name} was not released: ${end}\n`);
  });
  for (const [each, why] of failures) stderr.write(`error: Cannot release ${keyText(each)}: ${why}\n`);
  if (failures.length === 0) return EXIT.ok;
  stderr.write(`${released} of ${counted(held.length, "Backup")} were released; it can be run again\n`);
  return EXIT.failed;
}

/** "released", or why there is nothing to release. */
async function release(
  { api }: PluginSession,
  held: HeldDeletion,
  signal: AbortSignal,
): Promise<string> {
  const resource = resourceOf(backupKind);
  let { resourceVersion, word } = held;
  for (let tries = 1;; tries++) {
    const metadata = {
      uid: held.uid,
      resourceVersion,
      annotations: { [ANNOTATION.confirmDeletion]: word },
    };
    try {
      await api.patch(resource, held, { metadata }, signal);
      return "released";
    } catch (error) {
      if (!isNotFound(error) && (!isConflict(error) || tries >= MOST_TRIES)) throw error;
    }
    const current = await api.read(resource, held, signal);
    if (current === undefined || current.metadata.uid !== held.uid) return "it is gone";
    const still = heldDeletion(current);
    if (still === undefined) return "it is held no longer";
    if (isHeldByPin(still)) return "it was pinned meanwhile";
    ({ resourceVersion, word } = still);
  }
}
