import * as z from "zod";
import { ANNOTATION } from "../../../api/meta.ts";
import type { KubeObject } from "../../../kube/types.ts";
import { byObject } from "../objects/by_object.ts";
import { shortHash } from "../objects/names.ts";

/** A deletion that was carried out; or several, where there was no room to keep them apart. */
export interface PastDeletion {
  /** {@link deletionId} of the Backup; absent where several are counted as one entry. */
  readonly id?: string;
  /** {@link recipeId}; {@link ANY_RECIPE} where those of several are counted as one entry. */
  readonly recipe: string;
  /** The later of its request and its begin, in seconds since the epoch. */
  readonly atSecond: number;
  readonly count: number;
}

/**
 * The deletions of Backups that a Repository remembers, as a deleted Backup can be counted nowhere else. It is
 * written before a mover is made, so that no crash forgets one. It is bounded: deletions beyond the limit are counted
 * together, as if they had been later and of every recipe.
 */
export interface DeletionMemory {
  /** Nothing is known from before this time, in seconds since the epoch. */
  readonly sinceSecond: number;
  readonly past: readonly PastDeletion[];
}

/** Stands for every recipe. */
export const ANY_RECIPE = "*";
/** A few kilobytes of annotation. */
const MOST_ENTRIES = 200;
/** Synchronized clocks differ by less. */
const CLOCK_TOLERANCE_SECONDS = 60;

const second = z.int().min(0).max(1e12);
const entry = z.tuple([second, z.string().max(16), z.union([z.string().max(16), z.int().min(1).max(1e9)])]);
const schema = z.object({ uid: z.string(), since: second, past: z.array(entry) });

/**
 * The memory of a Repository; undefined when it has none, or an invalid one, or one of another Repository of the same
 * name: then nothing is known about earlier deletions.
 */
export const deletionMemory: (repository: KubeObject) => DeletionMemory | undefined = byObject(
  ({ metadata }) => {
    const text = metadata.annotations?.[ANNOTATION.deletionMemory];
    if (text === undefined) return undefined;
    try {
      const read = schema.parse(JSON.parse(text));
      if (read.uid !== metadata.uid) return undefined;
      return { sinceSecond: read.since, past: read.past.map(pastOf) };
    } catch {
      // Anybody may write an annotation; an invalid one counts as none.
      return undefined;
    }
  },
);

function pastOf([atSecond, recipe, what]: z.infer<typeof entry>): PastDeletion {
  return typeof what === "number"
    ? { recipe, atSecond, count: what }
    : { id: what, recipe, atSecond, count: 1 };
}

/** The memory as text, for {@link ANNOTATION}.deletionMemory of the Repository of that uid. */
export function deletionMemoryText(uid: string, { sinceSecond, past }: DeletionMemory): string {
  const entries = past.map(({ atSecond, recipe, id, count }) => [atSecond, recipe, id ?? count]);
  return JSON.stringify({ uid, since: sinceSecond, past: entries });
}

/**
 * The memory without times in the future: a time more than a minute ahead is replaced by now, as it
 * would otherwise count for ever. The same object when there is none.
 */
export function withoutTimesToCome(memory: DeletionMemory, nowSecond: number): DeletionMemory {
  const limit = nowSecond + CLOCK_TOLERANCE_SECONDS;
  if (memory.sinceSecond <= limit && memory.past.every(({ atSecond }) => atSecond <= limit)) return memory;
  return {
    sinceSecond: Math.min(memory.sinceSecond, nowSecond),
    past: memory.past.map((each) => each.atSecond <= limit ? each : { ...each, atSecond: nowSecond }),
  };
}

/** The memory with one more deletion; a known one only gets the later time. */
export function remember(
  memory: DeletionMemory,
  deletion: PastDeletion,
  bounds: { readonly fromSecond: number; readonly untilSecond: number },
): DeletionMemory {
  const { fromSecond, untilSecond } = bounds;
  const before = memory.past
    .filter(({ id }) => id === undefined || id !== deletion.id)
    // A time in the future is of a wrong clock, and would count for ever.
    .map((each) => each.atSecond <= untilSecond ? each : { ...each, atSecond: untilSecond });
  const all = [...before, deletion].toSorted((a, b) => a.atSecond - b.atSecond);
  return { sinceSecond: Math.min(memory.sinceSecond, untilSecond), past: bounded(all, fromSecond) };
}

/** Oldest first in and out. Drops what is older than any window, then counts the oldest together. */
function bounded(all: readonly PastDeletion[], fromSecond: number): readonly PastDeletion[] {
  if (all.length <= MOST_ENTRIES) return all;
  const recent = all.filter(({ atSecond }) => atSecond >= fromSecond);
  if (recent.length <= MOST_ENTRIES) return recent;
  const half = recent.slice(0, recent.length / 2);
  const byRecipe = new Map<string, PastDeletion>();
  for (const { recipe, atSecond, count } of half) {
    byRecipe.set(recipe, { recipe, atSecond, count: count + (byRecipe.get(recipe)?.count ?? 0) });
  }
  const together = byRecipe.size <= MOST_ENTRIES / 4 ? [...byRecipe.values()] : [{
    recipe: ANY_RECIPE,
    atSecond: Math.max(...half.map(({ atSecond }) => atSecond)),
    count: half.reduce((sum, { count }) => sum + count, 0),
  }];
  return [...together, ...recent.slice(half.length)].toSorted((a, b) => a.atSecond - b.atSecond);
}

/** The id of a Backup in a memory, from its uid. */
export function deletionId(uid: string): string {
  return shortHash(uid, 10);
}

/** The id of a recipe in a memory. */
export function recipeId(config: string): string {
  return shortHash(config, 8);
}
