import type { CacheSizes } from "../../api/mover/cache_sizes.ts";
import type { RepositoryTarget, WorkSpec } from "../../api/mover/contract.ts";

/** How a repository is reached, and as whom. */
export interface ConnectRequest {
  readonly repository: RepositoryTarget;
  readonly identity: WorkSpec["identity"];
  readonly cache: CacheSizes;
  /** The private CA, read when the target says it has one. */
  readonly caBundlePath: string;
  /** Most bytes per second kopia writes to the storage; absent: no limit. */
  readonly uploadBytesPerSecond?: number;
}

/** What of the machine belongs into the file. */
interface KopiaPlaces {
  /** Absent: kopia keeps no cache. */
  readonly cacheFolder?: string;
  /** The private CA as PEM, where the storage has one. */
  readonly caBundle?: Uint8Array;
}

/**
 * Kopia's own modes (0600, 0700) would let no other user read what one mover wrote; every mover is in the group
 * of the repository's volume. Needs the mover's umask to leave group bits alone.
 */
export const sharedByGroup = { fileMode: 0o660, dirMode: 0o770 } as const;

/** As `repository connect` has it by default. */
const listCacheSeconds = 30;
const bytesPerMib = 1024 * 1024;

/**
 * Kopia's config file as `repository connect` of the pinned kopia writes it, so that no kopia need open the repository
 * for that alone; a test holds the two against each other. Two things differ: the keys of the storage are left out, for
 * kopia finds them in its environment, and no kopia trusts a copy of the repository's format that an earlier one left
 * in the cache. Each reads the format from the storage and writes the copy anew.
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
        // The size alone is a wish that kopia overshoots; the limit is what keeps a small volume from filling up.
        maxCacheSize: contentBytes,
        contentCacheSizeLimitBytes: contentBytes,
        maxMetadataCacheSize: metadataBytes,
        metadataCacheSizeLimitBytes: metadataBytes,
        maxListCacheDuration: listCacheSeconds,
      },
      hostname: identity.hostname,
      username: identity.username,
      enableActions: false,
      // Below zero: read from the storage when a kopia starts.
      formatBlobCacheDuration: -1,
    },
    undefined,
    2,
  );
}

function storageOf({ repository, uploadBytesPerSecond }: ConnectRequest, caBundle: Uint8Array | undefined) {
  const limits = { maxUploadSpeedBytesPerSecond: uploadBytesPerSecond };
  if ("filesystem" in repository) {
    // Kopia reads off the storage itself how it is cut into folders.
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
