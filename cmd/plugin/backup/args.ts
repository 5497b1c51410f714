import { Argument, type Command, Option } from "commander";
import { type DeletionPolicy, deletionPolicy } from "../../../api/words.ts";
import {
  parseDescription,
  parseObjectName,
  parseObjectNames,
  parseTag,
  parseTimeout,
} from "../argument_parsers.ts";
import { helpText } from "../../help_text.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "../place_options.ts";

/** The arguments of `backup now`. */
export interface BackupNowRequest extends Place {
  /** Name of the BackupConfig. */
  readonly config: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly deletionPolicy: DeletionPolicy | undefined;
  /** Whether to follow the run, and for how long. */
  readonly wait: { readonly timeoutMs: number } | undefined;
}

/** The arguments of `backup accept`. */
export interface BackupAcceptRequest extends Place {
  /** Names of the Backups. */
  readonly names: readonly string[];
  /** False for `--undo`. */
  readonly accept: boolean;
}

/** The commands of `backup`. */
export type BackupInvocation =
  | { readonly kind: "backup-now"; readonly request: BackupNowRequest }
  | { readonly kind: "backup-accept"; readonly request: BackupAcceptRequest };

/** How long `--wait` follows a run by default. */
const DEFAULT_TIMEOUT_MS = 10 * 60 * 1000;

interface NowOptions extends PlaceOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly tag?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly deletionPolicy?: DeletionPolicy;
}

/** Adds `backup now` and `backup accept`. */
export function addBackup(program: Command, settle: (invocation: BackupInvocation) => void): void {
  const backup = program.command("backup")
    .summary("start a backup by hand, or accept one that is not whole")
    .description(backupHelp.about)
    .addHelpText("after", backupHelp.after);
  addPlaceOptions(backup.command("now"), "one namespace")
    .summary("run a BackupConfig now")
    .description(backupNowHelp.about)
    .addArgument(new Argument("<config>", "name of the BackupConfig").argParser(parseObjectName))
    .option("--wait", "follow the run to its end")
    .addOption(
      new Option("--timeout <duration>", "how long --wait follows it").argParser(parseTimeout)
        .default(DEFAULT_TIMEOUT_MS, "10m"),
    )
    .addOption(
      new Option("--tag <key=value>", "kopia tag of the snapshots; may be given again").argParser(parseTag),
    )
    .addOption(
      new Option("--description <text>", "kopia description of the snapshots").argParser(parseDescription),
    )
    .addOption(
      new Option("--deletion-policy <policy>", "what deleting this Backup does to its snapshots")
        .choices(deletionPolicy.options),
    )
    .addHelpText("after", backupNowHelp.after)
    .action((config: string, options: NowOptions) =>
      settle({ kind: "backup-now", request: nowRequest(config, options) })
    );
  addPlaceOptions(backup.command("accept"), "one namespace")
    .summary("say that a backup is right though it contains less than older ones")
    .description(backupAcceptHelp.about)
    .addArgument(new Argument("<name...>", "the Backups").argParser(parseObjectNames))
    .option("--undo", "no longer accept them")
    .addHelpText("after", backupAcceptHelp.after)
    .action((names: readonly string[], options: PlaceOptions & { readonly undo?: true }) =>
      settle({
        kind: "backup-accept",
        request: { ...placeOf(options), names: [...new Set(names)], accept: options.undo !== true },
      })
    );
}

function nowRequest(config: string, options: NowOptions): BackupNowRequest {
  return {
    ...placeOf(options),
    config,
    tags: options.tag ?? {},
    description: options.description,
    deletionPolicy: options.deletionPolicy,
    wait: options.wait ? { timeoutMs: options.timeout } : undefined,
  };
}

/** `kubectl kopiur backup --help`. */
const backupHelp = helpText({
  about: "Starts a backup by hand, independent of schedules, or accepts a finished one that is not whole.",
  after: `
Examples:
  kubectl kopiur backup now photos -n media --wait
  kubectl kopiur backup accept photos-20260101030000 -n media`,
});

/** `kubectl kopiur backup now --help`. */
const backupNowHelp = helpText({
  about:
    "Makes a Backup of a BackupConfig, called <config>-<time in UTC>, and prints its name. The controller does " +
    "the rest. With --wait the command prints phase and progress on standard error until the backup ends.",
  after: `
Examples:
  kubectl kopiur backup now photos -n media
  kubectl kopiur backup now photos --wait --timeout 1h
  kubectl kopiur backup now photos --tag reason=upgrade --description "before 2.0"

Exit codes: 0 made (with --wait: succeeded, and complete), 1 failed (with --wait: or incomplete, or
deleted meanwhile), 2 called wrongly, 124 --wait took longer than --timeout; the backup goes on`,
});

/** `kubectl kopiur backup accept --help`. */
const backupAcceptHelp = helpText({
  about:
    "Some backups are not whole: files could not be read, or they contain much less than older ones. Retention " +
    "does not count such a backup, so older ones stay. If the backup is as it should be, accept it " +
    "(spec.accept of the Backup): it then counts as whole, later ones are compared with it, and older ones " +
    "are deleted by the rules of retention. A partial one is still reported as partial; to end that, leave " +
    "the unreadable files out of the source.",
  after: `
Examples:
  kubectl kopiur backup accept photos-20260101030000 -n media
  kubectl kopiur backup accept photos-20260101030000 --undo

Exit codes: 0 done, 1 failed, 2 called wrongly`,
});
