/** The texts of `--help` around the list of options: purpose, examples, environment. */
import { CONFIG_VARIABLES } from "./config/config.ts";

/** The text before and after the options of a command. */
export interface HelpText {
  readonly about: string;
  readonly after: string;
}

/** In columns. */
export const HELP_WIDTH = 100;

/**
 * A help text whose lines are broken only here: commander breaks the paragraphs of `about`, and the lines of `after` that
 * are not indented are paragraphs too.
 */
export function helpText({ about, after }: HelpText): HelpText {
  return {
    about: about.replace(/(?<!\n)\n(?!\n)/g, " "),
    after: after.replace(/^\S.*(?:\n\S.*)*/gm, (lines) => wrap(lines.replaceAll("\n", " "), HELP_WIDTH, "")),
  };
}

/** `kopiur --help`. */
export const kopiurHelp = helpText({
  about: "Backs up Kubernetes volumes into kopia repositories.\n\n" +
    "One program, several roles: the controller runs in the cluster and starts a mover for each piece " +
    "of work; the other commands are for people.",
  after: `
Examples:
  kopiur controller               run the controller against the cluster of the kubeconfig or pod
  kopiur status -A                what is backed up, what runs, what waits
  kopiur help status              the help of one command

Called as kubectl-kopiur (on the PATH) the same program is the kubectl plugin: kubectl kopiur status

Exit codes: 0 done, 1 failed, 2 called or configured wrongly`,
});

/** `kubectl kopiur --help`. */
export const pluginHelp = helpText({
  about:
    "Shows the state of kopiur's backups, starts backups by hand, and decides what waits for a person.\n\n" +
    "status and list only read. The other commands change objects with your own permissions.",
  after: `
Examples:
  kubectl kopiur status                    the namespace of the current context
  kubectl kopiur status -A --check         for scripts: exit code 1 when anything is unhealthy
  kubectl kopiur backup now photos --wait  back up now and see how it ends
  kubectl kopiur schedule suspend nightly  no backups by the clock for a while
  kubectl kopiur deletions list -A         deletions that wait for a person

Exit codes: 0 done, 1 failed, 2 called wrongly, 124 a --wait that took too long, 130 interrupted by Ctrl-C`,
});

/** `kopiur controller --help`. */
export function controllerHelp(): HelpText {
  return helpText({
    about: "Reconciles Repositories, BackupConfigs, BackupSchedules and Backups until it is stopped.\n\n" +
      "Of several replicas only the one that holds the lease works. SIGTERM and SIGINT end it in order, " +
      "a second one ends it at once. Losing the lease ends it with exit code 1.",
    after: `
Environment:
${describeEnvironment("controller")}

Examples:
  KOPIUR_MOVER_IMAGE=ghcr.io/home-operations/kopiur:0.1.0 kopiur controller
  RUST_LOG=info,kopiur=debug KOPIUR_LOG_FORMAT=json kopiur controller`,
  });
}

/** `kopiur mover --help`. */
export function moverHelp(): HelpText {
  return helpText({
    about:
      "Does the work of its work spec, writes a result, and ends. The controller starts it in a Job; started " +
      "by hand it helps to find out why something fails.\n\n" +
      "Exit codes: 0 done, 1 failed and may succeed later, 2 failed and a person must act.",
    after: `
Environment:
${describeEnvironment("mover")}`,
  });
}

function describeEnvironment(role: string): string {
  return CONFIG_VARIABLES.filter((variable) => variable.roles.includes(role)).map((variable) => {
    const fallback = variable.default === "" ? "" : ` (default: ${variable.default})`;
    return `  ${variable.name}${fallback}\n${wrap(variable.description, HELP_WIDTH - 6, "      ")}`;
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
