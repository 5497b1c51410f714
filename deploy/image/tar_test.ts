import { deepEqual, equal, rejects } from "node:assert/strict";
import { type TarEntry, tarStream } from "./tar.ts";

async function bytesOf(entries: readonly TarEntry[]): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tarStream(entries)) chunks.push(chunk.slice());
  return new Uint8Array(await new Blob(chunks.map((chunk) => new Uint8Array(chunk))).arrayBuffer());
}

function file(path: string, text: string, mode = 0o644): TarEntry {
  return { kind: "file", path, mode, content: { bytes: new TextEncoder().encode(text) } };
}

async function listedByTar(archive: Uint8Array<ArrayBuffer>): Promise<readonly string[]> {
  const child = new Deno.Command("tar", {
    args: ["-t", "-v", "--numeric-owner"],
    env: { TZ: "UTC", LC_ALL: "C.UTF-8" },
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(archive);
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) => line.replaceAll(/ +/g, " "));
}

Deno.test("tarStream() writes what tar lists: modes, owners, folders, links, long paths", async () => {
  const long = `${"folder/".repeat(20)}file`;
  const archive = await bytesOf([
    { kind: "folder", path: "etc", mode: 0o1777 },
    { ...file("etc/a", "hello", 0o755), uid: 65532, gid: 65532 } as TarEntry,
    { kind: "link", path: "bin", target: "usr/bin" },
    file(long, "x"),
    file("grüße", ""),
  ]);
  deepEqual(await listedByTar(archive), [
    "drwxrwxrwt 0/0 0 1970-01-01 00:00 etc/",
    "-rwxr-xr-x 65532/65532 5 1970-01-01 00:00 etc/a",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin -> usr/bin",
    `-rw-r--r-- 0/0 1 1970-01-01 00:00 ${long}`,
    "-rw-r--r-- 0/0 0 1970-01-01 00:00 grüße",
  ]);
});

Deno.test("tarStream() keeps each path and each target, however long", async () => {
  for (let length = 80; length < 300; length += 7) {
    const path = `${"d".repeat(60)}/${"p".repeat(length)}`;
    const target = "t".repeat(length);
    const archive = await bytesOf([file(path, "x".repeat(length * 10)), { kind: "link", path, target }]);
    const [first, second] = await listedByTar(archive);
    equal(first, `-rw-r--r-- 0/0 ${length * 10} 1970-01-01 00:00 ${path}`);
    equal(second, `lrwxrwxrwx 0/0 0 1970-01-01 00:00 ${path} -> ${target}`);
  }
});

Deno.test("tarStream() refuses a file that has changed its size since it was measured", async () => {
  const stream = () => ReadableStream.from([new Uint8Array(3)]);
  const entries: TarEntry[] = [{ kind: "file", path: "log", mode: 0o644, content: { size: 5, stream } }];
  await rejects(bytesOf(entries), /Cannot archive "log": it has 3 bytes, expected 5/);
});
