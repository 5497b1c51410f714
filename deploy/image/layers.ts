import tls from "node:tls";
import { fileContent } from "./file_content.ts";
import type { TarEntry } from "./tar.ts";

/** The user everything in the image runs as. */
export const USER_ID = 65532;

/** Where the programs are. */
export const PROGRAM_PATH = { kopiur: "usr/local/bin/kopiur", kopia: "usr/local/bin/kopia" } as const;

const encoder = new TextEncoder();

/** Licence texts of what the base takes from the machine it is built on, where Debian keeps them. */
const NOTICES = ["libc6", "libgcc-s1"].map((name) => `usr/share/doc/${name}/copyright`);

/** What a glibc program needs beside itself: its libraries, users, certificates, a place to write. */
export function baseLayer(
  libraries: readonly string[],
  exists: (path: string) => boolean,
): readonly TarEntry[] {
  return withParents([
    { kind: "folder", path: "tmp", mode: 0o1777 },
    { kind: "folder", path: "var/cache/kopia", mode: 0o755, uid: USER_ID, gid: USER_ID },
    text("etc/passwd", users()),
    text("etc/group", `root:x:0:\nkopiur:x:${USER_ID}:\n`),
    text("etc/nsswitch.conf", "hosts: files dns\n"),
    // Not this machine's bundle, which may trust more than the world does.
    text("etc/ssl/certs/ca-certificates.crt", `${tls.rootCertificates.join("\n")}\n`),
    ...libraries.map((path) => program(path.slice(1), path)),
    ...NOTICES.filter((path) => exists(`/${path}`)).map((path) => file(path, `/${path}`, 0o644)),
  ]);
}

/** kopia, which needs nothing. */
export function kopiaLayer(path: string): readonly TarEntry[] {
  return withParents([program(PROGRAM_PATH.kopia, path)]);
}

/** The product: the one layer that changes with each commit. */
export function kopiurLayer(path: string, license: string): readonly TarEntry[] {
  return withParents([
    program(PROGRAM_PATH.kopiur, path),
    { kind: "link", path: "usr/local/bin/kubectl-kopiur", target: "kopiur" },
    file("usr/share/doc/kopiur/LICENSE", license, 0o644),
  ]);
}

function users(): string {
  return ["root:x:0:0:root:/:/nonexistent", `kopiur:x:${USER_ID}:${USER_ID}:kopiur:/tmp:/nonexistent`, ""]
    .join("\n");
}

function text(path: string, content: string): TarEntry {
  return { kind: "file", path, mode: 0o644, content: { bytes: encoder.encode(content) } };
}

function program(path: string, from: string): TarEntry {
  return file(path, from, 0o755);
}

function file(path: string, from: string, mode: number): TarEntry {
  return { kind: "file", path, mode, content: fileContent(from) };
}

/** The entries with every folder above them; folders first, outer before inner. */
export function withParents(entries: readonly TarEntry[]): readonly TarEntry[] {
  const folders = new Map<string, TarEntry>();
  for (const { path } of entries) {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      folders.set(parent, { kind: "folder", path: parent, mode: 0o755 });
    }
  }
  const others = entries.filter((entry) => {
    if (entry.kind === "folder") folders.set(entry.path, entry);
    return entry.kind !== "folder";
  });
  return [...[...folders.keys()].sort().flatMap((path) => folders.get(path) ?? []), ...others];
}
