import { type Figure, figureOf } from "../figures/figure.ts";
import type { Fill, Workbench } from "../workbench.ts";

const cases: readonly { readonly fill: Fill; readonly what: string; readonly atMost: number }[] = [
  { fill: "empty", what: "start to ready, empty cluster", atMost: 0.5 },
  { fill: "10 000 runs", what: "start to ready, 10 000 Backups", atMost: 3 },
];

/** From the start of the compiled controller to the first 200 of /readyz. */
export async function measureStart(bench: Workbench): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const { fill, what, atMost } of cases) {
    const { runs } = await bench.controller(fill);
    figures.push(
      figureOf({ what, unit: "s", aim: { atMost } }, runs.map(({ readySeconds }) => readySeconds)),
    );
  }
  return figures;
}
