import { join } from "node:path";
import { parseMoverResult } from "../../../api/mover/contract.ts";
import { partPath, runToolOk } from "../../parts/mod.ts";
import { compileProgram } from "../compile_program.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import { quantityText } from "../figures/table.ts";
import {
  connectBare,
  createRepository,
  kopiaEnvironment,
  moverEnvironment,
  snapshotArgs,
} from "../kopia_setup.ts";
import { measureInPairs, type Pair, quotients } from "../figures/pairs.ts";
import { type ProgramCost, runProgram } from "../run_program.ts";
import { writeSampleFiles } from "../objects/sample_files.ts";
import { spreadOf } from "../figures/spread.ts";
import type { Workbench } from "../workbench.ts";

const tree = { files: 50_000, bytes: 2 * 1024 ** 3, seed: 1 } as const;
const limitSeconds = 900;

/** What both sides are run with. */
interface Stage {
  readonly folder: string;
  readonly data: string;
  readonly kopia: string;
  readonly binary: string;
  readonly hello: string;
}

/** The first backup of a source, and one in which nothing changed since. */
interface SideCost {
  readonly first: ProgramCost;
  readonly later: ProgramCost;
  /** Told apart, for the mover does it inside its time. */
  readonly connectSeconds: number;
}

/**
 * The first backup of a source and one in which nothing changed since: `kopiur mover` from start to end against bare
 * kopia, each into a new repository. Bare kopia has connected before, which is told apart. What is timed of it is one
 * `kopia snapshot create` in a shell, with the flags of the mover but those for kopia's counters and log: it looks for
 * no earlier snapshot of the run, reads and sets no policy, and looks at no names. A mover does all of that in the time
 * that is compared.
 */
