/**
 * How kopia's caches fit into the volume they are on: the one place of the arithmetic. Kopia counts in MiB, and its own
 * defaults (5 GB each, without a limit) would fill a node's disk.
 */

/** Capacity of the cache volume where none is given. */
export const CACHE_CAPACITY_DEFAULT = "2Gi";

/** What a recipe says of the cache of its movers. */
export interface CacheChoice {
  readonly capacity?: string | undefined;
  readonly contentCacheSizeMb?: number | undefined;
  readonly metadataCacheSizeMb?: number | undefined;
}

/** The two limits kopia is given. */
export interface CacheSizes {
  readonly contentCacheSizeMb: number;
  readonly metadataCacheSizeMb: number;
}

/**
 * Kopia keeps a third cache, of index blobs, to the size of the one for metadata; its list caches, the format and what it
 * overshoots by have no limit of their own.
 */
const SHARE_OF_CACHES = 0.5;
const BYTES_PER_MIB = 1024 * 1024;

const UNITS: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/**
 * The limits of the two caches, inside the capacity: what is named holds where it fits, what is not named gets the rest
 * of the share, and what does not fit is made smaller in proportion.
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
 * A recipe that names sizes and no capacity gets a volume they fit into, so that nobody's larger cache shrinks; `sizeLimit`
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

/** A quantity of Kubernetes as bytes; undefined for any other text. */
function quantityBytes(text: string): number | undefined {
  const [, number, exponent, unit = ""] =
    /^([0-9]+(?:\.[0-9]+)?)(?:([eE][0-9]+)|([numkKMGTPE]i?))?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const factor = unit === "" ? 1 : UNITS[unit === "K" ? "k" : unit];
  return factor === undefined ? undefined : Number(`${number}${exponent ?? ""}`) * factor;
}
