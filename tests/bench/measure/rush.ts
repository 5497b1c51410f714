import * as z from "zod";
import { slotReserve } from "../../../controller/movers/mod.ts";
import { type ApiServer, startApiserver, waitUntil } from "../../cluster/mod.ts";
import { bareWrites, readRunWrites, type RunWrites } from "./bare_run_writes.ts";
import { benchTransport } from "../bench_transport.ts";
import { FakeMoverHost } from "../fake_mover_host.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import { quantityText } from "../figures/table.ts";
import { inLanes } from "../in_lanes.ts";
import { startBenchController } from "../observe_controller.ts";
import { measureInPairs, type Pair, quotients } from "../figures/pairs.ts";
import { PoolRecord } from "../figures/pool_record.ts";
import {
  firstBackup,
  makeNamespace,
  prepareRush,
  rushBackups,
  type RushCounts,
  type RushMaker,
  rushNamespaces,
} from "../objects/rush.ts";
import { spreadOf } from "../figures/spread.ts";
import { installKinds } from "../objects/write_team.ts";
import type { Workbench } from "../workbench.ts";

/** How large the rushes are; smaller ones to try the measurement out. */
export interface RushSize {
  /** Backups that appear at once. */
  readonly backups: number;
  /** Backups that want the slots of the pool one after another. */
  readonly queued: number;
}

const counts: RushCounts = { namespaces: 10, recipes: 100 };
const fullSize: RushSize = { backups: 1000, queued: 200 };
/** As many as the controller makes passes at a time. */
const lanes = 16;
/** The default of KOPIUR_MAX_MOVERS. */
const slots = 20;
/** Those of them that namespaces with a mover may have; the rest are kept for newcomers, and free here. */
const openSlots = slots - slotReserve(slots);
/** Short for a mover: what lies between the end of one and the start of the next weighs the more. */
const moverLifeMs = 5000;
const bootstrapLifeMs = 100;
const jobPage = z.object({
  items: z.array(z.unknown()),
  metadata: z.object({ remainingItemCount: z.number().optional() }),
});
/** A lease is not renewed by a process that is held still. */
const heldStill = { KOPIUR_LEADER_ELECTION: "false" };

/** Jobs per second when 1 000 Backups appear at once, and how full the pool of slots is kept. */
export async function measureRush(
  bench: Pick<Workbench, "runs" | "progress" | "signal" | "binary">,
  size = fullSize,
): Promise<readonly Figure[]> {
  return [
    await measureStarts(bench, size, "schedule"),
    await measureStarts(bench, size, "hand"),
    await measurePool(bench, size),
  ];
}

async function measureStarts(
  bench: Pick<Workbench, "runs" | "progress" | "signal" | "binary">,
  { backups }: RushSize,
  by: RushMaker,
): Promise<Figure> {
  const { runs, progress, signal } = bench;
  await using server = await startApiserver();
  await installKinds(server);
  await using controller = await startBenchController(
    server,
    { binary: await bench.binary(), env: { ...heldStill, KOPIUR_MAX_MOVERS: "0" } },
    signal,
  );
  {
    await using _host = new FakeMoverHost({ server, lifeMs: () => bootstrapLifeMs });
    await prepareRush(server, counts, signal);
  }
  await controller.idle(60, signal);
  await using bareServer = await startApiserver();
  await using bare = await benchTransport(bareServer.kubeconfigPath);
  await installKinds(bareServer);
  for (const namespace of rushNamespaces(counts)) await makeNamespace(bareServer, namespace, signal);
  const requests: number[] = [];
  let writes: RunWrites | undefined;
  const pairs = await measureInPairs({
    runs,
    ours: async (run) => {
      progress(`rush ${run + 1} of ${runs}: ${backups} Backups`);
      const rush = `rush-${run}`;
      const sentBefore = requestsSent(await controller.read("/metrics"));
      const jobsBefore = await countJobs(server, signal);
      // What appears at once must not compete with its own making.
      controller.freeze(true);
      try {
        await writeBackups(server, { rush, by }, backups, signal);
      } finally {
        controller.freeze(false);
      }
      const begun = performance.now();
      await waitUntil(
        async () => await countJobs(server, signal) >= jobsBefore + backups ? true : undefined,
        { what: `${backups} Jobs`, limitSeconds: 120, everyMs: 50, signal },
      );
      const rate = backups / ((performance.now() - begun) / 1000);
      progress(`Jobs: ${quantityText(rate, "per second")}`);
      await controller.idle(60, signal);
      requests.push((requestsSent(await controller.read("/metrics")) - sentBefore) / backups);
      writes = await readRunWrites(server, firstBackup(counts, rush), signal);
      // What is not over would be looked at again in the middle of the next rush.
      await endMovers(server, backups, signal);
      await controller.idle(60, signal);
      return rate;
    },
    theirs: async (run) => {
      if (writes === undefined) throw new Error("Cannot compare: no rush was made, expected one before");
      const names = Array.from({ length: backups }, (_, each) => `bare-${run}-${each}`);
      return await bareWrites(bare.transport, writes, { names, lanes, by }, signal);
    },
  }, signal);
  const what = `Jobs made when ${backups} Backups appear at once, made by ${by}`;
  return figureOf(
    { what, against: `${bareText[by]} written by a bare loop`, unit: "ratio", aim: { atLeast: 0.7 } },
    quotients(pairs),
    `${bothText(pairs)}; ${spreadOf(requests).median.toFixed(1)} requests for each Backup`,
  );
}

