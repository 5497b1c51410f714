import type { Command } from "commander";
import type { HelpText } from "../../help_text.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** What `finalizers drop` was asked. */
export interface FinalizersDropRequest extends Place {
  /** Only say what would be done. */
  readonly dryRun: boolean;
  /** A person has confirmed already. */
  readonly yes: boolean;
}

/** What the words after `finalizers` mean. */
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
    .summary("let Backups go without a controller, after kopiur was uninstalled")
    .description(finalizersHelp.about)
    .addHelpText("after", finalizersHelp.after);
  addPlaceOptions(finalizers.command("drop"), "any namespace")
    .summary("take kopiur's finalizer off Backups; their snapshots stay")
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
const finalizersHelp: HelpText = {
  about:
    "Each Backup has a finalizer, so that its snapshots can be deleted with it. Without a controller nobody takes\n" +
    "it off, and Backups and their namespaces cannot go. For a cluster that kopiur was uninstalled from.",
  after: `
Example:
  kubectl kopiur finalizers drop -A`,
};

/** `kubectl kopiur finalizers drop --help`. */
const finalizersDropHelp: HelpText = {
  about:
    "Takes kopiur's finalizer, and no other, off the Backups of a namespace or of the cluster. Nothing is deleted\n" +
    "in any repository: a Backup that is being deleted goes at once and its snapshots stay; any other Backup\n" +
    "stays, and goes without its snapshots when it is deleted later. A mover that is at work ends by itself.\n\n" +
    "Uninstall the controller first: one that runs puts the finalizer back, as one that is installed later\n" +
    "does on the Backups there are then.",
  after: `
Examples:
  kubectl kopiur finalizers drop -A --dry-run              how many Backups that would be
  kubectl kopiur finalizers drop -n media                  say it, then ask
  kubectl kopiur finalizers drop -A --yes

Needs list and patch on Backups. Exit codes: 0 done, 1 failed or not confirmed, 2 called wrongly`,
};
