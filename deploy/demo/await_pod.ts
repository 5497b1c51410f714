import { pause } from "../../tests/cluster/mod.ts";
import { kubectl, type Target } from "./kubectl.ts";

const exitCodeAndPhase = "{.status.containerStatuses[0].state.terminated.exitCode}/{.status.phase}";

/**
 * Resolves when the container of a pod has ended well; throws with what it printed when it did not. The pod itself
 * is told to have ended a second or two later, which nobody needs to wait for.
 */
export async function awaitPod(target: Target, namespace: string, name: string): Promise<void> {
  const limitSeconds = 120;
  const deadline = performance.now() + limitSeconds * 1000;
  let state = "";
  while (performance.now() < deadline) {
    state = await kubectl(target, [
      "get",
      "pod",
      name,
      "-n",
      namespace,
      "-o",
      `jsonpath=${exitCodeAndPhase}`,
    ]);
    const [exitCode = "", phase] = state.split("/");
    if (exitCode === "0") return;
    if (exitCode !== "" || phase === "Failed") break;
    await pause(200, target.signal);
  }
  const said = await kubectl(target, ["logs", "-n", namespace, name, "--all-containers"]).catch(() => "");
  const events = await kubectl(target, ["events", "-n", namespace, "--for", `pod/${name}`]).catch(() => "");
  throw new Error(
    `Cannot go on: the pod "${name}" is ${state}, expected exit code 0 within ${limitSeconds} s\n${said}\n${events}`,
  );
}
