import type { CacheSizes } from "../../api/mover/cache_sizes.ts";
import type { RepositoryTarget, WorkSpec } from "../../api/mover/contract.ts";

/** How to reach a repository, and under which identity. */
export interface ConnectRequest {
  readonly repository: RepositoryTarget;
  readonly identity: WorkSpec["identity"];
  readonly cache: CacheSizes;
  /** The private CA, read when the target says it has one. */
  readonly caBundlePath: string;
  /** Most bytes per second kopia writes to the storage; absent: no limit. */
  readonly uploadBytesPerSecond?: number;
}

/** The parts of kopia's config file that depend on the container. */
interface KopiaPlaces {
  /** Absent: kopia keeps no cache. */
  readonly cacheFolder?: string;
  /** The private CA as PEM, where the storage has one. */
  readonly caBundle?: Uint8Array;
}

/**
 * File modes that let every mover read what another one wrote, as all are in the group of the repository's volume.
 * Kopia's own modes (0600, 0700) would not. Needs a umask that keeps group bits.
 */
export const sharedByGroup = { fileMode: 0o660, dirMode: 0o770 } as const;

/** The default of `repository connect`. */
const listCacheSeconds = 30;
const bytesPerMib = 1024 * 1024;

/**
 * Kopia's config file as `repository connect` of the pinned kopia writes it; a test compares the two. Writing it here
 * saves a kopia process that would open the repository. Two things differ. The keys of the storage are left out, as
 * kopia reads them from its environment. And no kopia uses the copy of the repository's format in the cache: each one
 * reads the format from the storage and writes the copy anew.
 */
export function renderKopiaConfig(request: ConnectRequest, { cacheFolder, caBundle }: KopiaPlaces): string {
  const { identity, cache } = request;
  const contentBytes = cache.contentCacheSizeMb * bytesPerMib;
  const metadataBytes = cache.metadataCacheSizeMb * bytesPerMib;
  return JSON.stringify(
    {
      storage: storageOf(request, caBundle),
      caching: {
        cacheDirectory: cacheFolder,
        // Kopia exceeds the size at times; only the limit keeps a small volume from filling up.
        maxCacheSize: contentBytes,
        contentCacheSizeLimitBytes: contentBytes,
        maxMetadataCacheSize: metadataBytes,
        metadataCacheSizeLimitBytes: metadataBytes,
        maxListCacheDuration: listCacheSeconds,
      },
      hostname: identity.hostname,
      username: identity.username,
      enableActions: false,
      // Negative: read the format from the storage at every start.
      formatBlobCacheDuration: -1,
    },
    undefined,
    2,
  );
}

function storageOf({ repository, uploadBytesPerSecond }: ConnectRequest, caBundle: Uint8Array | undefined) {
  const limits = { maxUploadSpeedBytesPerSecond: uploadBytesPerSecond };
  if ("filesystem" in repository) {
    // Null: kopia reads the folder layout from the storage.
    const config = { path: repository.filesystem.path, ...sharedByGroup, dirShards: null, ...limits };
    return { type: "filesystem", config };
  }
  const { bucket, endpoint, prefix, region, disableTls, insecureSkipVerify, privateCa } = repository.s3;
  return {
    type: "s3",
    config: {
      bucket,
      endpoint,
      prefix: given(prefix),
      region: given(region),
      doNotUseTLS: disableTls || undefined,
      doNotVerifyTLS: insecureSkipVerify || undefined,
      rootCA: privateCa ? caBundle?.toBase64() : undefined,
      ...limits,
    },
  };
}

function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
