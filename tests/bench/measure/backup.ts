import * as z from "zod";
import { API_VERSION, MOVER_PATH } from "../../../api/mod.ts";
import { cacheSizes } from "../../../api/mover/cache_sizes.ts";
import { snapshotCreateCommand } from "../../../mover/kopia/argv.ts";
import { connectCommand } from "../kopia_setup.ts";
import { type Cluster, pause, startCluster, waitUntil } from "../../cluster/mod.ts";
import { bareJob } from "./bare_job.ts";
import {
  benchNamespace,
  dataClaim,
  fillNamespace,
  listPathOf,
  pathOf,
  toolsClaim,
} from "../bench_namespace.ts";
import { startController } from "../controller_process.ts";
import { type Figure, figureOf, type Question } from "../figures/figure.ts";
import { quantityText } from "../figures/table.ts";
import { measureInPairs, type Pair, quotients } from "../figures/pairs.ts";
import { spreadOf } from "../figures/spread.ts";
import type { Workbench } from "../workbench.ts";
import { installKinds } from "../objects/write_team.ts";

const limitSeconds = 120;
/** Small beside what is measured, and the same for both sides. */
const lookEveryMs = 20;

const endedBackup = z.object({
  status: z.object({
    phase: z.enum(["Succeeded", "Failed"]),
    message: z.string().optional(),
    snapshots: z.array(
      z.object({ job: z.object({ name: z.string() }).optional(), files: z.number().optional() }),
    ),
  }),
});
const endedJob = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })) }),
}).refine(({ status }) => status.conditions.some(({ type, status }) => isEnd(type) && status === "True"));
const endedPods = z.object({
  items: z.tuple([z.object({
    status: z.object({
      containerStatuses: z.tuple([
        z.object({ state: z.object({ terminated: z.object({ exitCode: z.literal(0) }) }) }),
      ]),
    }),
  })]),
});

/** When the end of a bare Job was to be seen, from its creation. */
interface BareRun {
  /** Its container has ended: no sooner can anybody know. */
  readonly endedSeconds: number;
  /** The Job controller says so, which it does in its own time. */
  readonly completeSeconds: number;
}

/**
 * The kubelet looks at its containers once a second, so that whatever ends is seen up to a second later. Runs of
 * either side begin at these moments after the end of the one before, and count together.
 */
const phasesMs = [0, 250, 500, 750] as const;

/**
 * A Backup from its creation to Succeeded, against connect and snapshot in a bare Job of the same image, in a real
 * cluster. Each run of either side is the first snapshot of an identity, so that both read 1 000 files. The
 * controller is the compiled binary, running on the host.
 */
export async function measureBackup(bench: Workbench): Promise<readonly Figure[]> {
  const { runs, signal, progress } = bench;
  const image = await bench.image();
  const binary = await bench.binary();
  await using cluster = await startCluster({ progress });
  await cluster.loadImage(image.path);
  await installKinds(cluster);
  const { kubeconfigPath, folder } = cluster;
  await using controller = await startController({ binary, kubeconfigPath, folder, moverImage: image.name });
  await controller.ready(60, signal);
  const names = Array.from({ length: runs * phasesMs.length }, (_, index) => `run-${index}`);
  await fillNamespace(cluster, ["warm-up", ...names], signal);
  const warmUp = await runBackup(cluster, "warm-up", signal);
  const job = await cluster.request("GET", `${listPathOf("batch/v1", "jobs")}/${warmUp.job}`);
  await runBare(cluster, job, "bare-warm-up", signal);
  const complete: number[] = [];
  const pairs = await measureInPairs({
    runs,
    ours: (run) => atEachPhase(run, signal, async (name) => (await runBackup(cluster, name, signal)).seconds),
    theirs: async (run) => {
      let completeSeconds = 0;
      const endedSeconds = await atEachPhase(run, signal, async (name) => {
        const bare = await runBare(cluster, job, `bare-${name}`, signal);
        completeSeconds += bare.completeSeconds / phasesMs.length;
        return bare.endedSeconds;
      });
      complete.push(completeSeconds);
      return endedSeconds;
    },
  }, signal);
  return [
    figureFor(
      pairs.map(({ ours }, run) => ({ ours, theirs: complete[run] ?? Number.NaN })),
      { against: "a bare Job until it is Complete", aim: { atMost: 1.15 } },
    ),
    figureFor(pairs, { against: "a bare Job until its container was seen to have ended" }),
  ];
}

