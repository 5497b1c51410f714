import { ALL_KINDS } from "../../../api/mod.ts";
import { startApiserver } from "../../cluster/mod.ts";
import { partPath } from "../../parts/mod.ts";
import { type Figure, figureOf } from "../figures/figure.ts";
import { quantityText } from "../figures/table.ts";
import { measureInPairs, quotients } from "../figures/pairs.ts";
import { runProgram } from "../run_program.ts";
import { spreadOf } from "../figures/spread.ts";
import type { TeamCounts } from "../objects/team.ts";
import { installKinds, writeTeam } from "../objects/write_team.ts";
import type { Workbench } from "../workbench.ts";

const fullSize: TeamCounts = { namespaces: 50, recipes: 100, runs: 1000 };

/** `kubectl kopiur status` of 1 000 Backups against `kubectl get` of the same objects, as processes. */
export async function measureStatus(
  bench: Pick<Workbench, "runs" | "progress" | "signal" | "binary">,
  size = fullSize,
): Promise<readonly Figure[]> {
  const { runs, progress, signal } = bench;
  await using server = await startApiserver();
  await installKinds(server);
  progress(`writing ${size.runs} runs`);
  await writeTeam(server, size, signal);
  // HOME keeps what kubectl has found out of the API, as it does on a machine where it is used every day.
  const env = { KUBECONFIG: server.kubeconfigPath, HOME: server.folder };
  const kopiur = await bench.binary();
  const kubectl = await partPath("kubectl");
  const kinds = ALL_KINDS.map(({ plural }) => plural).join(",");
  const seconds = async (argv: readonly string[]) =>
    (await runProgram({ argv, env, limitSeconds: 60 }, signal)).seconds;
  const ours = () => seconds([kopiur, "status", "-A"]);
  const theirs = () => seconds([kubectl, "get", kinds, "-A"]);
  await ours();
  await theirs();
  const pairs = await measureInPairs({ runs: Math.max(5, runs), ours, theirs }, signal);
  const median = (side: "ours" | "theirs") =>
    quantityText(spreadOf(pairs.map((pair) => pair[side])).median, "s");
  return [figureOf(
    {
      what: `kubectl kopiur status, ${size.runs} Backups`,
      against: "kubectl get of the same objects",
      unit: "ratio",
      aim: { atMost: 0.8 },
    },
    quotients(pairs),
    `${median("ours")} to ${median("theirs")}`,
  )];
}
