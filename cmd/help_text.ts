/** What `--help` says beyond the list of options: what a command is for, examples, its environment. */
import { CONFIG_VARIABLES } from "./config/config.ts";

/** Text around the options of a command. */
export interface HelpText {
  readonly about: string;
  readonly after: string;
}

/** Width help is wrapped to. */
const WIDTH = 100;

/** `kopiur --help`. */
export const kopiurHelp: HelpText = {
  about: "Backs up Kubernetes volumes into kopia repositories.\n\n" +
    "One program, several roles: the controller runs in the cluster and starts a mover for each piece\n" +
    "of work; the other commands are for people.",
  after: `
Examples:
  kopiur controller               run the controller against the cluster of the kubeconfig or pod
  kopiur status -A                what is backed up, what runs, what waits
  kopiur help status              the help of one command

Called as kubectl-kopiur (on the PATH) the same program is the kubectl plugin: kubectl kopiur status

Exit codes: 0 done, 1 failed, 2 called or configured wrongly`,
};

/** `kubectl kopiur --help`. */
export const pluginHelp: HelpText = {
  about: "Shows how kopiur's backups stand, starts them by hand, and decides what waits for a person.\n\n" +
    "status and list only read; the rest changes Backups and BackupSchedules with your own permissions.",
  after: `
Examples:
  kubectl kopiur status                    the namespace of the current context
  kubectl kopiur status -A --check         for scripts: exit code 1 when anything is unhealthy
  kubectl kopiur backup now photos --wait  back up now and see how it ends
  kubectl kopiur schedule suspend nightly  no backups by the clock for a while
  kubectl kopiur deletions list -A         deletions that wait for a person

Exit codes: 0 done, 1 failed, 2 called wrongly, 124 a --wait that took too long`,
};

/** `kopiur controller --help`. */
export function controllerHelp(): HelpText {
  return {
    about:
      "Watches Repositories, BackupConfigs and Backups and makes them true, until it is told to stop.\n\n" +
      "It holds a lease while it works, so that of several replicas one does. SIGTERM and SIGINT end it\n" +
      "in order (a second one at once); losing the lease ends it with exit code 1.",
    after: `
Environment:
${describeEnvironment("controller")}

Examples:
  KOPIUR_MOVER_IMAGE=ghcr.io/home-operations/kopiur:0.1.0 kopiur controller
  RUST_LOG=info,kopiur=debug KOPIUR_LOG_FORMAT=json kopiur controller`,
  };
}

/** `kopiur mover --help`. */
export function moverHelp(): HelpText {
  return {
    about:
      "Does the one piece of work its work spec names, writes a result, and ends. Made to be started by the\n" +
      "controller in a Job; by hand it is of use for finding out why something fails.\n\n" +
      "Exit codes: 0 done, 1 failed and may succeed later, 2 failed and a person must act.",
    after: `
Environment:
${describeEnvironment("mover")}`,
  };
}

/** `kubectl kopiur status --help`. */
export const statusHelp: HelpText = {
  about:
    "Shows repositories, recipes with their newest backup, schedules, backups in flight, and what waits for\n" +
    "what; and, where there are any, sources that the newest backup did not save, deletions that wait for a\n" +
    "person, snapshots that are gone from their repository, and volumes no recipe covers.\n\n" +
    "Data goes to standard output, everything else to standard error. A kind you may not list is shown as\n" +
    "(forbidden) and does not stop the rest.",
  after: `
Examples:
  kubectl kopiur status -A -o wide
  kubectl kopiur status -n media --check || notify "backups need a look"
  kubectl kopiur status -A -o json | jq '.unhealthy[]'

Unhealthy is: a repository or recipe that is not ready, a recipe whose newest backup failed or is
incomplete or holds much less than older ones, a schedule that cannot go on or whose last slot was
missed, a backup that cannot go on without a person, a deletion that is held, a snapshot that is
gone. What may still come right by itself, as a backup that waits or a repository on its way,
counts after 15 minutes. A volume that no recipe covers is shown and is not unhealthy; annotate it,
or its namespace, with
kopiur.home-operations.com/no-backup: "true" when no backup is wanted.

Exit codes: 0 done, 1 failed (with --check: something is unhealthy), 2 called wrongly`,
};

/** `kubectl kopiur deletions --help`. */
export const deletionsHelp: HelpText = {
  about:
    "When many Backups are deleted, and not by retention, or the last snapshots of a recipe would go, kopiur\n" +
    "takes it for a mistake: the Backups are held and their snapshots stay until a person confirms. These\n" +
    "commands show and confirm.",
  after: `
Examples:
  kubectl kopiur deletions list -A
  kubectl kopiur deletions release photos-20260101030000 -n media
  kubectl kopiur deletions release --all -n media`,
};

