import type { NameLoss } from "../../api/mover/contract.ts";
import { FolderListReader, mostSuspects } from "./folder_list.ts";
import { type Kopia, readObjects, readTree } from "../kopia/client.ts";
import { isOneContent } from "../kopia/argv.ts";
import type { Snapshot } from "../kopia/output.ts";
import type { EntryLog } from "./entry_log.ts";
import { MoverError } from "../mover_error.ts";
import { type LostSums, NameTally } from "./tally.ts";
import { type ListedFolder, TreeListing } from "./tree_listing.ts";

/** What became of the names in a snapshot, and what the lost files among those kopia counts add up to. */
export interface NameSurvey {
  readonly names: NameLoss;
  readonly lost: LostSums;
}

const allKept: NameSurvey = { names: {}, lost: { files: 0, bytes: 0 } };

/** All of it together; the snapshot is made, and its run should end. */
const limitMs = 10 * 60_000;
const mostFolders = 20_000;
/** Ids fit one command line many times over; a folder may be large. */
const foldersAtOnce = 500;

/**
 * Looks in a snapshot for names kopia could not keep. Every byte that is not UTF-8 becomes U+FFFD there, so two files of
 * one folder can come to the same name, of which one can be restored. Where the log of the kopia that made it does not
 * prove that all were kept, kopia lists the tree, at the cost of reading its folders; where a name in it holds that
 * character the folder's own entries tell the changed name from one that held it before, and the file that is lost. Never
 * throws: what could not be found out is `unknown`.
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

/** True when everything in the snapshot was seen. */
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

/** Folders that are read by one command; one that is cut in pieces, as very large ones are, needs a command of its own. */
function* batches(folders: readonly ListedFolder[]): Iterable<readonly ListedFolder[]> {
  const { plain = [], cut = [] } = Object.groupBy(
    folders,
    ({ object }) => isOneContent(object) ? "plain" : "cut",
  );
  for (let at = 0; at < plain.length; at += foldersAtOnce) yield plain.slice(at, at + foldersAtOnce);
  for (const folder of cut) yield [folder];
}
