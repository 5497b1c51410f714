import { Argument, type Command, Option } from "commander";
import { type DeletionPolicy, deletionPolicy } from "../api/words.ts";
import { parseDescription, parseObjectName, parseTag, parseTimeout } from "./argument_parsers.ts";
import { backupHelp, backupNowHelp } from "./help_text.ts";
import { addPlaceOptions, type Place, placeOf, type PlaceOptions } from "./place_options.ts";

/** What `backup now` was asked. */
export interface BackupNowRequest extends Place {
  /** Name of the BackupConfig. */
  readonly config: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string | undefined;
  readonly deletionPolicy: DeletionPolicy | undefined;
  /** Whether to follow the run, and for how long. */
  readonly wait: { readonly timeoutMs: number } | undefined;
}

/** What the words after `backup` mean. */
export interface BackupInvocation {
  readonly kind: "backup-now";
  readonly request: BackupNowRequest;
}

/** How long `--wait` follows a run unless told. */
const DEFAULT_TIMEOUT_MS = 10 * 60 * 1000;

interface NowOptions extends PlaceOptions {
  readonly wait?: true;
  readonly timeout: number;
  readonly tag?: Readonly<Record<string, string>>;
  readonly description?: string;
  readonly deletionPolicy?: DeletionPolicy;
}

/** Adds `backup now`. */
export function addBackup(program: Command, settle: (invocation: BackupInvocation) => void): void {
  const backup = program.command("backup")
    .summary("start a backup by hand")
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