/** `kubectl kopiur deletions list --help`. */
export const deletionsListHelp: HelpText = {
  about: "Shows the deleted Backups whose snapshots are held, and how much a release would destroy.",
  after: `
Where the deletion was a mistake, let the Backup go without its snapshots; they stay in the
repository and come back as discovered Backups when it is read again:
  kubectl annotate backup NAME kopiur.home-operations.com/skip-snapshot-cleanup=true

Exit codes: 0 done, 1 failed, 2 called wrongly`,
};

/** `kubectl kopiur deletions release --help`. */
export const deletionsReleaseHelp: HelpText = {
  about:
    "Confirms the deletion of held Backups: their snapshots are then deleted from the repository for good.\n\n" +
    "It first prints which snapshots are lost. Then it asks on a terminal; anywhere else it needs --yes.",
  after: `
Examples:
  kubectl kopiur deletions release photos-20260101030000 -n media
  kubectl kopiur deletions release --all -n media          print what would be lost, then ask
  kubectl kopiur deletions release --all -A --yes

Exit codes: 0 released, 1 failed or not confirmed, 2 called wrongly`,
};

/** `kubectl kopiur backup --help`. */
export const backupHelp: HelpText = {
  about: "Starts a backup by hand, beside what schedules do, or says that one that was made is right.",
  after: `
Examples:
  kubectl kopiur backup now photos -n media --wait
  kubectl kopiur backup accept photos-20260101030000 -n media`,
};

/** `kubectl kopiur backup accept --help`. */
export const backupAcceptHelp: HelpText = {
  about:
    "A backup of which something could not be read, or that holds much less than older ones, pushes no whole\n" +
    "one out of retention. Where it is as it should be, this says so (spec.accept of the Backup): it then\n" +
    "counts as whole, later ones are measured by it, and what is older goes by the rules of retention.",
  after: `
Examples:
  kubectl kopiur backup accept photos-20260101030000 -n media
  kubectl kopiur backup accept photos-20260101030000 --undo

Exit codes: 0 done, 1 failed, 2 called wrongly`,
};

/** `kubectl kopiur backup now --help`. */
export const backupNowHelp: HelpText = {
  about:
    "Makes a Backup of a BackupConfig, called <config>-<time in UTC>, and prints its name. The controller does\n" +
    "the rest. With --wait its way is told on standard error until it ends.",
  after: `
Examples:
  kubectl kopiur backup now photos -n media
  kubectl kopiur backup now photos --wait --timeout 1h
  kubectl kopiur backup now photos --tag reason=upgrade --description "before 2.0"

Exit codes: 0 made (with --wait: succeeded, and complete), 1 failed (with --wait: or incomplete, or
deleted meanwhile), 2 called wrongly, 124 --wait took longer than --timeout; the backup goes on`,
};

/** `kubectl kopiur schedule --help`. */
export const scheduleHelp: HelpText = {
  about: "Suspends or resumes a BackupSchedule (spec.schedule.suspend).",
  after: `
Examples:
  kubectl kopiur schedule suspend nightly -n media
  kubectl kopiur schedule resume nightly -n media

What is kept in Git is better changed there: the next synchronisation undoes a change by hand.`,
};

/** `kubectl kopiur finalizers --help`. */
export const finalizersHelp: HelpText = {
  about:
    "Each Backup has a finalizer, so that its snapshots can be deleted with it. Without a controller nobody takes\n" +
    "it off, and Backups and their namespaces cannot go. For a cluster that kopiur was uninstalled from.",
  after: `
Example:
  kubectl kopiur finalizers drop -A`,
};

/** `kubectl kopiur finalizers drop --help`. */
export const finalizersDropHelp: HelpText = {
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

function describeEnvironment(role: string): string {
  return CONFIG_VARIABLES.filter((variable) => variable.roles.includes(role)).map((variable) => {
    const fallback = variable.default === "" ? "" : ` (default: ${variable.default})`;
    return `  ${variable.name}${fallback}\n${wrap(variable.description, WIDTH - 6, "      ")}`;
  }).join("\n");
}

function wrap(text: string, width: number, indent: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "" || line.length + 1 + word.length <= width) {
      lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    } else lines.push(word);
  }
  return lines.map((line) => `${indent}${line}`).join("\n");
}
