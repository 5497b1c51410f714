import { type Figure, figureOf } from "../figures/figure.ts";
import type { ControllerObservation, ControllerRun } from "../observe_controller.ts";
import { spreadOf } from "../figures/spread.ts";
import type { Fill, Workbench } from "../workbench.ts";

const cases: readonly { readonly fill: Fill; readonly what: string; readonly atMost: number }[] = [
  { fill: "empty", what: "controller memory, idle", atMost: 95 },
  { fill: "1 000 runs", what: "controller memory, 1 000 Backups", atMost: 105 },
  { fill: "10 000 runs", what: "controller memory, 10 000 Backups", atMost: 170 },
];

/**
 * Resident memory of the compiled controller once it has nothing left to do and the runtime has given back what the
 * start had needed: what it takes for all but seconds of its life. The note tells what there was as soon as
 * everything was reconciled, and the most there ever was.
 */
export async function measureMemory(bench: Workbench): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const { fill, what, atMost } of cases) {
    const observation = await bench.controller(fill);
    figures.push(figureOf(
      { what, against: "list and keep, compiled", unit: "MB", aim: { atMost } },
      observation.runs.map(({ settled }) => settled.residentBytes / 1e6),
      noteOf(observation),
    ));
  }
  return [...figures, await figurePerThousand(bench)];
}

/** What objects cost beyond what the process costs: from the difference of two fills. */
async function figurePerThousand(bench: Workbench): Promise<Figure> {
  const [few, many] = [await bench.controller("1 000 runs"), await bench.controller("10 000 runs")];
  const resident = ({ runs }: ControllerObservation) =>
    spreadOf(runs.map(({ settled }) => settled.residentBytes)).median;
  const lister = (many.listerBytes - few.listerBytes) / 9e6;
  return figureOf(
    { what: "controller memory, each further 1 000 Backups", against: "list and keep, compiled", unit: "MB" },
    [(resident(many) - resident(few)) / 9e6],
    `list and keep ${lister.toFixed(1)} MB; with 1 000 of 10 000 Backups come 100 of 1 000 recipes`,
  );
}

function noteOf({ runs, listerBytes }: ControllerObservation): string {
  function text(read: (run: ControllerRun) => number): string {
    return (spreadOf(runs.map(read)).median / 1e6).toFixed(1);
  }
  return `list and keep ${(listerBytes / 1e6).toFixed(1)} MB; anonymous ${
    text(({ settled }) => settled.anonymousBytes)
  } MB; as soon as reconciled ${text(({ reconciledBytes }) => reconciledBytes)} MB; peak of the start ${
    text(({ settled }) => settled.peakBytes)
  } MB; right after scrapes ${text(({ scrapedBytes }) => scrapedBytes)} MB`;
}
