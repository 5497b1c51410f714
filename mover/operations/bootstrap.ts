import type { BootstrapResult, MoverOperation } from "../../api/mover/contract.ts";
import { CatalogWriter } from "../snapshots/catalog_writer.ts";
import {
  createRepository,
  eachSnapshot,
  keepEverythingGlobally,
  type Kopia,
  openRepository,
  ownMaintenance,
  readGlobalRetention,
  readMaintenanceOwner,
} from "../kopia/client.ts";
import type { CreateOptions } from "../kopia/argv.ts";
import { MoverError } from "../mover_error.ts";
import { settledId } from "./created_id.ts";
import { RepositorySurvey } from "../snapshots/repository_survey.ts";
import { leftBehind, UnfinishedUploads } from "../snapshots/unfinished_uploads.ts";

/** The `bootstrap` operation of a work spec. */
export type BootstrapRequest = Extract<MoverOperation, { readonly bootstrap: unknown }>["bootstrap"];

/**
 * Opens a repository, or creates it when it is missing and the request allows that. Counts its snapshots and, as the
 * last step, prints their catalog (api/mover/catalog_listing.ts). Throws MoverError.
 */
export async function bootstrap(kopia: Kopia, request: BootstrapRequest): Promise<BootstrapResult> {
  const { uniqueId, created } = await openOrCreate(kopia, request.create);
  const survey = new RepositorySurvey(kopia.clock());
  const catalog = new CatalogWriter();
  const uploads = new UnfinishedUploads();
  await eachSnapshot(kopia, {
    onSnapshot: (snapshot) => {
      survey.add(snapshot);
      catalog.add(snapshot);
      uploads.add(snapshot);
    },
    onUnreadable: (manifest) => {
      survey.addUnreadable();
      catalog.addUnreadable(manifest);
    },
  });
  if (request.create !== undefined && survey.isEmpty) await keepEverythingInOurs(kopia);
  const unreadable = survey.unreadable === 0 ? {} : { unreadableManifests: survey.unreadable };
  const left = leftBehind(uploads.all, kopia.clock());
  const unfinished = left === undefined ? {} : { unfinished: left };
  return {
    uniqueId,
    created,
    ...survey.stock,
    ...unreadable,
    ...unfinished,
    catalog: catalog.print(kopia.print),
  };
}

interface Opened {
  readonly uniqueId: string;
  readonly created: boolean;
}

/** Creates only after "NotInitialized": after any other failure it could make a second repository. */
async function openOrCreate(kopia: Kopia, create: CreateOptions | undefined): Promise<Opened> {
  try {
    return { uniqueId: await openRepository(kopia), created: false };
  } catch (error) {
    if (!(error instanceof MoverError) || error.failureClass !== "NotInitialized") throw error;
    if (create === undefined) throw withHint(kopia, error);
  }
  try {
    await createRepository(kopia, create);
  } catch (error) {
    // Another bootstrap may have created it meanwhile. If not, the error of `create` says more than that of opening.
    const uniqueId = kopia.process.signal.aborted ? undefined : await tryOpen(kopia);
    if (uniqueId === undefined) throw error;
    return { uniqueId, created: false };
  }
  return { uniqueId: await settledId(kopia), created: true };
}

async function tryOpen(kopia: Kopia): Promise<string | undefined> {
  try {
    return await openRepository(kopia);
  } catch (error) {
    // The mover was stopped, so this error says that, and the one of `create` would not.
    if (kopia.process.signal.aborted) throw error;
    kopia.log.debug("the repository that could not be created cannot be opened either", { error });
    return undefined;
  }
}

/** Some S3 servers give the same answer for a missing bucket, an unknown access key and an empty bucket. */
function withHint(kopia: Kopia, error: MoverError): MoverError {
  const { repository } = kopia.connection;
  if (!("s3" in repository)) return error;
  const message = `${error.message}, expected one in the bucket "${repository.s3.bucket}" ` +
    "(some servers say the same when the bucket is missing or the access key is unknown)";
  return new MoverError(error.failureClass, message, { cause: error.cause, tail: error.tail });
}

/**
 * Takes the maintenance of a repository that we created, and sets its global policy to keep everything (decision 0012),
 * also when an earlier pod created it and was killed before this step. A repository counts as ours when it has no
 * snapshot, still has kopia's built-in retention, and is owned by our identity, or by nobody, as each is at first. Any
 * other repository keeps its global policy; there only the policy of each source is set.
 */
async function keepEverythingInOurs(kopia: Kopia): Promise<void> {
  const policy = await readGlobalRetention(kopia);
  if (!policy.keepsAreBuiltIn) return;
  const { username, hostname } = kopia.connection.identity;
  const owner = await readMaintenanceOwner(kopia);
  if (owner === "") await ownMaintenance(kopia);
  if (owner === "" || owner === `${username}@${hostname}`) await keepEverythingGlobally(kopia);
}
