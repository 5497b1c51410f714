const OFFSET_BASIS = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const WORD = 64n;

/** FNV-1a, 64 bits, of some bytes. Spreads schedules over time; protects nothing. */
export function fnv1a64(bytes: Iterable<number>): bigint {
  let hash = OFFSET_BASIS;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  return hash;
}

/** A number from 0 up to `width`, exclusive, for one of several fields of a seed: the same each time. */
export function hashBelow(seed: string, field: number, width: number): number {
  const base = fnv1a64(new TextEncoder().encode(seed));
  const turn = BigInt((field + 1) * 7);
  const turned = BigInt.asUintN(64, (base << turn) | (base >> (WORD - turn)));
  return Number(turned % BigInt(width));
}