export async function measureMover(bench: Workbench): Promise<readonly Figure[]> {
  const folder = await Deno.makeTempDir({ prefix: "kopiur-bench-" });
  try {
    const stage = await prepare(folder, bench);
    const pairs = await measureInPairs({
      runs: bench.runs,
      ours: (run) => inNewRepository(stage, bench, `pair ${run + 1} of ${bench.runs}: mover`, runMover),
      theirs: (run) => inNewRepository(stage, bench, `pair ${run + 1} of ${bench.runs}: bare`, runBare),
    }, bench.signal);
    return [...wallFigures(pairs), memoryFigure(pairs, await helloPeaks(stage, bench))];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function prepare(folder: string, bench: Workbench): Promise<Stage> {
  const data = join(folder, "data");
  bench.progress(`writing ${tree.files} files of ${quantityText(tree.bytes / 1e6, "MB")} in all`);
  await writeSampleFiles(data, tree, bench.signal);
  // Written is read: the pages of all files are in memory now, and stay there for both sides.
  return {
    folder,
    data,
    kopia: await partPath("kopia"),
    binary: await bench.binary(),
    hello: await compileProgram("hello", folder),
  };
}

async function inNewRepository(
  stage: Stage,
  bench: Workbench,
  step: string,
  side: (stage: Stage, work: string, signal: AbortSignal) => Promise<SideCost>,
): Promise<SideCost> {
  const work = join(stage.folder, "work");
  await Deno.mkdir(work);
  try {
    await createRepository(stage.kopia, work);
    // What earlier runs wrote must not be written to the disk in the time of this one.
    await runToolOk(["sync"], { limitSeconds: 600 });
    const cost = await side(stage, work, bench.signal);
    bench.progress(`${step} ${quantityText(cost.first.seconds, "s")}`);
    return cost;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

async function runMover(stage: Stage, work: string, signal: AbortSignal): Promise<SideCost> {
  const first = await backUpByMover(stage, work, 1, signal);
  return { first, later: await backUpByMover(stage, work, 2, signal), connectSeconds: 0 };
}

async function backUpByMover(
  { data, kopia, binary }: Stage,
  work: string,
  run: number,
  signal: AbortSignal,
): Promise<ProgramCost> {
  const env = await moverEnvironment({ work, data, kopia, run });
  const cost = await runProgram({ argv: [binary, "mover"], env, limitSeconds }, signal);
  const parsed = parseMoverResult(await Deno.readTextFile(env["KOPIUR_RESULT_PATH"] ?? ""));
  if (parsed.kind !== "result" || !("backup" in parsed.result) || parsed.result.backup.files !== tree.files) {
    throw new Error(
      `Cannot measure the mover: its result is ${JSON.stringify(parsed)}, expected ${tree.files} files`,
    );
  }
  return cost;
}

async function runBare({ kopia, data }: Stage, work: string, signal: AbortSignal): Promise<SideCost> {
  const env = kopiaEnvironment(work);
  const connectSeconds = await connectBare(kopia, work, signal);
  const backUp = (run: number) => {
    const argv = ["/bin/sh", "-c", '"$@"', "sh", kopia, ...snapshotArgs(data, run)];
    return runProgram({ argv, env, limitSeconds }, signal);
  };
  const first = await backUp(1);
  return { first, later: await backUp(2), connectSeconds };
}

function wallFigures(pairs: readonly Pair<SideCost>[]): readonly Figure[] {
  const what = "mover, 2 GiB in 50 000 files: wall time";
  const bare = pairs.map(({ ours, theirs }) => ({ ours: ours.first.seconds, theirs: theirs.first.seconds }));
  const connected = bare.map(({ ours, theirs }, pair) => ({
    ours,
    theirs: theirs + (pairs[pair]?.theirs.connectSeconds ?? 0),
  }));
  const later = pairs.map(({ ours, theirs }) => ({ ours: ours.later.seconds, theirs: theirs.later.seconds }));
  return [
    beyondFigure("first backup of 2 GiB in 50 000 files", bare, 1.2),
    beyondFigure("nothing changed in 50 000 files", later, 0.8),
    figureOf(
      { what, against: "kopia snapshot create in a shell", unit: "ratio" },
      quotients(bare),
      secondsText(bare),
    ),
    figureOf(
      { what, against: "kopia repository connect, snapshot create", unit: "ratio" },
      quotients(connected),
      secondsText(connected),
    ),
    figureOf(
      {
        what: "mover, nothing changed in 50 000 files: wall time",
        against: "kopia snapshot create in a shell",
        unit: "ratio",
      },
      quotients(later),
      secondsText(later),
    ),
  ];
}

/** What a mover adds is seconds, not a share (decision 0037). */
function beyondFigure(of: string, pairs: readonly Pair<number>[], atMost: number): Figure {
  return figureOf(
    {
      what: `mover beyond kopia: ${of}`,
      against: "kopia snapshot create in a shell",
      unit: "s",
      aim: { atMost },
    },
    pairs.map(({ ours, theirs }) => ours - theirs),
    secondsText(pairs),
  );
}

function secondsText(pairs: readonly Pair<number>[]): string {
  const ours = spreadOf(pairs.map((pair) => pair.ours)).median;
  const theirs = spreadOf(pairs.map((pair) => pair.theirs)).median;
  return `${quantityText(ours, "s")} to ${quantityText(theirs, "s")}`;
}

async function helloPeaks({ hello }: Stage, bench: Workbench): Promise<readonly number[]> {
  const peaks: number[] = [];
  for (let run = 0; run < bench.runs; run++) {
    peaks.push((await runProgram({ argv: [hello], env: {}, limitSeconds: 30 }, bench.signal)).peakBytes);
  }
  return peaks;
}

function memoryFigure(pairs: readonly Pair<SideCost>[], hello: readonly number[]): Figure {
  const runtime = spreadOf(hello).median;
  const peaks = pairs.map(({ ours }) => ours.first.peakBytes);
  return figureOf(
    {
      what: "mover: peak memory beside kopia, outside the runtime",
      against: "a compiled hello",
      unit: "MB",
      aim: { atMost: 40 },
    },
    peaks.map((peak) => (peak - runtime) / 1e6),
    `${quantityText(spreadOf(peaks).median / 1e6, "MB")} to ${quantityText(runtime / 1e6, "MB")}`,
  );
}
