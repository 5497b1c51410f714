import { fileContent } from "../../deploy/image/file_content.ts";
import { baseLayer, withParents } from "../../deploy/image/layers.ts";
import { writeOciArchive } from "../../deploy/image/oci_archive.ts";
import { sharedLibraries } from "../../deploy/image/shared_libraries.ts";
import type { TarEntry } from "../../deploy/image/tar.ts";
import { hostTarget } from "../../deploy/compile/compile.ts";
import { exists, partPath } from "../parts/mod.ts";
import { product } from "./product.ts";

/** A mover's image whose programs misbehave where they are told to, and are the real ones everywhere else. */
export const standInImage = { repository: "kopiur.test/stand-in", tag: "v1" } as const;

/** File in a repository's volume that tells the stand-ins how to behave; without it they are the real programs. */
export const BEHAVIOUR_FILE = ".behaviour";

/** How a stand-in misbehaves. */
export type Behaviour =
  /** kopia makes no snapshot and answers with something else than JSON. */
  | "garbage"
  /** kopia makes the snapshot, and its answer breaks off. */
  | "breaks-off"
  /** The mover's result is cut short, each time. */
  | "truncates"
  /** The mover's result is cut short the first time. */
  | "truncates-once";

const kopia = `#!/real/busybox sh
case "$(/real/busybox cat /repository/${BEHAVIOUR_FILE} 2> /dev/null) $*" in
  "garbage "*"snapshot create"*) echo '<html>502 Bad Gateway</html>'; exit 0 ;;
  "breaks-off "*"snapshot create"*) /real/kopia "$@" > /tmp/said; /real/busybox head -c 80 /tmp/said; exit 0 ;;
esac
exec /real/kopia "$@"
`;

const kopiur = `#!/real/busybox sh
result=$KOPIUR_RESULT_PATH
cut_short() {
  KOPIUR_RESULT_PATH=/tmp/result /real/kopiur mover
  code=$?
  /real/busybox head -c 100 /tmp/result > "$result"
  exit $code
}
if /real/busybox grep -q '"backup":' "$KOPIUR_WORK_SPEC_PATH"; then
  case "$(/real/busybox cat /repository/${BEHAVIOUR_FILE} 2> /dev/null)" in
    truncates) cut_short ;;
    truncates-once) echo none > /repository/${BEHAVIOUR_FILE}; cut_short ;;
  esac
fi
exec /real/kopiur "$@"
`;

/** Writes the image as an OCI archive. */
export async function writeStandInImage(path: string): Promise<void> {
  const programs = withParents([
    program("real/kopiur", product.binary),
    program("real/kopia", await partPath("kopia")),
    program("real/busybox", await partPath("busybox")),
    script("usr/local/bin/kopiur", kopiur),
    script("usr/local/bin/kopia", kopia),
  ]);
  await writeOciArchive(path, {
    name: `${standInImage.repository}:${standInImage.tag}`,
    layers: [baseLayer(await sharedLibraries(product.binary), exists), programs],
    config: {
      architecture: hostTarget().architecture,
      entrypoint: ["/usr/local/bin/kopiur"],
      user: "65532:65532",
      env: { PATH: "/usr/local/bin" },
    },
  });
}

function program(path: string, from: string): TarEntry {
  return { kind: "file", path, mode: 0o755, content: fileContent(from) };
}

function script(path: string, text: string): TarEntry {
  return { kind: "file", path, mode: 0o755, content: { bytes: new TextEncoder().encode(text) } };
}
