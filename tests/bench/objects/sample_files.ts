import { join } from "node:path";

/** A tree of files that is the same whenever it is made from the same numbers. */
export interface SampleTree {
  readonly files: number;
  /** Of all files together. */
  readonly bytes: number;
  readonly seed: number;
}

const filesPerFolder = 250;
/** The largest file is about e⁶ (400) times the smallest, as in a home folder: many small ones, few large ones. */
const sizeRange = 6;

/** A source of 32 random bits (xorshift32): fast, and the same on every machine. */
export function randomBits(seed: number): () => number {
  // A seed of 0 would give nothing but zeros.
  let state = seed >>> 0 === 0 ? 0x9e3779b9 : seed >>> 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** Sizes of the files in order; together exactly `bytes`, and none is negative. */
export function sampleSizes({ files, bytes, seed }: SampleTree): readonly number[] {
  const next = randomBits(seed);
  const weights = Array.from({ length: files }, () => Math.exp((next() / 2 ** 32) * sizeRange));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sizes = weights.map((weight) => Math.floor((weight / total) * bytes));
  // Rounding loses less than one byte per file; the first files take them back.
  const lost = bytes - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.map((size, index) => index < lost ? size + 1 : size);
}

/** Writes the tree below `folder`: content without repetition, which neither shrinks nor deduplicates. */
export async function writeSampleFiles(
  folder: string,
  tree: SampleTree,
  signal: AbortSignal,
): Promise<void> {
  const next = randomBits(tree.seed ^ 0x5bd1e995);
  for (const [index, size] of sampleSizes(tree).entries()) {
    const parent = join(folder, `folder-${Math.floor(index / filesPerFolder)}`);
    if (index % filesPerFolder === 0) {
      signal.throwIfAborted();
      await Deno.mkdir(parent, { recursive: true });
    }
    Deno.writeFileSync(join(parent, `file-${index}.bin`), randomBytes(size, next));
  }
}

function randomBytes(size: number, next: () => number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let index = 0; index < words.length; index++) words[index] = next();
  return new Uint8Array(words.buffer, 0, size);
}
