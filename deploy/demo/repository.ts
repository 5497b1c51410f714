import { awaitPhase } from "./await_phase.ts";
import { kubectl, type Target } from "./kubectl.ts";
import { manifest } from "./manifest.ts";

/** Makes the Repository and waits until it is open. */
export async function makeRepository(
  target: Target,
  namespace: string,
  say: (line: string) => void,
): Promise<void> {
  await kubectl(target, ["apply", "-n", namespace, "-f", manifest("02-repository.yaml")]);
  await awaitPhase(target, {
    namespace,
    object: "repository/home",
    wanted: "Ready",
    limitSeconds: 180,
    say,
  });
}
