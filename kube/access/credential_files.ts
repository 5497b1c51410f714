import { TransientError } from "../../api/errors.ts";
import type { Placed } from "./kubeconfig_file.ts";

/** The token in a file, without the newline editors leave. */
export async function readToken(path: string, origin: string): Promise<string> {
  const token = (await readFile(path, origin)).trim();
  if (token === "") throw unusable(origin, `the token file "${path}" is empty`, "a token");
  return token;
}

/** The text of a file named in a kubeconfig; the error names the file and its origin. */
export async function readFile(path: string, origin: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    // A text that is no path may be the token itself, and the runtime's error would quote it.
    if (!/^[^\p{Cc}]{1,256}$/u.test(path)) {
      throw unusable(origin, `the path of a file has ${path.length} characters`, "a file we may read");
    }
    throw unusable(origin, `the file "${path}" cannot be read`, "a file we may read", error);
  }
}

/** What a field of a kubeconfig holds in base64, else what the file holds that another one names, as with kubectl. */
export async function dataOrFile<F extends string>(
  place: Placed<{ readonly [field in F]?: string | null | undefined }>,
  dataField: F,
  fileField: F,
  origin: string,
): Promise<string | undefined> {
  const data = place.value[dataField];
  if (data) {
    try {
      return new TextDecoder().decode(Uint8Array.fromBase64(data));
    } catch {
      // The runtime's error may quote the data.
      throw unusable(origin, `"${dataField}" is not base64`, "PEM in base64");
    }
  }
  const file = place.value[fileField];
  return file ? await readFile(inFolder(place.folder, file), origin) : undefined;
}

/** A path of a kubeconfig: a relative one starts in the folder of the file. */
export function inFolder(folder: string, path: string): string {
  return path.startsWith("/") ? path : `${folder}/${path}`;
}

/** An error of credentials that shows none of them. */
export function unusable(origin: string, found: string, expected: string, cause?: unknown): TransientError {
  const message = `Cannot use the credentials of ${origin}: ${found}, expected ${expected}`;
  return new TransientError("KubeApiError", message, cause === undefined ? undefined : { cause });
}
