import assert from "node:assert/strict";
import { backupReconciler } from "../../controller/backup/mod.ts";
import { backupConfigReconciler } from "../../controller/backup_config/mod.ts";
import { MoverSlots } from "../../controller/movers/mod.ts";
import { repositoryReconciler } from "../../controller/repository/mod.ts";
import { Guard } from "../../controller/runtime/guard.ts";
import { reconcile } from "../../controller/runtime/pass/reconcile.ts";
import { StateSource } from "../../controller/runtime/state_source.ts";
import { keyOf } from "../../kube/types.ts";
import { telemetryVariables } from "../../telemetry/mod.ts";
import { countSeries } from "../bench/observe_controller.ts";
import { type TeamCounts, teamRecipes, teamRuns } from "../bench/objects/team.ts";
import { anyOptions } from "../support/backup_stage.ts";
import {
  aClaim,
  aNamespace,
  aReadyRepository,
  FakeClock,
  FakeKube,
  startTelemetryProbe,
} from "../support/mod.ts";

/** As `deno task bench` has them, scaled down; what is counted grows by recipe and by namespace, and in no other way. */
const RUNS_PER_RECIPE = 10;
/** What a whole controller adds, whatever there is: passes, requests and queues of each kind, its informers, its memory. */
const OF_THE_PROCESS = 650;

/** Series of the real kinds in the real engine, one in ten recipes of which is never backed up. */
async function seriesOf(
  size: { readonly namespaces: number; readonly recipes: number },
  most: number,
): Promise<number> {
  const counts: TeamCounts = { ...size, runs: size.recipes * RUNS_PER_RECIPE };
  const clock = new FakeClock("2026-01-01T12:00:00Z");
  const probe = startTelemetryProbe(clock, { KOPIUR_DURATION_RECIPES: String(most) });
  const slots = new MoverSlots(20, clock.monotonicMs);
  const kinds = [
    repositoryReconciler(anyOptions, slots),
    backupConfigReconciler(anyOptions),
    backupReconciler(anyOptions, slots),
  ] as const;
  const kube = kinds.reduce((all, kind) => all.declare(kind), new FakeKube(() => clock.now()));
  for (let index = 0; index < counts.namespaces; index++) {
    const namespace = `team-${index}`;
    kube.put(aNamespace({ name: namespace }), aReadyRepository({ name: "home", metadata: { namespace } }));
  }
  const recipes = [...teamRecipes(counts)];
  for (const recipe of recipes) {
    const { namespace = "", name } = recipe.metadata;
    kube.put(recipe, aClaim({ name: name.replace("recipe", "data"), metadata: { namespace } }));
  }
  for (const run of teamRuns(counts)) {
    kube.put(run);
  }
  const deps = {
    reader: kube,
    writer: kube,
    events: kube,
    telemetry: probe.telemetry,
    clock,
    random: () => 0.5,
    newId: () => "pass",
  };
  const [, config] = kinds;
  const { signal } = new AbortController();
  for (const recipe of recipes) {
    await reconcile({ kind: config, key: keyOf(recipe) }, "owned", deps, signal);
    const { namespace = "", name } = recipe.metadata;
    probe.telemetry.metrics.add("kopiur_backup_pruned_total", 1, { namespace, name, by: "retention" });
  }
  const { state } = probe.telemetry;
  const guard = new Guard(probe.telemetry);
  for (const kind of kinds) new StateSource(kind, kube, { state, clock, guard }).register();
  return countSeries(await probe.telemetry.renderMetrics());
}

/** The series of so many recipes with ten runs each in 50 namespaces; `most`: see KOPIUR_DURATION_RECIPES. */
async function seriesIn50Namespaces(recipes: number, most: number) {
  // One in ten recipes fails each time, so tens of them are alike.
  const few = await seriesOf({ namespaces: 1, recipes: 10 }, most);
  const moreRecipes = await seriesOf({ namespaces: 1, recipes: 20 }, most);
  const moreNamespaces = await seriesOf({ namespaces: 2, recipes: 10 }, most);
  const perRecipe = (moreRecipes - few) / 10;
  return {
    perRecipe,
    series: OF_THE_PROCESS + few + (recipes - 10) * perRecipe + 49 * (moreNamespaces - few),
  };
}

Deno.test("1 000 recipes with 10 000 runs in 50 namespaces are at most 30 000 series", async () => {
  const { perRecipe, series } = await seriesIn50Namespaces(1_000, 0);
  assert.ok(series <= 30_000, `${series} series, ${perRecipe} for each recipe`);
});

Deno.test("as many recipes as have a histogram each by default are fewer series than that", async () => {
  const most = Number(telemetryVariables.durationRecipes.fallback);
  const { perRecipe, series } = await seriesIn50Namespaces(most, most);
  assert.ok(series <= 30_000, `${series} series, ${perRecipe} for each recipe`);
});
