import { fileContent } from "../../../deploy/image/file_content.ts";
import { writeOciArchive } from "../../../deploy/image/oci_archive.ts";
import { pauseImageName } from "./files.ts";

/** Writes the image of the pause program as an OCI archive. */
export async function writePauseImage(path: string, program: string): Promise<void> {
  await writeOciArchive(path, {
    name: pauseImageName,
    layers: [[{ kind: "file", path: "pause", mode: 0o755, content: fileContent(program) }]],
    config: { architecture: imageArchitecture(), entrypoint: ["/pause"], user: "65535:65535" },
  });
}

/** The architecture of this machine, as images name it. */
export function imageArchitecture(): "amd64" | "arm64" {
  return Deno.build.arch === "aarch64" ? "arm64" : "amd64";
}
