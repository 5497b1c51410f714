import { Argument, type Command } from "commander";
import { parseObjectName } from "../argument_parsers.ts";
import { helpText } from "../../help_text.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** The arguments of `schedule suspend` and `schedule resume`. */
export interface ScheduleRequest extends Place {
  /** Name of the BackupSchedule. */
  readonly schedule: string;
  /** True to suspend it, false to resume it. */
  readonly suspend: boolean;
}

/** The commands of `schedule`. */
export interface ScheduleInvocation {
  readonly kind: "schedule";
  readonly request: ScheduleRequest;
}

/** Adds `schedule suspend` and `schedule resume`. */
export function addSchedule(program: Command, settle: (invocation: ScheduleInvocation) => void): void {
  const schedule = program.command("schedule")
    .summary("suspend or resume a BackupSchedule")
    .description(scheduleHelp.about)
    .addHelpText("after", scheduleHelp.after);
  for (const [word, suspend, about] of words) {
    addPlaceOptions(schedule.command(word), "one namespace")
      .summary(about)
      .description(`${about[0]?.toUpperCase() ?? ""}${about.slice(1)}.`)
      .addArgument(new Argument("<name>", "name of the BackupSchedule").argParser(parseObjectName))
      .action((name: string, options: PlaceOptions) =>
        settle({ kind: "schedule", request: { ...placeOf(options), schedule: name, suspend } })
      );
  }
}

const words = [
  ["suspend", true, "make no Backups until it is resumed; what runs goes on"],
  ["resume", false, "make Backups again, from the next slot on"],
] as const;

/** `kubectl kopiur schedule --help`. */
const scheduleHelp = helpText({
  about: "Suspends or resumes a BackupSchedule (spec.schedule.suspend).",
  after: `
Examples:
  kubectl kopiur schedule suspend nightly -n media
  kubectl kopiur schedule resume nightly -n media

If the BackupSchedule is kept in Git, change it there: the next sync undoes a change by hand.`,
});
