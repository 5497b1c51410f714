const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const GOLDEN = 0x9e3779b97f4a7c15n;

/** FNV-1a, 64 bits, of some bytes. Spreads schedules over time; protects nothing. */
export function fnv1a64(bytes: Iterable<number>): bigint {
  let hash = OFFSET_BASIS;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash;
}

/** A number from 0 up to `width`, exclusive, for one of several fields of a seed: the same each time. */
export function hashBelow(seed: string, field: number, width: number): number {
  const base = fnv1a64(new TextEncoder().encode(seed));
  return Number(mixed(base + BigInt(field + 1) * GOLDEN) % BigInt(width));
}

/** SplitMix64, so that two fields of a seed have nothing in common; turned bits would have their remainder by 3, 5 and 17. */
function mixed(value: bigint): bigint {
  let bits = BigInt.asUintN(64, value);
  bits = BigInt.asUintN(64, (bits ^ (bits >> 30n)) * 0xbf58476d1ce4e5b9n);
  bits = BigInt.asUintN(64, (bits ^ (bits >> 27n)) * 0x94d049bb133111ebn);
  return bits ^ (bits >> 31n);
}
