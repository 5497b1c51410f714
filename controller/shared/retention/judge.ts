import type { Retention } from "../../../api/mod.ts";
import { type Period, periodOf } from "./periods.ts";
import {
  type JudgedRun,
  judgeSnapshots,
  newestFirst,
  type SavedSnapshot,
  type SnapshotState,
  stateOf,
  type Verdict,
  withoutMissing,
} from "./whole_snapshots.ts";

/** A Backup of a recipe that ended, as retention sees it. */
export interface RetentionRun extends JudgedRun {
  /** It was stopped: what it had saved by then is good, but it never takes a place from one that succeeded. */
  readonly hasFailed: boolean;
  /** Always kept, and counts for no rule: pinned. */
  readonly isExempt: boolean;
  /** Paths in which nothing had changed, so that an older run holds its snapshot of them. */
  readonly unchanged: readonly string[];
}

/** A snapshot that takes no place from whole ones. */
export interface OddSnapshot<Run> {
  readonly run: Run;
  readonly snapshot: SavedSnapshot;
  readonly state: Exclude<SnapshotState, "whole">;
  /** No newer run has a snapshot of its path. */
  readonly isNewest: boolean;
}

/** What a retention makes of the runs of a recipe. */
export interface RetentionVerdict<Run> {
  /** The runs that are not kept, the oldest first. */
  readonly prune: readonly Run[];
  /** Runs that would go if every snapshot were whole, newest first. */
  readonly heldBack: readonly Run[];
  /** Snapshots that are there and not whole, newest first. */
  readonly odd: readonly OddSnapshot<Run>[];
}

/** Keep the newest run of each of the last `count` periods; of `run`, each run is a period. */
interface Rule {
  readonly period: Period | "run";
  readonly count: number;
}

/** What was kept of one path so far, on the way from its newest run to its oldest. */
interface History {
  /** By rule: how many places are left, and the period that got the last one. */
  readonly left: number[];
  readonly last: number[];
  /** In a newer run that is kept nothing had changed, so its snapshot is the next one. */
  isNeeded: boolean;
  /** The newest whole snapshot was met. */
  hasWhole: boolean;
}

/** True for a retention that says nothing, or only zeros: every run is kept (taken literally it would keep none). */
export function keepsEverything(retention: Retention | undefined): boolean {
  return retention === undefined || rulesOf(retention).length === 0;
}

/**
 * Which runs of a recipe its retention keeps (deploy/docs/retention.md has examples).
 * - The rules look at each path by itself. A run that any rule keeps for any path is kept; so a run in which one source
 *   failed never takes the place of that source's last snapshot.
 * - Kept as well: exempt runs, runs without a snapshot, the run that holds the snapshot of a kept `Unchanged` one, and what
 *   a kept run was judged by. The newest whole snapshot of a path is always kept.
 * - Failed runs take no place from successful ones, and snapshots that are not whole none from whole ones: which of the
 *   better ones stay is decided as if there were no others.
 * - A note that snapshots are missing lets nothing go that would stay without it.
 *
 * Of two runs that ended in the same moment the one with the greater name is the newer. The order of `runs` does not
 * matter. Takes O(n log n).
 */
export function judgeRuns<Run extends RetentionRun>(
  retention: Retention | undefined,
  runs: readonly Run[],
): RetentionVerdict<Run> {
  const rules = rulesOf(retention ?? {});
  const all = runs.toSorted(newestFirst);
  const there = withoutMissing(all);
  const verdicts = judgeSnapshots(there);
  const odd = oddSnapshots(all, there, verdicts);
  if (rules.length === 0) return { prune: [], heldBack: [], odd };
  const kept = keptPlaces(rules, there, verdicts);
  // Whoever writes a note may be wrong, or lie: what stays without it stays.
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
  verdicts: ReadonlyMap<number, readonly Verdict[]>,
): readonly OddSnapshot<Run>[] {
  if (verdicts.size === 0) return [];
  const met = new Set<string>();
  return all.flatMap((run, place) =>
    (there[place]?.saved ?? []).flatMap((snapshot, index): readonly OddSnapshot<Run>[] => {
      const state = stateOf(verdicts, place, index);
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
  verdicts: ReadonlyMap<number, readonly Verdict[]>,
): Uint8Array {
  const kept = new Uint8Array(runs.length);
  const anyFailed = runs.some(({ hasFailed }) => hasFailed);
  rank(rules, runs, verdicts, kept, { onlySucceeded: true, onlyWhole: true });
  if (anyFailed && verdicts.size > 0) {
    rank(rules, runs, verdicts, kept, { onlySucceeded: true, onlyWhole: false });
  }
  if (anyFailed || verdicts.size > 0) {
    rank(rules, runs, verdicts, kept, { onlySucceeded: false, onlyWhole: false });
  }
  return kept;
}

/**
 * Adds to `kept` what the rules keep of all runs, or only of those that succeeded or of their whole snapshots as if there
 * were no others, and what is needed beside that.
 */
function rank(
  rules: readonly Rule[],
  runs: readonly RetentionRun[],
  verdicts: ReadonlyMap<number, readonly Verdict[]>,
  kept: Uint8Array,
  { onlySucceeded, onlyWhole }: { readonly onlySucceeded: boolean; readonly onlyWhole: boolean },
): void {
  const histories = new Map<string, History>();
  const restedOn = new Uint8Array(runs.length);
  const saved: History[] = [];
  // By index, for this is the innermost loop of a hundred thousand runs.
  for (let place = 0; place < runs.length; place++) {
    const run = runs[place];
    if (run === undefined || (onlySucceeded && run.hasFailed)) continue;
    const odd = verdicts.get(place);
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
    for (const verdict of odd ?? []) {
      for (const measure of verdict.restsOn) restedOn[measure] = 1;
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
