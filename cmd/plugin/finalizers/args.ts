import type { Command } from "commander";
import { finalizersDropHelp, finalizersHelp } from "../../help_text.ts";
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
