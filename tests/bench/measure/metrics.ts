import { type Figure, figureOf } from "../figures/figure.ts";
import { quantityText } from "../figures/table.ts";
import { spreadOf } from "../figures/spread.ts";
import type { Workbench } from "../workbench.ts";

/** What a scrape of the compiled controller costs with 1 000 recipes and 10 000 runs. */
export async function measureMetrics(bench: Workbench): Promise<readonly Figure[]> {
  const { runs } = await bench.controller("10 000 runs");
  const exporting = (await bench.exportingController()).runs;
  const what = "/metrics, 1 000 recipes and 10 000 runs";
  const firsts = runs.flatMap(({ scrapeSeconds }) => scrapeSeconds.slice(0, 1));
  const later = runs.flatMap(({ scrapeSeconds }) => scrapeSeconds.slice(1));
  const beside = exporting.flatMap(({ scrapeSeconds }) => scrapeSeconds.slice(1));
  const residents = exporting.map(({ settled }) => settled.residentBytes / 1e6);
  return [
    figureOf(
      { what: `${what}: time of a scrape`, unit: "ms", aim: { atMost: 100 } },
      later.map((seconds) => seconds * 1000),
      `the first one after a start ${quantityText(Math.max(...firsts) * 1000, "ms")}`,
    ),
    figureOf(
      { what: `${what}: series`, unit: "series", aim: { atMost: 30_000 } },
      runs.map(({ series }) => series),
    ),
    figureOf(
      { what: `${what}: time of a scrape beside OTLP`, unit: "ms", aim: { atMost: 100 } },
      beside.map((seconds) => seconds * 1000),
      `an export every 20 s; controller memory ${quantityText(spreadOf(residents).median, "MB")}`,
    ),
  ];
}
