import * as z from "zod";
import { ANNOTATION } from "../../../api/mod.ts";
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

/** What a bootstrap was started for; an annotation of its Job, so that its result is assigned to the right spec. */
export type BootstrapPurpose = Readonly<z.infer<typeof purpose>>;

/** The annotation of a bootstrap Job. */
export function purposeAnnotation(of: BootstrapPurpose): Readonly<Record<string, string>> {
  const { generation, credentials, madeFrom, madeAt } = of;
  return { [ANNOTATION.bootstrapFor]: JSON.stringify({ generation, credentials, madeFrom, madeAt }) };
}

/** The controller settings that may keep a pod from starting: a Job with other ones is made again. */
export function madeFrom({ moverImage, moverImagePullPolicy }: ControllerOptions): string {
  return `${moverImage} ${moverImagePullPolicy}`;
}

/** What a Job was started for; undefined when its annotation was removed or is invalid. */
export function purposeOf(job: KubeObject): BootstrapPurpose | undefined {
  try {
    const text = job.metadata.annotations?.[ANNOTATION.bootstrapFor] ?? "";
    return purpose.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
