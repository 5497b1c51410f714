/**
 * The sizes of kopia's caches within their volume. Kopia counts in MiB, and its own
 * defaults (5 GB each, without a limit) would fill a node's disk.
 */

/** The default capacity of the cache volume. */
export const CACHE_CAPACITY_DEFAULT = "2Gi";

/** The cache settings of a recipe. */
export interface CacheChoice {
  readonly capacity?: string | undefined;
  readonly contentCacheSizeMb?: number | undefined;
  readonly metadataCacheSizeMb?: number | undefined;
}

/** The limits of kopia's two caches. */
export interface CacheSizes {
  readonly contentCacheSizeMb: number;
  readonly metadataCacheSizeMb: number;
}

/**
 * Kopia has a third cache, of index blobs, as large as that for metadata; its list caches, the format and the amount it
 * exceeds a size by have no limit of their own.
 */
const SHARE_OF_CACHES = 0.5;
const BYTES_PER_MIB = 1024 * 1024;

const UNITS: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/**
 * The limits of the two caches within the capacity: a given size is used if it fits, a size not given gets the rest
 * of the share, and sizes that do not fit are reduced in proportion.
 */
export function cacheSizes(choice: CacheChoice): CacheSizes {
  const room = Math.max(2, Math.floor(capacityBytes(choice) * SHARE_OF_CACHES / BYTES_PER_MIB));
  const { contentCacheSizeMb: content, metadataCacheSizeMb: metadata } = choice;
  const half = Math.floor(room / 2);
  const wantedContent = content ?? Math.max(1, metadata === undefined ? half : room - metadata);
  const wantedMetadata = metadata ?? Math.max(1, content === undefined ? room - half : room - content);
  const scale = Math.min(1, room / (wantedContent + wantedMetadata));
  return {
    contentCacheSizeMb: Math.max(1, Math.floor(wantedContent * scale)),
    metadataCacheSizeMb: Math.max(1, Math.floor(wantedMetadata * scale)),
  };
}

/**
 * A recipe with sizes but no capacity gets a volume that fits them, so that a larger cache is not reduced; `sizeLimit`
 * of the volume (`cacheCapacity`) and the limits of kopia agree by this.
 */
export function cacheCapacity(choice: CacheChoice): string {
  if (choice.capacity !== undefined) return choice.capacity;
  const byDefault = (quantityBytes(CACHE_CAPACITY_DEFAULT) ?? 0) / BYTES_PER_MIB;
  const half = byDefault * SHARE_OF_CACHES / 2;
  const named = (choice.contentCacheSizeMb ?? half) + (choice.metadataCacheSizeMb ?? half);
  const needed = Math.ceil(named / SHARE_OF_CACHES);
  return needed <= byDefault ? CACHE_CAPACITY_DEFAULT : `${needed}Mi`;
}

function capacityBytes(choice: CacheChoice): number {
  return quantityBytes(cacheCapacity(choice)) ?? quantityBytes(CACHE_CAPACITY_DEFAULT) ?? 0;
}

/** A Kubernetes quantity in bytes; undefined for any other text. */
function quantityBytes(text: string): number | undefined {
  const [, number, exponent, unit = ""] =
    /^([0-9]+(?:\.[0-9]+)?)(?:([eE][0-9]+)|([numkKMGTPE]i?))?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const factor = unit === "" ? 1 : UNITS[unit === "K" ? "k" : unit];
  return factor === undefined ? undefined : Number(`${number}${exponent ?? ""}`) * factor;
}
