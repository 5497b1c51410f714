import { pipeline } from "node:stream/promises";
// @ts-types="@types/tar-stream"
import { type Headers, type Pack, pack } from "tar-stream";

/** One entry of a tar archive. Owner defaults to root, the time is always the epoch: equal input, equal bytes. */
export type TarEntry = TarFile | TarFolder | TarLink;

/** A regular file with its bytes in memory or on disk. */
export interface TarFile {
  readonly kind: "file";
  readonly path: string;
  readonly mode: number;
  readonly content: TarContent;
  readonly uid?: number;
  readonly gid?: number;
}

/** A folder. */
export interface TarFolder {
  readonly kind: "folder";
  readonly path: string;
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A symbolic link. */
export interface TarLink {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** Bytes at hand, or bytes to be streamed whose number is known before. */
export type TarContent =
  | { readonly bytes: Uint8Array }
  | { readonly size: number; readonly stream: () => AsyncIterable<Uint8Array> };

const EPOCH = new Date(0);

/** The bytes of a tar archive of these entries, in their order, in the POSIX (pax) format. */
export async function* tarStream(entries: readonly TarEntry[]): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const packed = packAll(archive, entries);
  // Whoever reads hears of a failure from the archive, which is destroyed with it.
  packed.catch((error) => archive.destroy(error));
  yield* archive as AsyncIterable<Uint8Array>;
  await packed;
}

async function packAll(archive: Pack, entries: readonly TarEntry[]): Promise<void> {
  for (const entry of entries) {
    if (entry.kind === "file") await packFile(archive, entry);
    else archive.entry(headerOf(entry));
  }
  archive.finalize();
}

async function packFile(archive: Pack, file: TarFile): Promise<void> {
  const sink = archive.entry({ ...headerOf(file), size: contentSize(file.content) });
  await pipeline(exactBytes(file), sink);
}

function headerOf(entry: TarEntry): Headers {
  const { uid = 0, gid = 0 } = entry;
  const common = { name: entry.path, uid, gid, mtime: EPOCH };
  switch (entry.kind) {
    case "file":
      return { ...common, type: "file", mode: entry.mode };
    case "folder":
      return { ...common, type: "directory", name: `${entry.path.replace(/\/$/, "")}/`, mode: entry.mode };
    case "link":
      return { ...common, type: "symlink", linkname: entry.target, mode: 0o777 };
  }
}

async function* exactBytes(file: TarFile): AsyncGenerator<Uint8Array> {
  if ("bytes" in file.content) return yield file.content.bytes;
  const expected = file.content.size;
  let seen = 0;
  for await (const chunk of file.content.stream()) {
    seen += chunk.length;
    yield chunk;
  }
  if (seen !== expected) {
    throw new Error(
      `Cannot archive "${file.path}": it has ${seen} bytes, expected ${expected} as before it was read`,
    );
  }
}

function contentSize(content: TarContent): number {
  return "bytes" in content ? content.bytes.length : content.size;
}
