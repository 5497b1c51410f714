import { deepEqual, equal, ok } from "node:assert/strict";
import { baseLayer, kopiurLayer, withParents } from "./layers.ts";
import type { TarEntry } from "./tar.ts";

function textOf(entries: readonly TarEntry[], path: string): string {
  const entry = entries.find((each) => each.path === path);
  ok(entry?.kind === "file" && "bytes" in entry.content, `no ${path}`);
  return new TextDecoder().decode(entry.content.bytes);
}

function link(path: string): TarEntry {
  return { kind: "link", path, target: "x" };
}

Deno.test("withParents() makes every folder above an entry once, before it, and keeps the mode of one given", () => {
  const usr = { kind: "folder", path: "usr", mode: 0o700 } as const;
  const links = [link("usr/bin/a"), link("usr/bin/b"), link("lib")];
  deepEqual(withParents([...links, usr]), [usr, { kind: "folder", path: "usr/bin", mode: 0o755 }, ...links]);
});

Deno.test("baseLayer() has a user, name resolution, certificates and nothing that only root may write to", () => {
  const library = new URL(import.meta.url).pathname;
  const entries = baseLayer([library], () => false);
  ok(textOf(entries, "etc/passwd").includes("kopiur:x:65532:65532:"));
  equal(textOf(entries, "etc/nsswitch.conf"), "hosts: files dns\n");
  ok(textOf(entries, "etc/ssl/certs/ca-certificates.crt").split("BEGIN CERTIFICATE").length > 100);
  const tmp = entries.find((entry) => entry.path === "tmp");
  equal(tmp?.kind === "folder" && tmp.mode, 0o1777);
  ok(
    entries.some((entry) => entry.path === library.slice(1) && entry.kind === "file" && entry.mode === 0o755),
  );
});

Deno.test("baseLayer() writes each folder before what is in it, and nothing twice", () => {
  const paths = baseLayer([new URL(import.meta.url).pathname], () => false).map((entry) => entry.path);
  equal(new Set(paths).size, paths.length);
  for (const [at, path] of paths.entries()) {
    const parent = path.split("/").slice(0, -1).join("/");
    ok(parent === "" || paths.indexOf(parent) < at, path);
  }
});

Deno.test("kopiurLayer() makes the kubectl plugin reachable by its name", () => {
  const here = new URL(import.meta.url).pathname;
  const plugin = kopiurLayer(here, here).find((entry) => entry.path === "usr/local/bin/kubectl-kopiur");
  deepEqual(plugin, { kind: "link", path: "usr/local/bin/kubectl-kopiur", target: "kopiur" });
});
