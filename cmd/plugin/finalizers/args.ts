import type { Command } from "commander";
import { helpText } from "../../help_text.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** The arguments of `finalizers drop`. */
export interface FinalizersDropRequest extends Place {
  /** Only print what would be done. */
  readonly dryRun: boolean;
  /** Do not ask. */
  readonly yes: boolean;
}

/** The command of `finalizers`. */
export interface FinalizersInvocation {
  readonly kind: "finalizers-drop";
  readonly request: FinalizersDropRequest;
}

interface DropOptions extends PlaceOptions {
  readonly dryRun?: true;
  readonly yes?: true;
}

/** Adds `finalizers drop`. */
export function addFinalizers(program: Command, settle: (invocation: FinalizersInvocation) => void): void {
  const finalizers = program.command("finalizers")
    .summary("make Backups deletable after kopiur was uninstalled")
    .description(finalizersHelp.about)
    .addHelpText("after", finalizersHelp.after);
  addPlaceOptions(finalizers.command("drop"), "any namespace")
    .summary("remove kopiur's finalizer from Backups; their snapshots stay")
    .description(finalizersDropHelp.about)
    .option("--dry-run", "only say how many Backups that would be")
    .option("-y, --yes", "do not ask; without it, and without a terminal, nothing is done")
    .addHelpText("after", finalizersDropHelp.after)
    .action((options: DropOptions) =>
      settle({
        kind: "finalizers-drop",
        request: { ...placeOf(options), dryRun: options.dryRun === true, yes: options.yes === true },
      })
    );
}

/** `kubectl kopiur finalizers --help`. */
const finalizersHelp = helpText({
  about:
    "Each Backup has a finalizer, so that its snapshots can be deleted with it. Without a controller nobody " +
    "removes it, and Backups and their namespaces cannot be deleted. Use this after kopiur was uninstalled.",
  after: `
Example:
  kubectl kopiur finalizers drop -A`,
});

/** `kubectl kopiur finalizers drop --help`. */
const finalizersDropHelp = helpText({
  about:
    "Removes kopiur's finalizer, and no other, from the Backups of a namespace or of the cluster. Nothing is " +
    "deleted in any repository. A Backup that is being deleted disappears at once, and its snapshots stay. " +
    "Any other Backup stays; deleting it later keeps its snapshots as well. A working mover ends by itself.\n\n" +
    "Uninstall the controller first: a running one adds the finalizer again, and so does one that is " +
    "installed later.",
  after: `
Examples:
  kubectl kopiur finalizers drop -A --dry-run              how many Backups that would be
  kubectl kopiur finalizers drop -n media                  say it, then ask
  kubectl kopiur finalizers drop -A --yes

Needs list and patch on Backups. Exit codes: 0 done, 1 failed or not confirmed, 2 called wrongly`,
});
