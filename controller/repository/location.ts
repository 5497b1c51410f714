import type { RepositorySpec } from "../../api/mod.ts";

/** Where a repository is, for messages: `s3:https://host/bucket/prefix`, or a folder on its volume. */
export function locationOf({ backend: { s3, filesystem } }: RepositorySpec): string {
  if (s3 !== undefined) {
    const { endpoint, bucket, prefix = "", tls } = s3;
    return `s3:${tls?.disableTls === true ? "http" : "https"}://${endpoint}/${bucket}${
      prefix === "" ? "" : `/${prefix}`
    }`;
  }
  return `"${filesystem?.path}" on PersistentVolumeClaim "${filesystem?.volume.pvc.name}"`;
}
