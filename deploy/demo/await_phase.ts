import { pause } from "../../tests/cluster/mod.ts";
import { kubectl, type Target } from "./kubectl.ts";

/** What is waited for. */
export interface PhaseWait {
  readonly namespace: string;
  /** As kubectl takes it: "backup/photos-1". */
  readonly object: string;
  readonly wanted: string;
  readonly limitSeconds: number;
  /** Told each phase, with what the object says of itself. */
  readonly say?: (line: string) => void;
}

const phaseAndMessage = '{.status.phase}: {.status.conditions[?(@.type=="Ready")].message}';

/** Resolves when the object is in the wanted phase; one that is Failed throws with the object's own words. */
export async function awaitPhase(target: Target, wait: PhaseWait): Promise<void> {
  const { namespace, object, wanted } = wait;
  const deadline = performance.now() + wait.limitSeconds * 1000;
  let reported = "";
  while (performance.now() < deadline) {
    const line = await kubectl(target, ["get", object, "-n", namespace, "-o", `jsonpath=${phaseAndMessage}`]);
    if (line !== reported && line !== ": ") wait.say?.(`${object} ${line}`);
    reported = line;
    const phase = line.slice(0, line.indexOf(":"));
    if (phase === wanted) return;
    if (phase === "Failed") throw new Error(`Cannot go on: ${object} is ${line}, expected ${wanted}`);
    await pause(200, target.signal);
  }
  throw new Error(
    `Cannot wait any longer for ${object}: it is "${reported}" after ${wait.limitSeconds} s, expected ${wanted}`,
  );
}
