import * as z from "zod";
import { ANNOTATION } from "../../api/mod.ts";
import type { KubeObject } from "../../kube/types.ts";

const purpose = z.object({ generation: z.int().min(0), credentials: z.string() });

/** What a bootstrap was started for: written on its Job, so that its result speaks of the right spec. */
export type BootstrapPurpose = Readonly<z.infer<typeof purpose>>;

/** The annotation of a bootstrap Job. */
export function purposeAnnotation(of: BootstrapPurpose): Readonly<Record<string, string>> {
  return {
    [ANNOTATION.bootstrapFor]: JSON.stringify({ generation: of.generation, credentials: of.credentials }),
  };
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
