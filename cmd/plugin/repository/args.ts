import { Argument, type Command } from "commander";
import type { HelpText } from "../../help_text.ts";
import { parseObjectName } from "../argument_parsers.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** What `repository inherit` was asked. */
export interface RepositoryInheritRequest extends Place {
  /** Name of the Repository. */
  readonly repository: string;
  /** False to take the word back. */
  readonly inherit: boolean;
  /** A person has confirmed already. */
  readonly yes: boolean;
}

/** What the words after `repository` mean. */
export interface RepositoryInvocation {
  readonly kind: "repository-inherit";
  readonly request: RepositoryInheritRequest;
}

interface InheritOptions extends PlaceOptions {
  readonly undo?: true;
  readonly yes?: true;
}

/** Adds `repository inherit`. */
export function addRepository(program: Command, settle: (invocation: RepositoryInvocation) => void): void {
  const repository = program.command("repository")
    .summary("say that no other cluster lives on the backups that were put back")
    .description(repositoryHelp.about)
    .addHelpText("after", repositoryHelp.after);
  addPlaceOptions(repository.command("inherit"), "one namespace")
    .summary("let retention and deletions take what was put back")
    .description(repositoryInheritHelp.about)
    .addArgument(new Argument("<name>", "name of the Repository").argParser(parseObjectName))
    .option("--undo", "take the word back")
    .option("-y, --yes", "do not ask; without it, and without a terminal, nothing is done")
    .addHelpText("after", repositoryInheritHelp.after)
    .action((name: string, options: InheritOptions) =>
      settle({
        kind: "repository-inherit",
        request: {
          ...placeOf(options),
          repository: name,
          inherit: options.undo !== true,
          yes: options.yes === true,
        },
      })
    );
}

/** `kubectl kopiur repository --help`. */
const repositoryHelp: HelpText = {
  about:
    "Backups that were put back into a cluster (by Velero, an export, Git) take up the snapshots that were made\n" +
    "before. The cluster that made them may live on beside this one, so nothing deletes those snapshots until a\n" +
    "person says that it does not.",
  after: `
Example:
  kubectl kopiur repository inherit home -n media`,
};

/** `kubectl kopiur repository inherit --help`. */
const repositoryInheritHelp: HelpText = {
  about:
    "Says that no other cluster lives on the Backups of a Repository that were put back (its annotation heir,\n" +
    "with its own uid). Retention and deletions then take them like any other. Shows how many they are, and\n" +
    "what another cluster has written since, then asks. For a cluster that was restored in place of a dead\n" +
    "one; never for a copy of one that works.",
  after: `
Examples:
  kubectl kopiur repository inherit home -n media
  kubectl kopiur repository inherit home -n media --undo

Needs get and patch on Repositories and list on Backups.
Exit codes: 0 done, 1 failed or not confirmed, 2 called wrongly`,
};
