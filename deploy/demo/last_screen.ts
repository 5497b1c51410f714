import { fileURLToPath } from "node:url";
import { runToolOk } from "../../tests/parts/mod.ts";
import { kubectl, type Target } from "./kubectl.ts";
import type { Proof } from "./proof.ts";

/** What was made, for the last screen. */
export interface Made {
  readonly backup: string;
  readonly id: string;
  readonly proof: Proof;
  readonly embedded: boolean;
}

const interesting =
  /^kopiur_(backup_|backups_total|repo_|mover_operations_total|resource_phase.*(Succeeded|Ready)"\} 1)/;

/** The demo's last screen: status, kopia's own list, the numbers, and what to try next. */
export async function lastScreen(target: Target, namespace: string, made: Made): Promise<string> {
  const status = await pluginStatus(target, namespace);
  const metrics = await kubectl(target, [
    "get",
    "--raw",
    "/api/v1/namespaces/kopiur-system/services/kopiur-metrics:8080/proxy/metrics",
  ]);
  const numbers = metrics.split("\n").filter((line) => interesting.test(line));
  const where = target.kubeconfig === undefined
    ? `--context ${target.context}`
    : `--kubeconfig ${target.kubeconfig}`;
  const confirmed = made.proof.list.includes(made.id)
    ? "kopia lists the same id"
    : "KOPIA DOES NOT LIST THIS ID";
  return `
kubectl kopiur status -n ${namespace}

${status.trimEnd()}

kopia snapshot list --all

${made.proof.list.trimEnd()}

Backup ${made.backup} made snapshot ${made.id}: ${confirmed}.
Restored with kopia and compared with the volume: ${made.proof.compared.trimEnd().split("\n").at(-1) ?? ""}.

/metrics

${numbers.join("\n")}

Try next:
  kubectl ${where} create -n ${namespace} -f deploy/demo/manifests/04-backup.yaml     another run
  kubectl ${where} get kopiur -n ${namespace}                                         everything there is
  kubectl ${where} describe backup ${made.backup} -n ${namespace}                     its Events
  kubectl ${where} delete backup ${made.backup} -n ${namespace}                       deletes its snapshot, too
Stop:
  ./denow task demo down${made.embedded ? "" : ` --context ${target.context}`}`;
}

async function pluginStatus(target: Target, namespace: string): Promise<string> {
  const binary = fileURLToPath(new URL("../../build/kubectl-kopiur", import.meta.url));
  const where = [
    ...(target.kubeconfig === undefined ? [] : ["--kubeconfig", target.kubeconfig]),
    ...(target.context === undefined ? [] : ["--context", target.context]),
  ];
  return await runToolOk([binary, "status", "-n", namespace, ...where]);
}
