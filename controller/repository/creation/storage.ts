import type { RepositorySpec } from "../../../api/mod.ts";

/** What of an S3 target says which objects it holds. */
interface BucketPart {
  readonly bucket: string;
  readonly endpoint: string;
  readonly prefix?: string | undefined;
}

/**
 * The storage of a Repository in a namespace, as a text that is the same for the same storage; undefined while no backend
 * is set. Only names are compared, so one storage may have two texts: a server by name and by address, or two volumes
 * over one export.
 */
export function storageOf(
  { backend: { filesystem, s3 } }: RepositorySpec,
  namespace: string,
): string | undefined {
  if (filesystem !== undefined) return volumeStorage(filesystem.volume.pvc.name, namespace);
  return s3 === undefined ? undefined : bucketStorage(s3, namespace);
}

/** The storage on a volume: a repository is the root of one. */
export function volumeStorage(claim: string, namespace: string): string {
  return `volume ${namespace}/${claim}`;
}

/** The storage in a bucket. The prefix is not a folder: `a` and `a/` hold different repositories. */
export function bucketStorage({ bucket, endpoint, prefix = "" }: BucketPart, namespace: string): string {
  // Servers over a folder take "/a//b" for "a/b".
  const start = prefix.replace(/\/{2,}/g, "/").replace(/^\//, "");
  return `s3 ${serverOf(endpoint.toLowerCase(), namespace)} ${bucket} ${start}`;
}

/** A server by one of its names: with or without the usual port and, of a Service, the domain of the cluster. */
function serverOf(endpoint: string, namespace: string): string {
  const [, name = "", port = ""] = /^(.*?)\.?(?::(?:80|443)|(:\d+))?$/.exec(endpoint) ?? [];
  // A bucket of Amazon has the same name in every region; other servers may run under that domain as well.
  const amazon = port === "" ? /^s3(?:[.-].*)?\.(amazonaws\.com(?:\.cn)?)$/.exec(name)?.[1] : undefined;
  if (amazon !== undefined) return amazon;
  const service = name.replace(/\.svc(?:\.cluster\.local)?$/, "");
  return (/^[a-z0-9-]+$/.test(service) ? `${service}.${namespace}` : service) + port;
}
