import * as z from "zod";
import type { KubeObject, Removal } from "../../kube/types.ts";
import { WORK_SPEC_VOLUME } from "./mover_volumes.ts";
import { CONFIG_MAP, JOB } from "./resources.ts";

const jobWithVolumes = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        volumes: z.array(z.object({
          name: z.string(),
          configMap: z.object({ name: z.string() }).optional(),
        })),
      }),
    }),
  }),
});

/**
 * Removes a mover Job and the ConfigMap its pods read. `Foreground` keeps the Job in sight until its pods are
 * gone, for one that may still run; `Background` is enough for one that has ended.
 */
export function moverRemovals(job: KubeObject, propagation: Removal["propagation"]): readonly Removal[] {
  const { namespace = "", name, uid } = job.metadata;
  const removal = { resource: JOB, key: { namespace, name }, propagation };
  const configMap = workSpecConfigMapName(job);
  return [
    uid === undefined ? removal : { ...removal, uid },
    ...(configMap === undefined
      ? []
      : [{ resource: CONFIG_MAP, key: { namespace, name: configMap }, propagation: "Background" } as const]),
  ];
}

function workSpecConfigMapName(job: KubeObject): string | undefined {
  const parsed = jobWithVolumes.safeParse(job);
  const volumes = parsed.success ? parsed.data.spec.template.spec.volumes : [];
  return volumes.find(({ name }) => name === WORK_SPEC_VOLUME)?.configMap?.name;
}
