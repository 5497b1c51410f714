import { dirname } from "node:path";
import type { Target } from "./kubectl.ts";

/** Everything the last screen tells, found out before. */
export interface Told {
  readonly target: Target;
  readonly namespace: string;
  /** The folder with the plugin of kubectl. */
  readonly pluginFolder: string;
  readonly status: string;
  readonly backup: string;
  readonly id: string;
  readonly list: string;
  readonly files: number;
  readonly metrics: readonly string[];
  /** The command that ends the demo. */
  readonly stop: string;
}

/** The demo's last screen: status, kopia's own list, the numbers, and what to try next. */
export function lastScreen(reported: Told): string {
  const { namespace, backup, id, files } = reported;
  return `
kubectl kopiur status -n ${namespace}

${indented(reported.status)}

kopia snapshot list --all --manifest-id

${indented(reported.list)}

Backup ${backup} Succeeded with snapshot ${id}.
kopia lists the same id. Restored with kopia, all ${files} files are byte-identical to the volume's.

/metrics

${indented(reported.metrics.join("\n"))}

${tryNext(reported)}

Stop, and leave nothing behind:
  ${reported.stop}`;
}

function tryNext({ target, namespace, backup, pluginFolder }: Told): string {
  const folders = [dirname(target.kubectl), dirname(target.helm), pluginFolder];
  const path = `  export PATH=${[...new Set(folders)].map(quoted).join(":")}:$PATH`;
  const where = target.kubeconfig === undefined ? "" : `  export KUBECONFIG=${quoted(target.kubeconfig)}\n`;
  const context = target.context === undefined ? "" : `--context ${quoted(target.context)} `;
  const commands: readonly (readonly [string, string])[] = [
    [`kopiur status ${context}-n ${namespace}`, "how it goes, what waits and why"],
    [`get kopiur -n ${namespace}`, "everything there is"],
    [`describe backup ${backup} -n ${namespace}`, "what happened to it"],
    [`delete backup ${backup} -n ${namespace} --wait=false`, "held: it is the last whole snapshot"],
    [`kopiur deletions list ${context}-n ${namespace}`, "what is held, ten seconds later, and why"],
    [`kopiur deletions release ${backup} ${context}-n ${namespace}`, "your word: now its snapshot goes, too"],
    [`create -n ${namespace} -f deploy/demo/manifests/04-backup.yaml`, "another run"],
  ];
  // A plugin is found by its first word only, so its flags come after it.
  const lines = commands.map(([command, what]) => ({
    line: command.startsWith("kopiur") ? `kubectl ${command}` : `kubectl ${context}${command}`,
    what,
  }));
  const width = Math.max(...lines.map(({ line }) => line.length));
  return `Try next, here, with
${where}${path}
${lines.map(({ line, what }) => `  ${line.padEnd(width)}   # ${what}`).join("\n")}`;
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function indented(text: string): string {
  return text.trimEnd().split("\n").map((line) => line === "" ? "" : `  ${line}`).join("\n");
}
