import * as z from "zod";
import { ANNOTATION } from "../../../api/mod.ts";
import type { KubeObject } from "../../../kube/types.ts";
import type { ControllerOptions } from "../../options.ts";

const purpose = z.object({
  generation: z.int().min(0),
  credentials: z.string(),
  /** What the controller itself was told: see {@link madeFrom}. Absent on a Job of an earlier version. */
  madeFrom: z.string().optional(),
  /** When it was made, by the controller's own clock. Absent on a Job of an earlier version. */
  madeAt: z.iso.datetime().optional(),
});

/** What a bootstrap was started for: written on its Job, so that its result speaks of the right spec. */
export type BootstrapPurpose = Readonly<z.infer<typeof purpose>>;

/** The annotation of a bootstrap Job. */
export function purposeAnnotation(of: BootstrapPurpose): Readonly<Record<string, string>> {
  const { generation, credentials, madeFrom, madeAt } = of;
  return { [ANNOTATION.bootstrapFor]: JSON.stringify({ generation, credentials, madeFrom, madeAt }) };
}

/** What of the controller's own settings may keep a pod from starting: one made from others is made anew. */
export function madeFrom({ moverImage, moverImagePullPolicy }: ControllerOptions): string {
  return `${moverImage} ${moverImagePullPolicy}`;
}

/** What a Job was started for; undefined when its annotation was removed or changed into something else. */
export function purposeOf(job: KubeObject): BootstrapPurpose | undefined {
  try {
    const text = job.metadata.annotations?.[ANNOTATION.bootstrapFor] ?? "";
    return purpose.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
