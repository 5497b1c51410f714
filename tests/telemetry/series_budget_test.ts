import assert from "node:assert/strict";
import { backupReconciler } from "../../controller/backup/mod.ts";
import { backupConfigReconciler } from "../../controller/backup_config/mod.ts";
import { MoverSlots } from "../../controller/movers/mod.ts";
import { repositoryReconciler } from "../../controller/repository/mod.ts";
import { Guard } from "../../controller/runtime/guard.ts";
import { reconcile } from "../../controller/runtime/pass/reconcile.ts";
import { StateSource } from "../../controller/runtime/state_source.ts";
import { keyOf } from "../../kube/types.ts";
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

/** Series of the real kinds in the real engine, one in ten recipes of which is never backed up. */
async function seriesOf(size: { readonly namespaces: number; readonly recipes: number }): Promise<number> {
  const counts: TeamCounts = { ...size, runs: size.recipes * RUNS_PER_RECIPE };
  const clock = new FakeClock("2026-01-01T12:00:00Z");
  const probe = startTelemetryProbe(clock);
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
  for (const recipe of recipes) await reconcile({ kind: config, key: keyOf(recipe) }, "owned", deps, signal);
  const { state } = probe.telemetry;
  const guard = new Guard(probe.telemetry);
  for (const kind of kinds) new StateSource(kind, kube, { state, clock, guard }).register();
  return countSeries(await probe.telemetry.renderMetrics());
}

Deno.test("1 000 recipes with 10 000 runs in 50 namespaces are at most 30 000 series", async () => {
  // One in ten recipes fails each time, so tens of them are alike.
  const few = await seriesOf({ namespaces: 1, recipes: 10 });
  const moreRecipes = await seriesOf({ namespaces: 1, recipes: 20 });
  const moreNamespaces = await seriesOf({ namespaces: 2, recipes: 10 });
  const perRecipe = (moreRecipes - few) / 10;
  const series = few + 990 * perRecipe + 49 * (moreNamespaces - few);
  assert.ok(series <= 30_000, `${series} series, ${perRecipe} for each recipe`);
});
