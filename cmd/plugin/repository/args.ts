import { Argument, type Command } from "commander";
import { helpText } from "../../help_text.ts";
import { parseObjectName } from "../argument_parsers.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** The arguments of `repository inherit`. */
export interface RepositoryInheritRequest extends Place {
  /** Name of the Repository. */
  readonly repository: string;
  /** False for `--undo`. */
  readonly inherit: boolean;
  /** Do not ask. */
  readonly yes: boolean;
}

/** The command of `repository`. */
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
    .summary("say that no other cluster uses the backups that were put back")
    .description(repositoryHelp.about)
    .addHelpText("after", repositoryHelp.after);
  addPlaceOptions(repository.command("inherit"), "one namespace")
    .summary("let retention and deletions apply to what was put back")
    .description(repositoryInheritHelp.about)
    .addArgument(new Argument("<name>", "name of the Repository").argParser(parseObjectName))
    .option("--undo", "no longer inherit them")
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
const repositoryHelp = helpText({
  about:
    "Backups that were put back into a cluster (by Velero, an export, Git) stand for snapshots that were made " +
    "before. The cluster that made them may still use them, so nothing deletes those snapshots until a person " +
    "says that it does not.",
  after: `
Example:
  kubectl kopiur repository inherit home -n media`,
});

/** `kubectl kopiur repository inherit --help`. */
const repositoryInheritHelp = helpText({
  about:
    "Says that no other cluster uses the Backups of a Repository that were put back (annotation heir on the " +
    "Repository, with its own uid). Retention and deletions then apply to them like to any other Backup. The " +
    "command prints how many they are and what another cluster has written since, then asks. Use it for a " +
    "cluster that replaces a dead one, never for a copy of one that works.",
  after: `
Examples:
  kubectl kopiur repository inherit home -n media
  kubectl kopiur repository inherit home -n media --undo

Needs get and patch on Repositories and list on Backups.
Exit codes: 0 done, 1 failed or not confirmed, 2 called wrongly`,
});
