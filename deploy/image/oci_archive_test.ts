import { deepEqual, equal, notEqual, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileContent } from "./file_content.ts";
import { type Image, ociArchive, writeOciArchive } from "./oci_archive.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function unpack(archive: string, folder: string): Promise<void> {
  await Deno.mkdir(folder);
  const { success } = await new Deno.Command("tar", { args: ["-x", "-f", archive, "-C", folder] }).output();
  equal(success, true);
}

function image(path: string): Image {
  return {
    name: "kopiur.test/app:1.0",
    layers: [[{ kind: "file", path: "app", mode: 0o755, content: fileContent(path) }]],
    config: { architecture: "amd64", entrypoint: ["/app"], user: "65532:65532", env: { HOME: "/tmp" } },
  };
}

Deno.test("writeOciArchive() names every blob by its digest, from the index down to the layer", async () => {
  await inFolder(async (folder) => {
    const app = join(folder, "app");
    await Deno.writeFile(app, crypto.getRandomValues(new Uint8Array(60_000)));
    const written = await writeOciArchive(join(folder, "image.tar"), image(app));
    await unpack(join(folder, "image.tar"), join(folder, "oci"));
    const blob = async (digest: string) => {
      const bytes = await Deno.readFile(join(folder, "oci", "blobs", digest.replace(":", "/")));
      equal(`sha256:${createHash("sha256").update(bytes).digest("hex")}`, digest);
      return bytes;
    };
    const json = async (digest: string) => JSON.parse(new TextDecoder().decode(await blob(digest)));
    const index = JSON.parse(await Deno.readTextFile(join(folder, "oci", "index.json")));
    equal(index.manifests[0].digest, written.digest);
    equal(index.manifests[0].annotations["io.containerd.image.name"], "kopiur.test/app:1.0");
    const manifest = await json(written.digest);
    const config = await json(manifest.config.digest);
    deepEqual(config.rootfs.diff_ids, [manifest.layers[0].digest]);
    deepEqual(config.config.Env, ["HOME=/tmp"]);
    equal((await blob(manifest.layers[0].digest)).length, manifest.layers[0].size);
  });
});

Deno.test("writeOciArchive() writes equal bytes for equal input", async () => {
  await inFolder(async (folder) => {
    const app = join(folder, "app");
    await Deno.writeTextFile(app, "the program");
    await writeOciArchive(join(folder, "1.tar"), image(app));
    await writeOciArchive(join(folder, "2.tar"), image(app));
    deepEqual(await Deno.readFile(join(folder, "1.tar")), await Deno.readFile(join(folder, "2.tar")));
  });
});

Deno.test("ociArchive() has another fingerprint as soon as a file, the name or the configuration is another", async () => {
  await inFolder(async (folder) => {
    const app = join(folder, "app");
    await Deno.writeTextFile(app, "the program");
    const before = image(app);
    const { fingerprint } = await ociArchive(before);
    equal((await ociArchive(image(app))).fingerprint, fingerprint);
    notEqual((await ociArchive({ ...before, name: "kopiur.test/app:2" })).fingerprint, fingerprint);
    const config = { ...before.config, user: "0:0" };
    notEqual((await ociArchive({ ...before, config })).fingerprint, fingerprint);
    await Deno.writeTextFile(app, "the Program");
    notEqual((await ociArchive(image(app))).fingerprint, fingerprint);
  });
});

Deno.test("writeOciArchive() refuses a name without a tag", async () => {
  await inFolder(async (folder) => {
    const bare = {
      name: "kopiur.test:5000/app",
      layers: [],
      config: { architecture: "amd64", entrypoint: [] },
    } as const;
    await rejects(writeOciArchive(join(folder, "image.tar"), bare), /has no tag, expected a name like/);
  });
});
