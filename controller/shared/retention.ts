import type { Retention } from "../../api/mod.ts";
import { type Period, periodOf } from "./retention_periods.ts";
import { newestFirst } from "./run_summary.ts";

/** A Backup of a recipe that ended, as retention sees it. */
export interface RetentionRun {
  readonly name: string;
  /** It was stopped: what it had saved by then is good, and it is no whole run. */
  readonly hasFailed: boolean;
  /** When it ended, in milliseconds since the epoch. */
  readonly timeMs: number;
  /** Always kept, and counts for no rule: pinned. */
  readonly isExempt: boolean;
  /** Paths it holds a snapshot of: each path is a history of its own. */
  readonly saved: readonly string[];
  /** Paths in which nothing had changed, so that an older run holds its snapshot of them. */
  readonly unchanged: readonly string[];
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
}

/** True for a retention that says nothing, or only zeros: every run is kept (taken literally it would keep none). */
export function keepsEverything(retention: Retention | undefined): boolean {
  return retention === undefined || rulesOf(retention).length === 0;
}

/**
 * The runs that are not kept, the oldest first. The rules look at each path by itself, and a run that any rule
 * keeps for any path is kept: a run in which one source failed never takes the place of that source's last
 * snapshot. Kept as well are runs that are exempt, runs without a snapshot, and what a kept run stands on because
 * nothing had changed since. Runs that failed stand among all the others, and take no place from those that
 * succeeded: these are looked at as if there were no others. Of one moment, the greater name is the newer. The
 * order of `runs` does not matter; takes O(n log n). deploy/docs/retention.md has an example.
 */
export function runsToPrune<Run extends RetentionRun>(
  retention: Retention,
  runs: readonly Run[],
): readonly Run[] {
  const rules = rulesOf(retention);
  if (rules.length === 0) return [];
  const all = runs.toSorted(newestFirst);
  const succeeded = all.filter(({ hasFailed }) => !hasFailed);
  const kept = keptRuns(rules, succeeded, new Set());
  const keptOfAll = succeeded.length === all.length ? kept : keptRuns(rules, all, kept);
  return all.filter((run) => !keptOfAll.has(run)).reverse();
}

/** What the rules keep of runs that are given newest first, and what is kept anyway. */
function keptRuns(
  rules: readonly Rule[],
  runs: readonly RetentionRun[],
  anyway: ReadonlySet<RetentionRun>,
): ReadonlySet<RetentionRun> {
  const histories = new Map<string, History>();
  const kept = new Set<RetentionRun>();
  for (const [rank, run] of runs.entries()) {
    const saved = run.saved.map((path) => historyOf(histories, path, rules));
    if (!isKept(run, saved, rules, rank) && !anyway.has(run)) continue;
    kept.add(run);
    for (const history of saved) history.isNeeded = false;
    for (const path of run.unchanged) historyOf(histories, path, rules).isNeeded = true;
  }
  return kept;
}

/** Also takes its places in its histories. */
function isKept(
  run: RetentionRun,
  saved: readonly History[],
  rules: readonly Rule[],
  rank: number,
): boolean {
  if (run.isExempt || saved.length === 0) return true;
  let kept = false;
  for (const { isNeeded, left, last } of saved) {
    kept ||= isNeeded;
    // By index, for this is the innermost loop of a hundred thousand runs.
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index];
      const free = left[index] ?? 0;
      if (rule === undefined || free === 0) continue;
      const place = rule.period === "run" ? rank : periodOf(rule.period, run.timeMs);
      if (last[index] === place) continue;
      left[index] = free - 1;
      last[index] = place;
      kept = true;
    }
  }
  return kept;
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
  };
  histories.set(path, made);
  return made;
}
