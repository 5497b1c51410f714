import type { Retention } from "../../../api/mod.ts";
import { type Period, periodOf } from "./periods.ts";
import {
  type JudgedRun,
  judgeSnapshots,
  newestFirst,
  type SavedSnapshot,
  type SnapshotJudgement,
  type SnapshotState,
  stateOf,
  withoutMissing,
} from "./whole_snapshots.ts";

/** An ended Backup of a recipe, as retention needs it. */
export interface RetentionRun extends JudgedRun {
  /** It was stopped. Its snapshots are good, but it never takes a place from a run that succeeded. */
  readonly hasFailed: boolean;
  /** Always kept, and not counted by any rule: pinned, or put back. */
  readonly isExempt: boolean;
  /** Paths in which nothing had changed; their snapshot is that of an older run. */
  readonly unchanged: readonly string[];
}

/** A snapshot that is not whole, so it takes no place from whole ones. */
export interface OddSnapshot<Run> {
  readonly run: Run;
  readonly snapshot: SavedSnapshot;
  readonly state: Exclude<SnapshotState, "whole">;
  /** No newer run has a snapshot of its path. */
  readonly isNewest: boolean;
}

/** What the retention of a recipe decides about its runs. */
export interface RetentionJudgement<Run> {
  /** The runs that are not kept, the oldest first. */
  readonly prune: readonly Run[];
  /** Runs that are kept only because newer snapshots are not whole, newest first. */
  readonly heldBack: readonly Run[];
  /** Existing snapshots that are not whole, newest first. */
  readonly odd: readonly OddSnapshot<Run>[];
}

/** Keep the newest run of each of the last `count` periods; of `run`, each run is a period. */
interface Rule {
  readonly period: Period | "run";
  readonly count: number;
}

/** The state of one path while its runs are read from the newest to the oldest. */
interface History {
  /** By rule: the places left, and the period that took the last one. */
  readonly left: number[];
  readonly last: number[];
  /** A newer, kept run found nothing changed, so it needs the next snapshot. */
  isNeeded: boolean;
  /** The newest whole snapshot was found. */
  hasWhole: boolean;
}

/** True for a retention without rules, or with only zeros: every run is kept (read literally it would keep none). */
export function keepsEverything(retention: Retention | undefined): boolean {
  return retention === undefined || rulesOf(retention).length === 0;
}

/**
 * Decides which runs of a recipe its retention keeps (deploy/docs/retention.md has examples).
 * - The rules apply to each path by itself. A run that any rule keeps for any path is kept; so a run in which one source
 *   failed never takes the place of that source's last snapshot.
 * - Also kept: exempt runs, runs without a snapshot, the run whose snapshot a kept `Unchanged` one needs, and the runs
 *   that a kept one was judged by. The newest whole snapshot of a path is always kept.
 * - Failed runs take no place from successful ones, and snapshots that are not whole take none from whole ones: first
 *   the rules choose among the better ones as if there were no others.
 * - A note that snapshots are missing never makes a run go that would stay without the note.
 *
 * Of two runs that ended at the same moment the one with the greater name is newer. The order of `runs` does not
 * matter. O(n log n).
 */
export function judgeRuns<Run extends RetentionRun>(
  retention: Retention | undefined,
  runs: readonly Run[],
): RetentionJudgement<Run> {
  const rules = rulesOf(retention ?? {});
  const all = runs.toSorted(newestFirst);
  const there = withoutMissing(all);
  const judgements = judgeSnapshots(there);
  const odd = oddSnapshots(all, there, judgements);
  if (rules.length === 0) return { prune: [], heldBack: [], odd };
  const kept = keptPlaces(rules, there, judgements);
  // A note may be wrong: what stays without it stays.
  const keptAnyway = there === all ? kept : keptPlaces(rules, all, judgeSnapshots(all));
  const prune = all.filter((_, place) => kept[place] === 0 && keptAnyway[place] === 0).reverse();
  if (odd.length === 0) return { prune, heldBack: [], odd };
  const keptIfWhole = keptPlaces(rules, there, new Map());
  return {
    prune,
    heldBack: all.filter((_, place) => kept[place] === 1 && keptIfWhole[place] === 0),
    odd,
  };
}

/** The runs that are not kept, the oldest first: see {@link judgeRuns}. */
export function runsToPrune<Run extends RetentionRun>(
  retention: Retention,
  runs: readonly Run[],
): readonly Run[] {
  return judgeRuns(retention, runs).prune;
}

