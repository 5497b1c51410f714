import { type RetentionRun, runsToPrune } from "../../../controller/shared/mod.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import type { Workbench } from "../workbench.ts";

const RUNS = 100_000;
const HOUR_MS = 3_600_000;

/** How long the rules take over 100 000 runs, in this process: every rule is in use, and the runs are in no order. */
export function measureRetention({ runs: times }: Pick<Workbench, "runs">): Promise<readonly Figure[]> {
  const retention = {
    keepLatest: 100,
    keepHourly: 1000,
    keepDaily: 1000,
    keepWeekly: 520,
    keepMonthly: 120,
    keepAnnual: 10,
  };
  const runs = manyRuns();
  let pruned = runsToPrune(retention, runs).length;
  const samples = Array.from({ length: times }, () => {
    const startMs = performance.now();
    pruned = runsToPrune(retention, runs).length;
    return performance.now() - startMs;
  });
  const question = { what: "retention over 100 000 runs", unit: "ms", aim: { atMost: 200 } } as const;
  return Promise.resolve([figureOf(question, samples, `${RUNS - pruned} of them are kept`)]);
}

function manyRuns(): readonly RetentionRun[] {
  return Array.from({ length: RUNS }, (_, index) => {
    // A step that shares no factor with the count visits every place once.
    const place = (index * 7919) % RUNS;
    return {
      name: `hourly-${place}`,
      timeMs: Date.UTC(2014, 0, 1) + place * HOUR_MS,
      hasFailed: false,
      isAccepted: false,
      isExempt: place % 100 === 0,
      saved: [{
        path: "/pvc/data",
        files: 1000 + place,
        bytes: 1_000_000 + place,
        unreadable: 0,
        isMissing: false,
      }],
      unchanged: [],
    };
  });
}