/** Mean seconds of the runs at the phases; each has a name of its own. */
async function atEachPhase(
  run: number,
  signal: AbortSignal,
  work: (name: string) => Promise<number>,
): Promise<number> {
  let seconds = 0;
  for (const [index, phaseMs] of phasesMs.entries()) {
    await pause(phaseMs, signal);
    seconds += await work(`run-${run * phasesMs.length + index}`);
  }
  return seconds / phasesMs.length;
}

function figureFor(pairs: readonly Pair<number>[], question: Pick<Question, "against" | "aim">): Figure {
  const ours = spreadOf(pairs.map((pair) => pair.ours)).median;
  const theirs = spreadOf(pairs.map((pair) => pair.theirs)).median;
  return figureOf(
    { what: "Backup created to Succeeded, 1 000 small files", unit: "ratio", ...question },
    quotients(pairs),
    `${quantityText(ours, "s")} to ${quantityText(theirs, "s")}`,
  );
}

async function runBackup(
  cluster: Cluster,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly seconds: number; readonly job: string }> {
  const body = { apiVersion: API_VERSION, kind: "Backup", metadata: { name }, spec: { configRef: { name } } };
  const started = performance.now();
  await cluster.request("POST", listPathOf(API_VERSION, "backups"), { body });
  const { status } = await waitUntil(
    async () => endedBackup.safeParse(await cluster.request("GET", pathOf("backups", name))).data,
    { what: `the Backup ${name} to end`, limitSeconds, everyMs: lookEveryMs, signal },
  );
  const seconds = (performance.now() - started) / 1000;
  const [entry] = status.snapshots;
  if (status.phase === "Succeeded" && entry?.files === 1000 && entry.job !== undefined) {
    return { seconds, job: entry.job.name };
  }
  throw new Error(
    `Cannot measure a Backup: it is ${status.phase} with ${entry?.files} files ("${status.message}"), ` +
      "expected Succeeded with 1000 files",
  );
}

async function runBare(cluster: Cluster, job: unknown, name: string, signal: AbortSignal): Promise<BareRun> {
  const body = bareJob(job, { name, toolsClaim, commands: bareCommands(name) });
  const path = listPathOf("batch/v1", "jobs");
  const pods = `${listPathOf("v1", "pods")}?labelSelector=batch.kubernetes.io/job-name=${name}`;
  const started = performance.now();
  await cluster.request("POST", path, { body });
  const options = { limitSeconds, everyMs: lookEveryMs, signal };
  try {
    await waitUntil(async () => endedPods.safeParse(await cluster.request("GET", pods)).data, {
      what: `the container of the Job ${name} to end well`,
      ...options,
    });
    const endedSeconds = (performance.now() - started) / 1000;
    await waitUntil(async () => endedJob.safeParse(await cluster.request("GET", `${path}/${name}`)).data, {
      what: `the Job ${name} to end`,
      ...options,
    });
    return { endedSeconds, completeSeconds: (performance.now() - started) / 1000 };
  } catch (cause) {
    signal.throwIfAborted();
    const { stdout, stderr } = await cluster.tryKubectl(["logs", "-n", benchNamespace, `job/${name}`]);
    throw new Error(
      `${cause instanceof Error ? cause.message : String(cause)}; its log: ${stdout}${stderr}`,
      { cause },
    );
  }
}

/** The commands that anybody would give kopia by hand, with the flags of a mover. */
function bareCommands(username: string) {
  const identity = { username, hostname: benchNamespace };
  const path = `${MOVER_PATH.sources}/${dataClaim}`;
  return [
    connectCommand({
      repository: { filesystem: { path: "/repository" } },
      identity,
      cache: cacheSizes({}),
      caBundlePath: MOVER_PATH.caBundle,
    }),
    snapshotCreateCommand({
      mountPath: path,
      source: { ...identity, path },
      tags: { "kopiur-run": username },
    }),
  ];
}

function isEnd(type: string): boolean {
  return type === "Complete" || type === "Failed";
}
