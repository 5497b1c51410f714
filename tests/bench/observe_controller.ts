import { backupKind } from "../../api/mod.ts";
import { resourceOf, resourcePath } from "../../kube/resources.ts";
import { type ApiServer, pause, startApiserver } from "../cluster/mod.ts";
import { compileProgram } from "./compile_program.ts";
import { listAndKeep } from "./list_and_keep.ts";
import { type ControllerProcess, startController } from "./controller_process.ts";
import type { ProcessMemory } from "./figures/process_memory.ts";
import type { TeamCounts } from "./objects/team.ts";
import { installKinds, writeTeam } from "./objects/write_team.ts";

/** What one start of the controller showed. */
export interface ControllerRun {
  /** From the start of the process to the first 200 of /readyz. */
  readonly readySeconds: number;
  /** Resident as soon as everything was reconciled, what the start needed and nobody needs any more included. */
  readonly reconciledBytes: number;
  /** Memory once the runtime has had time to give that back. */
  readonly settled: ProcessMemory;
  /** Resident right after the scrapes. */
  readonly scrapedBytes: number;
  /** One per scrape. */
  readonly scrapeSeconds: readonly number[];
  readonly series: number;
}

/** What the controller and a program that does the least showed in the same cluster. */
export interface ControllerObservation {
  readonly runs: readonly ControllerRun[];
  /** Memory of a compiled program that only lists the same Backups and keeps them, after the same time. */
  readonly listerBytes: number;
}

/** What to observe. */
export interface ControllerCase {
  readonly binary: string;
  /** What the cluster holds; undefined for nothing at all. */
  readonly counts: TeamCounts | undefined;
  readonly runs: number;
  /** Beside what every controller here is told. */
  readonly env?: Readonly<Record<string, string>>;
  readonly progress: (line: string) => void;
}

const scrapes = 10;
/** V8 returns memory it no longer needs about ten seconds after the last work. */
const settleMs = 12_000;

/**
 * Starts the compiled controller several times against a real API server with these objects. Before the runs that
 * count there is one in which it writes the status it thinks right, as an old cluster has it.
 */
export async function observeController(
  { binary, counts, runs, env, progress }: ControllerCase,
  signal: AbortSignal,
): Promise<ControllerObservation> {
  await using server = await startApiserver();
  await installKinds(server);
  if (counts !== undefined) {
    progress(`writing ${counts.recipes} recipes and ${counts.runs} runs`);
    await writeTeam(server, counts, signal);
    await using controller = await startBenchController(server, { binary, env }, signal);
    await controller.idle(idleLimitSeconds, signal);
  }
  const found: ControllerRun[] = [];
  for (let run = 0; run < runs; run++) {
    progress(`start ${run + 1} of ${runs} with ${counts?.runs ?? 0} runs`);
    found.push(await observeOnce(server, { binary, env }, signal));
  }
  return { runs: found, listerBytes: await observeLister(server, counts?.runs ?? 0, signal) };
}

const idleLimitSeconds = 180;

/** A program, and what it is told beside the usual. */
interface Program {
  readonly binary: string;
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** Starts the compiled controller against this API server; resolves when it is ready. */
export async function startBenchController(
  { kubeconfigPath, folder }: ApiServer,
  { binary, env = {} }: Program,
  signal: AbortSignal,
): Promise<ControllerProcess> {
  const moverImage = "kopiur.local/kopiur:bench";
  const controller = await startController({ binary, kubeconfigPath, folder, moverImage, env });
  try {
    await controller.ready(60, signal);
    return controller;
  } catch (cause) {
    await controller[Symbol.asyncDispose]();
    throw cause;
  }
}

async function observeOnce(
  server: ApiServer,
  program: Program,
  signal: AbortSignal,
): Promise<ControllerRun> {
  const started = performance.now();
  await using controller = await startBenchController(server, program, signal);
  const readySeconds = (performance.now() - started) / 1000;
  await controller.idle(idleLimitSeconds, signal);
  const reconciledBytes = (await controller.memory()).residentBytes;
  await pause(settleMs, signal);
  const settled = await controller.memory();
  const scrapeSeconds: number[] = [];
  let series = 0;
  for (let scrape = 0; scrape < scrapes; scrape++) {
    const before = performance.now();
    const text = await controller.read("/metrics");
    scrapeSeconds.push((performance.now() - before) / 1000);
    series = countSeries(text);
  }
  const scrapedBytes = (await controller.memory()).residentBytes;
  return { readySeconds, reconciledBytes, settled, scrapedBytes, scrapeSeconds, series };
}

async function observeLister(server: ApiServer, expected: number, signal: AbortSignal): Promise<number> {
  const { kubeconfigPath, folder } = server;
  const program = await compileProgram("list_and_keep", folder);
  const listPath = resourcePath(resourceOf(backupKind));
  const kept = await listAndKeep({ program, kubeconfigPath, listPath, settleMs }, signal);
  if (kept.objects === expected) return kept.residentBytes;
  throw new Error(
    `Cannot measure the controller: the cluster has ${kept.objects} Backups, expected ${expected}`,
  );
}

/** Lines of an exposition that are samples. */
export function countSeries(exposition: string): number {
  return exposition.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
}
