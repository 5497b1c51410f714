import type { NameLoss } from "../../api/mover/contract.ts";
import { FolderListReader, mostSuspects } from "./folder_list.ts";
import { type Kopia, readObjects, readTree } from "../kopia/client.ts";
import { isOneContent } from "../kopia/argv.ts";
import type { Snapshot } from "../kopia/output.ts";
import type { EntryLog } from "./entry_log.ts";
import { MoverError } from "../mover_error.ts";
import { type LostSums, NameTally } from "./tally.ts";
import { type ListedFolder, TreeListing } from "./tree_listing.ts";

/** The names that a snapshot did not keep, and the size of the lost files, which kopia's counts include. */
export interface NameSurvey {
  readonly names: NameLoss;
  readonly lost: LostSums;
}

const allKept: NameSurvey = { names: {}, lost: { files: 0, bytes: 0 } };

/** The limit of the whole survey: the snapshot is made, so the run should end soon. */
const limitMs = 10 * 60_000;
const mostFolders = 20_000;
/** Far fewer ids than fit a command line, as each folder may be large. */
const foldersAtOnce = 500;

/**
 * Finds the names in a snapshot that kopia could not keep. Kopia replaces every byte that is not UTF-8 by U+FFFD, so two
 * files of a folder can get the same name, and only one of them can be restored. No survey is needed when kopia's log
 * of the backup proves that all names were kept. Otherwise kopia lists the tree, which reads all its folders. Where a
 * name contains U+FFFD, the stored folder shows whether the name was changed, and which file is lost. Never throws;
 * a survey that could not be finished sets `unknown`.
 */
export async function surveyNames(
  kopia: Kopia,
  { id, tree }: Snapshot,
  made?: EntryLog,
): Promise<NameSurvey> {
  if (tree !== undefined && made?.provesNamesOf(tree) === true) return allKept;
  const tally = new NameTally();
  let isKnown = false;
  try {
    isKnown = await lookAt(kopia, tree, tally);
  } catch (error) {
    kopia.log.warn("the names in the snapshot could not be looked at", { snapshot: id, error });
  }
  const { found, lostSums } = tally;
  return { names: { ...found, ...(isKnown ? {} : { unknown: true }) }, lost: lostSums };
}

/** Adds the changed names to `tally`; true when every entry of the snapshot was seen. */
async function lookAt(kopia: Kopia, tree: Snapshot["tree"], tally: NameTally): Promise<boolean> {
  if (tree === undefined) {
    throw new MoverError("UnexpectedOutput", "Cannot look at names: the snapshot tells no tree");
  }
  if (tree.entries === 0) return true;
  const deadlineMs = kopia.clock() + limitMs;
  const secondsLeft = () => Math.max(1, (deadlineMs - kopia.clock()) / 1000);
  const suspects: ListedFolder[] = [];
  let suspectCount = 0;
  const listing = new TreeListing(tree.object, (folder) => {
    if (++suspectCount <= mostFolders) suspects.push(folder);
  });
  await readTree(kopia, tree.object, listing, secondsLeft());
  listing.end();
  for (const folders of batches(suspects)) await tallyFolders(kopia, folders, tally, secondsLeft());
  if (suspectCount > mostFolders) {
    kopia.log.warn("more folders hold names kopia changed than are looked at", { folders: suspectCount });
    return false;
  }
  if (!tally.isWhole) {
    kopia.log.warn("a folder holds more names kopia changed than are compared", { compared: mostSuspects });
    return false;
  }
  const seen = listing.entries + tally.lostEntries;
  if (seen === tree.entries) return true;
  kopia.log.warn("kopia lists another number of entries than it counted", {
    listed: seen,
    counted: tree.entries,
  });
  return false;
}

async function tallyFolders(
  kopia: Kopia,
  folders: readonly ListedFolder[],
  tally: NameTally,
  limitSeconds: number,
): Promise<void> {
  let read = 0;
  const reader = new FolderListReader((suspects, rest) =>
    tally.addFolder(folders[read++]?.path ?? "", suspects, rest)
  );
  await readObjects(kopia, folders.map(({ object }) => object), reader, limitSeconds);
  reader.end();
  if (read === folders.length) return;
  throw new MoverError(
    "UnexpectedOutput",
    `Cannot read kopia's answer to "content show": it holds ${read} folders, expected ${folders.length}`,
  );
}

/** The folders that one command reads; a very large folder, which kopia splits, needs a command of its own. */
function* batches(folders: readonly ListedFolder[]): Iterable<readonly ListedFolder[]> {
  const { plain = [], split = [] } = Object.groupBy(
    folders,
    ({ object }) => isOneContent(object) ? "plain" : "split",
  );
  for (let at = 0; at < plain.length; at += foldersAtOnce) yield plain.slice(at, at + foldersAtOnce);
  for (const folder of split) yield [folder];
}
