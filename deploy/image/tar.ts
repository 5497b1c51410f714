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

const blockSize = 512;
const encoder = new TextEncoder();
const typeFlags = { file: "0", link: "2", folder: "5", pax: "x" } as const;

/** The bytes of a tar archive of these entries, in their order, in the POSIX (pax) format. */
export async function* tarStream(entries: readonly TarEntry[]): AsyncGenerator<Uint8Array> {
  for (const entry of entries) {
    yield tarHeader(entry);
    if (entry.kind !== "file") continue;
    yield* exactBytes(entry);
    yield padding(contentSize(entry.content));
  }
  yield new Uint8Array(2 * blockSize);
}

/** The number of bytes tarStream will yield. */
export function tarSize(entries: readonly TarEntry[]): number {
  const sizes = entries.map((entry) => {
    const content = entry.kind === "file" ? contentSize(entry.content) : 0;
    return tarHeader(entry).length + content + padding(content).length;
  });
  return sizes.reduce((sum, size) => sum + size, 2 * blockSize);
}

/** The number of bytes of a file's content. */
export function contentSize(content: TarContent): number {
  return "bytes" in content ? content.bytes.length : content.size;
}

async function* exactBytes(entry: TarFile): AsyncGenerator<Uint8Array> {
  if ("bytes" in entry.content) return yield entry.content.bytes;
  const expected = entry.content.size;
  let seen = 0;
  for await (const chunk of entry.content.stream()) {
    seen += chunk.length;
    yield chunk;
  }
  if (seen !== expected) {
    throw new Error(
      `Cannot archive "${entry.path}": it has ${seen} bytes, expected ${expected} as before it was read`,
    );
  }
}

function padding(size: number): Uint8Array {
  return new Uint8Array((blockSize - size % blockSize) % blockSize);
}

/** The header of one entry; a path, target or size too large for the classic fields goes into a pax record before it. */
function tarHeader(entry: TarEntry): Uint8Array {
  const path = entry.kind === "folder" ? `${entry.path.replace(/\/$/, "")}/` : entry.path;
  const target = entry.kind === "link" ? entry.target : "";
  const size = entry.kind === "file" ? contentSize(entry.content) : 0;
  const records = [
    ...(encoder.encode(path).length > 100 ? [paxRecord("path", path)] : []),
    ...(encoder.encode(target).length > 100 ? [paxRecord("linkpath", target)] : []),
    ...(size > 0o77777777777 ? [paxRecord("size", String(size))] : []),
  ].join("");
  const header = classicHeader({
    path,
    target,
    size,
    mode: entry.kind === "link" ? 0o777 : entry.mode,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    typeFlag: typeFlags[entry.kind],
  });
  return records === "" ? header : concat([paxHeader(records), header]);
}

function paxHeader(records: string): Uint8Array {
  const body = encoder.encode(records);
  const fields = { target: "", mode: 0o644, uid: 0, gid: 0, typeFlag: typeFlags.pax };
  return concat([classicHeader({ ...fields, path: "pax", size: body.length }), body, padding(body.length)]);
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = encoder.encode(` ${key}=${value}\n`).length;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

interface ClassicFields {
  readonly path: string;
  readonly target: string;
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly typeFlag: string;
}

function classicHeader(fields: ClassicFields): Uint8Array {
  const header = new Uint8Array(blockSize);
  const put = (offset: number, length: number, text: string) =>
    header.set(encoder.encode(text).subarray(0, length), offset);
  const octal = (offset: number, length: number, value: number) =>
    put(offset, length, `${value.toString(8).padStart(length - 1, "0").slice(1 - length)}\0`);
  put(0, 100, fields.path);
  octal(100, 8, fields.mode);
  octal(108, 8, fields.uid);
  octal(116, 8, fields.gid);
  octal(124, 12, fields.size);
  octal(136, 12, 0);
  put(148, 8, "        ");
  put(156, 1, fields.typeFlag);
  put(157, 100, fields.target);
  put(257, 8, "ustar\x0000");
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  put(148, 8, `${checksum.toString(8).padStart(6, "0")}\0 `);
  return header;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
