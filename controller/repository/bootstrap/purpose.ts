import * as z from "zod";
import { parseJson } from "../../../api/json.ts";
import { ANNOTATION } from "../../../api/mod.ts";
import { builtin } from "../../../kube/builtins.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { ControllerOptions } from "../../options.ts";

const purpose = z.object({
  generation: z.int().min(0),
  credentials: z.string(),
  /** The controller's own settings: see {@link madeFrom}. Absent on a Job of an earlier version. */
  madeFrom: z.string().optional(),
  /** When it was made, by the controller's own clock. Absent on a Job of an earlier version. */
  madeAt: z.iso.datetime().optional(),
});

/** What a bootstrap was started for, so that its result is assigned to the right spec; an annotation of its pods. */
export type BootstrapPurpose = Readonly<z.infer<typeof purpose>>;

/** The annotation of the pods of a bootstrap Job. */
export function purposeAnnotation(of: BootstrapPurpose): Readonly<Record<string, string>> {
  const { generation, credentials, madeFrom, madeAt } = of;
  return { [ANNOTATION.bootstrapFor]: JSON.stringify({ generation, credentials, madeFrom, madeAt }) };
}

/** The controller settings that may keep a pod from starting: a Job with other ones is made again. */
export function madeFrom(
  { moverImage, moverImagePullPolicy, moverPullSecrets = [] }: ControllerOptions,
): string {
  return [moverImage, moverImagePullPolicy, ...moverPullSecrets].join(" ");
}

/**
 * What a Job was started for; undefined when its annotation was removed or is invalid. An earlier version annotated the
 * Job itself, where a webhook or a person can take it away.
 */
export function purposeOf(job: KubeObject): BootstrapPurpose | undefined {
  const name = ANNOTATION.bootstrapFor;
  const { template } = builtin(job, "Job").spec ?? {};
  const text = template?.metadata?.annotations?.[name] ?? job.metadata.annotations?.[name] ?? "";
  return purpose.safeParse(parseJson(text)).data;
}
