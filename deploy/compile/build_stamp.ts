import { runTool } from "../../tests/parts/mod.ts";

/** What is baked into a bundle; `cmd/build.ts` reads it. */
export interface BuildStamp {
  readonly version: string;
  /** Short commit, `-dirty` behind it when the tree has uncommitted changes, `unknown` outside git. */
  readonly commit: string;
  /** RFC 3339, to the second: SOURCE_DATE_EPOCH, else the commit's time, so that a rebuild is the same build. */
  readonly date: string;
}

/** What git says of a tree; undefined outside git or before the first commit. */
export interface Revision {
  readonly commit: string;
  readonly dirty: boolean;
  readonly epochSeconds: number;
}

/** The stamp of a build. Pure; a SOURCE_DATE_EPOCH that is no number of seconds throws. */
export function buildStamp(
  version: string,
  revision: Revision | undefined,
  sourceDateEpoch: string | undefined,
): BuildStamp {
  const epochSeconds = parseEpoch(sourceDateEpoch) ?? revision?.epochSeconds ?? 0;
  const commit = revision === undefined ? "unknown" : `${revision.commit}${revision.dirty ? "-dirty" : ""}`;
  return { version, commit, date: new Date(epochSeconds * 1000).toISOString().replace(".000Z", "Z") };
}

/** Asks git about the tree at `root`. */
export async function readRevision(root: string): Promise<Revision | undefined> {
  const head = await git(root, ["log", "-1", "--format=%h %ct", "--abbrev=12"]);
  const [commit = "", seconds = ""] = head?.trim().split(" ") ?? [];
  if (commit === "" || !/^[0-9]+$/.test(seconds)) return undefined;
  const changes = await git(root, ["status", "--porcelain"]);
  return { commit, dirty: changes === undefined || changes.trim() !== "", epochSeconds: Number(seconds) };
}

/** Standard output of git, undefined when it is missing or refuses. */
async function git(root: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const result = await runTool(["git", "-C", root, ...args], { limitSeconds: 30 });
    return result.code === 0 ? result.stdout : undefined;
  } catch (error) {
    // A source archive is built on machines without git.
    if (error instanceof Error && error.cause instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function parseEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  const seconds = Number(text);
  if (/^[0-9]+$/.test(text) && seconds <= 253402300799) return seconds;
  throw new Error(`Cannot use SOURCE_DATE_EPOCH: it is "${text}", expected whole seconds since 1970`);
}