function oddSnapshots<Run extends RetentionRun>(
  all: readonly Run[],
  there: readonly Run[],
  judgements: ReadonlyMap<number, readonly SnapshotJudgement[]>,
): readonly OddSnapshot<Run>[] {
  if (judgements.size === 0) return [];
  const met = new Set<string>();
  return all.flatMap((run, place) =>
    (there[place]?.saved ?? []).flatMap((snapshot, index): readonly OddSnapshot<Run>[] => {
      const state = stateOf(judgements, place, index);
      const isNewest = !met.has(snapshot.path);
      met.add(snapshot.path);
      return state === "whole" ? [] : [{ run, snapshot, state, isNewest }];
    })
  );
}

/** By the place of a run, newest first: 1 where it is kept. */
function keptPlaces(
  rules: readonly Rule[],
  runs: readonly RetentionRun[],
  judgements: ReadonlyMap<number, readonly SnapshotJudgement[]>,
): Uint8Array {
  const kept = new Uint8Array(runs.length);
  const anyFailed = runs.some(({ hasFailed }) => hasFailed);
  rank(rules, runs, judgements, kept, { onlySucceeded: true, onlyWhole: true });
  if (anyFailed && judgements.size > 0) {
    rank(rules, runs, judgements, kept, { onlySucceeded: true, onlyWhole: false });
  }
  if (anyFailed || judgements.size > 0) {
    rank(rules, runs, judgements, kept, { onlySucceeded: false, onlyWhole: false });
  }
  return kept;
}

/**
 * Adds to `kept` the runs that the rules keep, and those that these need. With `onlySucceeded` or `onlyWhole` the rules
 * choose as if there were no other runs or snapshots.
 */
function rank(
  rules: readonly Rule[],
  runs: readonly RetentionRun[],
  judgements: ReadonlyMap<number, readonly SnapshotJudgement[]>,
  kept: Uint8Array,
  { onlySucceeded, onlyWhole }: { readonly onlySucceeded: boolean; readonly onlyWhole: boolean },
): void {
  const histories = new Map<string, History>();
  const restedOn = new Uint8Array(runs.length);
  const saved: History[] = [];
  // By index, as this is the innermost loop over a hundred thousand runs.
  for (let place = 0; place < runs.length; place++) {
    const run = runs[place];
    if (run === undefined || (onlySucceeded && run.hasFailed)) continue;
    const odd = judgements.get(place);
    saved.length = 0;
    let isKept = run.isExempt || run.saved.length === 0 || kept[place] === 1 || restedOn[place] === 1;
    for (let index = 0; index < run.saved.length; index++) {
      const snapshot = run.saved[index];
      const isWhole = (odd?.[index]?.state ?? "whole") === "whole";
      if (snapshot === undefined || (onlyWhole && !isWhole)) continue;
      const history = historyOf(histories, snapshot.path, rules);
      saved.push(history);
      if (isWhole && !history.hasWhole) isKept = history.hasWhole = true;
      if (history.isNeeded) isKept = true;
      if (!run.isExempt && takesPlace(history, rules, run.timeMs, place)) isKept = true;
    }
    if (!isKept) continue;
    kept[place] = 1;
    for (const history of saved) history.isNeeded = false;
    for (const path of run.unchanged) historyOf(histories, path, rules).isNeeded = true;
    for (const judgement of odd ?? []) {
      for (const measure of judgement.restsOn) restedOn[measure] = 1;
    }
  }
}

/** True when a rule keeps a snapshot of this moment; it then takes that place. */
function takesPlace({ left, last }: History, rules: readonly Rule[], timeMs: number, rank: number): boolean {
  let found = false;
  for (let index = 0; index < rules.length; index++) {
    const rule = rules[index];
    const free = left[index] ?? 0;
    if (rule === undefined || free === 0) continue;
    const place = rule.period === "run" ? rank : periodOf(rule.period, timeMs);
    if (last[index] === place) continue;
    left[index] = free - 1;
    last[index] = place;
    found = true;
  }
  return found;
}

function rulesOf(retention: Retention): readonly Rule[] {
  const { keepLatest, keepHourly, keepDaily, keepWeekly, keepMonthly, keepAnnual } = retention;
  const rules: readonly (readonly [Rule["period"], number | undefined])[] = [
    ["run", keepLatest],
    ["hour", keepHourly],
    ["day", keepDaily],
    ["week", keepWeekly],
    ["month", keepMonthly],
    ["year", keepAnnual],
  ];
  return rules.map(([period, count = 0]) => ({ period, count })).filter(({ count }) => count > 0);
}

function historyOf(histories: Map<string, History>, path: string, rules: readonly Rule[]): History {
  const known = histories.get(path);
  if (known !== undefined) return known;
  const made: History = {
    left: rules.map(({ count }) => count),
    last: rules.map(() => NaN),
    isNeeded: false,
    hasWhole: false,
  };
  histories.set(path, made);
  return made;
}
