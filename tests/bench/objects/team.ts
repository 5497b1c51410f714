import { API_VERSION, type BackupStatus, FINALIZER, LABEL, type Reason, REASONS } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";

/** How many objects a cluster is to hold; runs are spread evenly over recipes, recipes over namespaces. */
export interface TeamCounts {
  readonly namespaces: number;
  readonly recipes: number;
  readonly runs: number;
}

/** First of the times in the objects; run after run is an hour later. */
const firstRun = Date.UTC(2026, 0, 1);
const hourMs = 3_600_000;

/** Names of the namespaces. */
export function teamNamespaces({ namespaces }: TeamCounts): readonly string[] {
  return Array.from({ length: namespaces }, (_, index) => `team-${index}`);
}

/** One Repository per namespace. Its Secret does not exist, so that no Job is started for it. */
export function teamRepositories(counts: TeamCounts): readonly KubeObject[] {
  return teamNamespaces(counts).map((namespace) => ({
    apiVersion: API_VERSION,
    kind: "Repository",
    metadata: { namespace, name: "home" },
    spec: {
      backend: { s3: { bucket: "backups", prefix: `${namespace}/`, auth: { secretRef: { name: "keys" } } } },
      encryption: { passwordSecretRef: { name: "repository-password" } },
    },
  }));
}

/** The recipes. */
export function* teamRecipes(counts: TeamCounts): Generator<KubeObject> {
  for (let recipe = 0; recipe < counts.recipes; recipe++) {
    yield {
      apiVersion: API_VERSION,
      kind: "BackupConfig",
      metadata: { namespace: namespaceOf(counts, recipe), name: `recipe-${recipe}` },
      spec: { repository: { name: "home" }, sources: [{ pvc: { name: `data-${recipe}` } }] },
    };
  }
}

/** Runs that ended, as the controller leaves them: with finalizer, labels and a full status; one in ten failed. */
export function* teamRuns(counts: TeamCounts): Generator<KubeObject & { readonly status: BackupStatus }> {
  for (let run = 0; run < counts.runs; run++) {
    const recipe = run % counts.recipes;
    const round = Math.floor(run / counts.recipes);
    yield {
      apiVersion: API_VERSION,
      kind: "Backup",
      metadata: {
        namespace: namespaceOf(counts, recipe),
        name: `recipe-${recipe}-${round}`,
        labels: { [LABEL.config]: `recipe-${recipe}` },
        finalizers: [FINALIZER],
      },
      spec: { configRef: { name: `recipe-${recipe}` } },
      status: runStatus({ namespace: namespaceOf(counts, recipe), recipe, round }, run % 10 !== 9),
    };
  }
}

function runStatus(
  { namespace, recipe, round }: {
    readonly namespace: string;
    readonly recipe: number;
    readonly round: number;
  },
  succeeded: boolean,
): BackupStatus {
  const startTime = new Date(firstRun + round * hourMs).toISOString();
  const endTime = new Date(firstRun + round * hourMs + 12_500).toISOString();
  const source = `data-${recipe}`;
  const reason: Reason = succeeded ? "BackupSucceeded" : "RepositoryUnavailable";
  const message = succeeded
    ? `Backed up "${source}"`
    : `No source could be backed up: "${source}": ${REASONS[reason]}`;
  const amounts = {
    sizeBytes: 2 ** 30 + recipe,
    files: 1000 + recipe,
    bytesNew: 1_000_000,
    filesNew: 12,
    filesUnchanged: 988 + recipe,
  };
  const condition = { reason, message, lastTransitionTime: endTime, observedGeneration: 1 };
  return {
    observedGeneration: 1,
    phase: succeeded ? "Succeeded" : "Failed",
    message,
    resolved: {
      repository: { kind: "Repository", name: "home", uniqueId: "3b5cb2f5f2f64f2e8a3d0d1f8a7c9b10" },
      config: `recipe-${recipe}`,
      identity: { username: `recipe-${recipe}`, hostname: namespace },
      deletionPolicy: "Delete",
    },
    snapshots: [{
      source,
      sourcePath: `/pvc/${source}`,
      phase: succeeded ? "Succeeded" : "Failed",
      job: { name: `recipe-${recipe}-${round}-backup-0a1b2c3d`, attempts: 1 },
      startTime,
      endTime,
      durationSeconds: 12.5,
      ...(succeeded ? { kopiaSnapshotID: `k${recipe}d${round}`.padEnd(32, "0"), ...amounts } : {
        failure: {
          class: reason,
          message,
          exitCode: 1,
          resultKnown: true,
          logTail: "dial tcp: connection refused",
        },
      }),
    }],
    timing: { startTime, endTime, durationSeconds: 12.5 },
    ...(succeeded ? { stats: amounts } : {}),
    conditions: [
      { type: "Ready", status: succeeded ? "True" : "False", ...condition },
      { type: "SnapshotCreated", status: succeeded ? "True" : "False", ...condition },
    ],
  };
}

function namespaceOf({ namespaces }: TeamCounts, recipe: number): string {
  return `team-${recipe % namespaces}`;
}
