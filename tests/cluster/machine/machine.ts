import { controlGroupsMissing } from "../node/control_groups.ts";

/** One sentence when this machine cannot run a whole cluster, else undefined. */
export function clusterMissing(): string | undefined {
  if (Deno.build.os !== "linux") return `Cannot run a cluster: this is ${Deno.build.os}, expected Linux`;
  if (Deno.uid() !== 0) {
    return `Cannot run a cluster: the user id is ${Deno.uid()}, expected 0, ` +
      "for namespaces, mounts and control groups need root: run it with sudo";
  }
  return controlGroupsMissing();
}
