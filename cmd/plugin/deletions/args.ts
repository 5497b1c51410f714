import { Argument, type Command, Option } from "commander";
import { parseObjectNames } from "../argument_parsers.ts";
import { helpText } from "../../help_text.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** How `deletions list` prints. */
export const deletionsFormats = ["table", "json", "yaml"] as const;
export type DeletionsFormat = typeof deletionsFormats[number];

/** The arguments of `deletions list`. */
export interface DeletionsListRequest extends Place {
  readonly format: DeletionsFormat;
}

/** The arguments of `deletions release`. */
export interface DeletionsReleaseRequest extends Place {
  /** All held deletions, or the named Backups of one namespace. */
  readonly which: { readonly kind: "all" } | { readonly kind: "named"; readonly names: readonly string[] };
  /** Do not ask. */
  readonly yes: boolean;
}

/** The commands of `deletions`. */
export type DeletionsInvocation =
  | { readonly kind: "deletions-list"; readonly request: DeletionsListRequest }
  | { readonly kind: "deletions-release"; readonly request: DeletionsReleaseRequest };

interface ReleaseOptions extends PlaceOptions {
  readonly all?: true;
  readonly yes?: true;
}

/** Adds `deletions list` and `deletions release`. */
export function addDeletions(program: Command, settle: (invocation: DeletionsInvocation) => void): void {
  const deletions = program.command("deletions")
    .summary("show and release deletions that wait for a person")
    .description(deletionsHelp.about)
    .addHelpText("after", deletionsHelp.after);
  addPlaceOptions(deletions.command("list"), "any namespace")
    .summary("show the deleted Backups whose snapshots are held")
    .description(deletionsListHelp.about)
    .addOption(
      new Option("-o, --output <format>", "how to print").choices([...deletionsFormats]).default("table"),
    )
    .addHelpText("after", deletionsListHelp.after)
    .action((options: PlaceOptions & { readonly output: DeletionsFormat }) =>
      settle({ kind: "deletions-list", request: { ...placeOf(options), format: options.output } })
    );
  addPlaceOptions(deletions.command("release"), "any namespace")
    .summary("let the snapshots of held Backups be deleted")
    .description(deletionsReleaseHelp.about)
    .addArgument(new Argument("[name...]", "the Backups").argParser(parseObjectNames))
    .option("--all", "all that are held in the namespace, or with -A in the cluster")
    .option("-y, --yes", "do not ask; without it, and without a terminal, nothing is released")
    .addHelpText("after", deletionsReleaseHelp.after)
    .action((names: readonly string[] | undefined, options: ReleaseOptions, command: Command) =>
      settle({
        kind: "deletions-release",
        request: {
          ...placeOf(options),
          which: chooseWhich(names ?? [], options, command),
          yes: options.yes === true,
        },
      })
    );
}

function chooseWhich(
  names: readonly string[],
  { all, allNamespaces }: ReleaseOptions,
  command: Command,
): DeletionsReleaseRequest["which"] {
  if (all && names.length > 0) command.error("error: --all and names of Backups exclude each other");
  if (all) return { kind: "all" };
  if (names.length === 0) command.error("error: expected names of Backups, or --all");
  if (allNamespaces) command.error("error: names of Backups need one namespace: expected -n, not -A");
  return { kind: "named", names: [...new Set(names)] };
}

/** `kubectl kopiur deletions --help`. */
const deletionsHelp = helpText({
  about:
    "A deletion that may be a mistake is held: the snapshots stay until a person confirms. That is so when " +
    "many Backups are deleted, and not by retention; when the last snapshots of a recipe would be deleted; " +
    "and for Backups that were put back, as another cluster may use their snapshots. These commands list " +
    "and release what is held.",
  after: `
Examples:
  kubectl kopiur deletions list -A
  kubectl kopiur deletions release photos-20260101030000 -n media
  kubectl kopiur deletions release --all -n media`,
});

/** `kubectl kopiur deletions list --help`. */
const deletionsListHelp = helpText({
  about: "Shows the deleted Backups whose snapshots are held, and how much a release would destroy.",
  after: `
If the deletion was a mistake, let the Backup be deleted without its snapshots. They stay in the
repository and appear as discovered Backups when it is read again:
  kubectl annotate backup NAME kopiur.home-operations.com/skip-snapshot-cleanup=true

Exit codes: 0 done, 1 failed, 2 called wrongly`,
});

/** `kubectl kopiur deletions release --help`. */
const deletionsReleaseHelp = helpText({
  about:
    "Confirms the deletion of held Backups: their snapshots are then deleted from the repository for good.\n\n" +
    "It first prints which snapshots will be lost, then asks on a terminal. Without a terminal it needs --yes.",
  after: `
Examples:
  kubectl kopiur deletions release photos-20260101030000 -n media
  kubectl kopiur deletions release --all -n media          print what would be lost, then ask
  kubectl kopiur deletions release --all -A --yes

Exit codes: 0 released, 1 failed or not confirmed, 2 called wrongly`,
});
