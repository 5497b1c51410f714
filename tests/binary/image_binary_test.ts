import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { buildImage } from "../../deploy/image/image.ts";
import { partTest, runToolOk, stderrProgress } from "../parts/mod.ts";
import { inFolder } from "./kopiur_binary.ts";

interface Descriptor {
  readonly digest: string;
}

partTest({
  name: "buildImage() writes an image that holds what its programs need, for a user that is not root",
  parts: ["kopia"],
  fn: async () => {
    await inFolder(async (folder) => {
      const output = join(folder, "image.tar");
      const image = await buildImage({ name: "kopiur.test/kopiur:1", output }, stderrProgress);
      equal(image.name, "kopiur.test/kopiur:1");
      ok(image.sizeBytes <= image.programBytes * 1.15, `${image.sizeBytes} of ${image.programBytes}`);
      equal(
        (await buildImage({ name: "kopiur.test/kopiur:1", output }, stderrProgress)).digest,
        image.digest,
      );

      await runToolOk(["tar", "-x", "-f", output, "-C", folder]);
      const blob = ({ digest }: Descriptor) => join(folder, "blobs", digest.replace(":", "/"));
      const manifest = JSON.parse(await Deno.readTextFile(blob(image)));
      const { config } = JSON.parse(await Deno.readTextFile(blob(manifest.config)));
      deepEqual([config.User, config.Entrypoint], ["65532:65532", ["/usr/local/bin/kopiur"]]);

      const root = join(folder, "root");
      await Deno.mkdir(root);
      for (const layer of manifest.layers) await runToolOk(["tar", "-x", "-f", blob(layer), "-C", root]);
      deepEqual(await missingLibraries(root), []);
      equal(await Deno.readLink(join(root, "usr/local/bin/kubectl-kopiur")), "kopiur");
    });
  },
});

/** Libraries the image's own loader does not find when it looks nowhere but in the image. */
async function missingLibraries(root: string): Promise<readonly string[]> {
  const binary = join(root, "usr/local/bin/kopiur");
  const loader = await loaderOf(binary);
  const folders = ["lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib64", "lib"].map((each) =>
    join(root, each)
  );
  const argv = [join(root, loader), "--inhibit-cache", "--library-path", folders.join(":"), "--list", binary];
  const listed = await runToolOk(argv, { clearEnv: true });
  const found = [...listed.matchAll(/^\s+(\S+) => (.+?)(?: \(0x[0-9a-f]+\))?$/gm)];
  ok(found.length > 3, listed);
  return found.filter(([, , path = ""]) => !path.startsWith(root)).map(([, name = ""]) => name)
    .filter((name) => !name.includes("ld-linux"));
}

/** The loader a program asks for: the text of its PT_INTERP segment, which is the first path in it. */
async function loaderOf(program: string): Promise<string> {
  using file = await Deno.open(program);
  const head = new Uint8Array(4096);
  await file.read(head);
  const found = /\/lib[^\0]*\/ld-linux[^\0]*/.exec(new TextDecoder("latin1").decode(head));
  ok(found !== null, "no loader");
  return found[0];
}
