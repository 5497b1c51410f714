import { equal, rejects } from "node:assert/strict";
import { join } from "node:path";
import { keepArchive } from "./keep_archive.ts";
import type { OciArchive } from "./oci_archive.ts";

interface Case {
  readonly path: string;
  readonly archive: (text: string) => OciArchive;
  readonly writes: () => number;
}

async function withCase(work: (each: Case) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  let writes = 0;
  function archive(text: string): OciArchive {
    return {
      name: "kopiur.test/app:1",
      digest: `sha256:${text}`,
      fingerprint: `sha256:${text}`,
      write: async (path) => {
        writes += 1;
        await Deno.writeTextFile(path, text);
        if (text === "broken") throw new Error("Cannot write: the disk is full");
      },
    };
  }
  try {
    await work({ path: join(folder, "image.tar"), archive, writes: () => writes });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("keepArchive() writes an archive once, and again when what it is made of changed", async () => {
  await withCase(async ({ path, archive, writes }) => {
    equal(await keepArchive(path, archive("one")), "written");
    equal(await keepArchive(path, archive("one")), "unchanged");
    equal(writes(), 1);
    equal(await keepArchive(path, archive("two")), "written");
    equal(await Deno.readTextFile(path), "two");
  });
});

Deno.test("keepArchive() writes again what was removed, cut off, or has no note", async () => {
  await withCase(async ({ path, archive }) => {
    await keepArchive(path, archive("whole"));
    for (
      const harm of [
        () => Deno.remove(path),
        () => Deno.writeTextFile(path, "who"),
        () => Deno.remove(`${path}.fingerprint`),
      ]
    ) {
      await harm();
      equal(await keepArchive(path, archive("whole")), "written");
      equal(await Deno.readTextFile(path), "whole");
    }
  });
});

Deno.test("keepArchive() leaves the old archive and nothing else when writing fails", async () => {
  await withCase(async ({ path, archive }) => {
    await keepArchive(path, archive("old"));
    await rejects(keepArchive(path, archive("broken")), /the disk is full/);
    equal(await Deno.readTextFile(path), "old");
    equal(await keepArchive(path, archive("old")), "unchanged");
    const names = [...Deno.readDirSync(join(path, ".."))].map(({ name }) => name).sort();
    equal(names.join(" "), "image.tar image.tar.fingerprint");
  });
});