const bareText: Readonly<Record<RushMaker, string>> = {
  schedule: "Job and status",
  hand: "finalizer, Job and status",
};

/** Asked now and then: to watch them costs both server and bench more than the bare loop has to bear. */
async function countJobs(server: ApiServer, signal: AbortSignal): Promise<number> {
  const { items, metadata } = jobPage.parse(
    await server.request("GET", "/apis/batch/v1/jobs?limit=1", { signal }),
  );
  return items.length + (metadata.remainingItemCount ?? 0);
}

/** Has the movers of a rush work and end, and resolves when all have. */
async function endMovers(server: ApiServer, movers: number, signal: AbortSignal): Promise<void> {
  const waiting: (() => void)[] = [];
  await using host = new FakeMoverHost({
    server,
    lifeMs: () => bootstrapLifeMs,
    mayStart: () => new Promise((resolve) => waiting.push(resolve)),
    onEnd: () => waiting.pop()?.(),
  });
  const letStart = (most: number) => waiting.splice(0, most).forEach((start) => start());
  using _nobodyWaits = { [Symbol.dispose]: () => letStart(waiting.length) };
  const limit = { limitSeconds: 120, everyMs: 200, signal };
  await waitUntil(() => {
    host.check();
    return waiting.length >= movers ? true : undefined;
  }, { ...limit, what: "the movers of the rush" });
  letStart(lanes);
  await waitUntil(() => {
    host.check();
    return host.working === 0 ? true : undefined;
  }, { ...limit, what: "the rush to be over" });
}

async function measurePool(
  bench: Pick<Workbench, "progress" | "signal" | "binary">,
  { queued }: RushSize,
): Promise<Figure> {
  const { progress, signal } = bench;
  await using server = await startApiserver();
  const pool = new PoolRecord();
  await using host = new FakeMoverHost({
    server,
    lifeMs: ({ operation }) => operation === "bootstrap" ? bootstrapLifeMs : moverLifeMs,
    onStart: ({ operation }) => operation === "backup" && pool.note(1, performance.now()),
    onEnd: ({ operation }) => operation === "backup" && pool.note(-1, performance.now()),
  });
  await installKinds(server);
  await using controller = await startBenchController(
    server,
    { binary: await bench.binary(), env: heldStill },
    signal,
  );
  await prepareRush(server, counts, signal);
  await controller.idle(60, signal);
  progress(`${queued} Backups for ${slots} slots`);
  await writeBackups(server, { rush: "queue", by: "schedule" }, queued, signal);
  await waitUntil(() => {
    host.check();
    return pool.ended >= queued ? true : undefined;
  }, { what: `${queued} Jobs to end`, limitSeconds: 60 + queued * moverLifeMs / 1000 / slots * 3, signal });
  if (pool.most > slots) {
    throw new Error(
      `Cannot measure the pool: ${pool.most} movers worked at a time, expected ${slots} at most`,
    );
  }
  return figureOf(
    {
      what: `mover slots in use while Backups wait, movers of ${moverLifeMs / 1000} s`,
      unit: "ratio",
      aim: { atLeast: 0.9 },
    },
    [pool.use(openSlots)],
    `${queued} Backups for ${openSlots} slots, ${
      slots - openSlots
    } more are kept for newcomers; never more than ${pool.most} at a time`,
  );
}

async function writeBackups(
  server: ApiServer,
  made: { readonly rush: string; readonly by: RushMaker },
  backups: number,
  signal: AbortSignal,
): Promise<void> {
  await inLanes(rushBackups(counts, made, backups), 20, signal, async ({ path, body }) => {
    await server.request("POST", path, { body, signal });
  });
}

/** What the controller asked of the API server so far. */
function requestsSent(exposition: string): number {
  return [...exposition.matchAll(/^kopiur_api_requests_total\{[^}]*\} ([0-9.e+]+)$/gm)]
    .reduce((sum, [, count]) => sum + Number(count), 0);
}

function bothText(pairs: readonly Pair<number>[]): string {
  const median = (side: keyof Pair<number>) => spreadOf(pairs.map((pair) => pair[side])).median;
  return `${quantityText(median("ours"), "per second")} to ${quantityText(median("theirs"), "per second")}`;
}
