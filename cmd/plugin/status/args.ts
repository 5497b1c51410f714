import { type Command, Option } from "commander";
import { helpText } from "../../help_text.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** How `status` prints. */
export const statusFormats = ["table", "wide", "json", "yaml"] as const;
export type StatusFormat = typeof statusFormats[number];

/** The arguments of `status`. */
export interface StatusRequest extends Place {
  readonly format: StatusFormat;
  readonly check: boolean;
}

/** The command `status`. */
export interface StatusInvocation {
  readonly kind: "status";
  readonly request: StatusRequest;
}

interface StatusOptions extends PlaceOptions {
  readonly output: StatusFormat;
  readonly check?: true;
}

/** Adds `status`. */
export function addStatus(program: Command, settle: (invocation: StatusInvocation) => void): void {
  addPlaceOptions(program.command("status"), "any namespace")
    .summary("show repositories, BackupConfigs, schedules, running backups and what waits")
    .description(statusHelp.about)
    .addOption(
      new Option("-o, --output <format>", "how to print").choices([...statusFormats]).default("table"),
    )
    .option("--check", "exit with 1 when anything is unhealthy, or a kind of kopiur may not be listed")
    .addHelpText("after", statusHelp.after)
    .action((options: StatusOptions) =>
      settle({
        kind: "status",
        request: { ...placeOf(options), format: options.output, check: options.check ?? false },
      })
    );
}

/** `kubectl kopiur status --help`. */
const statusHelp = helpText({
  about:
    "Shows repositories, BackupConfigs (recipes) with their newest backup, schedules, backups in flight, and " +
    "what waits and why. Where there are any, it also shows sources that the newest backup did not save, " +
    "deletions that wait for a person, snapshots that are gone from their repository, unfinished uploads, and " +
    "volumes that no recipe covers.\n\n" +
    "Data goes to standard output, everything else to standard error. A kind you may not list is shown as " +
    "(forbidden) and does not stop the rest, unless you may list none of them.",
  after: `
Examples:
  kubectl kopiur status -A -o wide
  kubectl kopiur status -n media --check || notify "backups need a look"
  kubectl kopiur status -A -o json | jq '.unhealthy[]'

Unhealthy is: a repository or recipe that is not ready, a recipe whose newest backup failed, is
incomplete or contains much less than older ones, a schedule that cannot go on or whose last slot
was missed, a backup that cannot go on without a person, a deletion that is held, a snapshot that
is gone. What may still resolve by itself, as a waiting backup or a repository that is being
opened, counts after 15 minutes. A volume that no recipe covers is shown, but is not unhealthy. If
it needs no backup, annotate it or its namespace with
kopiur.home-operations.com/no-backup: "true". Claims and namespaces that you may not list are not
unhealthy either; standard error names them.

Exit codes: 0 done, 1 failed, as when no kind of kopiur may be listed (with --check: or something is
unhealthy, or one kind may not be listed), 2 called wrongly`,
});
