/**
 * When a schedule makes its Backups: the cron expression with `H`, time zones, the slots and their jitter. Pure, for
 * whoever must tell a timetable that makes sense from one that does not; a folder of its own because it needs croner,
 * which a mover and the plugin do not load. Imports api only. Start reading at timetable.ts.
 */
export { readTimetable, type Timetable, type TimetableReading } from "./timetable.ts";
