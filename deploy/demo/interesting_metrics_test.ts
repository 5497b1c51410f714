import assert from "node:assert/strict";
import { interestingMetrics } from "./interesting_metrics.ts";

const text = `# HELP kopiur_backups_total Finished Backups
# TYPE kopiur_backups_total counter
kopiur_backups_total{namespace="kopiur-demo",name="photos",outcome="success"} 1
kopiur_backups_total{namespace="other",name="photos",outcome="success"} 7
kopiur_backup_run_duration_seconds_bucket{namespace="media",name="photos",le="15"} 1
kopiur_backup_duration_seconds{namespace="kopiur-demo",name="photos"} 3.25
kopiur_backup_duration_seconds_bucket{namespace="kopiur-demo",le="15"} 1
kopiur_resource_phase{kind="Backup",namespace="kopiur-demo",name="photos-1",phase="Succeeded"} 1
`;

Deno.test("interestingMetrics() shows results and figures of the namespace, and no buckets", () => {
  assert.deepEqual(interestingMetrics(text, "kopiur-demo"), [
    'kopiur_backups_total{namespace="kopiur-demo",name="photos",outcome="success"} 1',
    'kopiur_backup_duration_seconds{namespace="kopiur-demo",name="photos"} 3.25',
  ]);
});
