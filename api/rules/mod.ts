/**
 * What makes no sense in a spec its schema accepts, as a sentence that says how to mend it: the same for the controller,
 * which stalls on it, and for a webhook, which refuses it. Reads specs alone, so it sees neither the cluster nor a clock.
 * Repository: {@link senselessRepository}. BackupConfig: {@link senselessSources} of its {@link sourcesOf}, and
 * {@link mountConflict} with its Repository. BackupSchedule: `readTimetable` of api/cron. Imports api only.
 */
export * from "./backup_config.ts";
export * from "./mount_conflict.ts";
export * from "./repository.ts";
