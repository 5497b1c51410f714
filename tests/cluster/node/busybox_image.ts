import { fileContent } from "../../../deploy/image/file_content.ts";
import { type ImageName, writeOciArchive } from "../../../deploy/image/oci_archive.ts";
import type { TarEntry } from "../../../deploy/image/tar.ts";
import { runToolOk } from "../../parts/mod.ts";
import { imageArchitecture } from "./pause_image.ts";

/** The image with a shell and the usual tools that tests make and look at data with. */
export const busyboxImageName = "kopiur.test/busybox:1";

/**
 * Writes the busybox image as an OCI archive; `program` is a statically linked busybox. Debian's crashes in
 * `wget -T`: leave the limit to the pod.
 */
export async function writeBusyboxImage(path: string, program: string): Promise<ImageName> {
  if (await needsLoader(program)) {
    throw new Error(
      `Cannot make the busybox image: ${program} is linked dynamically, expected a static one, ` +
        'which the Debian package "busybox-static" has: run "apt-get install -y busybox-static" as root',
    );
  }
  const applets = (await runToolOk([program, "--list"])).trim().split("\n").filter((name) =>
    name !== "busybox"
  );
  const entries: readonly TarEntry[] = [
    { kind: "folder", path: "bin", mode: 0o755 },
    { kind: "file", path: "bin/busybox", mode: 0o755, content: fileContent(program) },
    ...applets.map((name): TarEntry => ({ kind: "link", path: `bin/${name}`, target: "busybox" })),
    { kind: "folder", path: "tmp", mode: 0o1777 },
  ];
  return await writeOciArchive(path, {
    name: busyboxImageName,
    layers: [entries],
    config: {
      architecture: imageArchitecture(),
      entrypoint: ["/bin/sh"],
      env: { PATH: "/bin", HOME: "/tmp" },
    },
  });
}

/** True when the ELF program asks for a dynamic loader (a PT_INTERP header), which the image would not have. */
export async function needsLoader(program: string): Promise<boolean> {
  const bytes = await Deno.readFile(program);
  const view = new DataView(bytes.buffer);
  const interpreter = 3;
  const offset = Number(view.getBigUint64(32, true));
  const size = view.getUint16(54, true);
  const headers = Array.from({ length: view.getUint16(56, true) }, (_, index) => offset + index * size);
  return headers.some((header) => view.getUint32(header, true) === interpreter);
}
